"""Scripts: what a transaction does, written once for every engine, without I/O.

A script is a generator. It yields a Run (answered by the number of rows changed) or a Fetch (answered by rows) and
returns its result; an engine drives it inside one transaction.

Rule 1: a script takes the list of everything that waits for it, and returns as many results, in the same order.
Rule 2: rows come in no order that anybody promised; what needs one sorts.
Rule 3: locks have one order: answers to repeated requests, known ids, balances, lanes, sets of inbound parts, inbound
messages, receipt keys, messages, segments, short links, clicks, reports, webhooks. Who finishes messages takes balances
after them: that is the one process that serves, and so is whoever holds a balance and wants more.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

Row = Sequence[Any]
T = TypeVar("T")


class Run(msgspec.Struct, frozen=True):
    """Change rows; an empty batch changes nothing and is not sent."""

    query: str
    rows: Sequence[Row] | None = None
    params: Mapping[str, Any] = {}
    day: int = 0  # which {history} is meant


class Fetch(msgspec.Struct, frozen=True):
    """Read rows; an empty batch gives none and is not sent."""

    query: str
    rows: Sequence[Row] | None = None
    params: Mapping[str, Any] = {}
    day: int = 0


Step = Run | Fetch
Script = Generator[Step, Any, T]


def history_table(day: int) -> str:
    """The table of the messages that were finished on `day` (20261122)."""
    return f"history_{day}"


def day_of(at: int) -> int:
    """The UTC day of an instant (milliseconds), as 20261122."""
    # Civil date from days since 1970 (proleptic Gregorian), because this runs in every commit.
    days = at // 86_400_000 + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return (year_of_era + era * 400 + (month <= 2)) * 10_000 + month * 100 + day
