"""The requests of the third generation as customers write them."""

from __future__ import annotations

import msgspec

from heliograph.api.requests import LanguageShape, RegionalShape, SpeedShape, UrlOptionsShape, WindowShape
from heliograph.webhooks.shapes import PlatformShape


class ThirdDestinationShape(msgspec.Struct, rename="camel", gc=False):
    """One recipient, and his network where the customer knows it."""

    to: str | None = None
    message_id: str | None = None
    network_id: int | None = None


class ContentShape(msgspec.Struct, rename="camel"):
    """Either a text, or octets as `hex`."""

    text: str | None = None
    transliteration: str | None = None
    language: str | LanguageShape | None = None
    hex: str | None = None
    data_coding: int | None = None
    esm_class: int | None = None


class PeriodShape(msgspec.Struct, rename="camel"):
    """An amount of a time unit: SECONDS, MINUTES or HOURS."""

    amount: int | None = None
    time_unit: str | None = None


class MessageOptionsShape(msgspec.Struct, rename="camel"):
    """How one message is sent."""

    platform: PlatformShape | None = None
    validity_period: PeriodShape | None = None
    delivery_time_window: WindowShape | None = None
    campaign_reference_id: str | None = None
    regional: RegionalShape | None = None
    flash: bool | None = None


class DeliveryShape(msgspec.Struct, rename="camel"):
    """Where reports are pushed to, and which of them."""

    url: str | None = None
    intermediate_report: bool | None = None
    notify: bool | None = None


class WebhooksShape(msgspec.Struct, rename="camel"):
    """How the customer is told."""

    delivery: DeliveryShape | None = None
    content_type: str | None = None
    callback_data: str | None = None


class ThirdMessageShape(msgspec.Struct, rename="camel"):
    """One content for any number of destinations."""

    sender: str | None = None
    destinations: list[ThirdDestinationShape] | None = None
    content: ContentShape | None = None
    options: MessageOptionsShape | None = None
    webhooks: WebhooksShape | None = None


class ScheduleShape(msgspec.Struct, rename="camel"):
    """When the request is sent, how fast, and by which name."""

    bulk_id: str | None = None
    send_at: str | None = None
    sending_speed_limit: SpeedShape | None = None


class ConversionShape(msgspec.Struct, rename="camel"):
    """Whether the customer will tell of conversions, and what he calls them."""

    use_conversion_tracking: bool | None = None
    conversion_tracking_name: str | None = None


class RequestOptionsShape(msgspec.Struct, rename="camel"):
    """What the request says once for all of its messages."""

    schedule: ScheduleShape | None = None
    tracking: UrlOptionsShape | None = None
    include_sms_count_in_response: bool | None = None
    conversion_tracking: ConversionShape | None = None


class ThirdRequest(msgspec.Struct, rename="camel"):
    """The body of /sms/3/messages."""

    messages: list[ThirdMessageShape] | None = None
    options: RequestOptionsShape | None = None
