"""The gate's copy of all accounts and keys.

Rule 1: the store is the truth and this a copy of it. A copy older than a second is renewed in passing, one older than
two seconds before anybody is let in: a key that was revoked elsewhere opens for two seconds at most.
Rule 2: nobody is turned away by a copy that is older than the request; such looks into the store are a fifth of a
second apart, and all who wait share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from heliograph.accounts import owner, scopes, settings
from heliograph.accounts.settings import Settings
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.keyring import AccountRow, Keyring

LOG: Final = structlog.get_logger(__name__)
# Ages of the copy, in milliseconds.
ANOTHER_LOOK: Final = 200
STALE: Final = 1_000
TOO_OLD: Final = 2_000
ASKS_FOR: Final = 1.0  # seconds: a store that takes longer cannot be asked
FOR_EVER: Final = 1 << 63  # later than any instant


class Account(msgspec.Struct, frozen=True, gc=False):
    """A customer who has come in, as the flows need it."""

    id: int
    name: str
    settings: Settings = settings.DEFAULTS
    scopes: frozenset[str] | None = None  # for `scopes.allows`; None: all but admin
    blocks: bool = False  # it has blocked a recipient or a sender


class Key(msgspec.Struct, frozen=True, gc=False):
    """A key that is not revoked, whom it lets in, and until when (UTC milliseconds)."""

    id: int
    digest: bytes
    account: Account
    until: int


class Login(msgspec.Struct, frozen=True, gc=False):
    """Whom the password that has this argon2 digest lets in; None: no password does."""

    password: str | None
    account: Account


class Ring:
    """The copy; `now` gives UTC milliseconds."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self.keys: dict[bytes, Key] = {}  # by digest
        self.keys_by_id: dict[int, Key] = {}
        self.logins: dict[str, Login] = {}  # by name
        self.logins_by_id: dict[int, Login] = {}
        self.owners: owner.Register = {}  # of inbound messages
        self._loaded_at: int | None = None
        self._looked_at: int | None = None
        self._looks = 0
        self._copied = 0
        self._planned: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Copy all accounts and keys from the store. Raises StoreUnavailable."""
        self._looks += 1
        look, self._looked_at = self._looks, self._now()
        at = self._looked_at
        keyring = await self._store.load_keyring()
        if look > self._copied:  # a slow look never undoes a later one
            self._copied = look
            self.copy(at, keyring)

    def age(self, now: int) -> int:
        """How old the copy is (milliseconds). A clock that was set back tells nothing: then it is too old."""
        if self._loaded_at is None:
            return TOO_OLD
        age = now - self._loaded_at
        return age if age >= 0 else TOO_OLD

    async def freshen(self) -> None:
        """See to it that the copy is renewed when it is stale; wait for that when it is too old.

        Who is known stays so while the store cannot be asked.
        """
        if self.age(self._now()) < STALE:
            return
        look = self._running or self._plan()
        if self.age(self._now()) >= TOO_OLD:
            await asyncio.wait((look,), timeout=ASKS_FOR)

    async def look_anew(self) -> None:
        """Renew the copy by a look that begins from now on. Raises StoreUnavailable."""
        look = self._plan()
        await asyncio.wait((look,), timeout=ASKS_FOR)
        if not look.done():
            raise StoreUnavailable("the store does not answer")
        look.result()

    def copy(self, at: int, keyring: Keyring) -> None:
        """Be a copy of what the store held at an instant (UTC milliseconds)."""
        logins = {row.id: Login(row.password, _account(row)) for row in keyring.accounts}
        # Keys are read after accounts: one of an account that was made in between waits for the next copy.
        self.keys_by_id = {
            row.id: Key(
                row.id,
                row.digest,
                _narrowed(logins[row.account].account, row.scopes),
                FOR_EVER if row.expires_at is None else row.expires_at,
            )
            for row in keyring.keys
            if row.revoked_at is None and row.account in logins
        }
        self.keys = {key.digest: key for key in self.keys_by_id.values()}
        self.logins = {login.account.name: login for login in logins.values()}
        self.logins_by_id = logins
        self.owners = owner.register({id_: login.account.settings for id_, login in logins.items()})
        self._loaded_at = at

    def _plan(self) -> asyncio.Task[None]:
        """The next look into the store, which has not begun yet."""
        if self._planned is None:
            self._planned = asyncio.create_task(self._look(), name="keyring")
            self._planned.add_done_callback(self._looked)
        return self._planned

    async def _look(self) -> None:
        since = ANOTHER_LOOK if self._looked_at is None else self._now() - self._looked_at
        if 0 <= since < ANOTHER_LOOK:
            await asyncio.sleep((ANOTHER_LOOK - since) / 1000)
        self._planned, self._running = None, self._planned
        await self.load()

    def _looked(self, look: asyncio.Task[None]) -> None:
        self._running = None if self._running is look else self._running
        self._planned = None if self._planned is look else self._planned
        problem = None if look.cancelled() else look.exception()
        if problem is not None:
            LOG.warning("keyring not renewed", error=type(problem).__name__)


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.name, settings.load(row.settings), blocks=row.blocks)


def _narrowed(account: Account, granted: str | None) -> Account:
    if granted is None:
        return account
    return msgspec.structs.replace(account, scopes=scopes.parse(granted))
