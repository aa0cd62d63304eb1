"""What all tests may use: a PostgreSQL for the session, and an empty database of it for each test that asks."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from itertools import count

import asyncpg
import pytest
import structlog

import postgres as server
from heliograph.store.postgres import migrate

TEMPLATE = "heliograph_template"
NUMBERS = count(1)

PATIENCE = 300  # seconds


@pytest.fixture(scope="session")
def postgres() -> Iterator[server.Postgres]:
    """A running server, without fsync, whose template database has the tables."""
    with server.running() as found:
        asyncio.run(_execute(found.url("postgres"), f"CREATE DATABASE {TEMPLATE}"))
        asyncio.run(_migrate(found.url(TEMPLATE)))
        yield found


@pytest.fixture(scope="session")
def postgres_url(postgres: server.Postgres) -> str:
    """The maintenance database of that server, for those who make their own."""
    return postgres.url("postgres")


@pytest.fixture
def database_url(postgres: server.Postgres) -> Iterator[str]:
    """An empty database with all tables, for one test."""
    name = f"heliograph_{next(NUMBERS)}"
    asyncio.run(_execute(postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY WAL_LOG"))
    yield postgres.url(name)
    asyncio.run(_execute(postgres.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    await migrate(connection)
    await connection.close()


@pytest.fixture(autouse=True)
def logs() -> None:
    """Logs go where they go by themselves: a command that was run in this process had them written to a stream that
    is closed by now."""
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A test that hangs fails, with the place where it hangs; none needs a tenth of this."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"still running after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
