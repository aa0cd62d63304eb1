"""The PostgreSQL engine: connections that are cut, a second process, a server that goes and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

import postgres as server
from heliograph.store import balance
from heliograph.store import postgres as engine_module
from heliograph.store.accepting import Acceptance
from heliograph.store.balance import Balance
from heliograph.store.errors import StoreInUse, StoreTooNew, StoreUnavailable, Unstorable
from heliograph.store.idempotency import Kept
from heliograph.store.interface import Store
from heliograph.store.limiting import AccountLimits
from heliograph.store.postgres import PostgresEngine
from heliograph.store.script import Fetch, Script
from store.scene import BEGIN, a_message

BLOCKED = """
SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'heliograph' AND wait_event_type = 'Lock'
"""
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heliograph'"
CONNECTIONS = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'heliograph'"
ROLE = server.ROLE
BARS = {"NOLOGIN": "LOGIN", "CONNECTION LIMIT 1": "CONNECTION LIMIT -1"}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "RECONNECT_AFTER", 0.01)


def an_acceptance(key: int) -> Acceptance:
    return Acceptance(1, 1_000_000, "", None, [a_message(key)])


def play(url: str, body: Callable[[Store, Any], Awaitable[None]], *, beside: str = "") -> None:
    """Run `body` with a store and a connection beside it, which may be somebody else's."""

    async def main() -> None:
        store = Store(await PostgresEngine.open(url, exclusive=True))
        connection = await asyncpg.connect(beside or url)
        try:
            async with asyncio.timeout(60):
                await body(store, connection)
        finally:
            await connection.close()
            await store.close()

    asyncio.run(main())


async def accepted(store: Store, key: int) -> int:
    """Accept until it is stored; how many tries it took."""
    for tries in range(1, 100):
        try:
            await store.accept(an_acceptance(key))
            return tries
        except StoreUnavailable:
            continue
    raise AssertionError("never stored")


