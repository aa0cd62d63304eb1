"""The bodies that tell a customer what became of his messages, and what came for him: pushed, and pulled.

A format is a row of FORMATS: what the customer reads (a generation of reports, or inbound messages), and a content
type. What is absent is left out, never null; ids are strings, prices doubles, dates yyyy-MM-dd'T'HH:mm:ss.SSS+0000.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec

from heliograph.sms.codes import ERROR, STATUS, Error, Status
from heliograph.sms.keyword import without_keyword
from heliograph.sms.message import INBOUND, InboundMessage, Report
from heliograph.sms.schedule import render_instant
from heliograph.sms.text import decode
from heliograph.webhooks import xml

JSON: Final = "application/json"
XML: Final = "application/xml"


class StatusShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """Where a message stands."""

    group_id: int
    group_name: str
    id: int
    name: str
    description: str
    action: str | None = None


class ErrorShape(msgspec.Struct, rename="camel"):
    """What an operator or a phone said."""

    group_id: int
    group_name: str
    id: int
    name: str
    description: str
    permanent: bool


class PriceShape(msgspec.Struct, rename="camel"):
    """What a message cost."""

    price_per_message: float
    currency: str


def _refers_to(shape: type) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"$ref": f"#/components/schemas/{shape.__name__}"})


StatusJson = Annotated[msgspec.Raw, _refers_to(StatusShape)]
ErrorJson = Annotated[msgspec.Raw, _refers_to(ErrorShape)]
PriceJson = Annotated[msgspec.Raw, _refers_to(PriceShape)]


class ReportShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What became of one message."""

    message_id: str
    to: str
    done_at: str
    sms_count: int
    price: PriceJson
    status: StatusJson
    error: ErrorJson
    bulk_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    sent_at: str | None = None
    callback_data: str | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None


class ReportsShape(msgspec.Struct):
    """A set of reports; an empty one has an empty list."""

    results: list[ReportShape]


class InboundOctetsShape(msgspec.Struct, rename="camel", gc=False):
    """What is no text: `hex` in pairs of digits with blanks between them, data_coding and esm_class 0 to 255."""

    hex: str
    data_coding: int
    esm_class: int


class InboundShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """One inbound message. `clean_text` is what stands behind the keyword; both are empty where there is `binary`."""

    message_id: str
    from_: str = msgspec.field(name="from")
    to: str
    text: str
    clean_text: str
    received_at: str
    sms_count: int
    price: PriceJson
    keyword: str | None = None
    binary: InboundOctetsShape | None = None


class InboxShape(msgspec.Struct, rename="camel"):
    """Inbound messages, how many there are, and how many more wait to be pulled."""

    results: list[InboundShape]
    message_count: int
    pending_message_count: int


class InboundEntryShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """One inbound message as logs have it; its keyword is empty where it has none."""

    message_id: str
    from_: str = msgspec.field(name="from")
    to: str
    text: str
    clean_text: str
    keyword: str
    received_at: str
    sms_count: int
    binary: InboundOctetsShape | None = None


class InboundLogShape(msgspec.Struct):
    """Inbound messages, the latest first."""

    results: list[InboundEntryShape]


_ENCODER: Final = msgspec.json.Encoder()


def status_json(status: Status, description: str | None = None) -> msgspec.Raw:
    """A status as it stands in answers and reports, with another description where one is given."""
    shape = StatusShape(
        status.group_id, status.group, status.id, status.name, description or status.description, status.action
    )
    return msgspec.Raw(_ENCODER.encode(shape))


def _error_json(error: Error, note: str | None = None) -> msgspec.Raw:
    shape = ErrorShape(error.group_id, error.group, error.id, error.name, note or error.description, error.permanent)
    return msgspec.Raw(_ENCODER.encode(shape))


STATUS_JSON: Final = {id_: status_json(status) for id_, status in STATUS.items()}
_ERROR_JSON: Final = {id_: _error_json(error) for id_, error in ERROR.items()}


@lru_cache(maxsize=256)
def _price_json(price: float, currency: str) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(PriceShape(float(price), currency)))


def _shape(report: Report) -> ReportShape:
    options = report.options
    return ReportShape(
        report.message_id,
        report.recipient,
        render_instant(report.done_at),
        report.segments,
        _price_json(report.price, report.currency),
        STATUS_JSON[report.status],
        _ERROR_JSON[report.error] if report.note is None else _error_json(ERROR[report.error], report.note),
        report.bulk_id,
        report.sender or None,
        None if report.sent_at is None else render_instant(report.sent_at),
        options.callback_data,
        options.entity_id,
        options.application_id,
        options.campaign_reference_id,
    )


def _v1_json(reports: Sequence[Report]) -> bytes:
    return _ENCODER.encode(ReportsShape([_shape(report) for report in reports]))


def _v1_xml(reports: Sequence[Report]) -> bytes:
    return xml.render("reportResponse", msgspec.json.decode(_v1_json(reports)))


INBOUND_ROOT: Final = "reportResponse"


def _said(message: InboundMessage) -> tuple[str, str, InboundOctetsShape | None]:
    """text, cleanText and binary."""
    text = decode(message.body, message.data_coding, message.esm_class)
    if text is None:
        return "", "", InboundOctetsShape(message.body.hex(" ").upper(), message.data_coding, message.esm_class)
    return text, without_keyword(text) if message.keyword else text, None


def _received(message: InboundMessage) -> InboundShape:
    text, clean, binary = _said(message)
    return InboundShape(
        message.message_id,
        message.sender,
        message.recipient,
        text,
        clean,
        render_instant(message.received_at),
        message.segments,
        _price_json(message.price, message.currency),
        message.keyword or None,
        binary,
    )


def _logged(message: InboundMessage) -> InboundEntryShape:
    text, clean, binary = _said(message)
    at = render_instant(message.received_at)
    return InboundEntryShape(
        message.message_id,
        message.sender,
        message.recipient,
        text,
        clean,
        message.keyword,
        at,
        message.segments,
        binary,
    )


def inbox(messages: Sequence[InboundMessage], pending: int) -> InboxShape:
    """Messages, of which `pending` more wait to be pulled."""
    return InboxShape([_received(message) for message in messages], len(messages), pending)


def inbound_log(messages: Sequence[InboundMessage]) -> InboundLogShape:
    """Messages as logs have them."""
    return InboundLogShape([_logged(message) for message in messages])


def _inbound_json(messages: Sequence[InboundMessage]) -> bytes:
    return _ENCODER.encode(inbox(messages, 0))


def _inbound_xml(messages: Sequence[InboundMessage]) -> bytes:
    return xml.render(INBOUND_ROOT, msgspec.json.decode(_inbound_json(messages)))


FORMATS: Final[dict[tuple[str, str], Callable[[Sequence[Any]], bytes]]] = {
    ("v1", JSON): _v1_json,
    ("v1", XML): _v1_xml,
    (INBOUND, JSON): _inbound_json,
    (INBOUND, XML): _inbound_xml,
}
"""(Options.shape, Options.content_type) to what renders the body of one POST, or of one pull."""
