"""Tokens that stand for a login until they expire: sessions for `IBSSO`, access tokens for `Bearer`.

Rule 1: the store is the truth. A token that was looked up is known for a second; all who ask meanwhile share the look.
Rule 2: what was closed in this process opens nothing from then on, whatever looks were on their way.
Rule 3: only digests are kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from heliograph.store import token
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.token import TokenKind, TokenRow

LOG: Final = structlog.get_logger(__name__)
Found = dict[bytes, TokenRow]
KNOWN_MS: Final = 1_000
KNOWN_MOST: Final = 10_000
ASKED_MOST: Final = 10_000  # of one look
ASKS_FOR: Final = 1.0  # seconds: a store that takes longer cannot be asked


class Known(msgspec.Struct, frozen=True, gc=False):
    """A token as it was at an instant."""

    row: TokenRow
    at: int


class Tokens:
    """Makes, finds and closes tokens. `now` gives UTC milliseconds."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._known: dict[bytes, Known] = {}
        self._asked: set[bytes] = set()
        self._planned: asyncio.Task[Found] | None = None
        self._running: asyncio.Task[Found] | None = None
        self._closed = 0

    async def make(
        self, kind: TokenKind, account: int, *, api_key: int | None, password: str | None, expires_at: int
    ) -> str:
        """A new token of 256 random bits, which is kept when this returns. Raises StoreUnavailable."""
        text = secrets.token_urlsafe(32)
        row = TokenRow(digest_of(text), kind, account, api_key, password, expires_at)
        await self._store.alone(token.add_token, row)
        return text

    async def find(self, kind: TokenKind, text: str) -> TokenRow | None:
        """A token that has not expired; None: there is none. Raises StoreUnavailable where it is not known."""
        digest = digest_of(text)
        known = self._known.get(digest)
        if known is None or not 0 <= self._now() - known.at < KNOWN_MS:
            row = await self._look(digest, known)
        else:
            row = known.row
        return row if row is not None and row.kind == kind and self._now() < row.expires_at else None

    async def close(self, kind: TokenKind, text: str) -> bool:
        """Shut a token out; False: there was none. Raises StoreUnavailable."""
        digest = digest_of(text)
        gone = await self._store.alone(token.close_token, digest, kind)
        self._closed += 1
        self._known.pop(digest, None)
        return gone

    async def _look(self, digest: bytes, known: Known | None) -> TokenRow | None:
        """The token as the store has it now; where the store cannot be asked, as it was known."""
        try:
            look = self._plan(digest)
            await asyncio.wait((look,), timeout=ASKS_FOR)
            if not look.done():
                raise StoreUnavailable("the store does not answer")
            return look.result().get(digest)
        except StoreUnavailable:
            if known is None or digest not in self._known:  # never seen, or closed meanwhile
                raise
            return known.row

    def _plan(self, digest: bytes) -> asyncio.Task[Found]:
        """The next look, which has not begun yet, and is for this token too."""
        if self._planned is None:
            self._planned = asyncio.create_task(self._look_up(self._running), name="tokens")
            self._planned.add_done_callback(self._looked)
        elif len(self._asked) >= ASKED_MOST:
            raise StoreUnavailable("more tokens wait to be looked up than can be")
        self._asked.add(digest)
        return self._planned

    async def _look_up(self, before: asyncio.Task[Found] | None) -> Found:
        """Look for all that were asked for, after the look that is on its way."""
        if before is not None:
            await asyncio.wait((before,))
        self._planned, self._running = None, self._planned
        asked, self._asked = self._asked, set()
        at, closed = self._now(), self._closed
        found = await self._store.look(token.find_tokens, list(asked))
        for digest in asked:
            self._known.pop(digest, None)
            if digest in found and closed == self._closed:
                self._remember(Known(found[digest], at))
        return found

    def _looked(self, look: asyncio.Task[Found]) -> None:
        self._running = None if self._running is look else self._running
        self._planned = None if self._planned is look else self._planned
        problem = None if look.cancelled() else look.exception()
        if problem is not None:
            LOG.warning("tokens not looked up", error=type(problem).__name__)

    def _remember(self, known: Known) -> None:
        while len(self._known) >= KNOWN_MOST:
            del self._known[next(iter(self._known))]
        self._known[known.row.digest] = known


def digest_of(text: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(text.encode(errors="replace")).digest()
