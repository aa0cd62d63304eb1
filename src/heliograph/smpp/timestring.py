"""SMPP times, §7.1.1: sixteen characters `YYMMDDhhmmsstnnp`, a moment or a span.

Spans are the safer form for validity_period: they survive wrong clocks and wrong time zones on either side.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400
# Seconds of a year, a month, …; those of a year and a month are nobody's to say, and we never write them.
UNITS = (365 * DAY, 30 * DAY, DAY, 3_600, 60, 1)
QUARTER = 900_000  # milliseconds of the unit of `nn`
WIRE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9])([0-9]{2})([+\-R])")
LONGEST = 100 * DAY - 1


@dataclass(frozen=True, slots=True)
class Absolute:
    """A moment, in milliseconds since 1970 UTC; the wire has tenths of a second."""

    ms: int


@dataclass(frozen=True, slots=True)
class Relative:
    """A span from the moment the SMSC took the PDU, in seconds."""

    seconds: int


def parse(text: str) -> Absolute | Relative:
    """The time that these sixteen characters are. ValueError for anything else, the empty string too: that one leaves
    the choice to the SMSC."""
    match = WIRE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no SMPP time")
    *numbers, sign = match.groups()
    *spans, tenths, quarters = map(int, numbers)
    if sign == "R":
        return Relative(sum(span * unit for span, unit in zip(spans, UNITS, strict=True)))
    if quarters > 48:
        raise ValueError(f"{text!r}: {quarters} quarters of an hour from UTC, at most 48")
    year, month, day, hour, minute, second = spans
    local = int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000 + tenths * 100
    return Absolute(local - quarters * QUARTER if sign == "+" else local + quarters * QUARTER)


def render_relative(seconds: float) -> str:
    """A span of 0 to 8,639,999 seconds (99 days and the rest), rounded down to whole seconds. ValueError beyond."""
    whole = int(seconds)
    if not 0 <= whole <= LONGEST:
        raise ValueError(f"{seconds} seconds are no span of at most 99 days")
    days, rest = divmod(whole, DAY)
    return f"0000{days:02}{rest // 3_600:02}{rest // 60 % 60:02}{rest % 60:02}000R"


def render_absolute(ms: int) -> str:
    """A moment in milliseconds since 1970, in UTC, rounded down to a tenth of a second. ValueError outside 20xx."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    if moment.year // 100 != 20:
        raise ValueError(f"the year {moment.year} has no SMPP time")
    return f"{moment:%y%m%d%H%M%S}{ms % 1000 // 100}00+"
