"""How SMSCs write their receipts: DIALECTS, one row a dialect that was met in the field.

Rule 1: a dialect is a row. `worded` makes the ones that differ in their text alone.
Rule 2: whatever the dialect, the receipt of a message names its id, and its state in words or in message_state.
"""

import time
from collections.abc import Callable
from functools import lru_cache

import msgspec

from heliograph.smpp.constants import Command, MessageState, Tag
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.receipt import STATES

FINAL_RECEIPT, INTERMEDIATE = 0x04, 0x20  # esm_class, §5.2.12
UCS2 = 8  # data_coding
GSM_NETWORK = 3  # the type of a network_error_code, §5.3.2.31
WORDS_QUOTED = 20  # characters of the message that a receipt repeats, appendix B
WORD = "[A-Z][A-Z0-9_-]{0,15}"  # a state word: those of the standard are some, and SMSCs make up others
DATES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}  # digits to how they are written


class Facts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a receipt has to say. Times are seconds since 1970; addresses are the submit_sm's: TON, NPI, address."""

    number: int  # the id as a number, for dialects with bases of their own
    id: str  # the id as the dialect-free receipt gives it
    word: str = "DELIVRD"  # one of smpp.receipt.STATES, or any that matches WORD
    err: str = "000"
    submitted: float = 0.0
    done: float = 0.0
    source: tuple[int, int, str] = (0, 0, "")
    destination: tuple[int, int, str] = (0, 0, "")
    words: str = ""  # the beginning of the message, latin-1
    intermediate: bool = False

    @property
    def state(self) -> MessageState:
        """The message_state of the word; UNKNOWN for a word of nobody else's."""
        return STATES.get(self.word, MessageState.UNKNOWN)

    @property
    def esm_class(self) -> int:
        """The flag that makes a deliver_sm a receipt."""
        return INTERMEDIATE if self.intermediate else FINAL_RECEIPT


Dialect = Callable[[Facts], Pdu]

TYPICAL = "id:{id} sub:001 dlvrd:{dlvrd} submit date:{submitted} done date:{done} stat:{word} err:{err} text:{words}"


def render(facts: Facts, layout: str = TYPICAL, digits: int = 10) -> str:
    """The text of a receipt, with dates of 10, 12 or 14 digits; they are UTC."""
    return layout.format(
        id=facts.id,
        dlvrd="001" if facts.state is MessageState.DELIVERED else "000",
        submitted=date(facts.submitted, digits),
        done=date(facts.done, digits),
        word=facts.word,
        name=facts.state.name if facts.word in STATES else facts.word,
        err=facts.err,
        words=facts.words,
    )


def date(seconds: float, digits: int = 10) -> str:
    """A date as receipts write it, in UTC."""
    return _date(int(seconds), digits)


@lru_cache(maxsize=256)
def _date(seconds: int, digits: int) -> str:
    return time.strftime(DATES[digits], time.gmtime(seconds))


def carry(
    facts: Facts,
    text: bytes = b"",
    *,
    esm_class: int | None = None,
    data_coding: int = 0,
    tlvs: tuple[tuple[int, bytes], ...] = (),
) -> Pdu:
    """The deliver_sm of a receipt: it comes from the number the message went to (§4.6)."""
    fields = {
        "source_addr_ton": facts.destination[0],
        "source_addr_npi": facts.destination[1],
        "source_addr": facts.destination[2],
        "dest_addr_ton": facts.source[0],
        "dest_addr_npi": facts.source[1],
        "destination_addr": facts.source[2],
        "esm_class": facts.esm_class if esm_class is None else esm_class,
        "data_coding": data_coding,
        "short_message": text,
    }
    return Pdu(Command.DELIVER_SM, 0, 0, fields, list(tlvs))


def worded(layout: str, digits: int = 10) -> Dialect:
    """The dialect that writes this text."""
    return lambda facts: carry(facts, render(facts, layout, digits).encode("latin-1"))


def id_and_state(facts: Facts, *, ending: bytes = b"\0") -> tuple[tuple[int, bytes], ...]:
    """The two TLVs that only receipts have."""
    return (
        (Tag.RECEIPTED_MESSAGE_ID, facts.id.encode("latin-1") + ending),
        (Tag.MESSAGE_STATE, bytes([facts.state])),
    )


def network_error(facts: Facts) -> tuple[int, bytes]:
    """network_error_code of a GSM network; 0 for an err that is not a number."""
    code = int(facts.err) if facts.err.isdecimal() else 0
    return (Tag.NETWORK_ERROR_CODE, bytes([GSM_NETWORK]) + code.to_bytes(2, "big"))


