"""Short links are followed: where they lead, and that somebody went there.

Rule 1: whoever follows a link is not kept waiting: he waits for the commit of his click for WAITS and no longer, and is
let through whatever comes of it. A click is told only once it is committed.
Rule 2: what strangers can do is bounded: one link gives one click a second, and MOST_WAITING may wait for the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from heliograph.clock import Clock
from heliograph.flows.accept import webhook_of
from heliograph.flows.intake import in_time
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.sms.short_link import is_code
from heliograph.store.errors import StoreUnavailable
from heliograph.store.following import REPEATED, ShortLink, to_push
from heliograph.store.interface import Store

LOG = structlog.get_logger(__name__)
WAITS = 1.0  # seconds
MOST_WAITING = 1000  # clicks


class Follower:
    """`told` is called when clicks are to be pushed; links are kept for `keep` milliseconds; `seconds`: how long the
    store may take to find one."""

    def __init__(
        self,
        store: Store,
        keys: KeyMaker,
        clock: Clock,
        watch: Watch,
        told: Callable[[], None],
        *,
        keep: int,
        seconds: float,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._watch = watch
        self._told = told
        self._keep = keep
        self._seconds = seconds
        self._waiting = 0

    async def find(self, code: str) -> str | None:
        """The URL of a code; None: there is none, or none any more. Raises Overloaded: the store does not answer."""
        link = await self._find(code)
        return None if link is None else link.url

    async def follow(self, code: str) -> str | None:
        """The same, by somebody who goes there. Raises Overloaded, before anything is stored."""
        link = await self._find(code)
        if link is None:
            return None
        self._watch.followed()
        now = self._clock.now()
        if link.options is not None and (link.clicked_at is None or now - link.clicked_at >= REPEATED):
            await self._click(code, link, now)
        return link.url

    async def _find(self, code: str) -> ShortLink | None:
        if not is_code(code):
            return None
        async with in_time(self._seconds):
            link = await self._store.find_short_link(code)
        return link if link is not None and self._clock.now() - self._keep <= link.since else None

    async def _click(self, code: str, link: ShortLink, now: int) -> None:
        assert link.options is not None
        if self._waiting >= MOST_WAITING:
            self._watch.lost_click()
            return
        webhook = webhook_of(link.account, to_push(link.options))
        assert webhook, "a click without a URL to push it to is not told, and never comes here"
        done = asyncio.Event()
        future = self._store.click(code, self._keys.make(now), webhook, now)
        self._waiting += 1
        future.add_done_callback(self._stored)
        future.add_done_callback(lambda _: done.set())
        await self._clock.wait(done, WAITS)

    def _stored(self, future: asyncio.Future[bool]) -> None:
        """The commit has come, or will not."""
        self._waiting -= 1
        error = future.exception()
        if error is None:
            if future.result():
                self._watch.clicked()
                self._told()
            return
        self._watch.lost_click()
        if not isinstance(error, StoreUnavailable):
            raise error
        LOG.warning("a click was not stored", problem=str(error))
