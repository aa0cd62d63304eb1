"""How much waits, for people: each number is counted up to a bound, so that a look costs the same at any size."""

from __future__ import annotations

import msgspec

from heliograph.store.script import Fetch, Script

MOST = 10_000  # of each: there may be more where it is reached


class Census(msgspec.Struct, frozen=True):
    """Messages that wait to be sent, and those that are on a link or at an SMSC; reports to push, and to be pulled."""

    waiting: int
    taken: int
    to_push: int
    to_pull: int


def census() -> Script[Census]:
    """What there is now."""
    [row] = yield Fetch("census", params={"most": MOST})
    return Census(*row)
