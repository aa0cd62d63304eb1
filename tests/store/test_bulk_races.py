"""Claims and bulks that are closed at the same time by another process, on PostgreSQL: one of them comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from heliograph.sms.message import BulkStatus, LaneState
from heliograph.store.accepting import Acceptance
from heliograph.store.bulks import Bulk
from heliograph.store.claiming import Claim, Taken
from heliograph.store.interface import Store
from heliograph.store.postgres import PostgresEngine
from store.scene import BEGIN, HOUR, a_message, a_taking

BLOCKED = """
SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'heliograph' AND wait_event_type = 'Lock'
"""
CLOSED = [LaneState.PAUSED, LaneState.CANCELED]
BULKS, SIZE, LONE = 12, 40, 60


class Race:
    """A store that serves, another process's store, and a connection that can be in the way of both."""

    def __init__(self, serving: Store, other: Store, beside: Any, epoch: int) -> None:
        self.serving = serving
        self.other = other
        self.beside = beside
        self._epoch = epoch

    async def accept(self, *keys: int, name: str = "", lone: bool = False) -> None:
        messages = [a_message(key, bulk_id=str(key) if lone else name) for key in keys]
        await self.serving.accept(Acceptance(1, keys[0] + 1_000_000, name, None, messages))

    async def claim(self, most: int = 1000) -> list[Claim]:
        look = await self.serving.peek(BEGIN, most)
        return await self.serving.claim(Taken(self._epoch, BEGIN, 0, [a_taking(c) for c in look.candidates]))

    async def blocked(self, count: int) -> None:
        """Until so many transactions wait for a lock."""
        while await self.beside.fetchval(BLOCKED) < count:  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(0.001)


def play(url: str, body: Callable[[Race], Awaitable[None]]) -> None:
    async def main() -> None:
        serving = Store(await PostgresEngine.open(url, exclusive=True))
        other = Store(await PostgresEngine.open(url, exclusive=False))
        beside = await asyncpg.connect(url)
        try:
            async with asyncio.timeout(60):
                await body(Race(serving, other, beside, await serving.begin_epoch("test", BEGIN)))
        finally:
            await beside.close()
            await other.close()
            await serving.close()

    asyncio.run(main())


@pytest.mark.parametrize("state", CLOSED)
def test_a_claim_waits_for_whoever_closes_its_bulk_and_gets_nothing(database_url: str, state: LaneState) -> None:
    async def body(race: Race) -> None:
        await race.accept(1, 2, name="bulk")
        async with race.beside.transaction():
            await race.beside.execute("UPDATE lane SET state = $1 WHERE name = 'bulk'", int(state))
            claiming = asyncio.create_task(race.claim())
            await race.blocked(1)

        assert await claiming == []

    play(database_url, body)


@pytest.mark.parametrize("name", ["bulk", "1"])
@pytest.mark.parametrize("state", CLOSED)
def test_whoever_closes_a_bulk_waits_for_a_claim_and_knows_of_it(
    database_url: str, state: LaneState, name: str
) -> None:
    async def body(race: Race) -> None:
        await race.accept(1, name=name if name == "bulk" else "", lone=name == "1")
        async with race.beside.transaction():
            await race.beside.execute("SELECT key FROM message FOR NO KEY UPDATE")
            claiming = asyncio.create_task(race.claim())
            await race.blocked(1)
            closing = asyncio.ensure_future(race.other.set_bulk(1, name, state, BEGIN))
            await race.blocked(2)

        assert [claim.key for claim in await claiming] == [1]
        bulk = await closing
        assert bulk is not None and (bulk.state, bulk.begun) == (state, True)

    play(database_url, body)


def test_whoever_moves_a_bulk_waits_for_a_claim_and_leaves_it_where_it_is(database_url: str) -> None:
    async def body(race: Race) -> None:
        message = a_message(1, bulk_id="bulk")
        await race.serving.accept(Acceptance(1, 1_000_001, "bulk", None, [message], single=True))
        async with race.beside.transaction():
            await race.beside.execute("SELECT key FROM message FOR NO KEY UPDATE")
            claiming = asyncio.create_task(race.claim())
            await race.blocked(1)
            moving = asyncio.ensure_future(race.other.reschedule(1, "bulk", BEGIN + HOUR, BEGIN))
            await race.blocked(2)

        assert [claim.key for claim in await claiming] == [1]
        bulk = await moving
        assert bulk is not None and (bulk.status, bulk.send_at) == (BulkStatus.PROCESSING, BEGIN)

    play(database_url, body)


def test_every_message_of_many_races_is_claimed_or_cancelled_and_none_is_both(database_url: str) -> None:
    async def body(race: Race) -> None:
        names = [f"bulk {n}" for n in range(BULKS)]
        for n, name in enumerate(names):
            await race.accept(*range(n * SIZE + 1, (n + 1) * SIZE + 1), name=name)
        lone = range(BULKS * SIZE + 1, BULKS * SIZE + LONE + 1)
        for key in lone:
            await race.accept(key, lone=True)
        total = BULKS * SIZE + LONE
        claimed: list[int] = []

        async def claim() -> None:
            while got := await race.claim(40):
                claimed.extend(one.key for one in got)

        async def cancel() -> list[Bulk | None]:
            keys = [str(key) for key in lone]
            ids = [one for n, name in enumerate(names) for one in (name, *keys[5 * n : 5 * n + 5])]
            return [await race.other.set_bulk(1, name, LaneState.CANCELED, BEGIN) for name in ids]

        _, bulks = await asyncio.gather(claim(), cancel())
        canceled = 0
        while finished := await race.serving.finish_canceled(BEGIN):
            canceled += finished

        assert all(bulk is not None and bulk.state is LaneState.CANCELED for bulk in bulks)
        assert len(claimed) == len(set(claimed))
        assert 0 < canceled < total
        assert len(claimed) + canceled == total

    play(database_url, body)