def test_idle_connections_that_were_cut_are_made_anew(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        await store.accept(an_acceptance(1))
        await beside.execute(CUT)

        assert await accepted(store, 2) <= 3
        for _ in range(20):
            try:
                found = (await store.peek(BEGIN, 10)).candidates
            except StoreUnavailable:
                continue
            assert [candidate.key for candidate in found] == [1, 2]
            break
        else:
            raise AssertionError("never read")

    play(database_url, body)


@pytest.mark.parametrize("bar", BARS)
def test_readers_whom_the_server_turns_away_are_told_so_until_they_are_let_in(database_url: str, bar: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        await store.accept(an_acceptance(1))
        await beside.execute(f"ALTER ROLE {ROLE} {bar}")
        await beside.execute(f"{CUT} AND pid <> $1", store._engine._writer.get_server_pid())  # type: ignore[attr-defined]
        while await beside.fetchval(CONNECTIONS) > 1:  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(0)

        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await store.peek(BEGIN, 10)
        assert await store.accept(an_acceptance(2)) == Kept()  # by the connection that there is

        await beside.execute(f"ALTER ROLE {ROLE} {BARS[bar]}")
        assert {candidate.key for candidate in (await reading(store)).candidates} == {1, 2}

    with server.a_role(database_url) as url:
        play(url, body, beside=database_url)


def test_a_writer_whom_the_server_turns_away_is_told_so_until_it_is_let_in(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        await beside.execute(f"ALTER ROLE {ROLE} NOLOGIN")
        await beside.execute(CUT)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await store.accept(an_acceptance(1))

        await beside.execute(f"ALTER ROLE {ROLE} LOGIN")
        assert await accepted(store, 2) < 99

    with server.a_role(database_url) as url:
        play(url, body, beside=database_url)


def test_a_role_that_lost_its_rights_is_told_so(database_url: str) -> None:
    async def body() -> None:
        beside = await asyncpg.connect(database_url)
        await beside.execute(f"REVOKE postgres FROM {ROLE}")
        await beside.close()
        with pytest.raises(StoreUnavailable, match="PostgreSQL cannot be written: permission denied"):
            await PostgresEngine.open(url, exclusive=True)

    with server.a_role(database_url) as url:
        asyncio.run(body())


def test_a_look_that_others_are_in_the_way_of_is_told_so(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        async with beside.transaction():
            await beside.execute("LOCK TABLE lane IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreUnavailable):
                await store.peek(BEGIN, 10)
        assert (await reading(store)).candidates == []

    with server.a_role(database_url, "SET lock_timeout = '10ms'") as url:
        play(url, body, beside=database_url)


def test_a_look_at_a_history_that_is_dropped_meanwhile_is_told_as_unavailable(database_url: str) -> None:
    def script() -> Script[Any]:
        return (yield Fetch("told_history", [(1,)], day=20000101))

    async def body(store: Store, beside: Any) -> None:
        with pytest.raises(StoreUnavailable):
            await store.look(script)

    play(database_url, body)


@pytest.mark.parametrize("what", ["write", "read"])
def test_a_connection_that_is_cut_at_work_is_told_as_unavailable(database_url: str, what: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        await store.accept(an_acceptance(1))
        async with beside.transaction():
            await beside.execute("LOCK TABLE lane IN ACCESS EXCLUSIVE MODE")
            work: Any = store.accept(an_acceptance(2)) if what == "write" else store.peek(BEGIN, 10)
            waiting = asyncio.ensure_future(work)
            while not await beside.fetchval(BLOCKED):  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0)
            await beside.execute(CUT)

            with pytest.raises(StoreUnavailable):
                await waiting

        await accepted(store, 3)

    play(database_url, body)


def test_a_request_is_stored_whole_or_not_at_all_when_connections_are_cut(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        async def cut() -> None:
            for _ in range(15):
                await beside.execute(CUT)

        async def one(n: int) -> bool:
            messages = [a_message(n * 10 + m, public_id=f"{n}.{m}") for m in range(3)]
            try:
                await store.accept(Acceptance(1, 9, "", None, messages))
            except StoreUnavailable:
                return False
            return True

        async def several() -> list[bool]:
            return [found for n in range(0, 90, 3) for found in await asyncio.gather(one(n), one(n + 1), one(n + 2))]

        stored, _ = await asyncio.gather(several(), cut())

        counts = dict(await beside.fetch("SELECT key / 10, COUNT(*) FROM message GROUP BY 1"))
        assert set(counts.values()) <= {3}
        assert {n for n, done in enumerate(stored) if done} <= counts.keys()

    play(database_url, body)


def test_a_second_process_that_serves_is_refused(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        with pytest.raises(StoreInUse, match="another process serves from this database: stop it first"):
            await PostgresEngine.open(database_url, exclusive=True)
        other = await PostgresEngine.open(database_url, exclusive=False)
        await other.close()

    play(database_url, body)
    play(database_url, lambda store, beside: accepted(store, 1))  # type: ignore[arg-type, return-value]


def test_commits_are_on_the_disk_when_they_are_told(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        assert await store._engine._writer.fetchval("SHOW synchronous_commit") == "on"  # type: ignore[attr-defined]

    play(database_url, body)


def test_a_store_of_a_newer_version_is_left_alone(database_url: str) -> None:
    async def body() -> None:
        beside = await asyncpg.connect(database_url)
        await beside.execute("INSERT INTO schema_version VALUES (99)")
        await beside.close()
        with pytest.raises(StoreTooNew, match="the store is at version 99, and this program knows"):
            await PostgresEngine.open(database_url, exclusive=True)

    asyncio.run(body())


def test_a_new_database_gets_its_tables(postgres_url: str) -> None:
    async def body() -> None:
        beside = await asyncpg.connect(postgres_url)
        await beside.execute("CREATE DATABASE unmigrated TEMPLATE template0")
        await beside.close()

    asyncio.run(body())
    url = postgres_url.replace("/postgres?", "/unmigrated?")
    play(url, lambda store, beside: accepted(store, 1))  # type: ignore[arg-type, return-value]
    play(url, lambda store, beside: accepted(store, 2))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("what", ["nobody", "no such database"])
def test_a_server_that_cannot_be_reached_is_told(postgres_url: str, what: str) -> None:
    url = "postgresql://postgres@127.0.0.1:1/none"
    if what == "no such database":
        url = postgres_url.replace("/postgres?", "/there_is_none?")

    with pytest.raises(StoreUnavailable, match="PostgreSQL"):
        asyncio.run(PostgresEngine.open(url, exclusive=True))  # type: ignore[arg-type]


def test_what_was_acknowledged_is_there_after_the_server_crashed() -> None:
    with server.running(fsync=True) as pg:

        async def body(store: Store, beside: Any) -> None:
            keys = [key for key in range(1, 60) if await accepted(store, key) == 1]
            await asyncio.to_thread(pg.crash)
            with pytest.raises(StoreUnavailable):
                await store.accept(an_acceptance(1000))
            await asyncio.to_thread(pg.start)

            assert await accepted(store, 1001) < 99
            found = (await reading(store)).candidates
            assert {candidate.key for candidate in found} - {1000} == {*keys, 1001}

        play(pg.url("postgres"), body)


def test_money_that_somebody_else_is_spending_is_looked_at_when_he_is_through(database_url: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        await store.alone(balance.top_up, 1, 10, BEGIN)
        message = a_message(1, price=10, prepaid=True)
        async with beside.transaction():
            await beside.execute("UPDATE balance SET available = 0, reserved = 10")
            buying = store.accept(Acceptance(1, 100, "", None, [message], limits=AccountLimits(prepaid=True)))
            while not await beside.fetchval(BLOCKED):  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0)

        assert (await buying).refused == {1: 12}
        assert await store.look(balance.balance, 1) == Balance(0, 10)

    play(database_url, body)


@pytest.mark.parametrize("sender", ["\ud800", "a\0b"])
def test_what_cannot_be_written_fails_alone_and_costs_no_connection(database_url: str, sender: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        before = store._engine._writer  # type: ignore[attr-defined]
        bad = Acceptance(1, 9, "", None, [a_message(2, sender=sender)])

        outcomes = await asyncio.gather(store.accept(an_acceptance(1)), store.accept(bad), return_exceptions=True)

        assert outcomes[0] == Kept()
        assert isinstance(outcomes[1], Unstorable)
        assert sender not in str(outcomes[1])
        assert store._engine._writer is before  # type: ignore[attr-defined]

    play(database_url, body)


@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_a_question_that_cannot_be_written_is_told_as_such(database_url: str, text: str) -> None:
    async def body(store: Store, beside: Any) -> None:
        with pytest.raises(Unstorable):
            await store.look(asked, text)

    play(database_url, body)


def asked(text: str) -> Script[Any]:
    found = yield Fetch("early_receipts", [("north", text, 1)])
    return found


def test_a_server_that_takes_no_last_commit_is_not_waited_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CLOSES_WITHIN", 0.05)

    async def main() -> None:
        store = Store(await PostgresEngine.open(database_url, exclusive=True))
        beside = await asyncpg.connect(database_url)
        async with beside.transaction():
            await beside.execute("LOCK TABLE lane IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.ensure_future(store.accept(an_acceptance(1)))
            while not await beside.fetchval(BLOCKED):  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0)

            with pytest.raises(StoreUnavailable, match="did not take the last commits within"):
                await store.close()
            with pytest.raises(StoreUnavailable):
                await waiting
        await beside.close()

    asyncio.run(main())


async def reading(store: Store) -> Any:
    for _ in range(50):
        try:
            return await store.peek(BEGIN, 1000)
        except StoreUnavailable:
            continue
    raise AssertionError("never read")
