"""What customers wait for: bounded in number and octets, and answered in time also where the store does not answer.

Rule 1: a request that would be one too many is refused at once, and nothing of it is stored.
Rule 2: what has waited too long is taken back. What had left for the disk by then cannot be: nobody knows about it.
Rule 3: one look a second over all that waits; no request has a clock of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import takewhile
from typing import Any, TypeVar

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.flows.errors import Overloaded, Unconfirmed
from heliograph.store.accepting import Acceptance
from heliograph.store.errors import NotStored, StoreUnavailable
from heliograph.store.idempotency import Kept
from heliograph.store.interface import Store
from heliograph.store.script import Script

T = TypeVar("T")
LOG = structlog.get_logger(__name__)
LOOKS_EVERY = 1.0  # seconds
RETRY_AFTER = 5  # seconds


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Around looks, which change nothing. Raises Overloaded where the store does not answer in time."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, StoreUnavailable) as error:
        raise Overloaded("the message store does not answer", RETRY_AFTER) from error


class Bounds(msgspec.Struct, frozen=True):
    """How long a customer waits for a commit, and how much may wait for it together."""

    seconds: float = 7.0
    messages: int = 100_000
    octets: int = 128 * 1024 * 1024  # of bodies and options, of each message anew


class Intake:
    """Between those who answer customers and the store. `run` looks round until `stop`."""

    def __init__(self, store: Store, clock: Clock, bounds: Bounds) -> None:
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self.seconds = bounds.seconds
        self._since: dict[asyncio.Future[object], float] = {}  # what waits, in the order in which it came
        self._messages = 0
        self._octets = 0
        self._stop = asyncio.Event()

    async def accept(self, acceptance: Acceptance) -> Kept:
        """Store a request; what was not stored of it. Raises as `answer`."""
        messages = len(acceptance.messages) + len(acceptance.refused)
        octets = sum([len(m.body) + len(m.options) for m in acceptance.messages])
        octets += sum([len(r.body) + len(r.options) for r in acceptance.refused])
        octets += 0 if acceptance.memo is None else len(acceptance.memo.answer)
        bounds = self._bounds
        # What is larger than the bound goes when nothing else waits, or it would be refused for ever.
        if self._messages and (self._messages + messages > bounds.messages or self._octets + octets > bounds.octets):
            raise Overloaded("too much waits for the message store", RETRY_AFTER)
        self._messages += messages
        self._octets += octets
        try:
            return await self.answer(self._store.accept(acceptance))
        finally:
            self._messages -= messages
            self._octets -= octets

    async def answer(self, future: asyncio.Future[T]) -> T:
        """What comes of something that a commit is to do.

        Raises Overloaded where it was not done and will not be, and Unconfirmed where nobody knows.
        """
        self._since[future] = self._clock.monotonic()  # type: ignore[index]
        try:
            return await future
        except NotStored as error:
            raise Overloaded("the message store is not available", RETRY_AFTER) from error
        except StoreUnavailable as error:
            raise Unconfirmed("the message store did not say what came of it", RETRY_AFTER) from error
        finally:
            del self._since[future]  # type: ignore[arg-type]

    async def look(self, script: Callable[..., Script[T]], *arguments: Any) -> T:
        """Run a reading script. Raises Overloaded where the store does not answer in time."""
        async with in_time(self.seconds):
            return await self._store.look(script, *arguments)

    async def run(self) -> None:
        """Give up what waits for too long, until `stop`."""
        while not self._stop.is_set():
            await self._clock.wait(self._stop, LOOKS_EVERY)
            late = self._late(self._clock.monotonic() - self._bounds.seconds)
            if late:
                LOG.warning("the message store does not answer", requests=len(late))
                self._store.give_up(late)

    def _late(self, before: float) -> list[asyncio.Future[object]]:
        """What has waited since `before`, or for longer."""
        return [future for future, _ in takewhile(lambda one: one[1] <= before, self._since.items())]

    def stop(self) -> None:
        """Look round no more."""
        self._stop.set()
