"""Pulls by what was given with the messages: found whatever waits before them, given once, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from flows.engines import Engine
from flows.house import Customer
from heliograph.app import open_store
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.pull import SEARCHES_FOR, Puller
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import Options
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.interface import Store
from heliograph.store.reporting import PAGE
from heliograph.store.settling import Settlement
from still import BEGIN, StillClock
from store.scene import a_message, ids

MARKED = {"options": msgspec.msgpack.encode(Options(entity_id="x"))}
MANY = 25_000
BATCH = 5_000  # messages


class Hurried(StillClock):
    """A second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.turn(1.0)
        return super().monotonic()


@dataclass
class Desk:
    """Reports that wait, and who asks for them."""

    store: Store
    clock: StillClock
    puller: Puller
    epoch: int
    keys: int = 0

    async def finish(self, count: int, **options: Any) -> list[str]:
        """So many messages end; their ids."""
        keys = range(self.keys + 1, self.keys + count + 1)
        self.keys += count
        for first in range(0, count, BATCH):
            part = keys[first : first + BATCH]
            await self.store.accept(Acceptance(1, 9, "", None, [a_message(key, **options) for key in part]))
            verdicts = [Verdict(key, 5, 0, None, BEGIN) for key in part]
            await self.store.settle(Settlement(self.epoch, BEGIN, verdicts=verdicts))
        return [str(key) for key in keys]

    async def pull(self, limit: int = 1000, **marks: str) -> list[str]:
        return ids(await self.puller.pull(Customer(), ReportQuery(limit, **marks)))


def play(engine: Engine, body: Callable[[Desk], Awaitable[None]], clock: StillClock | None = None) -> None:
    async def main() -> None:
        store, at = await open_store(engine.url, exclusive=True), clock or StillClock()
        try:
            epoch = await store.begin_epoch("test", BEGIN)
            await body(Desk(store, at, Puller(store, Intake(store, at, Bounds()), at, Watch(), "EUR"), epoch))
        finally:
            await store.close()

    asyncio.run(main())


def test_what_is_asked_for_is_found_behind_any_number_of_others(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        others = await desk.finish(MANY)
        marked = await desk.finish(3, **MARKED)
        await desk.finish(5)

        assert await desk.pull(2, entity_id="x") == marked[:2]
        assert await desk.pull(2, entity_id="x") == marked[2:]
        assert await desk.pull(entity_id="x") == []
        assert await desk.pull() == others[:1000]

    play(engine, body)


def test_a_search_that_takes_too_long_gives_what_it_found_and_the_next_one_goes_on(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        first = await desk.finish(1, **MARKED)
        await desk.finish(15 * PAGE)
        last = await desk.finish(1, **MARKED)

        answers = [await desk.pull(entity_id="x") for _ in range(15 * PAGE // PAGE)]

        assert answers[0] == first
        assert last in answers[2:]  # a search sees no more slices than it has seconds
        assert answers.count([]) == len(answers) - 2

    assert SEARCHES_FOR < 7
    play(engine, body, Hurried())


def test_nothing_is_missed_where_the_store_counts_reports_anew(engine: Engine) -> None:
    """So SQLite does once all of them were read: a search that had seen more of them begins again, too."""

    async def body(desk: Desk) -> None:
        marked = await desk.finish(3, **MARKED)
        await desk.finish(2 * PAGE)
        assert await desk.pull(2, entity_id="x") == marked[:2]  # and stays where the second one was
        while await desk.pull():
            pass
        again = await desk.finish(1, **MARKED)

        assert await desk.pull(entity_id="x") == again

    play(engine, body)


@pytest.mark.parametrize("limits", [(1000, 1000), (7, 7)])
def test_two_who_ask_for_the_same_at_once_share_it(engine: Engine, limits: tuple[int, int]) -> None:
    async def body(desk: Desk) -> None:
        await desk.finish(PAGE)
        marked = await desk.finish(10, **MARKED)

        one, other = await asyncio.gather(*[desk.pull(limit, entity_id="x") for limit in limits])
        rest = await desk.pull(entity_id="x")

        assert sorted(one + other + rest, key=int) == marked

    play(engine, body)


def test_a_search_waits_for_no_commit(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.finish(PAGE + 1)
        async with engine.held():
            assert await desk.pull(entity_id="x") == []

    play(engine, body)
