"""A store on disk that two processes may share, and a clock that a test turns."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from heliograph.accounts.gate import Gate
from heliograph.store.interface import Store
from heliograph.store.sqlite import SqliteEngine

BEGIN = 1_790_000_000_000


@dataclass
class Scene:
    """`store` is the gateway's, `other` another process's on the same file."""

    store: Store
    other: Store
    gate: Gate
    now: int = BEGIN


@pytest.fixture
def scene(tmp_path: Path) -> Callable[[Callable[[Scene], Awaitable[Any]]], Any]:
    def run(body: Callable[[Scene], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            path = str(tmp_path / "heliograph.db")
            store = Store(await SqliteEngine.open(path, exclusive=True))
            other = Store(await SqliteEngine.open(path, exclusive=False))
            one = Scene(store, other, Gate(store, lambda: one.now))
            await one.gate.load()
            try:
                return await body(one)
            finally:
                await other.close()
                await store.close()

        return asyncio.run(inside())

    return run
