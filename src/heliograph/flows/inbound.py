"""Inbound messages find their owner, and are pushed to its URL or wait to be pulled.

Rule 1: what the SMSC was answered for is stored; here it is only given on, and a crash leaves it to the next round.
Rule 2: what nobody owns is looked at again whenever owners have changed, as long as it is kept: who is given its number
gets it. Until then it costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from heliograph.accounts.owner import Owner, Register, choose
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
SWEEPS_EVERY = 60.0  # seconds between two looks whether owners have changed
SLICE = 200  # messages


class Owners(Protocol):
    """Knows whose inbound messages are."""

    async def load(self) -> None:
        """What was changed before holds from now on. Raises StoreUnavailable."""

    @property
    def owners(self) -> Register:
        """Who owns which messages."""


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
        self._swept_at: float | None = None
        self._swept: Register | None = None  # by which all that nobody owns was looked at
        self._stopping = False

    async def run(self) -> None:
        """Go round until `stop`."""
        while not self._stopping:
            try:
                while await self._round():
                    pass
                await self._sweep()
            except StoreUnavailable as error:
                LOG.warning("inbound messages wait for the store", problem=str(error))
            await self._clock.wait(self.wake, LOOKS_EVERY)
            self.wake.clear()

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping = True
        self.wake.set()

    async def _round(self) -> bool:
        """Look at a slice of what is new; whether there is more."""
        found = [] if self._stopping else await self._store.unowned(0, SLICE, looked=False)
        if not found:
            return False
        await self._load()
        owners = self._owners.owners
        if owners != self._swept:
            self._swept = None  # they may change back before the next sweep, which has to see what is left now
        owned, left = _match(found, owners)
        await self._give(owned, left)
        if left:
            LOG.warning("no account owns the numbers of inbound messages", messages=len(left))
            self._watch.unowned(len(left))
        return len(found) == SLICE

    async def _sweep(self) -> None:
        """Look again at all that nobody owns, once owners have changed."""
        at = self._clock.monotonic()
        if self._swept_at is not None and at - self._swept_at < SWEEPS_EVERY:
            return
        await self._load()
        owners, after = self._owners.owners, 0
        while self._swept != owners and not self._stopping:
            found = await self._store.unowned(after, SLICE, looked=True)
            if not found:
                self._swept = owners
                break
            owned, _ = _match(found, owners)
            if owned:
                await self._give(owned, [])
            after = found[-1].id
        self._swept_at = at

    async def _load(self) -> None:
        at = self._clock.monotonic()
        if self._loaded_at is None or at - self._loaded_at >= FRESH:
            await self._owners.load()
            self._loaded_at = at

    async def _give(self, owned: list[Owned], left: list[int]) -> None:
        await self._store.own(owned, left, self._clock.now())
        if any(one.webhook is not None for one in owned):
            self._told()


def _match(found: Sequence[Unowned], owners: Register) -> tuple[list[Owned], list[int]]:
    """What has an owner, and the ids of what has none."""
    owned, left = [], []
    for one in found:
        owner = choose(owners, one.recipient, decode(one.body, one.data_coding, one.esm_class) or "")
        if owner is None:
            left.append(one.id)
        else:
            owned.append(_owned(one, owner))
    return owned, left


def _owned(one: Unowned, owner: Owner) -> Owned:
    options = Options(notify_url=owner.url, content_type=owner.content_type, shape=INBOUND)
    return Owned(one.id, owner.account, owner.keyword, webhook_of(owner.account, options), ENCODE(options))
