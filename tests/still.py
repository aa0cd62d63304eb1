"""A clock that stands still until a test turns it, and a wait for what other tasks bring about."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
BEGIN = 1_790_078_400_000  # 2026-09-22T12:00:00Z, a Tuesday
WITHIN = 10.0  # seconds that anything may take on a busy machine


class StillClock:
    """A `heliograph.clock.Clock`; who waits on it waits for his event, or for `turn`."""

    def __init__(self, now: int = BEGIN) -> None:
        self._now = now
        self._seconds = 1000.0
        self.waited = 0  # how often somebody began to wait
        self._waits: dict[asyncio.Timeout, float] = {}  # until when, in seconds

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as waiting:
                self.waited += 1
                self._waits[waiting] = self._seconds + seconds
                self._ring(waiting)
                try:
                    await event.wait()
                finally:
                    del self._waits[waiting]

    @property
    def waits(self) -> list[float]:
        """How many seconds each of those who wait has left, the shortest first."""
        return sorted(until - self._seconds for until in self._waits.values())

    def turn(self, seconds: float) -> None:
        """So much time passes now."""
        self._now += round(seconds * 1000)
        self._seconds += seconds
        for waiting in list(self._waits):
            self._ring(waiting)

    def _ring(self, waiting: asyncio.Timeout) -> None:
        if self._waits[waiting] <= self._seconds and not waiting.expired():
            waiting.reschedule(asyncio.get_running_loop().time())


async def until(condition: Callable[[], T]) -> T:
    """Wait until the condition gives something true, which is the result. AssertionError when it never does."""
    end = time.monotonic() + WITHIN
    while not (found := condition()):
        assert time.monotonic() < end, f"line {condition.__code__.co_firstlineno}: not in {WITHIN} s"
        await asyncio.sleep(0.001)
    return found
