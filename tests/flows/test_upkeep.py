"""The loop of upkeep by itself: what it looks for and how often, and what it does when the store is not its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from flows.engines import Engine
from heliograph.app import open_store
from heliograph.flows.upkeep import EVERY, RETIRE_EVERY, Upkeep
from heliograph.observe import Watch
from heliograph.sms.concatenation import Place
from heliograph.sms.message import Inbound, NewShortLink
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Taken
from heliograph.store.errors import EpochEnded, StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.reporting import Pull
from heliograph.store.settling import Delivery, Sent, Settlement
from still import BEGIN, StillClock, until
from store.scene import a_message, a_receipt, a_taking

HOUR = 3_600_000
DAY = 24 * HOUR


@dataclass
class Keeper:
    """Upkeep at work: `told` counts how often it said that there are reports, `came` inbound messages."""

    engine: Engine
    store: Store
    clock: StillClock
    watch: Watch
    upkeep: Upkeep
    running: asyncio.Task[None]
    told: list[int]
    came: list[int]
    epoch: int

    async def accept(self, *keys: int, seconds: float) -> None:
        """Messages whose validity ends so soon."""
        expires_at = BEGIN + int(seconds * 1000)
        messages = [a_message(key, created_at=BEGIN, due=BEGIN, expires_at=expires_at) for key in keys]
        await self.store.accept(Acceptance(1, 9, "", None, messages))

    async def looked(self) -> None:
        """Until it rests after a look."""
        await until(lambda: self.clock.waits != [])

    async def look(self, seconds: float = EVERY) -> None:
        """So much time passes, and it looks again."""
        await self.looked()
        before = self.clock.waited
        self.clock.turn(seconds)
        await until(lambda: self.clock.waited > before)
        await self.looked()

    async def reports(self) -> list[tuple[str, int, int]]:
        return [(r.message_id, r.status, r.error) for r in await self.store.pull(Pull(1, BEGIN, 2000))]


@asynccontextmanager
async def a_keeper(engine: Engine, keep_receipts: int) -> AsyncIterator[Keeper]:
    store, clock, watch = await open_store(engine.url, exclusive=True), StillClock(), Watch()
    told, came = [0], [0]
    epoch = await store.begin_epoch("test", BEGIN)

    def tell() -> None:
        told[0] += 1

    def come() -> None:
        came[0] += 1

    upkeep = Upkeep(
        store,
        clock,
        epoch,
        watch,
        tell,
        come,
        grace=HOUR,
        join=HOUR,
        keep=2 * DAY,
        keep_receipts=keep_receipts,
        keep_short_links=30 * DAY,
    )
    running = asyncio.create_task(upkeep.run())
    try:
        yield Keeper(engine, store, clock, watch, upkeep, running, told, came, epoch)
    finally:
        upkeep.stop()
        await asyncio.wait([running])
        await store.close()


def play(engine: Engine, body: Callable[[Keeper], Awaitable[None]], *, keep_receipts: int = 7 * DAY) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), a_keeper(engine, keep_receipts) as keeper:
            await body(keeper)
            if keeper.running.done():
                await keeper.running  # which raises what it ended with

    asyncio.run(main())


def test_what_expired_is_reported_at_the_next_look(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.accept(1, seconds=0.7)
        await keeper.accept(2, seconds=9)
        await keeper.look()
        assert (await keeper.reports(), keeper.told) == ([], [0])

        await keeper.look()

        assert await keeper.reports() == [("1", 15, 4100)]
        assert (keeper.told, keeper.watch.finished_messages) == ([1], 1)

    play(engine, body)


def test_parts_whose_others_do_not_come_are_a_message_once_they_have_waited_long_enough(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        part = Inbound("north", "1", "2", 0, 0, b"one ", BEGIN, Place(7, 2, 1, 0), 1)
        await keeper.store.receive(Delivery(BEGIN, (), [part]))
        await keeper.look(3600 - 1)
        await keeper.look(RETIRE_EVERY - 1)  # since the last look for it
        assert (await engine.rows("SELECT body FROM inbound"), keeper.came) == ([], [0])

        await keeper.look(1)

        assert await engine.rows("SELECT body, segments FROM inbound") == [(b"one ", 1)]
        assert (keeper.came, keeper.watch.incomplete_messages, keeper.watch.inbound_messages) == ([1], 1, 1)

    play(engine, body)


def test_what_is_old_goes_once_a_minute(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        old = Inbound("north", "1", "2", 0, 0, b"", BEGIN - 2 * DAY - 1)
        await keeper.store.receive(Delivery(BEGIN, (), [old]))  # nobody owns it
        await keeper.look(RETIRE_EVERY - 1)
        assert len(await engine.rows("SELECT sender FROM inbound")) == 1

        await keeper.look(1)
        await keeper.look(0.01)  # between two slices
        assert await engine.rows("SELECT sender FROM inbound") == []

    play(engine, body)


def test_a_message_is_found_by_its_receipt_until_it_ends_however_short_ids_are_kept(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        validity = 2 * DAY
        await keeper.accept(1, seconds=validity / 1000)
        [candidate] = (await keeper.store.peek(BEGIN, 1)).candidates
        [claim] = await keeper.store.claim(Taken(keeper.epoch, BEGIN, 0, [a_taking(candidate)]))
        await keeper.store.settle(Settlement(keeper.epoch, BEGIN, [Sent(1, 1, "north", "a", claim.event)]))
        await keeper.look((validity + HOUR - 1) / 1000)  # the last moment of its grace

        await keeper.store.receive(Delivery(keeper.clock.now(), [a_receipt("a")]))

        assert await keeper.reports() == [("1", 5, 0)]

    play(engine, body, keep_receipts=HOUR)


def test_what_expires_while_the_store_is_unavailable_is_reported_when_it_is_back(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.accept(*range(1, 100), seconds=0.1)
        async with engine.unavailable():
            for _ in range(3):
                await keeper.look()
            assert not keeper.running.done()
            assert keeper.told == [0]

        while keeper.told == [0]:
            await keeper.look()
        assert len(await pulled(keeper)) == 99

    play(engine, body)


async def pulled(keeper: Keeper) -> list[tuple[str, int, int]]:
    while True:
        try:
            return await keeper.reports()
        except StoreUnavailable:
            await asyncio.sleep(0.01)


def test_an_epoch_that_another_process_ended_ends_it(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        await keeper.store.begin_epoch("another", BEGIN)
        keeper.clock.turn(EVERY)
        await asyncio.wait([keeper.running])

    with pytest.raises(EpochEnded):
        play(engine, body)


def test_an_end_waits_for_the_slice_at_hand_and_no_more(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        await keeper.accept(*range(1, 1202), seconds=0.1)
        keeper.upkeep._told = keeper.upkeep.stop  # type: ignore[method-assign]
        keeper.clock.turn(EVERY)
        await keeper.running

        assert await engine.rows("SELECT COUNT(*) FROM message") == [(701,)]

    play(engine, body)


def test_short_links_go_when_they_are_kept_no_longer(engine: Engine) -> None:
    async def body(keeper: Keeper) -> None:
        await keeper.looked()
        for n, since in enumerate((0, 1, 5 * DAY), 1):
            link = NewShortLink(f"{n:011}", "https://shop.example", None, BEGIN, BEGIN + since)
            message = a_message(n, created_at=BEGIN, due=BEGIN + 300 * DAY, expires_at=BEGIN + 301 * DAY)
            await keeper.store.accept(Acceptance(1, 9, "", None, [message], short_links=[link]))

        await keeper.look(30 * 86_400 + 0.001)
        await keeper.look(RETIRE_EVERY)

        rows = await engine.rows("SELECT code FROM short_link ORDER BY code")
        assert [tuple(row) for row in rows] == [("00000000003",)]

    play(engine, body)
