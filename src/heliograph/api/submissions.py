"""From a decoded request to a Submission: everything that can be wrong beyond a wrong type.

Rule 1: every check notes what it finds and goes on, so that one answer names every bad field.
Rule 2: a `to` is not judged here; a bad one is a status of that destination, not a bad request.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from heliograph.api.addresses import url_problem
from heliograph.api.requests import (
    BinaryShape,
    ClockShape,
    IndiaShape,
    KoreaShape,
    MessageShape,
    RegionalShape,
    SendRequest,
    SpeedShape,
    TurkeyShape,
    WindowShape,
)
from heliograph.flows.submission import Destination, Draft, Submission
from heliograph.sms.coding import flash, parse_hex
from heliograph.sms.message import Options
from heliograph.sms.schedule import Window, parse_instant, problems, send_at_problems, validity_problems
from heliograph.web.decoding import Findings
from heliograph.web.limits import Limits
from heliograph.webhooks.formats import FORMATS

MAX_BULK_ID: Final = 100
MAX_MESSAGE_ID: Final = 200
REPORTS: Final = "v1"  # customers of both generations of this endpoint read the first generation of reports
_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_UNITS: Final = {"MINUTE": 60_000_000, "HOUR": 3_600_000_000, "DAY": 86_400_000_000}  # microseconds
_LENGTHS: Final = (("entityId", 66), ("applicationId", 66), ("campaignReferenceId", 255))
_ABSENT: Final = "must not be empty"


def to_submission(
    request: SendRequest, limits: Limits, now: int, findings: Findings, *, always_bulk: bool = False
) -> Submission:
    """The request as a value; it is good only when `findings` has no errors afterwards. `now` is UTC milliseconds."""
    messages = request.messages or []
    if not messages:
        findings.add("messages", _ABSENT)
    room = limits.destinations
    drafts = []
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        count = _count(message)
        if count > room >= 0:
            findings.add(f"{at}.destinations", f"a request holds at most {limits.destinations} destinations")
        room -= count
        drafts.append(_draft(message, at, limits, now, findings, _destinations(message) if room >= 0 else []))
    bulk_id = (request.bulk_id or "")[:MAX_BULK_ID] or None
    return Submission(drafts, bulk_id, _interval(request, findings), always_bulk)


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
    return first + rest if first else rest


def _draft(
    message: MessageShape, at: str, limits: Limits, now: int, findings: Findings, destinations: list[Destination]
) -> Draft:
    if not _count(message):
        findings.add(f"{at}.destinations", _ABSENT)
    body, data_coding, esm_class = _binary(message, at, findings)
    window = message.delivery_time_window
    return Draft(
        destinations,
        message.from_,
        body,
        data_coding,
        esm_class,
        _options(message, at, limits, findings),
        _validity(message.validity_period, at, findings),
        _send_at(message.send_at, at, now, findings),
        None if window is None else _window(window, f"{at}.deliveryTimeWindow", findings),
    )


def _binary(message: MessageShape, at: str, findings: Findings) -> tuple[bytes, int, int]:
    binary = message.binary
    if binary is None:
        if message.text is None:
            findings.add(f"{at}.binary", "must not be empty: a message needs a body")
        else:
            findings.add(f"{at}.text", "text messages are not sent yet: give the message as binary")
        return b"", 0, 0
    if message.text is not None:
        findings.add(at, "must have either text or binary, not both")
    body = _hex(binary, at, findings)
    data_coding = _octet(binary.data_coding, f"{at}.binary.dataCoding", findings)
    if message.flash:
        flashing = flash(data_coding)
        if flashing is None:
            findings.add(f"{at}.flash", f"dataCoding {data_coding} has no class: it cannot be a flash message")
        else:
            data_coding = flashing
    return body, data_coding, _octet(binary.esm_class, f"{at}.binary.esmClass", findings)


def _hex(binary: BinaryShape, at: str, findings: Findings) -> bytes:
    try:
        return parse_hex(binary.hex or "")
    except ValueError as problem:
        findings.add(f"{at}.binary.hex", str(problem))
        return b""


def _octet(value: int | None, path: str, findings: Findings) -> int:
    if value is None:
        return 0
    if not 0 <= value <= 255:
        findings.add(path, "must be from 0 to 255")
        return 0
    return value


def _validity(minutes: int | None, at: str, findings: Findings) -> int | None:
    if minutes is not None:
        for problem in validity_problems(minutes):
            findings.add(f"{at}.validityPeriod", problem)
    return minutes


def _send_at(text: str | None, at: str, now: int, findings: Findings) -> int | None:
    if text is None:
        return None
    try:
        instant = parse_instant(text)
    except ValueError as problem:
        findings.add(f"{at}.sendAt", str(problem))
        return None
    for sentence in send_at_problems(now, instant):
        findings.add(f"{at}.sendAt", sentence)
    return instant


def _window(shape: WindowShape, at: str, findings: Findings) -> Window | None:
    before = len(findings.errors)
    days = set()
    for index, name in enumerate(shape.days or ()):
        if name in _DAYS:
            days.add(_DAYS.index(name))
        else:
            findings.add(f"{at}.days[{index}]", f"must be one of {', '.join(_DAYS)}")
    if not shape.days:
        findings.add(f"{at}.days", _ABSENT)
    start, end = _minute(shape.from_, f"{at}.from", findings), _minute(shape.to, f"{at}.to", findings)
    if len(findings.errors) > before or any(path.startswith(at) for path in findings.wrong):
        return None
    window = Window(tuple(sorted(days)), start, end, shape.time_zone or "UTC")
    for sentence in problems(window):
        findings.add(at, sentence)
    return window


def _minute(clock: ClockShape | None, at: str, findings: Findings) -> int | None:
    if clock is None:
        return None
    for name, value, last in (("hour", clock.hour, 23), ("minute", clock.minute, 59)):
        if value is None or not 0 <= value <= last:
            findings.add(f"{at}.{name}", f"must be from 0 to {last}")
    return (clock.hour or 0) * 60 + (clock.minute or 0)


def _options(message: MessageShape, at: str, limits: Limits, findings: Findings) -> Options:
    lengths = (("callbackData", limits.callback_data), *_LENGTHS)
    carried = (message.callback_data, message.entity_id, message.application_id, message.campaign_reference_id)
    for (name, most), text in zip(lengths, carried, strict=True):
        if text is not None and len(text) > most:
            findings.add(f"{at}.{name}", f"must not be longer than {most} characters")
    if message.notify_url:
        problem = url_problem(message.notify_url, limits.allow_private_networks)
        if problem is not None:
            findings.add(f"{at}.notifyUrl", problem)
    return Options(
        notify_url=message.notify_url or None,
        content_type=_content_type(message.notify_content_type, at, findings),
        shape=REPORTS,
        intermediate=bool(message.intermediate_report),
        notify=message.notify is not False,
        callback_data=message.callback_data,
        entity_id=message.entity_id,
        application_id=message.application_id,
        campaign_reference_id=message.campaign_reference_id,
        regional=None if message.regional is None else _regional(message.regional, f"{at}.regional", findings),
    )


def _content_type(text: str | None, at: str, findings: Findings) -> str:
    if not text:
        return "application/json"
    media = text.partition(";")[0].strip().lower()
    if (REPORTS, media) not in FORMATS:
        findings.add(f"{at}.notifyContentType", "must be application/json or application/xml")
    return media


def _regional(shape: RegionalShape, at: str, findings: Findings) -> dict[str, Any]:
    india, turkey, korea = shape.india_dlt, shape.turkey_iys, shape.south_korea
    if not (india or IndiaShape("-")).principal_entity_id:
        findings.add(f"{at}.indiaDlt.principalEntityId", _ABSENT)
    if (turkey or TurkeyShape("TACIR")).recipient_type not in ("BIREYSEL", "TACIR"):
        findings.add(f"{at}.turkeyIys.recipientType", "must be BIREYSEL or TACIR")
    if len((korea or KoreaShape()).title or "") > 66:
        findings.add(f"{at}.southKorea.title", "must not be longer than 66 characters")
    carried: dict[str, Any] = msgspec.to_builtins(shape)
    return carried


def _interval(request: SendRequest, findings: Findings) -> int | None:
    """Microseconds from one segment to the next: never shorter than the customer's amount allows."""
    speed: SpeedShape | None = request.sending_speed_limit
    if speed is None:
        return None
    unit = _UNITS.get(speed.time_unit or "MINUTE")
    if unit is None:
        findings.add("sendingSpeedLimit.timeUnit", f"must be one of {', '.join(_UNITS)}")
    if speed.amount is None or speed.amount < 1:
        findings.add("sendingSpeedLimit.amount", "must be at least 1")
    return None if unit is None or not speed.amount else -(-unit // max(speed.amount, 1))
