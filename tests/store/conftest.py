"""Stores to test: what is asked of `play` is asked of every engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

import postgres as server
from store.scene import Place, Play, perform

# Every table but the sequence of events; days of history are dropped. To wipe takes a tenth of a new database.
WIPE = """
DO $$ DECLARE name TEXT; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^history_[0-9]+$' LOOP
        EXECUTE 'DROP TABLE ' || name;
    END LOOP;
    DELETE FROM api_key;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_version' LOOP
        EXECUTE 'DELETE FROM ' || name;
    END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def shared_url(postgres: server.Postgres) -> str:
    """One database for all tests that leave nothing but rows."""
    asyncio.run(_execute(postgres.url("postgres"), "CREATE DATABASE shared TEMPLATE heliograph_template"))
    return postgres.url("shared")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty store of each engine."""
    if request.param == "sqlite":
        return Place("sqlite", str(tmp_path / "heliograph.db"))
    url = request.getfixturevalue("shared_url")
    asyncio.run(_execute(url, WIPE))
    return Place("postgres", url)


@pytest.fixture
def play(place: Place) -> Play:
    """Runs an async body with an open store."""
    return lambda body: asyncio.run(perform(place, body))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
