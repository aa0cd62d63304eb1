"""What customers read of messages, statuses, errors and prices: the names of their JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec


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


class ClickShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """Somebody followed the short link of a message. `send_date_time` is when that was to leave, UTC milliseconds."""

    notification_type: str
    url: str
    recipient: str
    send_date_time: int
    message_id: str
    clicked_at: str
    bulk_id: str | None = None
    callback_data: str | None = None
    application_id: str | None = None
    entity_id: str | None = None
