"""Logs for those who ask for them: a page at a time, newest first, as often as they like.

Rule 1: a search looks for SEARCHES_FOR at most, in slices of which one runs at a time; what it did not reach, the next
page has.
Rule 2: a cursor is a place. What is accepted or sent after a page was given stands before it, so it moves nothing.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

import msgspec

from heliograph.clock import Clock
from heliograph.flows.accept import storable
from heliograph.flows.intake import in_time
from heliograph.flows.pull import Account, priced
from heliograph.flows.submission import LogSearch
from heliograph.sms import address
from heliograph.sms.address import BadAddress
from heliograph.sms.message import Log
from heliograph.store.interface import Store
from heliograph.store.logs import LogQuery, LogSlice, Place

SEARCHES_FOR: Final = 5.0  # seconds; then a page has what was found, which may be nothing, and a cursor
_CURSOR: Final = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})", re.ASCII)


class Page(msgspec.Struct, frozen=True):
    """Logs, newest first."""

    logs: list[Log]
    next_cursor: str | None  # None: there is no further page


def render_cursor(place: Place) -> str:
    """A place, as customers carry it: opaque to them."""
    return f"{place[0]:x}-{place[1]:x}"


def parse_cursor(text: str) -> Place:
    """The place that a cursor names. Raises ValueError where it names none."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ValueError("is no cursor that was given here")
    at, key = (int(part, 16) for part in found.groups())
    if max(at, key) >= 1 << 63:
        raise ValueError("is no cursor that was given here")
    return at, key


def _recipient(text: str) -> str:
    """A number however it is written, or what was refused because it is none."""
    try:
        return address.recipient(text)
    except BadAddress:
        return storable(text)


class Logs:
    """`keep`: for how many milliseconds what was sent is told; `seconds`: how long the store may take for a slice."""

    def __init__(self, store: Store, clock: Clock, *, keep: int, seconds: float, currency: str) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._seconds = seconds
        self._currency = currency
        self._slice = asyncio.Lock()  # one at a time, because whoever sends reads there, too

    async def search(self, account: Account, search: LogSearch) -> Page:
        """A page of what matches, at most `search.limit`. Raises Overloaded where the store does not answer."""
        if search.by_network:  # of no message is the network known
            return Page([], None)
        query = LogQuery(
            account=account.id,
            oldest=self._clock.now() - self._keep,
            limit=search.limit,
            since=search.since,
            until=search.until,
            sender=None if search.sender is None else storable(search.sender),
            recipient=None if search.recipient is None else _recipient(search.recipient),
            bulk_ids=tuple(map(storable, search.bulk_ids)),
            message_ids=tuple(map(storable, search.message_ids)),
            general_status=search.general_status,
            entity_id=search.entity_id,
            application_id=search.application_id,
            campaign_reference_ids=search.campaign_reference_ids,
        )
        begin = query.begins if search.cursor is None else min(search.cursor, query.begins)
        logs, after = await self._search(query, begin)
        return Page([priced(log, self._currency) for log in logs], None if after is None else render_cursor(after))

    async def _search(self, query: LogQuery, after: Place | None) -> tuple[list[Log], Place | None]:
        end = self._clock.monotonic() + SEARCHES_FOR
        logs: list[Log] = []
        while after is not None and len(logs) < query.limit and self._clock.monotonic() < end:
            part = await self._look(msgspec.structs.replace(query, limit=query.limit - len(logs)), after)
            logs += part.logs
            after = part.after
        return logs, after

    async def _look(self, query: LogQuery, after: Place) -> LogSlice:
        async with in_time(self._seconds), self._slice:
            return await self._store.search_logs(query, after)
