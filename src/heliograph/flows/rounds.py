"""A part of the gateway that goes round: each time it takes all that has come meanwhile, and commits it together."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod


class Rounds(ABC):
    """`come` is set by whoever brings something."""

    def __init__(self, come: asyncio.Event) -> None:
        self._come = come
        self._stopping = False

    async def run(self) -> None:
        """Go round until `stop`, and then until nothing is left."""
        while True:
            await self._come.wait()
            self._come.clear()
            await self._round()
            if self._stopping and not self._come.is_set():
                return

    def stop(self) -> None:
        """Handle what has come, and end."""
        self._stopping = True
        self._come.set()

    @abstractmethod
    async def _round(self) -> None:
        """Take all that has come, which may be nothing, and handle it."""
