"""The SQLite engine with its process: its lock, its durability, a disk that is full, and its sudden end."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest

from heliograph.sms.verdict import Verdict
from heliograph.store import keyring, sqlite, sqlite_worker
from heliograph.store.accepting import DUPLICATE_ID, Acceptance
from heliograph.store.errors import StoreInUse, StoreTooNew, StoreUnavailable, Unstorable
from heliograph.store.finishing import finish
from heliograph.store.idempotency import Kept
from heliograph.store.interface import Store
from heliograph.store.script import Fetch, Row, Script, history_table
from heliograph.store.sqlite import SqliteEngine
from heliograph.store.sqlite_worker import Connection, Writer, lock, migrate
from store.scene import BEGIN, a_message

# A process that says of each request that it is stored, until it is killed.
STORES_FOR_EVER = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from heliograph.store.sqlite import SqliteEngine
from heliograph.store.interface import Store
from heliograph.store.accepting import DUPLICATE_ID, Acceptance
from store.scene import a_message

async def store(store, first, step):
    key = first
    while True:
        messages = [a_message(key + n, public_id=str(key + n)) for n in range(3)]
        await store.accept(Acceptance(1, 9, "", None, messages))
        print(*[message.key for message in messages], flush=True)
        key += step

async def main():
    one = Store(await SqliteEngine.open(sys.argv[1], exclusive=True))
    await asyncio.gather(*[store(one, 1 + n * 10, 100) for n in range(8)])

asyncio.run(main())
"""


def an_acceptance(*keys: int) -> Acceptance:
    return Acceptance(1, 1_000_000, "", None, [a_message(key, body=b"x" * 4000) for key in keys])


