"""Both engines of the store as a gateway opens them, with what can go wrong with them: a commit that has to wait, a
store that cannot be written, an item that the database refuses."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from e2e.gateway import children, command_of, no_room

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'heliograph' AND datname = current_database()
"""


def _is_stopped(pid: int) -> bool:
    """Whether all threads of a process are."""
    states = [stat.read_text().rpartition(") ")[2][0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


class OnSqlite:
    """A file of its own."""

    groups = 2  # that may be on their way to the disk

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite://{path}"

    async def rows(self, statement: str) -> list[Any]:
        """What a statement gives beside the gateway."""
        raw = apsw.Connection(str(self.path))
        raw.set_busy_timeout(5000)
        found = raw.execute(statement).fetchall()
        raw.close()
        return found

    async def refuse(self, table: str, column: str, value: str) -> None:
        """From now on, no row may come into this table with this value, an SQL literal, in this column."""
        await self.rows(
            f"CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN NEW.{column} = {value} "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Commits wait."""
        raw = apsw.Connection(str(self.path))
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            raw.execute("ROLLBACK")
            raw.close()

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        """Its process does nothing, as when the disk does not answer."""
        [pid] = [pid for pid in children(os.getpid()) if str(self.path) in command_of(pid)]
        os.kill(pid, signal.SIGSTOP)
        while not _is_stopped(pid):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @asynccontextmanager
    async def unavailable(self) -> AsyncIterator[None]:
        """Nothing can be written."""
        with no_room(self.path):
            yield


class OnPostgres:
    """A database of its own."""

    groups = 1  # that may be on their way to the disk

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, *statements: str) -> list[Any]:
        """What the last statement gives beside the gateway."""
        connection = await asyncpg.connect(self.url)
        found: Sequence[Any] = []
        for statement in statements:
            found = await connection.fetch(statement)
        await connection.close()
        return [tuple(row) for row in found]

    async def refuse(self, table: str, column: str, value: str) -> None:
        """From now on, no row may come into this table with this value, an SQL literal, in this column."""
        await self.rows(f"ALTER TABLE {table} ADD CONSTRAINT refuse CHECK ({column} IS DISTINCT FROM {value})")

    def held(self) -> AbstractAsyncContextManager[None]:
        """Commits of inbound messages wait."""
        return self.locked("inbound")

    def stalled(self) -> AbstractAsyncContextManager[None]:
        """Messages and reports can be neither read nor written."""
        return self.locked("lane, report")

    @asynccontextmanager
    async def locked(self, tables: str) -> AsyncIterator[None]:
        """Tables, with commas between them, can be neither read nor written."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            await connection.execute("ROLLBACK")
            await connection.close()

    @asynccontextmanager
    async def unavailable(self) -> AsyncIterator[None]:
        """Nothing can be written: the connections are cut, and new ones only read."""
        [[name]] = await self.rows("SELECT current_database()")
        await self.rows(f"ALTER DATABASE {name} SET default_transaction_read_only = on", CUT)
        try:
            yield
        finally:
            await self.rows("SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET ALL")


Engine = OnSqlite | OnPostgres
