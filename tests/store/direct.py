"""The SQLite engine without its process: the same writer, reader and frames, called where the process would be.

What a process adds (its start, its end, its lock) is in `test_sqlite.py`; all else takes a tenth of the time here.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from heliograph.store.frames import decode_group, decode_results, encode_group, encode_results
from heliograph.store.group import Gathering, keep
from heliograph.store.script import Script
from heliograph.store.sqlite_worker import Connection, Writer, migrate

T = TypeVar("T")


class Direct:
    """An engine on one file."""

    def __init__(self, path: str) -> None:
        self._connection = Connection(path)
        migrate(self._connection.raw)
        self._reader = Connection(path)
        self._writer = Writer(self._connection)
        self._gathering = Gathering()
        self._soon = False

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Do `item` in the next commit: at the end of this turn of the loop."""
        future = self._gathering.put(kind, item)
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self.commit)
        return future

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Nobody waits for these any longer."""
        self._gathering.give_up(futures)

    def commit(self) -> None:
        """Commit what has gathered."""
        self._soon = False
        while group := self._gathering.take():
            frame = encode_group({kind: [w.item for w in waiting] for kind, waiting in group.items()})
            keep(group, decode_results(encode_results(self._writer.commit(decode_group(frame)))))

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """Run a script that only fetches."""
        asked: Callable[[], Script[T]] = pickle.loads(pickle.dumps(script))
        [found] = decode_results(encode_results({"read": [self._reader.drive(asked())]}))["read"]
        return found  # type: ignore[no-any-return]

    async def watch(self) -> None:
        """There is no process that could end."""

    async def close(self) -> None:
        """Commit what waits, and let go of the file."""
        self.commit()
        self._reader.raw.close()
        self._connection.raw.close()
