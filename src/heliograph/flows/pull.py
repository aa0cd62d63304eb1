"""Reports for those who ask for them; each is given once."""

from __future__ import annotations

import asyncio
from typing import Protocol, TypeVar

import msgspec

from heliograph.clock import Clock
from heliograph.flows.errors import Overloaded
from heliograph.flows.intake import RETRY_AFTER, Intake
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import Click, InboundMessage, Log, Report
from heliograph.store.interface import Store
from heliograph.store.reporting import Found, Pull

SEARCHES_FOR = 5.0  # seconds; then a search gives what it found, which may be nothing
REMEMBERED = 1000  # searches
Told = TypeVar("Told", bound=Report | Log | InboundMessage | Click)


def priced(told: Told, currency: str) -> Told:
    """The same in the operator's currency; a click has no price."""
    if not isinstance(told, Click) and told.currency != currency:
        told = msgspec.structs.replace(told, currency=currency)
    return told


class Account(Protocol):
    """Who asks."""

    @property
    def id(self) -> int: ...


class Puller:
    """Reports for those who ask; each is given once."""

    def __init__(self, store: Store, intake: Intake, clock: Clock, watch: Watch, currency: str) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._watch = watch
        self._currency = currency
        self._slice = asyncio.Lock()  # one at a time, because whoever sends reads there, too
        self._reached: dict[Pull, int] = {}  # how far searches came that ended before they had seen all

    async def pull(self, account: Account, query: ReportQuery) -> list[Report]:
        """The oldest unread reports that match, at most `query.limit`."""
        asked = Pull(
            account=account.id,
            now=self._clock.now(),
            limit=query.limit,
            bulk_id=query.bulk_id,
            message_id=query.message_id,
            entity_id=query.entity_id,
            application_id=query.application_id,
            campaign_reference_id=query.campaign_reference_id,
        )
        found = await (self._search(asked) if asked.marked else self._intake.answer(self._store.pull(asked)))
        self._watch.pulled(len(found))
        return [priced(report, self._currency) for report in found]

    async def _search(self, asked: Pull) -> list[Report]:
        """By looks, which no commit waits for. The next search for the same goes on where this one ended."""
        place = msgspec.structs.replace(asked, now=0, limit=0)
        end = self._clock.monotonic() + SEARCHES_FOR
        after: int | None = self._reached.pop(place, 0)
        reports: list[Report] = []
        while after is not None and not reports and self._clock.monotonic() < end:
            reports, after = await self._sweep(asked, after, end)
        if after:
            while len(self._reached) >= REMEMBERED:
                del self._reached[next(iter(self._reached))]
            self._reached[place] = after
        return reports

    async def _sweep(self, asked: Pull, after: int | None, end: float) -> tuple[list[Report], int | None]:
        """The next reports that match, and where others may lie; fewer where somebody else has read them meanwhile."""
        found: list[tuple[int, Report]] = []
        while after is not None and len(found) < asked.limit and self._clock.monotonic() < end:
            part = await self._look(asked, after)
            found += part.found
            after = part.after
        if len(found) > asked.limit:
            found = found[: asked.limit]
            after = found[-1][0]
        if not found:
            return [], after
        taken = await self._intake.answer(self._store.take([id_ for id_, _ in found]))
        return [report for id_, report in found if id_ in taken], after

    async def _look(self, asked: Pull, after: int) -> Found:
        """A slice. Raises Overloaded where the store does not answer."""
        try:
            async with asyncio.timeout(self._intake.seconds), self._slice:
                return await self._store.search(asked, after)
        except TimeoutError as error:
            raise Overloaded("the message store does not answer", RETRY_AFTER) from error
