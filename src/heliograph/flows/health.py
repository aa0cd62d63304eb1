"""How the gateway is: whether it lives, whether it can accept and store, and its figures."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from heliograph.clock import Clock
from heliograph.observe import Watch, render_metrics
from heliograph.smsc.pool import Pool
from heliograph.store.errors import EpochEnded, StoreUnavailable
from heliograph.store.interface import Store

ANSWERS_WITHIN = 5.0  # seconds that the store may take


class Health:
    """Asked without a key, by whoever watches over the process."""

    def __init__(self, store: Store, pool: Pool, watch: Watch, clock: Clock, epoch: int) -> None:
        self._store = store
        self._pool = pool
        self._watch = watch
        self._clock = clock
        self._epoch = epoch

    def live(self) -> dict[str, Any]:
        """The process answers."""
        return {"status": "up", "version": version("heliograph")}

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether the store answers: seen by a look, without which nothing is sent, and by a commit. Messages wait for
        links, so those only inform."""
        state: dict[str, Any] = {"store": "up", "links": self._pool.status()}
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._store.check_epoch(self._epoch)
                await self._store.touch(self._epoch, self._clock.now())
        except (StoreUnavailable, EpochEnded, TimeoutError) as error:
            state["store"] = f"unavailable: {error or 'no answer within {ANSWERS_WITHIN:.0f} s'}"
            return False, state
        return True, state

    def metrics(self) -> bytes:
        """Prometheus' text format."""
        return render_metrics(self._watch, self._pool.status)
