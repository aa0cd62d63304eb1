"""When a message may leave and until when: instants, delivery windows, validity.

An instant is an integer, UTC milliseconds since 1970. A window is decided by the wall clock of its time zone
alone, and that settles daylight saving: a skipped hour does not exist, so a window that opens in it opens at its
end; a repeated hour is inside both times. The validity clock never stops while a window is closed.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

MAX_VALIDITY_MINUTES: Final = 2880
MAX_AHEAD_MS: Final = 180 * 24 * 3600 * 1000
MIN_WINDOW_MINUTES: Final = 60

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * 60 * _MINUTE_MS
_DAY_MINUTES: Final = 24 * 60
_FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday
# A zone that changes sides of the date line skips a day; a window of that day alone waits a second week.
_HORIZON_MS: Final = 16 * _DAY_MS

_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_EARLIEST_MS: Final = (datetime.min - _EPOCH) // timedelta(milliseconds=1)
_LATEST_MS: Final = (datetime.max - _EPOCH) // timedelta(milliseconds=1)

_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?", re.ASCII
)


def parse_instant(text: str) -> int:
    """The instant that `text` names: a date and a time with `T`, an optional fraction and an optional zone.

    The fraction has 1 to 9 digits, and what is finer than a millisecond is cut off. The zone is `Z`, `+hh:mm`,
    `+hhmm` or `+hh`, or the same with `-`; without one the time is UTC.

    Raises:
        ValueError: with a sentence for the caller.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("must be a date and a time such as 2021-08-25T16:00:00.000+0000")
    *fields, fraction, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = map(int, fields)
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError as problem:
        raise ValueError(f"must be a date and a time that exist: {problem}") from None
    seconds = (moment.toordinal() - _EPOCH_DAY) * 86_400 + hour * 3600 + minute * 60 + second
    milliseconds = seconds * 1000 + (int(fraction[:3].ljust(3, "0")) if fraction else 0)
    if sign:
        milliseconds -= _offset_ms(sign, int(hours), int(minutes or 0))
    if not _EARLIEST_MS <= milliseconds <= _LATEST_MS:
        raise ValueError("must lie in the years 1 to 9999")
    return milliseconds


def _offset_ms(sign: str, hours: int, minutes: int) -> int:
    if hours > 23 or minutes > 59:
        raise ValueError("must have a zone of at most 23 hours and 59 minutes")
    offset = (hours * 60 + minutes) * _MINUTE_MS
    return -offset if sign == "-" else offset


def render_instant(at: int) -> str:
    """`at` as yyyy-MM-dd'T'HH:mm:ss.SSS+0000."""
    return f"{_render_second(at // 1000)}.{at % 1000:03d}+0000"


@lru_cache(maxsize=1024)  # reports come in the order of time: many of one second
def _render_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()


class Window(msgspec.Struct, frozen=True):
    """When messages may leave: days (0 is Monday), from minute `start` of such a day until before minute `end`.

    An `end` below `start` is the next day's. Without both, whole days.
    """

    days: tuple[int, ...]
    start: int | None = None
    end: int | None = None
    time_zone: str = "UTC"


def problems(window: Window) -> list[str]:
    """Everything that makes `window` unusable, a sentence each; [] for a good one."""
    found = []
    if not window.days:
        found.append("must name at least one day")
    if any(day not in range(7) for day in window.days):
        found.append("must name days of the week only")
    found.extend(_hours_problems(window.start, window.end))
    if not _is_zone(window.time_zone):
        found.append("must have the name of a time zone such as Europe/Berlin")
    return found


def _hours_problems(start: int | None, end: int | None) -> list[str]:
    if start is None and end is None:
        return []
    if start is None or end is None:
        return ["must have both from and to, or neither"]
    if start not in range(_DAY_MINUTES) or end not in range(_DAY_MINUTES):
        return ["must have hours from 0 to 23 and minutes from 0 to 59"]
    if (end - start) % _DAY_MINUTES < MIN_WINDOW_MINUTES:
        return ["must be open for at least one hour"]
    return []


def send_at_problems(accepted_at: int, send_at: int) -> list[str]:
    """What forbids `send_at` in a request of `accepted_at`: more than 180 days ahead."""
    return ["must be at most 180 days ahead"] if send_at - accepted_at > MAX_AHEAD_MS else []


def validity_problems(minutes: int) -> list[str]:
    """What forbids a validity of so many minutes: less than one. Too long is no problem, `plan` cuts it."""
    return ["must be at least 1 minute"] if minutes < 1 else []


def is_open(window: Window, at: int) -> bool:
    """Whether a message may leave at `at`."""
    wall = at if window.time_zone == "UTC" else at + _utc_offset_ms(ZoneInfo(window.time_zone), at)
    return _opening(window, wall) == wall


def next_open(window: Window, at: int) -> int | None:
    """The first instant from `at` on that is inside `window`; None when there is none."""
    if window.time_zone == "UTC":
        return _opening(window, at)
    zone = ZoneInfo(window.time_zone)
    moment = at
    while moment < at + _HORIZON_MS:
        offset = _utc_offset_ms(zone, moment)
        opening = _opening(window, moment + offset)
        if opening is None:
            return None
        until = _offset_ends(zone, moment, offset)
        if opening - offset < until:
            return opening - offset
        moment = until
    return None


def _opening(window: Window, wall: int) -> int | None:
    """The first moment from `wall` on that is inside, on a wall clock that nobody turns."""
    if window.start is None or window.end is None:
        first, length = 0, _DAY_MS
    else:
        first, length = window.start * _MINUTE_MS, (window.end - window.start) * _MINUTE_MS % _DAY_MS
    today = wall // _DAY_MS
    for day in range(today - 1, today + 8):  # yesterday's may have crossed midnight
        opens = day * _DAY_MS + first
        if (day + _FIRST_WEEKDAY) % 7 in window.days and wall < opens + length:
            return max(wall, opens)
    return None


def _utc_offset_ms(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at // 1000, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _offset_ends(zone: ZoneInfo, at: int, offset: int) -> int:
    """The first instant after `at` with another offset, or a day after `at` when the day has but one."""
    if _utc_offset_ms(zone, at + _DAY_MS) == offset:
        return at + _DAY_MS
    low, high = at // 1000, (at + _DAY_MS) // 1000  # zones change at whole seconds of UTC
    while high - low > 1:
        middle = (low + high) // 2
        if _utc_offset_ms(zone, middle * 1000) == offset:
            low = middle
        else:
            high = middle
    return high * 1000


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True


class Plan(msgspec.Struct, frozen=True):
    """When a message is due, and from when on it is too late; `opens` is false when it can never leave in time."""

    due: int
    expires_at: int
    opens: bool


def plan(accepted_at: int, send_at: int | None, window: Window | None, validity_minutes: int | None) -> Plan:
    """When a message leaves, and when it expires.

    A validity of the customer's own counts from the time he chose, since he said how long the text is worth
    sending; without one the 48 hours count from the opening, or a window of Mondays would expire on Wednesdays.
    More than 48 hours are cut to 48. `validity_minutes` is at least 1, `window` has no `problems`.
    """
    base = accepted_at if send_at is None else max(accepted_at, send_at)
    opening = base if window is None else next_open(window, base)
    minutes = MAX_VALIDITY_MINUTES if validity_minutes is None else min(validity_minutes, MAX_VALIDITY_MINUTES)
    if opening is None:
        expires_at = base + minutes * _MINUTE_MS
        return Plan(expires_at, expires_at, opens=False)
    expires_at = (opening if validity_minutes is None else base) + minutes * _MINUTE_MS
    return Plan(opening, expires_at, opening < expires_at)
