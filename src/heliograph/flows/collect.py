"""Inbound messages for those who ask for them: each is given once, and their log again and again."""

from __future__ import annotations

import asyncio

from heliograph.clock import Clock
from heliograph.flows.errors import Overloaded
from heliograph.flows.intake import RETRY_AFTER, Intake
from heliograph.flows.pull import SEARCHES_FOR, Account, priced
from heliograph.observe import Watch
from heliograph.sms.message import InboundMessage
from heliograph.store.inbound import Collected, InboundQuery, LogPage
from heliograph.store.interface import Store


class Collector:
    """The inbound messages of accounts."""

    def __init__(self, store: Store, intake: Intake, clock: Clock, watch: Watch, currency: str) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._watch = watch
        self._currency = currency
        self._slice = asyncio.Lock()  # one at a time, because whoever sends reads there, too

    async def collect(self, account: Account, limit: int) -> Collected:
        """The oldest unread messages, at most `limit`, read from now on. Raises as `Intake.answer`."""
        found = await self._intake.answer(self._store.collect(account.id, limit))
        self._watch.collected(len(found.messages))
        return Collected([priced(message, self._currency) for message in found.messages], found.unread)

    async def log(self, account: Account, query: InboundQuery) -> list[InboundMessage]:
        """The latest messages that match, at most `query.limit`; fewer where they were not found in SEARCHES_FOR."""
        end = self._clock.monotonic() + SEARCHES_FOR
        found: list[InboundMessage] = []
        before: tuple[int, int] | None = (query.until + 1, 0)
        while before is not None and len(found) < query.limit and self._clock.monotonic() < end:
            page = await self._look(account, query, before)
            found += page.messages
            before = page.before
        return found[: query.limit]

    async def _look(self, account: Account, query: InboundQuery, before: tuple[int, int]) -> LogPage:
        """A slice. Raises Overloaded where the store does not answer."""
        try:
            async with asyncio.timeout(self._intake.seconds), self._slice:
                return await self._store.inbound_log(account.id, query, before)
        except TimeoutError as error:
            raise Overloaded("the message store does not answer", RETRY_AFTER) from error
