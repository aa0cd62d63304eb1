"""From a decoded request of the third generation to a Submission: everything that can be wrong beyond a wrong type."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import msgspec

from heliograph.api import option, timing
from heliograph.api.content import NOTHING, Content, flashing, read_binary, read_text
from heliograph.api.reading import ABSENT, Reading
from heliograph.api.submissions import MAX_BULK_ID, MAX_MESSAGE_ID, crowd
from heliograph.api.third import (
    ContentShape,
    ConversionShape,
    DeliveryShape,
    MessageOptionsShape,
    RequestOptionsShape,
    ScheduleShape,
    ThirdDestinationShape,
    ThirdMessageShape,
    ThirdRequest,
    WebhooksShape,
)
from heliograph.flows.submission import Destination, Draft, Submission
from heliograph.sms.message import Options, Tracking, UrlOptions
from heliograph.webhooks.shapes import PlatformShape

_NEITHER: Final = "must not be empty: a message needs a text or a hex"
_BOTH: Final = "must have either text or hex, not both"
_MAX_NAME: Final = 255


class _Common(msgspec.Struct, frozen=True):
    """What the request says once for all of its messages."""

    send_at: int | None
    counted: bool
    tracking: Tracking | None
    url_options: UrlOptions | None


def to_submission(request: ThirdRequest, reading: Reading) -> Submission:
    """The request as a value; it is good only when `reading.findings` has no errors afterwards."""
    messages = request.messages or []
    if not messages:
        reading.findings.add("messages", ABSENT)
    options = request.options or RequestOptionsShape()
    schedule = options.schedule or ScheduleShape()
    common = _common(options, schedule, reading)
    drafts: list[Draft] = []
    room = reading.limits.destinations
    for index, message in enumerate(messages):
        at = f"messages[{index}]."
        destinations = message.destinations or []
        if len(destinations) > room >= 0:
            reading.findings.add(f"{at}destinations", crowd(reading))
        elif not destinations:
            reading.findings.add(f"{at}destinations", ABSENT)
        room -= len(destinations)
        drafts += _drafts(message, at, common, reading, destinations if room >= 0 else [])
    return Submission(
        drafts,
        reading.clip("options.schedule.bulkId", schedule.bulk_id, MAX_BULK_ID),
        timing.read_interval(schedule.sending_speed_limit, "options.schedule.sendingSpeedLimit", reading),
        reading.era.always_bulk,
    )


def _common(options: RequestOptionsShape, schedule: ScheduleShape, reading: Reading) -> _Common:
    conversion = options.conversion_tracking or ConversionShape()
    name = conversion.conversion_tracking_name
    reading.measure("options.conversionTracking.", "conversionTrackingName", name, _MAX_NAME)
    return _Common(
        timing.read_send_at(schedule.send_at, "options.schedule.sendAt", reading),
        bool(options.include_sms_count_in_response),
        option.conversion(None, name) if conversion.use_conversion_tracking else None,
        option.read_url_options(options.tracking, "options.tracking.", reading),
    )


def _drafts(
    message: ThirdMessageShape, at: str, common: _Common, reading: Reading, destinations: list[ThirdDestinationShape]
) -> list[Draft]:
    """One draft; more where neighbours are in different networks, because what is carried is a draft's."""
    options = message.options or MessageOptionsShape()
    content = _content(message.content, f"{at}content", common, reading)
    if options.flash:
        content = flashing(content, f"{at}options.flash", reading)
    carried = _options(message, options, at, content.text, common, reading)
    draft = Draft(
        [],
        message.sender,
        content.body,
        content.data_coding,
        content.esm_class,
        carried,
        _validity(options, at, reading),
        common.send_at,
        timing.read_window(options.delivery_time_window, f"{at}options.deliveryTimeWindow", reading),
        common.counted and content.text,
        content.short_links,
    )
    named = _named(destinations, at, reading)
    return [
        msgspec.structs.replace(
            draft,
            destinations=[destination for _, destination in group],
            options=msgspec.structs.replace(carried, network_id=network) if network is not None else carried,
        )
        for network, group in groupby(named, key=lambda pair: pair[0])
    ]


def _named(
    destinations: list[ThirdDestinationShape], at: str, reading: Reading
) -> list[tuple[int | None, Destination]]:
    """Each with its network."""
    named = []
    for index, one in enumerate(destinations):
        id_ = one.message_id
        if id_ is not None:
            id_ = reading.clip(f"{at}destinations[{index}].messageId", id_, MAX_MESSAGE_ID)
        reading.bound(f"{at}destinations[{index}].networkId", one.network_id)
        named.append((one.network_id, Destination(one.to, id_)))
    return named


def _content(shape: ContentShape | None, path: str, common: _Common, reading: Reading) -> Content:
    if shape is None or shape.text is None and shape.hex is None:
        reading.findings.add(path, _NEITHER)
        return NOTHING
    if shape.text is None or (shape.hex and not shape.text):
        return read_binary(shape.hex, shape.data_coding, shape.esm_class, f"{path}.", reading)
    if shape.hex:
        reading.findings.add(path, _BOTH)
    options = common.url_options
    return read_text(shape.text, shape.language, shape.transliteration, f"{path}.", reading, options)


def _validity(options: MessageOptionsShape, at: str, reading: Reading) -> int | None:
    period = options.validity_period
    if period is None:
        return None
    return timing.read_period(period.amount, period.time_unit, f"{at}options.validityPeriod.", reading)


def _options(
    message: ThirdMessageShape,
    options: MessageOptionsShape,
    at: str,
    is_text: bool,
    common: _Common,
    reading: Reading,
) -> Options:
    webhooks = message.webhooks or WebhooksShape()
    delivery = webhooks.delivery or DeliveryShape()
    platform = options.platform or PlatformShape()
    entity = reading.era.entity
    reading.measure(at, "webhooks.callbackData", webhooks.callback_data, reading.limits.callback_data)
    reading.measure(at, "options.platform.entityId", platform.entity_id, entity)
    reading.measure(at, "options.platform.applicationId", platform.application_id, entity)
    reading.measure(at, "options.campaignReferenceId", options.campaign_reference_id, option.MAX_CAMPAIGN)
    url, media = option.read_push(
        delivery.url, f"{at}webhooks.delivery.url", webhooks.content_type, f"{at}webhooks.contentType", reading
    )
    return Options(
        notify_url=url,
        content_type=media,
        shape=reading.era.reports,
        intermediate=bool(delivery.intermediate_report),
        notify=delivery.notify is not False,
        callback_data=webhooks.callback_data,
        entity_id=platform.entity_id,
        application_id=platform.application_id,
        campaign_reference_id=options.campaign_reference_id,
        regional=option.read_regional(options.regional, f"{at}options.", reading),
        text=is_text,
        tracking=common.tracking,
        url_options=common.url_options,
    )
