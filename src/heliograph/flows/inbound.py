"""Inbound messages find their owner, and are pushed to its URL or wait to be pulled.

Rule 1: what the SMSC was answered for is stored; here it is only given on, and a crash leaves it to the next round.
Rule 2: a message that nobody owns is looked at again every AGAIN, as long as it is kept: who gets its number gets it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from heliograph.accounts.owner import Owner
from heliograph.clock import Clock
from heliograph.flows.accept import webhook_of
from heliograph.observe import Watch
from heliograph.sms.message import INBOUND, Options
from heliograph.sms.text import decode
from heliograph.store.errors import StoreUnavailable
from heliograph.store.inbound import Owned, Unowned
from heliograph.store.interface import Store

LOG = structlog.get_logger(__name__)
ENCODE = msgspec.msgpack.Encoder().encode
LOOKS_EVERY = 5.0  # seconds between two looks when nothing wakes us
FRESH = 1.0  # seconds for which what was copied of the accounts is good
SLICE = 200  # messages
AGAIN = 60_000  # milliseconds


class Owners(Protocol):
    """Knows whose an inbound message is."""

    async def load(self) -> None:
        """What was changed before holds from now on. Raises StoreUnavailable."""

    def owner_of(self, recipient: str, text: str) -> Owner | None:
        """The owner of a message to this number with this text; None: nobody."""


class Assigner:
    """Gives messages to their owners. `wake` is set when there may be some; `told` is called when some are to be
    pushed."""

    def __init__(self, store: Store, owners: Owners, clock: Clock, watch: Watch, told: Callable[[], None]) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._owners = owners
        self._clock = clock
        self._watch = watch
        self._told = told
        self._loaded_at: float | None = None
        self._stopping = False

    async def run(self) -> None:
        """Go round until `stop`."""
        while not self._stopping:
            try:
                while await self._round():
                    pass
            except StoreUnavailable as error:
                LOG.warning("inbound messages wait for the store", problem=str(error))
            await self._clock.wait(self.wake, LOOKS_EVERY)
            self.wake.clear()

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping = True
        self.wake.set()

    async def _round(self) -> bool:
        """Look at a slice; whether there is more."""
        now = self._clock.now()
        found = [] if self._stopping else await self._store.unowned(now, SLICE)
        if not found:
            return False
        await self._load()
        owners = [(one, self._owner_of(one)) for one in found]
        owned = [_owned(one, owner) for one, owner in owners if owner is not None]
        left = [one for one, owner in owners if owner is None]
        await self._store.own(owned, [one.id for one in left], now, now + AGAIN)
        if any(one.webhook is not None for one in owned):
            self._told()
        new = sum(one.due == 0 for one in left)
        if new:
            LOG.warning("no account owns the numbers of inbound messages", messages=new)
            self._watch.unowned(new)
        return len(found) == SLICE

    async def _load(self) -> None:
        at = self._clock.monotonic()
        if self._loaded_at is None or at - self._loaded_at >= FRESH:
            await self._owners.load()
            self._loaded_at = at

    def _owner_of(self, one: Unowned) -> Owner | None:
        return self._owners.owner_of(one.recipient, decode(one.body, one.data_coding, one.esm_class) or "")


def _owned(one: Unowned, owner: Owner) -> Owned:
    options = Options(notify_url=owner.url, content_type=owner.content_type, shape=INBOUND)
    return Owned(one.id, owner.account, owner.keyword, webhook_of(owner.account, options), ENCODE(options))
