"""Which deliver_sm is a receipt, and what it says, whatever part of it carries the news.

The optional parameters are believed before the text, for they leave less to read into them. An intermediate
notification is never final. A word that nobody knows is not final either, until the dialect says what it means: a
message that was given up too early cannot be taken back.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from heliograph.smpp.constants import Command, MessageState, Tag
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.receipt_text import LABEL, STATES, ReceiptText, parse

__all__ = ["MEANINGS", "NO_WORDS", "STATES", "Meaning", "Receipt", "ReceiptText", "body", "is_receipt", "parse", "read"]

MESSAGE_TYPE = 0x3C  # esm_class, §5.2.12
FINAL_RECEIPT, INTERMEDIATE = 0x04, 0x20
CARRIERS = frozenset({int(Command.DELIVER_SM), int(Command.DATA_SM)})
UCS2 = 8  # data_coding
GSM_NETWORK = 3  # the first octet of network_error_code, §5.3.2.31
DIGITS = frozenset(b"0123456789")
PENDING = 3


class Meaning(NamedTuple):
    """What a state amounts to: whether it is the last one, and what the customer is told."""

    state: MessageState
    final: bool
    status_id: int
    error_id: int


MEANINGS: dict[MessageState, Meaning] = {
    meaning.state: meaning
    for meaning in (
        Meaning(MessageState.SCHEDULED, False, PENDING, 0),
        Meaning(MessageState.ENROUTE, False, PENDING, 0),
        Meaning(MessageState.DELIVERED, True, 5, 0),
        Meaning(MessageState.EXPIRED, True, 15, 4101),
        Meaning(MessageState.DELETED, True, 9, 4100),
        Meaning(MessageState.UNDELIVERABLE, True, 9, 32),
        Meaning(MessageState.ACCEPTED, False, PENDING, 0),
        Meaning(MessageState.UNKNOWN, True, 29, 255),
        Meaning(MessageState.REJECTED, True, 4, 255),
        Meaning(MessageState.SKIPPED, True, 4, 255),
    )
}
UNKNOWN_WORD = Meaning(MessageState.UNKNOWN, False, PENDING, 0)
NO_WORDS: Mapping[str, Meaning] = {}


class Receipt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an SMSC reports of one segment. `error_id` is the network's own code where it gives one (`gsm_error`), else
    the state's, and then the dialect may read `text.err`."""

    text: ReceiptText
    id_tlv: str | None
    message_state: int | None
    network_type: int | None
    network_code: int | None
    intermediate: bool
    final: bool
    state: MessageState
    status_id: int
    error_id: int

    @property
    def gsm_error(self) -> int | None:
        """The MAP error that network_error_code names: of a GSM network, or written as digits. None where it names
        none: it is absent, another network's, or 0."""
        return _gsm_error(self.network_type, self.network_code)

    @property
    def ids(self) -> tuple[tuple[str, str], ...]:
        """The ids it may be meant for, the likeliest first: where each stood (`tlv` or `text`), and the id. None at
        all makes the receipt useless."""
        candidates = (("tlv", self.id_tlv), ("text", self.text.id))
        return tuple((place, found) for place, found in candidates if found)


def read(pdu: Pdu, *, receipts_without_flag: bool = False, words: Mapping[str, Meaning] = NO_WORDS) -> Receipt | None:
    """The receipt that a deliver_sm or data_sm is; None for an inbound message. `words` are the dialect's: what an
    upper-case state word, or the name of a MessageState, means at this SMSC."""
    if not is_receipt(pdu, receipts_without_flag=receipts_without_flag, words=words):
        return None
    text = parse(body(pdu))
    state_tlv = pdu.tlv(Tag.MESSAGE_STATE)
    message_state = state_tlv[0] if state_tlv else None
    intermediate = pdu.fields.get("esm_class", 0) & MESSAGE_TYPE == INTERMEDIATE
    meaning = _meaning(text.stat, message_state, words)
    network_type, network_code = _network_error(pdu.tlv(Tag.NETWORK_ERROR_CODE))
    gsm_error = None if meaning.state is MessageState.DELIVERED else _gsm_error(network_type, network_code)
    return Receipt(
        text=text,
        id_tlv=_message_id(pdu.tlv(Tag.RECEIPTED_MESSAGE_ID)),
        message_state=message_state,
        network_type=network_type,
        network_code=network_code,
        intermediate=intermediate,
        final=meaning.final and not intermediate,
        state=meaning.state,
        status_id=PENDING if intermediate else meaning.status_id,
        error_id=gsm_error or meaning.error_id,
    )


def is_receipt(pdu: Pdu, *, receipts_without_flag: bool = False, words: Mapping[str, Meaning] = NO_WORDS) -> bool:
    """Whether a PDU is a delivery receipt or an intermediate notification: by esm_class, or by both the TLVs that only
    receipts have. With `receipts_without_flag`, also by a text that nobody types: id, known state and a date."""
    if pdu.command not in CARRIERS:
        return False
    message_type = pdu.fields.get("esm_class", 0) & MESSAGE_TYPE
    if message_type:
        return message_type in (FINAL_RECEIPT, INTERMEDIATE)
    if pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) is not None and pdu.tlv(Tag.MESSAGE_STATE) is not None:
        return True
    return receipts_without_flag and _reads_as_receipt(body(pdu), words)


def body(pdu: Pdu) -> str:
    """The text of a deliver_sm or data_sm, from message_payload where short_message is empty; UCS2 by data_coding, else
    latin-1, which loses no octet."""
    octets: bytes = pdu.fields.get("short_message") or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    if pdu.fields.get("data_coding") == UCS2:
        return octets.decode("utf-16-be", "replace").rstrip("\0")
    return octets.decode("latin-1").rstrip("\0")


def _reads_as_receipt(text: str, words: Mapping[str, Meaning]) -> bool:
    found = parse(text)
    dated = any("date" in label[1].lower() for label in LABEL.finditer(text))
    word = (found.stat or "").upper()
    return bool(found.id) and dated and (word in STATES or word in words)


def _meaning(stat: str | None, message_state: int | None, words: Mapping[str, Meaning]) -> Meaning:
    word = (stat or "").upper()
    if word in words:
        return words[word]
    if message_state in MEANINGS and message_state != MessageState.UNKNOWN:
        state = MessageState(message_state)
    elif word in STATES:
        state = STATES[word]
    elif "REJ" in word:
        state = MessageState.REJECTED
    elif word and message_state != MessageState.UNKNOWN:
        return UNKNOWN_WORD
    else:
        state = MessageState.UNKNOWN
    return words.get(state.name, MEANINGS[state])


def _message_id(value: bytes | None) -> str | None:
    if value is None:
        return None
    return value.partition(b"\0")[0].decode("latin-1").strip() or None  # with its NUL, without, or padded with them


def _gsm_error(network_type: int | None, network_code: int | None) -> int | None:
    return network_code or None if network_type in (None, GSM_NETWORK) else None


def _network_error(value: bytes | None) -> tuple[int | None, int | None]:
    if value is None or len(value) != 3:
        return None, None
    if DIGITS.issuperset(value):  # three digits where a type and a number should be
        return None, int(value)
    return value[0], int.from_bytes(value[1:], "big")
