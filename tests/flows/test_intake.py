"""What customers wait for, where the store does not answer: taken back, or not known, and never too much of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from flows.engines import Engine
from flows.house import Customer
from heliograph.app import open_store
from heliograph.flows.errors import Overloaded, Unconfirmed
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.pull import Puller
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.interface import Store
from heliograph.store.settling import Settlement
from still import BEGIN, StillClock, until
from store.scene import a_message, ids

BOUNDS = Bounds(seconds=7.0, messages=10, octets=10_000)


@dataclass
class Door:
    """An intake at work."""

    engine: Engine
    store: Store
    clock: StillClock
    intake: Intake
    puller: Puller
    epoch: int

    async def accept(self, *ids: int, octets: int = 5, again: bool = False) -> list[int]:
        """One request with messages of these ids, which may be sent again; which of them are known."""
        keys = {id_ + (1000 if again else 0): id_ for id_ in ids}
        messages = [a_message(key, public_id=f"id {id_}", body=b"x" * octets) for key, id_ in keys.items()]
        known = (await self.intake.accept(Acceptance(1, 9, "", None, messages))).refused
        return sorted(keys[key] for key in known)

    async def begin(self, *ids: int, octets: int = 5) -> asyncio.Task[list[int]]:
        """The same, which waits from now on."""
        task = asyncio.create_task(self.accept(*ids, octets=octets))
        await asyncio.sleep(0)
        return task

    async def left(self) -> None:
        """Until what was begun has left for the disk."""
        gathering = self.store._engine._gathering._waiting  # type: ignore[attr-defined]
        await until(lambda: not any(gathering.values()))

    async def look(self, seconds: float) -> None:
        """So much time passes, and it has looked again."""
        await until(lambda: self.clock.waits != [])
        before = self.clock.waited
        self.clock.turn(seconds)
        await until(lambda: self.clock.waited > before)

    async def finish(self, *keys: int) -> None:
        await self.accept(*keys)
        verdicts = [Verdict(key, 5, 0, None, BEGIN) for key in keys]
        await self.store.settle(Settlement(self.epoch, BEGIN, verdicts=verdicts))

    async def pull(self, **marks: str) -> list[str]:
        return ids(await self.puller.pull(Customer(), ReportQuery(**marks)))


@asynccontextmanager
async def a_door(engine: Engine, bounds: Bounds) -> AsyncIterator[Door]:
    store, clock = await open_store(engine.url, exclusive=True), StillClock()
    intake = Intake(store, clock, bounds)
    running = asyncio.create_task(intake.run())
    try:
        epoch = await store.begin_epoch("test", BEGIN)
        yield Door(engine, store, clock, intake, Puller(store, intake, clock, Watch(), "EUR"), epoch)
    finally:
        intake.stop()
        await running
        await store.close()


def play(engine: Engine, body: Callable[[Door], Awaitable[None]], bounds: Bounds = BOUNDS) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), a_door(engine, bounds) as door:
            await body(door)

    asyncio.run(main())


def test_what_waits_too_long_is_taken_back_and_only_what_had_left_may_be_stored(engine: Engine) -> None:
    async def body(door: Door) -> None:
        async with engine.stalled():
            gone = []
            for key in range(1, engine.groups + 1):
                gone.append(await door.begin(key))
                await door.left()
            kept = [await door.begin(key) for key in (3, 4)]
            await door.look(6)
            later = await door.begin(5)
            assert not any(one.done() for one in (*gone, *kept))

            await door.look(1)
            for task in gone:
                with pytest.raises(Unconfirmed) as unknown:
                    await task
                assert unknown.value.retry_after == 5
            for task in kept:
                with pytest.raises(Overloaded):
                    await task
            assert not later.done()
            await door.look(7)
            with pytest.raises(Overloaded) as refused:
                await later
            assert refused.value.retry_after == 5

        assert await door.accept(*range(1, 6), again=True) == list(range(1, len(gone) + 1))

    play(engine, body)


@pytest.mark.parametrize(
    ("first", "octets", "too_many", "few"),
    [
        (8, 5, 3, 2),  # messages
        (4, 2000, 1, 1),  # octets, of which few is of small ones
    ],
)
def test_what_would_be_too_much_is_refused_at_once(
    engine: Engine, first: int, octets: int, too_many: int, few: int
) -> None:
    async def body(door: Door) -> None:
        async with engine.stalled():
            begun = [await door.begin(*range(1, first + 1), octets=octets)]
            with pytest.raises(Overloaded) as refused:
                await door.accept(*range(100, 100 + too_many), octets=octets)
            assert refused.value.retry_after == 5
            begun.append(await door.begin(*range(200, 200 + few)))

        for task in begun:
            assert await task == []
        assert await door.accept(*range(100, 100 + too_many)) == []

    play(engine, body)


def test_a_request_above_the_bound_goes_when_nothing_else_waits(engine: Engine) -> None:
    async def body(door: Door) -> None:
        assert await door.accept(*range(1, 30)) == []
        assert await door.accept(*range(31, 60)) == []

    play(engine, body)


def test_a_pull_is_taken_back_and_its_reports_still_wait(engine: Engine) -> None:
    async def body(door: Door) -> None:
        await door.finish(1)
        begun = []
        async with engine.stalled():
            for key in range(2, engine.groups + 2):
                begun.append(await door.begin(key))
                await door.left()
            pulling = asyncio.create_task(door.pull())
            await asyncio.sleep(0)
            await door.look(7)
            with pytest.raises(Overloaded):
                await pulling
            assert [type(result) for result in await asyncio.gather(*begun, return_exceptions=True)] == [
                Unconfirmed
            ] * len(begun)

        assert await door.pull() == ["id 1"]

    play(engine, body)


def test_a_search_does_not_wait_for_a_store_that_does_not_answer(engine: Engine) -> None:
    async def body(door: Door) -> None:
        async with engine.stalled():
            with pytest.raises(Overloaded):
                await door.pull(entity_id="x")
        assert await door.pull(entity_id="x") == []

    play(engine, body, Bounds(seconds=0.05))
