"""From a decoded request of the first two generations to a Submission: all that can be wrong beyond a wrong type.

A `to` is not judged here; a bad one is a status of that destination, not a bad request.
"""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api import option, timing
from heliograph.api.content import NOTHING, Content, flashing, read_binary, read_text
from heliograph.api.reading import ABSENT, Reading
from heliograph.api.requests import MessageShape, SendRequest
from heliograph.flows.submission import Destination, Draft, Submission
from heliograph.sms.message import Options, Tracking, UrlOptions

MAX_BULK_ID: Final = 100
MAX_MESSAGE_ID: Final = 200
NOBODY: Final = (Destination(),)  # where nobody is named: refused by itself, as MISSING_TO
_BOTH: Final = "must have either text or binary, not both"
_NEITHER: Final = "must not be empty: a message needs a text or a binary"


class _Common(msgspec.Struct, frozen=True):
    """What the request says once for all of its messages."""

    counted: bool
    tracking: Tracking | None
    url_options: UrlOptions | None


def to_submission(request: SendRequest, reading: Reading, *, lenient: bool = False) -> Submission:
    """The request as a value; it is good only when `reading.findings` has no errors afterwards.

    Where it is `lenient`, a message without a recipient is not a bad field but MISSING_TO.
    """
    messages = request.messages or []
    if not messages:
        reading.findings.add("messages", ABSENT)
    common = _common(request, reading)
    room = reading.limits.destinations
    drafts = []
    for index, message in enumerate(messages):
        at = f"messages[{index}]."
        count = _count(message) or int(lenient)  # nobody named is answered as one destination
        if count > room >= 0:
            reading.findings.add(f"{at}destinations", crowd(reading))
        elif not count:
            reading.findings.add(f"{at}destinations", ABSENT)
        room -= count
        drafts.append(_draft(message, at, common, reading, _destinations(message) if room >= 0 else []))
    return Submission(
        drafts,
        reading.clip("bulkId", request.bulk_id, MAX_BULK_ID),
        timing.read_interval(request.sending_speed_limit, "sendingSpeedLimit", reading),
        reading.era.always_bulk,
    )


def to_single(message: MessageShape, reading: Reading, around: SendRequest | None = None) -> Submission:
    """The same of a message that stands alone; what else a request may say is `around` it."""
    request = around or SendRequest()
    destinations = _destinations(message)
    if len(destinations) > reading.limits.destinations:
        reading.findings.add("to", crowd(reading))
    draft = _draft(message, "", _common(request, reading), reading, destinations)
    bulk_id = reading.clip("bulkId", request.bulk_id, MAX_BULK_ID)
    return Submission([draft], bulk_id, always_bulk=reading.era.always_bulk)


def crowd(reading: Reading) -> str:
    """What is said of too many destinations."""
    return f"a request holds at most {reading.limits.destinations} destinations"


def _common(request: SendRequest, reading: Reading) -> _Common:
    return _Common(
        bool(request.include_sms_count_in_response),
        option.read_tracking(request.tracking, "tracking.", reading),
        option.read_url_options(request.url_options, "urlOptions.", reading, tracking=request.tracking),
    )


def _count(message: MessageShape) -> int:
    to = message.to
    return len(message.destinations or ()) + (len(to) if isinstance(to, list) else to is not None)


def _destinations(message: MessageShape) -> list[Destination]:
    to = message.to
    first = [] if to is None else [Destination(one) for one in (to if isinstance(to, list) else [to])]
    rest = [
        Destination(one.to, None if one.message_id is None else (one.message_id[:MAX_MESSAGE_ID] or None))
        for one in message.destinations or ()
    ]
    return (first + rest if first else rest) or [*NOBODY]


def _draft(message: MessageShape, at: str, common: _Common, reading: Reading, destinations: list[Destination]) -> Draft:
    content = _content(message, at, common, reading)
    return Draft(
        destinations,
        message.from_,
        content.body,
        content.data_coding,
        content.esm_class,
        _options(message, at, content.text, common, reading),
        timing.read_validity(message.validity_period, f"{at}validityPeriod", reading),
        timing.read_send_at(message.send_at, f"{at}sendAt", reading),
        timing.read_window(message.delivery_time_window, f"{at}deliveryTimeWindow", reading),
        reading.era.counts or (common.counted and content.text),
        content.short_links,
    )


def _content(message: MessageShape, at: str, common: _Common, reading: Reading) -> Content:
    binary, text = message.binary, message.text
    if binary is not None:
        if text:  # an empty one is what some clients write for none
            reading.findings.add(at.removesuffix(".") or "text", _BOTH)
        content = read_binary(binary.hex, binary.data_coding, binary.esm_class, f"{at}binary.", reading)
    elif text is not None:
        content = read_text(text, message.language, message.transliteration, at, reading, common.url_options)
    else:
        reading.findings.add(at.removesuffix(".") or "text", _NEITHER)
        return NOTHING
    return flashing(content, f"{at}flash", reading) if message.flash else content


def _options(message: MessageShape, at: str, is_text: bool, common: _Common, reading: Reading) -> Options:
    entity = reading.era.entity
    reading.measure(at, "callbackData", message.callback_data, reading.limits.callback_data)
    reading.measure(at, "entityId", message.entity_id, entity)
    reading.measure(at, "applicationId", message.application_id, entity)
    reading.measure(at, "campaignReferenceId", message.campaign_reference_id, option.MAX_CAMPAIGN)
    url, media = option.read_push(
        message.notify_url, f"{at}notifyUrl", message.notify_content_type, f"{at}notifyContentType", reading
    )
    return Options(
        notify_url=url,
        content_type=media,
        shape=reading.era.reports,
        intermediate=bool(message.intermediate_report),
        notify=message.notify is not False,
        callback_data=message.callback_data,
        entity_id=message.entity_id,
        application_id=message.application_id,
        campaign_reference_id=message.campaign_reference_id,
        regional=option.read_regional(message.regional, at, reading),
        text=is_text,
        tracking=common.tracking,
        url_options=common.url_options,
    )
