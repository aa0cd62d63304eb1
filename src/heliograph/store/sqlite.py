"""The default engine: one SQLite file, in a process of its own, so that the disk and SQL cost the event loop nothing.

Rule 1: two groups are on their way at a time, one being committed; what comes meanwhile gathers, and goes together.
Rule 2: commits survive power loss (`store.sqlite_worker`: WAL, synchronous=FULL).
Rule 3: should that process end before it is told to, so does this one: the tables know what to do next.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar, cast

from heliograph.store.errors import NotStored, StoreUnavailable, Unstorable
from heliograph.store.frames import LENGTH, UNWRITABLE, decode_results, encode_group
from heliograph.store.group import Gathering, Group, fail, keep, keep_one
from heliograph.store.script import Script

T = TypeVar("T")
ON_THEIR_WAY = 2  # groups: one is committed, the next waits there, so that neither process waits for the other
ENDS_WITHIN = 30.0  # seconds that the last commit and the checkpoint may take


class Channel(asyncio.Protocol):
    """One of the two connections to the worker; answers come in the order of what was asked."""

    def __init__(self, answered: Callable[[dict[str, list[Any]]], None], ended: Callable[[], None]) -> None:
        self._answered = answered
        self._ended = ended
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[LENGTH.size : end])
            del self._buffer[:end]
            self._answered(decode_results(frame))

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()

    def send(self, content: bytes) -> None:
        """Ask."""
        assert self._transport is not None
        self._transport.write(LENGTH.pack(len(content)) + content)

    def close(self) -> None:
        """Ask nothing more."""
        if self._transport is not None:
            self._transport.close()


class SqliteEngine:
    """Made by `open`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._gathering = Gathering()
        self._on_their_way: deque[Group] = deque()
        self._scheduled = False
        self._reads: deque[asyncio.Future[Any]] = deque()
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[int] = self._loop.create_future()
        self._idle = asyncio.Event()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._writes = Channel(self._written, self._lost)
        self._reader = Channel(self._read, self._lost)

    @classmethod
    async def open(cls, path: str, *, exclusive: bool) -> SqliteEngine:
        """Begin the worker; `path` is created, with its folder, where it is missing. `exclusive`: to serve from it.

        Raises StoreInUse, StoreTooNew, StoreUnavailable.
        """
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{path}: {error}") from error
        pairs = [socket.socketpair(), socket.socketpair()]
        theirs = [pair[1].fileno() for pair in pairs]
        command = [sys.executable, "-m", "heliograph.store.sqlite_worker", path, str(int(exclusive)), *map(str, theirs)]
        engine = cls(subprocess.Popen(command, pass_fds=theirs, stdin=subprocess.DEVNULL))  # noqa: ASYNC220 - once
        for pair, channel in zip(pairs, (engine._writes, engine._reader), strict=True):
            pair[1].close()
            pair[0].setblocking(False)
            await engine._loop.create_unix_connection(lambda channel=channel: channel, sock=pair[0])  # type: ignore[misc]
        try:
            await engine._opened
        except BaseException:
            await engine.close()
            raise
        return engine

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Do `item` in the next commit, with all others of its kind."""
        future = self._gathering.put(kind, item)
        self._schedule()
        return future

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Nobody waits for these any longer."""
        self._gathering.give_up(futures)

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """Run a script that only fetches, on what is committed. Raises StoreUnavailable."""
        if self._ended.done():
            raise StoreUnavailable("the store has ended")
        future: asyncio.Future[T] = self._loop.create_future()
        self._reads.append(future)
        self._reader.send(pickle.dumps(script))
        return await future

    async def watch(self) -> None:
        """Until the worker ends; raises when it was not told to."""
        await asyncio.shield(self._ended)
        if not self._closing:
            raise RuntimeError(f"the process of the store ended by itself: {self._process.wait()}")

    async def close(self) -> None:
        """Commit what waits, and end the worker. Raises StoreUnavailable where it is killed, after ENDS_WITHIN."""
        self._closing = True
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                while (self._scheduled or self._on_their_way) and not self._ended.done():
                    self._idle.clear()
                    await self._idle.wait()
            self._writes.close()
            self._reader.close()
            await self._loop.run_in_executor(None, self._process.wait, ENDS_WITHIN)
        except (TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
            self._writes.close()
            self._reader.close()
            raise StoreUnavailable(f"the process of the store did not end within {ENDS_WITHIN:.0f} s") from None

    def _schedule(self) -> None:
        """Send at the end of this turn of the loop, so that all that one read brought goes together."""
        if not self._scheduled and len(self._on_their_way) < ON_THEIR_WAY:
            self._scheduled = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._scheduled = False
        group = self._gathering.take()
        if not group:
            self._idle.set()
        elif self._ended.done():
            fail(group, NotStored("the store has ended"))
            self._schedule()
        else:
            group, content = _encode(group)
            if group:
                self._on_their_way.append(group)
                self._writes.send(content)
            else:
                self._schedule()

    def _written(self, results: dict[str, list[Any]]) -> None:
        if "open" in results:
            [opened] = results["open"]
            keep_one(self._opened, opened)
            return
        keep(self._on_their_way.popleft(), results)
        self._schedule()

    def _read(self, results: dict[str, list[Any]]) -> None:
        [result] = results["read"]
        keep_one(self._reads.popleft(), result)

    def _lost(self) -> None:
        if self._ended.done():
            return
        self._ended.set_result(None)
        error = StoreUnavailable("the process of the store has ended")
        keep_one(self._opened, error)
        while self._on_their_way:
            fail(self._on_their_way.popleft(), error)
        while group := self._gathering.take():
            fail(group, NotStored("the process of the store has ended"))
        while self._reads:
            keep_one(self._reads.popleft(), error)
        self._idle.set()


def _encode(group: Group) -> tuple[Group, bytes]:
    """The group as it goes to the worker, without the items that cannot: those are told so, and hurt no other."""
    try:
        return group, encode_group({kind: [w.item for w in waiting] for kind, waiting in group.items()})
    except Exception:
        sound: Group = {}
        for kind, waiting in group.items():
            for one in waiting:
                try:
                    encode_group({kind: [one.item]})
                    sound.setdefault(kind, []).append(one)
                except UNWRITABLE as error:
                    fail({kind: [one]}, Unstorable(type(error).__name__))
                except Exception as error:  # whoever waits for this item is told
                    fail({kind: [one]}, error)
        return sound, encode_group({kind: [w.item for w in waiting] for kind, waiting in sound.items()})
