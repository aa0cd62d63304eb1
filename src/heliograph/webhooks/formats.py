"""The bodies that tell a customer what became of his messages: pushed to notifyUrl, and pulled.

A format is a row of FORMATS: the generation of reports that the customer reads, and a content type. What is absent
is left out, never null; ids are strings, prices doubles, dates yyyy-MM-dd'T'HH:mm:ss.SSS+0000.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Final

import msgspec

from heliograph.sms.codes import ERROR, STATUS, Error, Status
from heliograph.sms.message import Report
from heliograph.sms.schedule import render_instant
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


class PlatformShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What the message was sent for, as the customer named it."""

    entity_id: str | None = None
    application_id: str | None = None


class ThirdReportShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What became of one message, in the third generation."""

    message_id: str
    to: str
    done_at: str
    message_count: int
    price: PriceJson
    status: StatusJson
    error: ErrorJson
    bulk_id: str | None = None
    sender: str | None = None
    sent_at: str | None = None
    callback_data: str | None = None
    platform: PlatformShape | None = None
    campaign_reference_id: str | None = None


class ThirdReportsShape(msgspec.Struct):
    """A set of reports of the third generation; an empty one has an empty list."""

    results: list[ThirdReportShape]


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


def _third(report: Report) -> ThirdReportShape:
    told, options = _shape(report), report.options
    is_marked = options.entity_id is not None or options.application_id is not None
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
        PlatformShape(options.entity_id, options.application_id) if is_marked else None,
        told.campaign_reference_id,
    )


def _v3_json(reports: Sequence[Report]) -> bytes:
    return _ENCODER.encode(ThirdReportsShape([_third(report) for report in reports]))


def _v3_xml(reports: Sequence[Report]) -> bytes:
    return xml.render("DeliveryReports", msgspec.json.decode(_v3_json(reports)))


FORMATS: Final[dict[tuple[str, str], Callable[[Sequence[Report]], bytes]]] = {
    ("v1", JSON): _v1_json,
    ("v1", XML): _v1_xml,
    ("v3", JSON): _v3_json,
    ("v3", XML): _v3_xml,
}
"""(Options.shape, Options.content_type) to what renders the body of one POST, or of one pull."""
