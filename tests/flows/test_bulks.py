"""Bulks as their customers see them: statuses and moves, other times, and what the SMSC gets of one that is paused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows import house
from flows.engines import Engine
from flows.house import Customer, House, a_draft, until
from heliograph.app import open_store
from heliograph.flows.accept import Acceptor
from heliograph.flows.bulks import Bulks, Schedule
from heliograph.flows.errors import BulkConflict, NoSuchBulk, Overloaded, Unconfirmed
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.routing import Route
from heliograph.flows.submission import Accepted, Draft, Submission
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.simulator.behaviour import Behaviour
from heliograph.sms.message import BulkStatus
from heliograph.sms.schedule import MAX_AHEAD_MS
from heliograph.sms.verdict import Verdict
from heliograph.store.claiming import Claim, Taken
from heliograph.store.interface import Store
from heliograph.store.settling import Settlement
from still import BEGIN, StillClock
from store.scene import a_taking

HOUR, DAY = 3_600_000, 86_400_000
ACME, OTHER = Customer(1), Customer(2)


@dataclass
class Desk:
    """A customer before the store; nothing is sent unless `claim` is called."""

    store: Store
    clock: StillClock
    acceptor: Acceptor
    bulks: Bulks
    intake: Intake
    epoch: int
    woken: list[int]

    async def submit(self, *drafts: Draft, bulk_id: str | None = "bulk", **changes: Any) -> Accepted:
        return await self.acceptor.accept(ACME, Submission(list(drafts), bulk_id, **changes))

    async def claim(self, most: int = 1000) -> list[int]:
        look = await self.store.peek(self.clock.now(), most)
        takings = [a_taking(candidate) for candidate in look.candidates[:most]]
        claims = await self.store.claim(Taken(self.epoch, self.clock.now(), 0, takings))
        return [claim.key for claim in claims]

    async def finish(self, keys: list[int]) -> None:
        now = self.clock.now()
        await self.store.settle(Settlement(self.epoch, now, verdicts=[Verdict(key, 5, 0, None, now) for key in keys]))

    async def expire(self) -> None:
        while await self.store.expire(self.clock.now(), HOUR, 0):
            pass

    async def bring(self, status: str) -> None:
        """A bulk of two messages that stands so."""
        await self.submit(a_draft("hello", "41790000001", "41790000002"))
        if status == "PROCESSING":
            await self.claim(1)
        elif status == "FINISHED":
            await self.finish(await self.claim())
        elif status == "FAILED":
            self.clock.turn(3 * DAY / 1000)
            await self.expire()
        elif status != "PENDING":
            await self.bulks.set_status(ACME, "bulk", status)
        assert await self.bulks.status(ACME, "bulk") == status


def play(engine: Engine, body: Callable[[Desk], Awaitable[None]], *, seconds: float = 7.0) -> None:
    async def main() -> None:
        store, clock, woken = await open_store(engine.url, exclusive=True), StillClock(), [0]

        def wake() -> None:
            woken[0] += 1

        intake = Intake(store, clock, Bounds(seconds))
        looking = asyncio.create_task(intake.run())
        try:
            epoch = await store.begin_epoch("test", BEGIN)
            acceptor = Acceptor(intake, KeyMaker(epoch), [Route("north")], clock, Watch(), lambda: None)
            await body(Desk(store, clock, acceptor, Bulks(store, intake, clock, wake), intake, epoch, woken))
        finally:
            intake.stop()
            await looking
            await store.close()

    asyncio.run(main())


STATUSES = [status.value for status in BulkStatus]
# What a bulk reads after the PUT; absent: it is refused.
MOVES = {
    ("PENDING", "PAUSED"): "PAUSED",
    ("PENDING", "CANCELED"): "CANCELED",
    ("PROCESSING", "PENDING"): "PROCESSING",
    ("PROCESSING", "PAUSED"): "PAUSED",
    ("PROCESSING", "CANCELED"): "CANCELED",
    ("PAUSED", "PENDING"): "PENDING",
    ("PAUSED", "CANCELED"): "CANCELED",
} | {(status, status): status for status in STATUSES}


@pytest.mark.parametrize("wanted", STATUSES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_bulk_goes_from_status_to_status_as_the_table_says(engine: Engine, status: str, wanted: str) -> None:
    async def body(desk: Desk) -> None:
        await desk.bring(status)

        if (status, wanted) in MOVES:
            assert await desk.bulks.set_status(ACME, "bulk", wanted) == MOVES[status, wanted]
            assert await desk.bulks.status(ACME, "bulk") == MOVES[status, wanted]
        else:
            with pytest.raises(BulkConflict, match=status if wanted in ("PENDING", "PAUSED", "CANCELED") else "one of"):
                await desk.bulks.set_status(ACME, "bulk", wanted)
            assert await desk.bulks.status(ACME, "bulk") == status

    play(engine, body)


def test_a_bulk_that_goes_on_wakes_whoever_sends_and_reads_as_it_is(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.bring("PROCESSING")
        await desk.bulks.set_status(ACME, "bulk", "PAUSED")
        before = desk.woken[0]

        assert await desk.bulks.set_status(ACME, "bulk", "PENDING") == "PROCESSING"

        assert desk.woken[0] == before + 1

    play(engine, body)


@pytest.mark.parametrize("bulk_id", ["bulk", "", "12", "99999999999999999999", "é"])
def test_a_bulk_of_nobody_or_of_another_account_is_not_there(engine: Engine, bulk_id: str) -> None:
    async def body(desk: Desk) -> None:
        await desk.submit(a_draft(), a_draft())
        for ask in (
            desk.bulks.status(OTHER, bulk_id),
            desk.bulks.schedule(OTHER, bulk_id),
            desk.bulks.set_status(OTHER, bulk_id, "PAUSED"),
            desk.bulks.reschedule(OTHER, bulk_id, BEGIN),
        ):
            with pytest.raises(NoSuchBulk):
                await ask
        assert await desk.bulks.status(ACME, "bulk") == "PENDING"

    play(engine, body)


def test_a_bulk_that_was_sent_at_once_gives_the_time_of_its_acceptance(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.submit(a_draft())
        await desk.submit(a_draft(send_at=BEGIN - DAY), bulk_id="late")
        await desk.submit(a_draft(send_at=BEGIN + 2 * DAY), a_draft(send_at=BEGIN + DAY), bulk_id="later")
        desk.clock.turn(60)

        schedules = [await desk.bulks.schedule(ACME, name) for name in ("bulk", "late", "later")]

        assert schedules == [Schedule("bulk", BEGIN), Schedule("late", BEGIN), Schedule("later", BEGIN + DAY)]

    play(engine, body)


@pytest.mark.parametrize("validity", [None, 90])
def test_a_rescheduled_bulk_leaves_and_expires_as_if_it_had_been_accepted_so(
    engine: Engine, validity: int | None
) -> None:
    async def body(desk: Desk) -> None:
        await desk.submit(a_draft("a", "41790000001", "41790000002", send_at=BEGIN + DAY, validity_minutes=validity))
        desk.clock.turn(60)

        assert await desk.bulks.reschedule(ACME, "bulk", BEGIN + 3 * DAY) == Schedule("bulk", BEGIN + 3 * DAY)
        await desk.submit(a_draft("b", send_at=BEGIN + 3 * DAY, validity_minutes=validity), bulk_id="alike")

        rows = await engine.rows("SELECT DISTINCT due, expires_at FROM message")
        assert len(rows) == 1
        assert await desk.bulks.schedule(ACME, "bulk") == Schedule("bulk", BEGIN + 3 * DAY)

    play(engine, body)


def test_a_bulk_may_be_put_off_by_180_days_and_no_more(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.submit(a_draft(send_at=BEGIN + DAY))

        with pytest.raises(BulkConflict, match="180 days"):
            await desk.bulks.reschedule(ACME, "bulk", BEGIN + MAX_AHEAD_MS + 1)
        assert (await desk.bulks.schedule(ACME, "bulk")).send_at == BEGIN + DAY

        await desk.bulks.reschedule(ACME, "bulk", BEGIN + MAX_AHEAD_MS)
        assert (await desk.bulks.schedule(ACME, "bulk")).send_at == BEGIN + MAX_AHEAD_MS

    play(engine, body)


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_pending_bulk_can_be_rescheduled(engine: Engine, status: str) -> None:
    async def body(desk: Desk) -> None:
        await desk.bring(status)
        refusal = NoSuchBulk if status in ("FINISHED", "FAILED") else BulkConflict
        if status == "PENDING":
            await desk.bulks.reschedule(ACME, "bulk", BEGIN + DAY)
        else:
            with pytest.raises(refusal):
                await desk.bulks.reschedule(ACME, "bulk", BEGIN + DAY)

    play(engine, body)


async def two_objects(desk: Desk) -> None:
    await desk.submit(a_draft(send_at=BEGIN + DAY), a_draft(send_at=BEGIN + DAY))


async def two_requests(desk: Desk) -> None:
    for _ in range(2):
        await desk.submit(a_draft(send_at=BEGIN + DAY))


@pytest.mark.parametrize("submit", [two_objects, two_requests])
def test_a_bulk_of_several_message_objects_keeps_its_times(
    engine: Engine, submit: Callable[[Desk], Awaitable[None]]
) -> None:
    async def body(desk: Desk) -> None:
        await submit(desk)

        with pytest.raises(BulkConflict, match="one message object"):
            await desk.bulks.reschedule(ACME, "bulk", BEGIN + 2 * DAY)

    play(engine, body)


def test_a_lone_message_is_a_bulk_under_the_id_it_was_given(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        bulk_id = (await desk.submit(a_draft(), bulk_id=None, always_bulk=True)).bulk_id
        assert bulk_id is not None
        await desk.submit(a_draft(), bulk_id=None, always_bulk=True)
        assert await desk.bulks.status(ACME, bulk_id) == "PENDING"
        assert await desk.bulks.schedule(ACME, bulk_id) == Schedule(bulk_id, BEGIN)

        assert await desk.bulks.set_status(ACME, bulk_id, "PAUSED") == "PAUSED"
        assert int(bulk_id) not in await desk.claim()
        assert await desk.bulks.set_status(ACME, bulk_id, "PENDING") == "PENDING"
        assert await desk.bulks.reschedule(ACME, bulk_id, BEGIN + DAY) == Schedule(bulk_id, BEGIN + DAY)
        assert await desk.bulks.set_status(ACME, bulk_id, "CANCELED") == "CANCELED"

    play(engine, body)


def test_a_lone_message_with_a_speed_is_a_bulk_too(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.submit(a_draft(), bulk_id=None, always_bulk=True, segment_interval=1_000_000)
        assert accepted.bulk_id is not None

        await desk.bulks.set_status(ACME, accepted.bulk_id, "PAUSED")

        assert await desk.claim() == []

    play(engine, body)


def test_a_store_that_does_not_answer_is_told_in_time(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.submit(a_draft())
        blocked: AbstractAsyncContextManager[None] = engine.stalled()
        async with blocked:
            with pytest.raises(Overloaded):
                await desk.bulks.status(ACME, "bulk")

            moving = asyncio.create_task(desk.bulks.reschedule(ACME, "bulk", BEGIN + DAY))
            await asyncio.sleep(0)
            while not moving.done():
                desk.clock.turn(1)
                await asyncio.sleep(0.001)
            with pytest.raises((Overloaded, Unconfirmed)):
                await moving

    play(engine, body, seconds=0.05)


def test_a_bulk_that_is_paused_midway_leaves_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("hello", *[f"4179{n:07}" for n in range(200)]), bulk_id="bulk")
        await house.came(20)
        assert await house.bulks.set_status(ACME, "bulk", "PAUSED") == "PAUSED"
        await house.settled()
        count = house.texts().count(b"hello")
        assert count < 200
        await house.barrier()
        assert house.texts().count(b"hello") == count

        assert await house.bulks.set_status(ACME, "bulk", "PENDING") == "PROCESSING"
        assert len(await house.told(200)) == 200
        assert house.texts().count(b"hello") == 200
        assert await house.bulks.status(ACME, "bulk") == "FINISHED"

    behaviour = Behaviour(receipt_delay=0.0, resp_delay=0.005)
    house.play(tmp_path, body, behaviour=behaviour, window=4)


def test_what_was_staged_of_a_paused_bulk_is_tried_once_and_let_go(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        tried: Counter[int] = Counter()
        claim = house.store.claim

        async def counted(taken: Taken) -> list[Claim]:
            tried.update(taking.key for taking in taken.messages)
            return await claim(taken)

        await house.submit(a_draft("hello", *[f"4179{n:07}" for n in range(100)]), bulk_id="bulk")
        await house.came(4)
        await house.bulks.set_status(ACME, "bulk", "PAUSED")
        await house.settled()
        house.store.claim = counted  # type: ignore[method-assign]
        for _ in range(5):
            await house.barrier()

        assert max(tried.values()) == 1
        await until(lambda: house.dispatcher is not None and not house.dispatcher._ours)

    behaviour = Behaviour(receipt_delay=0.0, resp_delay=0.005)
    house.play(tmp_path, body, behaviour=behaviour, window=4)


def test_a_throttled_message_of_a_cancelled_bulk_is_not_sent_again(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x58 times=1"), bulk_id="bulk")
        await house.came(1)
        await until(lambda: house.dispatcher is not None and not house.dispatcher._ours)
        await house.bulks.set_status(ACME, "bulk", "CANCELED")
        assert await house.store.finish_canceled(house.clock.now()) == 1

        [(_, status, error)] = await house.told(1)
        assert (status, error) == (31, 4100)
        assert len(house.simulator.submits) == 1

    house.play(tmp_path, body)
