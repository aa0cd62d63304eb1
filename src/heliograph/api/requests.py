"""The requests of the first two generations as customers write them."""

from __future__ import annotations

import msgspec


class DestinationShape(msgspec.Struct, rename="camel", gc=False):
    """One recipient."""

    to: str | None = None
    message_id: str | None = None


class BinaryShape(msgspec.Struct, rename="camel", gc=False):
    """A binary body: `hex` in pairs of digits, data_coding and esm_class 0 to 255."""

    hex: str | None = None
    data_coding: int | None = None
    esm_class: int | None = None


class ClockShape(msgspec.Struct):
    """A time of the day: hour 0 to 23, minute 0 to 59."""

    hour: int | None = None
    minute: int | None = None


class WindowShape(msgspec.Struct, rename="camel"):
    """When messages may leave; `time_zone` is an IANA name, UTC when absent."""

    days: list[str] | None = None
    from_: ClockShape | None = msgspec.field(default=None, name="from")
    to: ClockShape | None = None
    time_zone: str | None = None


class IndiaShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What Indian operators ask for."""

    principal_entity_id: str | None = None
    content_template_id: str | None = None
    telemarketer_id: str | None = None


class TurkeyShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What Turkish operators ask for: recipient type BIREYSEL or TACIR."""

    recipient_type: str | None = None
    brand_code: int | None = None


class KoreaShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What South Korean operators ask for: title of at most 66 characters."""

    reseller_code: int | None = None
    title: str | None = None


class RegionalShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What single countries ask for; carried along."""

    india_dlt: IndiaShape | None = None
    turkey_iys: TurkeyShape | None = None
    south_korea: KoreaShape | None = None


class LanguageShape(msgspec.Struct, rename="camel"):
    """Whose national tables a text may use, and which of them; without a flag the single shift."""

    language_code: str | None = None
    single_shift: bool | None = None
    locking_shift: bool | None = None


class MessageShape(msgspec.Struct, rename="camel"):
    """One text or binary for any number of destinations; `to` is one more destination, or a list of them."""

    from_: str | None = msgspec.field(default=None, name="from")
    to: str | list[str] | None = None
    destinations: list[DestinationShape] | None = None
    binary: BinaryShape | None = None
    text: str | None = None
    language: str | LanguageShape | None = None
    transliteration: str | None = None
    flash: bool | None = None
    notify: bool | None = None
    intermediate_report: bool | None = None
    notify_url: str | None = None
    notify_content_type: str | None = None
    callback_data: str | None = None
    validity_period: int | None = None
    send_at: str | None = None
    delivery_time_window: WindowShape | None = None
    regional: RegionalShape | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None


class SpeedShape(msgspec.Struct, rename="camel"):
    """At most `amount` segments a `time_unit`: MINUTE, HOUR or DAY."""

    amount: int | None = None
    time_unit: str | None = None


class TrackingShape(msgspec.Struct, rename="camel"):
    """`track` SMS: the customer will tell of conversions. URL: an older way to ask for short links."""

    track: str | None = None
    type: str | None = None
    process_key: str | None = None
    base_url: str | None = None


class UrlOptionsShape(msgspec.Struct, rename="camel"):
    """What to do with the links of a text."""

    shorten_url: bool | None = None
    track_clicks: bool | None = None
    tracking_url: str | None = None
    remove_protocol: bool | None = None
    custom_domain: str | None = None


class SendRequest(msgspec.Struct, rename="camel"):
    """The body of the paths that end in /multi or /advanced."""

    bulk_id: str | None = None
    messages: list[MessageShape] | None = None
    sending_speed_limit: SpeedShape | None = None
    tracking: TrackingShape | None = None
    url_options: UrlOptionsShape | None = None
    include_sms_count_in_response: bool | None = None
