"""What is due later, by the hundred: one timer for all that falls into the same few milliseconds, not one a message."""

import asyncio
from collections.abc import Callable
from typing import Any

WIDTH = 0.005  # seconds

Sink = Callable[[list[Any]], None]


class Buckets:
    """Lists of items, each handed to its sink when its time has come: never before, at most WIDTH seconds after."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, dict[Sink, list[Any]]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def add(self, due: float, sink: Sink, items: list[Any]) -> None:
        """Hand these items to the sink at `due`, seconds on the loop's clock; what is due already goes at once."""
        if due <= self._loop.time():
            sink(items)
            return
        number = int(due / WIDTH) + 1
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = {}
            self._timers[number] = self._loop.call_at(number * WIDTH, self._empty, number)
        waiting = bucket.get(sink)
        if waiting is None:
            bucket[sink] = items
        else:
            waiting += items

    def empty(self) -> None:
        """Hand over everything now."""
        for number in sorted(self._buckets):
            self._timers[number].cancel()
            self._empty(number)

    def _empty(self, number: int) -> None:
        del self._timers[number]
        for sink, items in self._buckets.pop(number).items():
            sink(items)
