"""The default engine: one file, one writer thread, and commits that survive power loss (synchronous=FULL).

Rule 1: one thread writes. It commits whatever has gathered since the last commit, without a timer.
Rule 2: reads run on a connection and a thread of their own.
Rule 3: other processes may write a little (accounts, keys); busy_timeout lets both wait for each other.
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeVar

import apsw
import msgspec

from heliograph.store.errors import StoreInUse, StoreTooNew, StoreUnavailable
from heliograph.store.group import KINDS, Gathering, Group, Results, resolve
from heliograph.store.script import Fetch, Row, Run, Script, Step, history_table
from heliograph.store.sql import Query, for_sqlite, migrations, queries

T = TypeVar("T")
BUSY_MS = 5_000
CHUNK = 128  # rows of a statement; smaller batches are padded to a power of two, so that statements stay prepared
STATEMENTS = 1024  # kept prepared
SWITCH_INTERVAL = 0.0001  # seconds: how long the event loop may keep the writer from the interpreter lock
DECODE = msgspec.json.Decoder(list[list[Any]]).decode
# The disk is full, broken or read-only; or other processes kept the file locked.
PASSING = (apsw.FullError, apsw.IOError, apsw.BusyError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.LockedError)


class Connection:
    """One connection, and the steps of scripts on it."""

    def __init__(self, path: str, *, cache_mb: int = 64) -> None:
        self.raw = apsw.Connection(path, statementcachesize=STATEMENTS)
        self.raw.set_busy_timeout(BUSY_MS)
        self._queries = queries("sqlite")
        self._days: set[int] = set()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"cache_size=-{cache_mb * 1024}",
            "wal_autocheckpoint=4000",
            "temp_store=MEMORY",
        ):
            self.raw.execute(f"PRAGMA {pragma}").fetchall()

    def drive(self, script: Script[T]) -> T:
        """Run a script to its end."""
        answer: Any = None
        try:
            while True:
                answer = self._step(script.send(answer))
        except StopIteration as end:
            value: T = end.value
            return value

    def _step(self, step: Step) -> Any:
        if step.rows is not None and not step.rows:
            return 0 if isinstance(step, Run) else []
        query = self._queries[step.query]
        if step.day and isinstance(step, Run) and step.day not in self._days:
            self._begin_day(step.day)
        answers = [self._execute(query, part, step) for part in _chunks(step.rows)]
        if isinstance(step, Run):
            return sum(answers)
        return list(chain.from_iterable(answers)) if len(answers) > 1 else answers[0]

    def _execute(self, query: Query, rows: Sequence[Row], step: Step) -> Any:
        count = 1 << (len(rows) - 1).bit_length() if rows else 0
        text = for_sqlite(query, count, history_table(step.day))
        padding = (count - len(rows)) * len(query.rows)
        values = [*chain.from_iterable(rows), *(None,) * padding, *(step.params[p.name] for p in query.params)]
        cursor = self.raw.execute(text, values)
        if isinstance(step, Fetch):
            return _rows(query, cursor.fetchall(), text)
        cursor.fetchall()
        return self.raw.changes()

    def _begin_day(self, day: int) -> None:
        self.raw.execute(for_sqlite(self._queries["create_history"], 0, history_table(day))).fetchall()
        self.raw.execute(for_sqlite(self._queries["add_history_day"], 0, ""), (day,)).fetchall()
        self._days.add(day)

    def rolled_back(self) -> None:
        """Forget what a transaction that did not happen had made."""
        self._days.clear()


def _chunks(rows: Sequence[Row] | None) -> list[Sequence[Row]]:
    if rows is None:
        return [[]]
    return [rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]


def _rows(query: Query, fetched: list[Any], text: str) -> list[Any]:
    if not text.startswith("SELECT json", text.find("SELECT json")):
        return fetched
    rows = DECODE(fetched[0][0])
    octets = [n for n, column in enumerate(query.returns) if column.type == "bytea"]
    for row in rows if octets else ():
        for n in octets:
            row[n] = bytes.fromhex(row[n])
    return rows


def migrate(raw: apsw.Connection) -> None:
    """Bring the tables up to this version. Raises StoreTooNew."""
    with raw:
        at = int(raw.pragma("user_version"))
        known = migrations("sqlite")
        if at > known[-1][0]:
            raise StoreTooNew(f"the store is at version {at}, and this program knows {known[-1][0]}: upgrade it")
        for number, statements in known:
            if number > at:
                for statement in statements:
                    raw.execute(statement).fetchall()
                raw.execute(f"PRAGMA user_version = {number}").fetchall()


def lock(path: str) -> IO[bytes]:
    """The lock of the one process that serves from this file. Raises StoreInUse."""
    file = open(path + ".lock", "wb")  # noqa: SIM115 - held for as long as the process serves
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreInUse(f"another process serves from {path}: stop it first, or use PostgreSQL for several") from None
    return file


class SqliteEngine:
    """`path` is created, with its folder, where it is missing. `exclusive`: this process serves from it."""

    def __init__(self, path: str, *, exclusive: bool) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock(path) if exclusive else None
        self._writer = Connection(path)
        migrate(self._writer.raw)
        self._reader = Connection(path)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._gathering = Gathering()
        self._loop = asyncio.get_running_loop()
        self._wake = threading.Event()
        self._closing = False
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._thread = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Do `item` in the next commit, with all others of its kind."""
        future = self._gathering.put(kind, item)
        self._wake.set()
        return future

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """Run a script that only fetches, on what is committed."""
        return await self._loop.run_in_executor(self._readers, lambda: self._reader.drive(script()))

    async def close(self) -> None:
        """Commit what waits, and let go of the file."""
        self._closing = True
        self._wake.set()
        await self._loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown()
        self._reader.raw.close()
        self._writer.raw.close()
        if self._lock is not None:
            self._lock.close()

    def _write(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while group := self._gathering.take():
                results = self._commit(group)
                self._loop.call_soon_threadsafe(resolve, results)
            if self._closing:
                return

    def _commit(self, group: Group) -> Results:
        results: Results = []
        try:
            self._writer.raw.execute("BEGIN IMMEDIATE")
            for kind, waiting in group.items():
                answers = self._writer.drive(KINDS[kind]([w.item for w in waiting]))
                results += [(w.future, answer, None) for w, answer in zip(waiting, answers, strict=True)]
            self._writer.raw.execute("COMMIT")
        except PASSING as error:
            self._roll_back()
            unavailable = StoreUnavailable(str(error))
            return [(w.future, None, unavailable) for waiting in group.values() for w in waiting]
        except Exception:  # one item is at fault: told by its future, below
            self._roll_back()
            return [self._commit_alone(kind, w) for kind, waiting in group.items() for w in waiting]
        return results

    def _commit_alone(self, kind: str, waiting: Any) -> Any:
        try:
            self._writer.raw.execute("BEGIN IMMEDIATE")
            [answer] = self._writer.drive(KINDS[kind]([waiting.item]))
            self._writer.raw.execute("COMMIT")
        except Exception as error:  # the one who waits for this item is told, and nobody else is hurt
            self._roll_back()
            return waiting.future, None, StoreUnavailable(str(error)) if isinstance(error, PASSING) else error
        return waiting.future, answer, None

    def _roll_back(self) -> None:
        self._writer.rolled_back()
        if self._writer.raw.in_transaction:
            self._writer.raw.execute("ROLLBACK")
