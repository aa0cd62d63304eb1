"""Who may come in: `App` with a key, `Basic` with a name and a password.

Rule 1: the store is the truth and this a copy of it. A copy older than a second is renewed in passing, one older than
two seconds before anybody is let in: a key that was revoked elsewhere opens for two seconds at most.
Rule 2: nobody is turned away by a copy that is older than the request; such looks into the store are a fifth of a
second apart, and all who wait share one.
Rule 3: passwords and keys are kept nowhere, not even here: only digests of them.
"""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
import structlog

from heliograph.accounts import password
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.keyring import AccountRow, Keyring

LOG: Final = structlog.get_logger(__name__)
# Ages of the copy, in milliseconds.
ANOTHER_LOOK: Final = 200
STALE: Final = 1_000
TOO_OLD: Final = 2_000
ASKS_FOR: Final = 1.0  # seconds: a store that takes longer cannot be asked

VERIFIERS: Final = 2  # argon2 is meant to be expensive: 64 MiB and a core each
WAITING_LIMIT: Final = 64  # passwords that may wait to be verified, a few seconds' work
REMEMBERED_MS: Final = 5 * 60_000
REMEMBERED_MOST: Final = 10_000


class Account(msgspec.Struct, frozen=True, gc=False):
    """A customer, as the flows need it; `on_no_response` is "resend", "hold" or None: as the SMSC says."""

    id: int
    name: str
    default_sender: str | None
    on_no_response: str | None


class TooManyLogins(Exception):
    """More passwords wait to be verified than can be within seconds; come again in `retry_after` whole seconds."""

    retry_after = 1


class Good(msgspec.Struct, frozen=True, gc=False):
    """A login that was verified: against which digest, and how long it need not be verified again."""

    digest: str
    until: int


class Gate:
    """Tells whose request it is. `now` gives UTC milliseconds."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._keys: dict[bytes, tuple[bytes, Account]] = {}
        self._logins: dict[str, tuple[str | None, Account]] = {}
        self._policies: dict[int, str | None] = {}
        self._loaded_at: int | None = None
        self._looked_at: int | None = None
        self._looks = 0
        self._copied = 0
        self._planned: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._pepper = secrets.token_bytes(32)
        self._good: dict[bytes, Good] = {}
        self._verifying: dict[tuple[bytes, str | None], asyncio.Future[bool]] = {}
        self._verifiers = ThreadPoolExecutor(VERIFIERS, thread_name_prefix="password")

    async def load(self) -> None:
        """Copy all accounts and keys from the store. Raises StoreUnavailable."""
        self._looks += 1
        look, self._looked_at = self._looks, self._now()
        at = self._looked_at
        keyring = await self._store.load_keyring()
        if look > self._copied:  # a slow look never undoes a later one
            self._copied = look
            self._copy(at, keyring)

    def policy_of(self, account: int) -> str | None:
        """The account's own on_no_response; None: as the SMSC says."""
        return self._policies.get(account)

    async def authenticate(self, authorization: str | None) -> Account | None:
        """The account that the Authorization header proves; None: it proves none.

        The scheme may be in any case. Raises TooManyLogins, and StoreUnavailable where somebody unknown cannot be
        looked up.
        """
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme == "App" or scheme.lower() == "app":
            return await self._by_key(hashlib.sha256(credentials.strip().encode(errors="replace")).digest())
        if scheme.lower() == "basic":
            return await self._by_password(credentials.strip())
        return None

    async def _by_key(self, digest: bytes) -> Account | None:
        found = self._keys.get(digest)
        if found is None:
            await self._look_anew()
        elif self._age() >= STALE:
            await self._freshen()
        found = self._keys.get(digest)
        return found[1] if found is not None and hmac.compare_digest(found[0], digest) else None

    async def _by_password(self, credentials: str) -> Account | None:
        pair = _decode(credentials)
        if pair is None:
            return None
        mark = hmac.digest(self._pepper, pair, "sha256")
        user, _, secret = pair.partition(b":")
        name = user.decode(errors="replace")
        await self._freshen()
        if self._remembers(mark, name):
            return self._logins[name][1]
        tried = self._digest_of(name)
        account = await self._verify(mark, name, secret)
        if account is None:
            await self._look_anew()
            if self._digest_of(name) != tried:
                return await self._verify(mark, name, secret)
        return account

    async def _verify(self, mark: bytes, name: str, secret: bytes) -> Account | None:
        """The slow way, walked once for all who come with the same login at the same time."""
        digest = self._digest_of(name)
        verdict = self._verifying.get((mark, digest))
        if verdict is None:
            if len(self._verifying) >= WAITING_LIMIT:
                raise TooManyLogins
            verdict = asyncio.get_running_loop().run_in_executor(self._verifiers, password.is_good, digest, secret)
            self._verifying[mark, digest] = verdict
            verdict.add_done_callback(lambda _: self._verifying.pop((mark, digest), None))
        await asyncio.wait((verdict,))
        if not verdict.result() or digest is None:
            return None
        self._remember(mark, digest)
        return self._logins[name][1] if self._remembers(mark, name) else None

    def _digest_of(self, name: str) -> str | None:
        return self._logins[name][0] if name in self._logins else None

    def _remembers(self, mark: bytes, name: str) -> bool:
        good, login = self._good.get(mark), self._logins.get(name)
        return good is not None and login is not None and good.digest == login[0] and self._now() < good.until

    def _remember(self, mark: bytes, digest: str) -> None:
        self._good.pop(mark, None)
        while len(self._good) >= REMEMBERED_MOST:
            del self._good[next(iter(self._good))]
        self._good[mark] = Good(digest, self._now() + REMEMBERED_MS)

    def _age(self) -> int:
        """How old the copy is (milliseconds). A clock that was set back tells nothing: then it is too old."""
        if self._loaded_at is None:
            return TOO_OLD
        age = self._now() - self._loaded_at
        return age if age >= 0 else TOO_OLD

    async def _freshen(self) -> None:
        """See to it that the copy is renewed when it is stale; wait for that when it is too old.

        Who is known stays so while the store cannot be asked.
        """
        if self._age() < STALE:
            return
        look = self._running or self._plan()
        if self._age() >= TOO_OLD:
            await asyncio.wait((look,), timeout=ASKS_FOR)

    async def _look_anew(self) -> None:
        """Renew the copy by a look that begins from now on. Raises StoreUnavailable."""
        look = self._plan()
        await asyncio.wait((look,), timeout=ASKS_FOR)
        if not look.done():
            raise StoreUnavailable("the store does not answer")
        look.result()

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

    def _copy(self, at: int, keyring: Keyring) -> None:
        accounts = {row.id: _account(row) for row in keyring.accounts}
        # Keys are read after accounts: one of an account that was made in between waits for the next copy.
        self._keys = {
            key.digest: (key.digest, accounts[key.account])
            for key in keyring.keys
            if key.revoked_at is None and key.account in accounts
        }
        self._logins = {row.name: (row.password, accounts[row.id]) for row in keyring.accounts}
        self._policies = {row.id: row.on_no_response for row in keyring.accounts}
        self._loaded_at = at


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.name, row.default_sender, row.on_no_response)


def _decode(credentials: str) -> bytes | None:
    """`user:password` as octets (RFC 7617)."""
    try:
        pair = binascii.a2b_base64(credentials.encode())
    except ValueError:
        return None
    return pair if b":" in pair else None
