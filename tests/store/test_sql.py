"""The .sql files: every query can be prepared by both engines, and is run by some script."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import heliograph.store
from heliograph.store.script import day_of, history_table
from heliograph.store.sql import for_postgres, for_sqlite, migrations, queries
from heliograph.store.sqlite_worker import migrate

FOLDER = Path(heliograph.store.__file__).parent
HISTORY = history_table(20260921)
ENGINES = ("sqlite", "postgres")
ODD = ("create_history", "drop_history")  # they make and drop the table that others need


@pytest.mark.parametrize("engine", ENGINES)
def test_every_query_in_the_files_is_read(engine: str) -> None:
    written: set[str] = set()
    for path in (FOLDER / "queries").iterdir():
        if path.name.endswith(("common.sql", f"{engine}.sql")):
            written |= set(re.findall(r"^-- name: (\w+)$", path.read_text(), re.M))

    assert set(queries(engine)) == written
    assert all(query.text and "--" not in query.text for query in queries(engine).values())


def test_both_engines_have_the_same_queries_with_the_same_heads() -> None:
    heads = [{q.name: (q.rows, q.params, q.returns) for q in queries(engine).values()} for engine in ENGINES]

    assert heads[0] == heads[1]


def test_every_query_is_used_and_every_used_one_exists() -> None:
    source = "\n".join(path.read_text() for path in FOLDER.glob("*.py"))
    names = set(queries("sqlite"))

    assert {name for name in names if f'"{name}"' not in source} == set()
    assert set(re.findall(r'(?:Run|Fetch)\("(\w+)"', source)) <= names


def test_every_parameter_is_used() -> None:
    for engine in ENGINES:
        for query in queries(engine).values():
            for param in query.params:
                assert re.search(rf"(?<!:):{param.name}\b", query.text), (query.name, param.name)


def test_migrations_are_numbered_from_one() -> None:
    for engine in ENGINES:
        assert [number for number, _ in migrations(engine)] == list(range(1, len(migrations(engine)) + 1))
        assert not any("{" in statement for _, statements in migrations(engine) for statement in statements)


@pytest.mark.parametrize("count", [1, 4])
def test_sqlite_can_prepare_every_query(tmp_path: Path, count: int) -> None:
    raw = apsw.Connection(str(tmp_path / "heliograph.db"))
    migrate(raw)
    raw.execute(for_sqlite(queries("sqlite")["create_history"], 0, HISTORY))

    for query in queries("sqlite").values():
        if query.name not in ODD:
            text = for_sqlite(query, count if query.rows else 0, HISTORY)
            values = [None] * (count * len(query.rows) + len(query.params))
            raw.execute("EXPLAIN " + text, values).fetchall()
    raw.close()


def test_postgres_can_prepare_every_query(database_url: str) -> None:
    async def body() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(for_postgres(queries("postgres")["create_history"], HISTORY))
        for query in queries("postgres").values():
            if query.name not in ODD:
                prepared = await connection.prepare(for_postgres(query, HISTORY))
                returned = [column.name for column in prepared.get_attributes()]
                assert returned == [column.name for column in query.returns], query.name
        await connection.close()

    asyncio.run(body())


@pytest.mark.parametrize("count", [1, 2, 128])
def test_a_batch_that_is_not_full_is_padded_with_rows_nobody_sees(tmp_path: Path, count: int) -> None:
    raw = apsw.Connection(str(tmp_path / "heliograph.db"))
    migrate(raw)
    query = queries("sqlite")["add_known_ids"]
    values = [1, b"digest", 7] + [None] * 3 * (count - 1)

    raw.execute(for_sqlite(query, count, ""), values)

    assert raw.execute("SELECT account, digest, key FROM known_id").fetchall() == [(1, b"digest", 7)]
    raw.close()


@given(st.integers(0, 4_102_444_800_000))
def test_the_day_of_an_instant_is_its_utc_date(at: int) -> None:
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)

    assert day_of(at) == int(date.strftime("%Y%m%d"))


@pytest.mark.parametrize("day", ["2024-02-28", "2024-02-29", "2024-03-01", "2100-02-28", "2100-03-01", "1970-01-01"])
def test_days_begin_and_end_at_midnight(day: str) -> None:
    start = int(datetime.fromisoformat(day + "T00:00:00+00:00").timestamp() * 1000)

    assert day_of(start) == day_of(start + 86_399_999) == int(day.replace("-", ""))
