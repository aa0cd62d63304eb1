"""The bodies that tell a customer what became of his messages, and what came for him: pushed, and pulled.

A format is a row of FORMATS: what the customer reads (a generation of reports, inbound messages, clicks), and a
content type. What is absent is left out, never null; ids are strings, prices doubles, dates
yyyy-MM-dd'T'HH:mm:ss.SSS+0000, but for the milliseconds of a click's sendDateTime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from heliograph.sms.codes import ERROR, STATUS, Error, Status
from heliograph.sms.keyword import without_keyword
from heliograph.sms.message import CLICK, INBOUND, Click, InboundMessage, Options, Report
from heliograph.sms.schedule import render_instant
from heliograph.sms.text import decode
from heliograph.webhooks import xml
from heliograph.webhooks.shapes import (
    ClickShape,
    ErrorShape,
    InboundEntryShape,
    InboundLogShape,
    InboundOctetsShape,
    InboundShape,
    InboxShape,
    PlatformShape,
    PriceShape,
    ReportShape,
    ReportsShape,
    StatusShape,
    ThirdReportShape,
    ThirdReportsShape,
)

JSON: Final = "application/json"
XML: Final = "application/xml"


_ENCODER: Final = msgspec.json.Encoder()


def status_json(status: Status, description: str | None = None) -> msgspec.Raw:
    """A status as it stands in answers and reports, with another description where one is given."""
    shape = StatusShape(
        status.group_id, status.group, status.id, status.name, description or status.description, status.action
    )
    return msgspec.Raw(_ENCODER.encode(shape))


def _rendered(error: Error, note: str | None = None) -> msgspec.Raw:
    shape = ErrorShape(error.group_id, error.group, error.id, error.name, note or error.description, error.permanent)
    return msgspec.Raw(_ENCODER.encode(shape))


STATUS_JSON: Final = {id_: status_json(status) for id_, status in STATUS.items()}
_ERROR_JSON: Final = {id_: _rendered(error) for id_, error in ERROR.items()}


def error_json(id_: int, note: str | None) -> msgspec.Raw:
    """An error as it stands in reports and logs, in an operator's own words where there are any."""
    return _ERROR_JSON[id_] if note is None else _rendered(ERROR[id_], note)


@lru_cache(maxsize=256)
def price_json(price: float, currency: str) -> msgspec.Raw:
    """A price as it stands in reports and logs: a double, whatever it is."""
    return msgspec.Raw(_ENCODER.encode(PriceShape(float(price), currency)))


def _shape(report: Report) -> ReportShape:
    options = report.options
    return ReportShape(
        report.message_id,
        report.recipient,
        render_instant(report.done_at),
        report.segments,
        price_json(report.price, report.currency),
        STATUS_JSON[report.status],
        error_json(report.error, report.note),
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


def platform(options: Options) -> PlatformShape | None:
    """What the message was sent for, as the third generation has it; None: the customer has not said."""
    if options.entity_id is None and options.application_id is None:
        return None
    return PlatformShape(options.entity_id, options.application_id)


def _third(report: Report) -> ThirdReportShape:
    told, options = _shape(report), report.options
    return ThirdReportShape(
        told.message_id,
        told.to,
        told.done_at,
        told.sms_count,
        told.price,
        told.status,
        told.error,
        told.bulk_id,
        told.from_,
        told.sent_at,
        told.callback_data,
        platform(options),
        told.campaign_reference_id,
    )


def _v3_json(reports: Sequence[Report]) -> bytes:
    return _ENCODER.encode(ThirdReportsShape([_third(report) for report in reports]))


def _v3_xml(reports: Sequence[Report]) -> bytes:
    return xml.render("DeliveryReports", msgspec.json.decode(_v3_json(reports)))


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
        price_json(message.price, message.currency),
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


def _click_json(clicks: Sequence[Click]) -> bytes:
    [click] = clicks  # such a body is one click, and not a list of them
    options = click.options
    return _ENCODER.encode(
        ClickShape(
            "CLICKED",
            click.url,
            click.recipient,
            click.due,
            click.message_id,
            render_instant(click.at),
            click.bulk_id,
            options.callback_data,
            options.application_id,
            options.entity_id,
        )
    )


ALONE: Final = frozenset((CLICK,))
"""The shapes whose bodies have room for one."""

FORMATS: Final[dict[tuple[str, str], Callable[[Sequence[Any]], bytes]]] = {
    ("v1", JSON): _v1_json,
    ("v1", XML): _v1_xml,
    ("v3", JSON): _v3_json,
    ("v3", XML): _v3_xml,
    (INBOUND, JSON): _inbound_json,
    (INBOUND, XML): _inbound_xml,
    (CLICK, JSON): _click_json,
}
"""(Options.shape, Options.content_type) to what renders the body of one POST, or of one pull."""
