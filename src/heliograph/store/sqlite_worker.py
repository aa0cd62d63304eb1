"""The process that has the SQLite file: it writes in groups, reads beside that, and ends with whoever began it.

Rule 1: one thread writes. It commits whatever has gathered while the last commit was on its way, without a timer.
Rule 2: reads run on a connection and a thread of their own.
Rule 3: other processes may write a little (accounts, keys); busy_timeout lets both wait for each other.
Rule 4: what cannot be stored now is told as StoreUnavailable; one bad item fails alone; neither ends the process.

Run as `python -m heliograph.store.sqlite_worker PATH EXCLUSIVE WRITE_FD READ_FD` by `store.sqlite`.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import IO, Any, TypeVar

import apsw

from heliograph.process import relax_collector
from heliograph.store.errors import NotStored, StoreInUse, StoreTooNew, StoreUnavailable, Unstorable
from heliograph.store.frames import UNWRITABLE, decode_group, encode_results, recv_frame, send_frame
from heliograph.store.group import KINDS
from heliograph.store.script import Fetch, Row, Run, Script, Step, history_table
from heliograph.store.sql import Query, for_sqlite, migrations, queries

T = TypeVar("T")
BUSY_MS = 5_000
LOCK_WITHIN = 5.0  # seconds: a process that was killed may still have a commit on its way
CHUNK = 128  # rows of a statement; smaller batches are padded to a power of two, so that statements stay prepared
STATEMENTS = 1024  # kept prepared
HAND_OVER = 0.0005  # seconds after which the reader lets the writer go on; Python's own 0.005 is the length of a commit
# The disk is full, broken or read-only; or other processes kept the file locked.
PASSING = (apsw.FullError, apsw.IOError, apsw.BusyError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.LockedError)


# What one item holds is at fault, and would be whenever it is tried.
REFUSED = (apsw.ConstraintError, apsw.TooBigError, apsw.MismatchError, *UNWRITABLE)


def _unavailable(error: Exception) -> StoreUnavailable:
    """What is told of a group that was rolled back. What a broken disk had been given may be there after a crash."""
    return (StoreUnavailable if isinstance(error, apsw.IOError) else NotStored)(str(error))


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
            "wal_autocheckpoint=10000",
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

    def look(self, script: Script[T]) -> T:
        """Run a script that only fetches, on one state of the file: tables may be dropped meanwhile."""
        self.raw.execute("BEGIN")
        try:
            return self.drive(script)
        finally:
            self.raw.execute("COMMIT")

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
        found = self.raw.execute(text, values).fetchall()
        return found if isinstance(step, Fetch) else self.raw.changes()

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


def migrate(raw: apsw.Connection) -> None:
    """Bring the tables up to this version. Raises StoreTooNew."""
    raw.execute("BEGIN IMMEDIATE")
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
    raw.execute("COMMIT")


def lock(path: str) -> IO[bytes]:
    """The lock of the one process that serves from this file. Raises StoreInUse."""
    file = open(path + ".lock", "wb")  # noqa: SIM115 - held for as long as the process serves
    end = time.monotonic() + LOCK_WITHIN
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except OSError:
            if time.monotonic() > end:
                file.close()
                raise StoreInUse(f"another process serves from {path}: stop it first") from None
            time.sleep(0.05)


class Writer:
    """Commits groups."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = connection.raw

    def commit(self, group: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """A result for each item of each kind; an exception where there is none."""
        try:
            return self._together(group)
        except PASSING as error:
            self._roll_back()
            return {kind: [_unavailable(error)] * len(items) for kind, items in group.items()}
        except Exception:  # one item is at fault, and is told so below
            self._roll_back()
            return {kind: [self._alone(kind, item) for item in items] for kind, items in group.items()}

    def _together(self, group: dict[str, list[Any]]) -> dict[str, list[Any]]:
        self._raw.execute("BEGIN IMMEDIATE")
        results = {kind: self._connection.drive(KINDS[kind](items)) for kind, items in group.items()}
        self._raw.execute("COMMIT")
        return results

    def _alone(self, kind: str, item: Any) -> Any:
        try:
            return self._together({kind: [item]})[kind][0]
        except PASSING as error:
            self._roll_back()
            return _unavailable(error)
        except REFUSED as error:
            self._roll_back()
            return Unstorable(type(error).__name__)
        except Exception as error:  # whoever waits for this item is told, and nobody else is hurt
            self._roll_back()
            return error

    def _roll_back(self) -> None:
        self._connection.rolled_back()
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")


def write(connection: Connection, channel: socket.socket) -> None:
    """Commit groups until the other end is closed."""
    writer = Writer(connection)
    while (frame := recv_frame(channel)) is not None:
        send_frame(channel, encode_results(writer.commit(decode_group(frame))))


def read(path: str, channel: socket.socket) -> None:
    """Answer reads until the other end is closed."""
    connection = Connection(path)
    while (frame := recv_frame(channel)) is not None:
        call: Callable[[], Script[Any]] = pickle.loads(frame)  # noqa: S301 - from the process that began this one
        result: Any
        try:
            result = connection.look(call())
        except PASSING as error:
            result = StoreUnavailable(str(error))
        except Exception as error:  # whoever asked is told
            result = error
        send_frame(channel, encode_results({"read": [result]}))


def main() -> None:
    """Open the file, say so or what is in the way, and serve until whoever began this ends."""
    path, exclusive, *fds = sys.argv[1:]
    writes, reads = (socket.socket(fileno=int(fd)) for fd in fds)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the end is the end of the channels
    try:
        held = lock(path) if exclusive == "1" else None
        connection = Connection(path)
        migrate(connection.raw)
    except (StoreInUse, StoreTooNew) as error:
        send_frame(writes, encode_results({"open": [error]}))
        return
    except (apsw.Error, OSError) as error:
        send_frame(writes, encode_results({"open": [StoreUnavailable(f"{path}: {error}")]}))
        return
    send_frame(writes, encode_results({"open": [os.getpid()]}))
    sys.setswitchinterval(HAND_OVER)
    relax_collector()
    reader = threading.Thread(target=read, args=(path, reads), name="reader", daemon=True)
    reader.start()
    write(connection, writes)
    connection.raw.close()
    if held is not None:
        held.close()


if __name__ == "__main__":
    main()
