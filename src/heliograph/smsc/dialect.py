"""How one SMSC speaks: every known deviation as a field, and the translation that reads them.

Rule 1: a field's default is what the specification says.
Rule 2: nothing here, or anywhere, asks for an SMSC by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from heliograph.smpp import receipt
from heliograph.smpp.constants import Command, MessageState, Tag
from heliograph.smpp.message_id import key
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.timestring import render_absolute, render_relative
from heliograph.sms.address import source_addr, ton_npi
from heliograph.sms.codes import ERROR
from heliograph.sms.concatenation import Piece, join, place_in_tlvs, place_of
from heliograph.sms.message import Inbound, Receipt
from heliograph.sms.verdict import DELIVERED_TO_OPERATOR

UNKNOWN_ERROR = 255
ERR_DIGITS = 9  # of an error number; what is longer is none, and may be thousands of digits
LEAST_VALIDITY = 60  # seconds; an SMSC may refuse a validity_period that is nearly over
ACCEPTD_FINAL = {
    name: receipt.Meaning(MessageState.ACCEPTED, True, DELIVERED_TO_OPERATOR, 0)
    for name in ("ACCEPTED", "ACCEPTD", "ACKED")
}

Base = Literal["text", "dec", "hex"]
Octet = Annotated[int, Meta(ge=0, le=255)]
Word = Literal["ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"]  # appendix B


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every deviation of an SMSC that is known, each with the standard as its default."""

    resp_id_base: Annotated[Base, Meta(description="How submit_sm_resp writes its message_id.")] = "text"
    text_id_base: Annotated[Base, Meta(description="How the text of a receipt (`id:`) writes the same id.")] = "text"
    tlv_id_base: Annotated[Base, Meta(description="How receipted_message_id (0x001E) writes the same id.")] = "text"
    receipts: Annotated[
        Literal["all", "none"],
        Meta(description="Whether receipts are asked for; with `none`, what was taken is DELIVERED_TO_OPERATOR."),
    ] = "all"
    receipts_without_flag: Annotated[
        bool,
        Meta(description="Take a deliver_sm without the receipt bits in esm_class for a receipt when its text is one."),
    ] = False
    acceptd_final: Annotated[
        bool, Meta(description="Take ACCEPTD for the end: the message is DELIVERED_TO_OPERATOR.")
    ] = False
    states: Annotated[
        dict[str, Word],
        Meta(description="What a state word of this SMSC means: its word in any case, and the standard's."),
    ] = msgspec.field(default_factory=dict)
    err_is_gsm: Annotated[bool, Meta(description="`err:` holds GSM (MAP) error numbers.")] = False
    err_map: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=65_535)]],
        Meta(description="What an `err:` of this SMSC means: its text, and the error id to report."),
    ] = msgspec.field(default_factory=dict)
    trust_done_date: Annotated[
        bool, Meta(description="Report the receipt's `done date` as doneAt, not the time of its arrival.")
    ] = False
    receipt_tz: Annotated[str, Meta(description="The time zone of dates in receipts, by its IANA name.")] = "UTC"
    wide_reference: Annotated[
        bool, Meta(description="Number long messages with 16-bit references (IE 08) instead of 8-bit ones (IE 00).")
    ] = False
    validity_format: Annotated[
        Literal["relative", "absolute", "none"], Meta(description="How validity_period is written.")
    ] = "relative"
    mode_bits: Annotated[
        int, Meta(ge=0, le=3, description="Messaging mode (esm_class bits 1-0) where the customer gave none.")
    ] = 0
    service_type: Annotated[str, Meta(max_length=5, description="service_type of every submit_sm.")] = ""
    protocol_id: Annotated[Octet, Meta(description="protocol_id of every submit_sm.")] = 0
    source_ton: Annotated[
        Octet | None, Meta(description="TON of every sender, instead of the one its form implies.")
    ] = None
    source_npi: Annotated[
        Octet | None, Meta(description="NPI of every sender, instead of the one its form implies.")
    ] = None
    dest_ton: Annotated[Octet, Meta(description="TON of every recipient.")] = 1
    dest_npi: Annotated[Octet, Meta(description="NPI of every recipient.")] = 1
    intermediate: Annotated[
        bool, Meta(description="Ask for intermediate notifications where the customer wants them.")
    ] = True


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One segment as it is to be submitted."""

    sender: str
    recipient: str
    data_coding: int
    esm_class: int
    user_data: bytes  # UDH and payload
    validity: int  # seconds that are left
    expires_at: int  # UTC milliseconds
    intermediate: bool


def to_submit_sm(segment: Segment, dialect: Dialect, *, without_validity: bool = False) -> Pdu:
    """The submit_sm that carries a segment; a receipt is asked for with every one of them, or with none (§5.2.17)."""
    esm_class = segment.esm_class
    intermediate = segment.intermediate and dialect.intermediate
    fields: dict[str, Any] = {
        "dest_addr_ton": dialect.dest_ton,
        "dest_addr_npi": dialect.dest_npi,
        "destination_addr": segment.recipient,
        "esm_class": esm_class if esm_class & 3 else esm_class | dialect.mode_bits,
        "registered_delivery": 0 if dialect.receipts == "none" else 0x11 if intermediate else 1,
        "data_coding": segment.data_coding,
        "short_message": segment.user_data,
    }
    ton, npi, fields["source_addr"] = _source(segment.sender)
    fields["source_addr_ton"] = ton if dialect.source_ton is None else dialect.source_ton
    fields["source_addr_npi"] = npi if dialect.source_npi is None else dialect.source_npi
    if dialect.service_type:
        fields["service_type"] = dialect.service_type
    if dialect.protocol_id:
        fields["protocol_id"] = dialect.protocol_id
    if not without_validity and dialect.validity_format != "none":
        fields["validity_period"] = _validity(segment, dialect)
    return Pdu(Command.SUBMIT_SM, fields=fields)


@lru_cache(4096)
def _source(sender: str) -> tuple[int, int, str]:
    return (*ton_npi(sender), source_addr(sender))


def _validity(segment: Segment, dialect: Dialect) -> str:
    lacking = max(0, LEAST_VALIDITY - segment.validity)
    if dialect.validity_format == "absolute":
        return render_absolute(segment.expires_at + lacking * 1000)
    return relative(segment.validity + lacking)


@lru_cache(4096)
def relative(seconds: int) -> str:
    """A span as SMPP writes it (§7.1.1.2); most messages of a second share theirs."""
    return render_relative(seconds)


def read_delivery(pdu: Pdu, smsc: str, dialect: Dialect, now: int) -> Receipt | Inbound | None:
    """What a deliver_sm or data_sm brings; None for a receipt that names no message, which nobody can use."""
    found = receipt.read(pdu, receipts_without_flag=dialect.receipts_without_flag, words=_words(dialect))
    if found is None:
        return _inbound(pdu, smsc, now)
    bases = {"tlv": dialect.tlv_id_base, "text": dialect.text_id_base}
    keys = tuple(dict.fromkeys(key(id_, bases[place]) for place, id_ in found.ids))
    if not keys:
        return None
    error, note = _error(found, dialect)
    return Receipt(
        smsc=smsc,
        keys=keys,
        final=found.final,
        status=found.status_id,
        error=error,
        note=note,
        at=_done_at(found, dialect, now),
    )


def _words(dialect: Dialect) -> Mapping[str, receipt.Meaning]:
    known = ACCEPTD_FINAL if dialect.acceptd_final else receipt.NO_WORDS
    return _mapped(dialect.acceptd_final, tuple(dialect.states.items())) if dialect.states else known


@lru_cache(256)
def _mapped(acceptd_final: bool, states: tuple[tuple[str, str], ...]) -> Mapping[str, receipt.Meaning]:
    known = ACCEPTD_FINAL if acceptd_final else receipt.NO_WORDS
    own = {word.upper(): known.get(to, receipt.MEANINGS[receipt.STATES[to]]) for word, to in states}
    return {**known, **own}


def _error(found: receipt.Receipt, dialect: Dialect) -> tuple[int, str | None]:
    """The error id to report, and what to say where the operator's own number is none that customers know."""
    error = found.error_id
    err = found.text.err
    if found.gsm_error is None and err and found.state is not MessageState.DELIVERED:
        if err in dialect.err_map:
            error = dialect.err_map[err]
        elif dialect.err_is_gsm and err.isascii() and err.isdigit() and len(err) <= ERR_DIGITS and int(err):
            error = int(err)
    if error in ERROR:
        return error, None
    return UNKNOWN_ERROR, f"Unknown error (operator code {error})"


def _done_at(found: receipt.Receipt, dialect: Dialect, now: int) -> int:
    """Not after its arrival. That it is not before the segment was sent either is the store's care, who knows when."""
    written = found.text.done_date
    if not dialect.trust_done_date or written is None:
        return now
    naive = datetime.fromtimestamp(written / 1000, UTC).replace(tzinfo=ZoneInfo(dialect.receipt_tz))
    return min(now, int(naive.timestamp() * 1000))


def _inbound(pdu: Pdu, smsc: str, now: int) -> Inbound:
    fields = pdu.fields
    body = fields.get("short_message") or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    piece = Piece(body, fields.get("esm_class", 0))
    sar = [pdu.tlv(tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)]
    place = place_of(piece) or place_in_tlvs(*sar)  # the phone knows better than the SMSC
    if place is not None and place.total == 1:
        piece, place = join([piece]), None
    return Inbound(
        smsc=smsc,
        sender=fields.get("source_addr", ""),
        recipient=fields.get("destination_addr", ""),
        data_coding=fields.get("data_coding", 0),
        esm_class=piece.esm_class,
        body=piece.body,
        received_at=now,
        place=place,
    )
