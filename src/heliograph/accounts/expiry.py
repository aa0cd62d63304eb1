"""When a key ends, as people write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from heliograph.accounts.errors import BadValue

HOUR: Final = 3_600_000  # milliseconds
UNITS: Final = {"h": HOUR, "d": 24 * HOUR}
LATEST: Final = 100 * 366 * 24 * HOUR  # from now: whoever wants more wants no end
_SPAN: Final = re.compile(r"([0-9]{1,6})([hd])")


def parse(text: str, now: int) -> int:
    """The instant, in UTC milliseconds, of a span from `now` (`90d`, `12h`) or of an ISO date or date and time.

    A date is its beginning; without a zone it is UTC. Raises BadValue: it is none of these, or not within the next
    hundred years.
    """
    at = _instant(text, now)
    if at is None:
        raise BadValue(f"{text!r} is no end of a key: write 90d, 12h, 2027-03-31 or 2027-03-31T18:00")
    if not now < at <= now + LATEST:
        raise BadValue(f"{text!r} is no end of a key: it is past, or more than a hundred years ahead")
    return at


def _instant(text: str, now: int) -> int | None:
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span[1]) * UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
