"""What the store does, in our words. Each method is one transaction, or a part of one that is committed as a group.

Rule 1: what is awaited here is committed when the await ends.
Rule 2: every method that writes takes all that its caller has at hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from heliograph.sms.message import LaneState, Report
from heliograph.store import bulks, claiming, conversion, following, inbound, joining, keyring, reporting, upkeep
from heliograph.store.accepting import Acceptance
from heliograph.store.bulks import Bulk
from heliograph.store.claiming import Claim, Look, Move, Taken
from heliograph.store.conversion import Tracked
from heliograph.store.epoch import check_epoch
from heliograph.store.following import ShortLink
from heliograph.store.idempotency import Kept
from heliograph.store.inbound import Collected, InboundQuery, LogPage, Owned, Unowned
from heliograph.store.joining import Ended
from heliograph.store.logs import LogQuery, LogSlice, Place, search_logs
from heliograph.store.reporting import Ask, Due, Found, Pull, Pushed
from heliograph.store.script import Script
from heliograph.store.settling import Delivery, Matched, Settlement
from heliograph.store.upkeep import Adopted, Orphan

T = TypeVar("T")


class Engine(Protocol):
    """Where scripts run: `store.sqlite` or `store.postgres`."""

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]: ...

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None: ...

    async def read(self, script: Callable[[], Script[T]]) -> T: ...

    async def watch(self) -> None: ...

    async def close(self) -> None: ...


class Store:
    """Messages, and all that is known of them. Raises StoreUnavailable where nothing can be stored now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def watch(self) -> None:
        """Until the store is closed; raises when it has come to an end of its own."""
        await self._engine.watch()

    async def close(self) -> None:
        """Commit what waits, and let go."""
        await self._engine.close()

    async def alone(self, script: Callable[..., Script[T]], *arguments: Any) -> T:
        """Run one writing script in the next commit."""
        result: T = await self._engine.write("alone", partial(script, *arguments))
        return result

    async def look(self, script: Callable[..., Script[T]], *arguments: Any) -> T:
        """Run one reading script."""
        return await self._engine.read(partial(script, *arguments))

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Wait no longer for these futures, which methods here gave. What has not left for the disk never will, and
        raises NotStored; what has raises StoreUnavailable, and may be committed all the same."""
        self._engine.give_up(futures)

    def accept(self, acceptance: Acceptance) -> asyncio.Future[Kept]:
        """Store a request; what was not stored of it."""
        return self._engine.write("accept", acceptance)

    async def peek(self, now: int, most: int, after: int = 0) -> Look:
        """Messages whose time has come, by accounts in turn: first the one behind `after`."""
        return await self.look(claiming.peek, now, most, after)

    async def refresh(self, lanes: Sequence[int], now: int) -> None:
        """Say anew when lanes are next to be looked at."""
        await self.alone(claiming.refresh, lanes, now)

    async def claim(self, taken: Taken) -> list[Claim]:
        """Make messages ours; only then may their submit_sm leave. Raises EpochEnded."""
        claims: list[Claim] = await self._engine.write("claim", taken)
        return claims

    async def settle(self, settlement: Settlement) -> None:
        """Write what became of claims. Raises EpochEnded, Unstorable."""
        await self._engine.write("settle", settlement)

    async def move(self, moves: Sequence[Move], now: int) -> None:
        """Put messages that wait elsewhere in time."""
        await self.alone(claiming.move, moves, now)

    async def receive(self, delivery: Delivery) -> Matched:
        """Store what an SMSC delivered; only then may its deliver_sm_resp leave. Raises Unstorable."""
        matched: Matched = await self._engine.write("receive", delivery)
        return matched

    async def due_webhooks(self, now: int, most: int) -> list[int]:
        """Webhooks with reports to push."""
        return await self.look(reporting.due_webhooks, now, most)

    async def due_reports(self, asked: Sequence[Ask], now: int) -> Due:
        """The next reports to push to each of some webhooks."""
        return await self.look(reporting.due_reports, asked, now)

    async def settle_reports(self, pushed: Pushed) -> None:
        """Write what came of a POST."""
        await self._engine.write("settle_reports", pushed)

    def pull(self, query: Pull) -> asyncio.Future[list[Report]]:
        """Reports that nobody has read yet, marked as read. Those with marks are found by `search`."""
        return self._engine.write("pull", query)

    async def search(self, query: Pull, after: int) -> Found:
        """A slice of the unread reports behind an id, those that match."""
        return await self.look(reporting.search, query, after)

    def take(self, ids: Sequence[int]) -> asyncio.Future[frozenset[int]]:
        """Mark reports as read; the ids of those that nobody else had read."""
        return self._engine.write("alone", partial(reporting.take, ids))

    async def bulk(self, account: int, name: str) -> Bulk | None:
        """How a bulk stands; None: the account has no such bulk."""
        return await self.look(bulks.find, account, name)

    def set_bulk(self, account: int, name: str, state: LaneState, now: int) -> asyncio.Future[Bulk | None]:
        """Open, pause or cancel a bulk that is not over; how it stands then."""
        return self._engine.write("alone", partial(bulks.set_state, account, name, state, now))

    def reschedule(self, account: int, name: str, send_at: int, now: int) -> asyncio.Future[Bulk | None]:
        """Give a bulk that is `movable` another time; how it stands then."""
        return self._engine.write("alone", partial(bulks.reschedule, account, name, send_at, now))

    async def search_logs(self, query: LogQuery, after: Place) -> LogSlice:
        """A slice of the logs behind a place, those that match. It marks nothing."""
        return await self.look(search_logs, query, after)

    async def unowned(self, after: int, most: int, *, looked: bool) -> list[Unowned]:
        """Inbound messages without an owner behind an id; `looked`: those that were looked at before."""
        return await self.look(partial(inbound.unowned, looked=looked), after, most)

    async def own(self, owned: Sequence[Owned], left: Sequence[int], now: int) -> list[int]:
        """Give inbound messages to their owners; the ids of those that were given. What is `left` was looked at."""
        return await self.alone(inbound.own, owned, left, now)

    def collect(self, account: int, limit: int) -> asyncio.Future[Collected]:
        """Inbound messages that the account has not read yet, marked as read."""
        return self._engine.write("alone", partial(inbound.collect, account, limit))

    async def inbound_log(self, account: int, query: InboundQuery, before: tuple[int, int]) -> LogPage:
        """A slice of the account's inbound messages, read or not."""
        return await self.look(inbound.log, account, query, before)

    async def find_short_link(self, code: str) -> ShortLink | None:
        """The short link of a code; None: there is none."""
        return await self.look(following.find_short_link, code)

    def click(self, code: str, id_: int, webhook: int, now: int) -> asyncio.Future[bool]:
        """Store a click that is to be pushed; False: it came too soon after another to be one of its own."""
        return self._engine.write("alone", partial(following.click, code, id_, webhook, now))

    def convert(self, account: int, message_id: str, now: int) -> asyncio.Future[Tracked | None]:
        """Note that a message led to what was wanted; None: the account tracks no such message."""
        return self._engine.write("alone", partial(conversion.convert, account, message_id, now))

    async def retire_short_links(self, before: int) -> int:
        """Forget a slice of the links that are kept since `before`; how many."""
        return await self.alone(following.retire_short_links, before)

    async def end_sets(self, now: int, join: int) -> Ended:
        """Forget a slice of the parts that have waited for `join` (milliseconds); what there is becomes messages."""
        return await self.alone(joining.end_sets, now, join)

    async def begin_epoch(self, node: str, now: int) -> int:
        """A new epoch of claims; whatever older epochs claimed is to be recovered."""
        return await self.alone(upkeep.begin_epoch, node, now)

    async def orphans(self, epoch: int) -> list[Orphan]:
        """A slice of what ended epochs had claimed; empty when nothing of it is left."""
        return await self.look(upkeep.orphans, epoch)

    async def adopt(self, epoch: int, now: int, adopted: Sequence[Adopted]) -> None:
        """Settle orphans. Raises EpochEnded."""
        await self.alone(upkeep.adopt, epoch, now, adopted)

    async def expire(self, now: int, grace: int, since: int) -> int:
        """Finish a slice of the messages whose time is over, or was over after `since` and they wait; how many."""
        return await self.alone(upkeep.expire, now, grace, since)

    async def finish_canceled(self, now: int) -> int:
        """Finish a slice of what waits in canceled bulks; how many."""
        return await self.alone(upkeep.finish_canceled, now)

    async def retire(self, now: int, keep: int, keep_receipts: int) -> int:
        """Forget a slice of what is old; how many rows."""
        return await self.alone(upkeep.retire, now, keep, keep_receipts)

    async def touch(self, epoch: int, now: int) -> None:
        """Commit a little, to show that it can be done. Raises EpochEnded."""
        await self.alone(upkeep.touch, epoch, now)

    async def check_epoch(self, epoch: int) -> None:
        """Look, without a commit, whether another process has taken over. Raises EpochEnded."""
        await self.look(check_epoch, epoch)

    async def load_keyring(self) -> keyring.Keyring:
        """Everybody who may come in."""
        return await self.look(keyring.load_keyring)
