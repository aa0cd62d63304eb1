"""What time alone causes: messages expire, old rows go, and another process may have taken over; what canceled bulks
leave behind; and what a start finds, which is settled before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from heliograph.clock import Clock
from heliograph.flows.settle import Policies
from heliograph.observe import Watch
from heliograph.sms.message import MessageState, SegmentState
from heliograph.sms.schedule import MAX_VALIDITY_MINUTES
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.upkeep import Adopted, Orphan

LOG = structlog.get_logger(__name__)
EVERY = 0.5  # seconds
RETIRE_EVERY = 60.0  # seconds; as often, everything that expired is looked for, however long ago
MINUTE = 60_000  # milliseconds
LOOK_BACK = 10_000  # milliseconds before the last look from which what expired is looked for in between


async def recover(store: Store, policies: Policies, epoch: int, clock: Clock) -> int:
    """Settle what earlier processes had claimed, by the same policies as any lost answer; how many segments."""
    total = 0
    while orphans := await store.orphans(epoch):
        await store.adopt(epoch, clock.now(), [_adopt(orphan, policies) for orphan in orphans])
        total += len(orphans)
    if total:
        LOG.warning("settled what an earlier process had claimed", segments=total)
    return total


def _adopt(orphan: Orphan, policies: Policies) -> Adopted:
    if orphan.state == SegmentState.WAITING:  # it never left
        return Adopted(orphan, SegmentState.WAITING, orphan.unanswered, MessageState.QUEUED)
    fate = policies.fate(orphan)
    return Adopted(orphan, fate.segment, orphan.unanswered + 1, fate.message)


class Upkeep:
    """Runs beside everything else, in slices. `told` is called when reports may have become due.

    `came` is called when there may be inbound messages without an owner. `grace`, `join` (how long parts wait for the
    others), `keep`, `keep_receipts` and `keep_short_links` are milliseconds. A segment is found by its id until its
    message ends: the longest validity and the grace after it left, at the latest, however short `keep_receipts` is.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        epoch: int,
        watch: Watch,
        told: Callable[[], None],
        came: Callable[[], None],
        *,
        grace: int,
        join: int,
        keep: int,
        keep_receipts: int,
        keep_short_links: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._epoch = epoch
        self._watch = watch
        self._told = told
        self._came = came
        self._grace = grace
        self._join = join
        self._keep = keep
        self._keep_receipts = max(keep_receipts, MAX_VALIDITY_MINUTES * MINUTE + grace)
        self._keep_links = keep_short_links
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Look round until `stop`. Raises EpochEnded."""
        retire_at = 0.0
        since = 0
        while not self._stop.is_set():
            try:
                await self._store.check_epoch(self._epoch)  # by reading: whoever lost the store cannot write
                now = self._clock.now()
                await self._finish(since)
                since = now - LOOK_BACK
                if self._clock.monotonic() >= retire_at:
                    since = 0
                    await self._end_sets()
                    await self._retire()
                    retire_at = self._clock.monotonic() + RETIRE_EVERY
            except StoreUnavailable as error:
                LOG.warning("no upkeep without the store", problem=str(error))
            await self._clock.wait(self._stop, EVERY)

    def stop(self) -> None:
        """End after the slice at hand."""
        self._stop.set()

    async def _finish(self, since: int) -> None:
        """Slices in turn of what expired and what was canceled, so that a large bulk keeps nobody waiting."""
        finished = 1
        while finished and not self._stop.is_set():
            finished = self._finished(await self._store.expire(self._clock.now(), self._grace, since))
            finished += self._finished(await self._store.finish_canceled(self._clock.now()))

    def _finished(self, messages: int) -> int:
        if messages:
            self._watch.finished(messages)
            self._told()
        return messages

    async def _end_sets(self) -> None:
        """Long messages whose other parts do not come."""
        while (ended := await self._store.end_sets(self._clock.now(), self._join)).sets:
            if ended.incomplete:
                LOG.warning("inbound messages stay without their other parts", messages=ended.incomplete)
                self._watch.incomplete(ended.incomplete)
                self._came()
            if self._stop.is_set():
                return
            await self._clock.wait(self._stop, 0.01)  # others write too

    async def _retire(self) -> None:
        while not self._stop.is_set() and await self._retire_slice():
            await self._clock.wait(self._stop, 0.01)  # others write too

    async def _retire_slice(self) -> int:
        now = self._clock.now()
        gone = await self._store.retire(now, self._keep, self._keep_receipts)
        return gone + await self._store.retire_short_links(now - self._keep_links)