def play(path: Path, body: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(await SqliteEngine.open(str(path), exclusive=True))
        try:
            await body(store)
        finally:
            async with asyncio.timeout(20):
                await store.close()

    asyncio.run(main())


def stored(path: Path) -> set[int]:
    raw = apsw.Connection(str(path))
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = {key for (key,) in raw.execute("SELECT key FROM message")}
    raw.close()
    return found


def test_a_folder_is_made_for_the_file(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await store.accept(an_acceptance(1))

    path = tmp_path / "a" / "b" / "heliograph.db"
    play(path, body)

    assert stored(path) == {1}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def body(store: Store) -> None: ...

    with pytest.raises(StoreUnavailable, match="file/heliograph"):
        play(tmp_path / "file" / "heliograph.db", body)


def test_a_second_process_that_serves_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_worker, "LOCK_WITHIN", 0.0)
    path = str(tmp_path / "heliograph.db")
    held = lock(path)

    with pytest.raises(StoreInUse, match=r"another process serves from .*heliograph\.db: stop it first"):
        lock(path)
    held.close()
    lock(path).close()


def test_another_process_may_make_accounts_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"

    async def body(store: Store) -> None:
        other = Store(await SqliteEngine.open(str(path), exclusive=False))
        made = [other.alone(keyring.add_account, n, f"name {n}", BEGIN) for n in range(1, 40)]
        accepted = [store.accept(an_acceptance(n)) for n in range(1, 40)]
        results = await asyncio.gather(*made, *accepted)
        await other.close()

        assert results == [True] * 39 + [Kept()] * 39
        assert len((await store.load_keyring()).accounts) == 39

    play(path, body)


def test_a_commit_waits_for_another_process_that_writes(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"

    async def body(store: Store) -> None:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        accepted = asyncio.ensure_future(store.accept(an_acceptance(1)))
        looked = await store.peek(BEGIN, 10)
        assert not accepted.done()
        assert looked.candidates == []
        other.execute("COMMIT")
        other.close()

        assert await accepted == Kept()

    play(path, body)


def test_commits_survive_power_loss(tmp_path: Path) -> None:
    connection = Connection(str(tmp_path / "heliograph.db"))

    assert connection.raw.pragma("journal_mode") == "wal"
    assert connection.raw.pragma("synchronous") == 2  # FULL
    connection.raw.close()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA user_version = 99")
    raw.close()

    async def body(store: Store) -> None: ...

    with pytest.raises(StoreTooNew, match="the store is at version 99, and this program knows"):
        play(path, body)
    raw = apsw.Connection(str(path))
    assert raw.execute("SELECT COUNT(*) FROM sqlite_schema").fetchall() == [(0,)]
    raw.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"
    path.write_bytes(b"this is not a database " * 100)

    async def body(store: Store) -> None: ...

    with pytest.raises(StoreUnavailable, match="not a database"):
        play(path, body)


def test_nothing_is_half_written_when_the_disk_is_full_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"
    connection = Connection(str(path))
    migrate(connection.raw)
    writer = Writer(connection)
    pages = connection.raw.pragma("page_count")
    connection.raw.pragma("max_page_count", pages + 20)

    results = [writer.commit({"accept": [an_acceptance(*range(n, n + 5))]})["accept"][0] for n in range(0, 100, 5)]

    full = [n for n, result in enumerate(results) if isinstance(result, StoreUnavailable)]
    assert full and len(full) < 20
    kept = {n * 5 + m for n in range(20) if n not in full for m in range(5)}
    assert stored(path) == kept

    connection.raw.pragma("max_page_count", 1_000_000)
    again = [writer.commit({"accept": [an_acceptance(*range(n * 5, n * 5 + 5))]})["accept"][0] for n in full]
    assert again == [Kept()] * len(full)
    assert stored(path) == set(range(100))
    connection.raw.close()


def test_a_disk_that_takes_no_more_octets_is_told_and_the_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.db"

    async def body(store: Store) -> None:
        [pid] = [int(child) for child in children() if "sqlite_worker" in words_of(int(child))]
        room = resource.prlimit(pid, resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        outcomes = await asyncio.gather(
            *[store.accept(an_acceptance(n)) for n in range(1, 200)], return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} <= {frozenset, StoreUnavailable}
        outcome = await asyncio.gather(
            *[store.accept(an_acceptance(*range(n, n + 50))) for n in (1000, 1050, 1100)], return_exceptions=True
        )
        assert isinstance(outcome[-1], StoreUnavailable)

        resource.prlimit(pid, resource.RLIMIT_FSIZE, room)
        assert await store.accept(an_acceptance(5000)) == Kept()
        kept = {n for n, outcome in enumerate(outcomes, 1) if outcome == Kept()}
        assert {key for key in stored(path) if key < 1000} == kept

    play(path, body)


def children() -> list[str]:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def words_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_what_cannot_be_sent_to_the_process_fails_alone(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        async with asyncio.timeout(5):
            bad = Acceptance(1, 9, "", None, [a_message(2, sender="\ud800")])
            outcomes = await asyncio.gather(store.accept(an_acceptance(1)), store.accept(bad), return_exceptions=True)
            assert outcomes[0] == Kept()
            assert isinstance(outcomes[1], Unstorable)
            assert await store.accept(an_acceptance(3)) == Kept()

    play(tmp_path / "heliograph.db", body)


def test_a_process_that_does_not_come_to_an_end_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "ENDS_WITHIN", 0.05)

    async def main() -> int:
        store = Store(await SqliteEngine.open(str(tmp_path / "heliograph.db"), exclusive=True))
        await store.accept(an_acceptance(1))
        [pid] = [int(child) for child in children() if "sqlite_worker" in words_of(int(child))]
        os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.ensure_future(store.accept(an_acceptance(2)))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="did not end within"):
            await store.close()
        with pytest.raises(StoreUnavailable):
            await waiting
        return pid

    pid = asyncio.run(main())
    assert not Path(f"/proc/{pid}").exists()


def test_the_end_of_the_process_is_the_end_of_whoever_began_it(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        [pid] = [int(child) for child in children() if "sqlite_worker" in words_of(int(child))]
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(RuntimeError, match="ended by itself"):
            await store.watch()
        with pytest.raises(StoreUnavailable):
            await store.accept(an_acceptance(1))
        with pytest.raises(StoreUnavailable):
            await store.peek(BEGIN, 1)

    play(tmp_path / "heliograph.db", body)


@pytest.mark.parametrize("seconds", [0.1, 0.4])
def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "heliograph.db"
    words = [sys.executable, "-c", STORES_FOR_EVER, str(path), str(Path(__file__).parents[1])]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = [child.stdout.readline()]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        said.append(child.stdout.readline())
    child.kill()
    said += child.stdout.read().split("\n")[:-1]
    child.stdout.close()
    child.wait()

    async def body(store: Store) -> None:
        known = [Acceptance(1, 9, "", None, [a_message(key + 10**9, public_id=str(key))]) for key in promised]
        assert await asyncio.gather(*[store.accept(one) for one in known]) == [
            Kept({m.key: DUPLICATE_ID}) for a in known for m in a.messages
        ]

    promised = {int(key) for line in said for key in line.split()}
    play(path, body)  # the lock is free again once the last commit of the killed one is through
    assert promised
    found = stored(path)
    assert promised <= found
    assert all({key, key + 1, key + 2} <= found for key in found if key % 10 == 1)  # requests are whole


def test_a_look_sees_one_state_of_the_file_whatever_is_dropped_meanwhile(tmp_path: Path) -> None:
    path = str(tmp_path / "heliograph.db")
    writer = Connection(path)
    migrate(writer.raw)
    writer.drive(finish([Verdict(1, 5, 0, None, BEGIN)], BEGIN))
    reader = Connection(path)

    def script() -> Script[list[Row]]:
        [[day]] = yield Fetch("history_days")
        writer.raw.execute(f"DROP TABLE {history_table(day)}")
        rows: list[Row] = yield Fetch("told_history", [(1,)], day=day)
        return rows

    assert reader.look(script()) == []
    assert not reader.raw.in_transaction
    with pytest.raises(apsw.SQLError, match="no such table"):
        reader.look(script())