def typical(facts: Facts) -> bytes:
    """The typical text, as octets."""
    return render(facts).encode("latin-1")


def payload(facts: Facts) -> Pdu:
    """The text in message_payload, short_message empty."""
    return carry(facts, tlvs=((Tag.MESSAGE_PAYLOAD, typical(facts)),))


def ucs2(facts: Facts) -> Pdu:
    """The text in UCS2. It quotes nothing, so that it fits."""
    quiet = msgspec.structs.replace(facts, words="")
    layout = "id:{id} submit date:{submitted} done date:{done} stat:{word} err:{err}"
    return carry(facts, render(quiet, layout).encode("utf-16-be"), data_coding=UCS2)


def two_ids(facts: Facts) -> Pdu:
    """The id in decimal in the text, in hex in the TLV."""
    text = typical(msgspec.structs.replace(facts, id=f"{facts.number:010d}"))
    return carry(facts, text, tlvs=id_and_state(msgspec.structs.replace(facts, id=f"{facts.number:x}")))


def ascii_error(facts: Facts) -> Pdu:
    """network_error_code as three digits."""
    digits = f"{int(facts.err) % 1000 if facts.err.isdecimal() else 0:03d}".encode()
    return carry(facts, typical(facts), tlvs=(*id_and_state(facts), (Tag.NETWORK_ERROR_CODE, digits)))


def data_sm(facts: Facts) -> Pdu:
    """data_sm, which has TLVs and no text."""
    plain = carry(facts).fields
    fields = {name: value for name, value in plain.items() if name != "short_message"}
    return Pdu(Command.DATA_SM, 0, 0, fields, list(id_and_state(facts)))


def vague_state(facts: Facts) -> Pdu:
    """A TLV that does not know what the text knows."""
    return carry(facts, typical(facts), tlvs=((Tag.MESSAGE_STATE, bytes([MessageState.UNKNOWN])),))


DIALECTS: dict[str, Dialect] = {
    "standard": worded(TYPICAL),
    "seconds": worded(TYPICAL.replace("text:", "Text:"), 12),
    "years": worded("id:{id} submit date:{submitted} done date:{done} stat:{word} err:{err}", 14),
    "no-counts": worded("id:{id} submit date:{submitted} done date:{done} stat:{word} err:{err} text:{words}"),
    "odd-counts": worded(TYPICAL.replace("sub:001 dlvrd:{dlvrd}", "sub:000 dlvrd:001")),
    "no-text": worded(TYPICAL.removesuffix(" text:{words}")),
    "no-err": worded(TYPICAL.replace(" err:{err}", "")),
    "long-err": worded(TYPICAL.replace("{err}", "{err:0>4}")),
    "letters-err": worded(TYPICAL.replace("{err}", "21b")),
    "zero-dates": worded(TYPICAL.replace("{submitted}", "0000000000").replace("{done}", "0000000000")),
    "shuffled": worded(
        "sub:001 id:{id} err:{err} dlvrd:{dlvrd} done date:{done} submit date:{submitted} text: stat:{word}", 12
    ),
    "blanks": worded(TYPICAL.replace(":", ": ")),
    "wide-blanks": worded(TYPICAL.replace(":", " : ")),
    "semicolons": worded(TYPICAL.replace(" sub", ";sub").replace(" dlvrd", ";dlvrd").replace(" stat", ";stat")),
    "upper-case": worded(
        "ID:{id}\nSUB:001\nDLVRD:{dlvrd}\nSUBMIT DATE:{submitted}\nDONE DATE:{done}\n"
        "STAT:{word}\nERR:{err}\nTEXT:{words}"
    ),
    "bare-state": worded("id:{id} sub:001 dlvrd:{dlvrd} submit date:{submitted} done date:{done} {word} err:{err}"),
    "long-words": worded(TYPICAL.replace("{word}", "{name}")),
    "hostile": worded(TYPICAL.replace("{words}", "id:9 stat:DELIVRD er")),
    "payload": payload,
    "ucs2": ucs2,
    "tlv": lambda facts: carry(facts, typical(facts), tlvs=(*id_and_state(facts), network_error(facts))),
    "tlv-only": lambda facts: carry(facts, tlvs=(*id_and_state(facts), network_error(facts))),
    "tlv-open": lambda facts: carry(facts, tlvs=id_and_state(facts, ending=b"")),
    "two-ids": two_ids,
    "ascii-error": ascii_error,
    "vague-state": vague_state,
    "data-sm": data_sm,
    "no-flag-tlv": lambda facts: carry(facts, typical(facts), esm_class=0, tlvs=id_and_state(facts)),
    "no-flag": lambda facts: carry(facts, typical(facts), esm_class=0),
}
