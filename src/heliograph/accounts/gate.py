"""Who may come in: `App` with a key, `Basic` with a name and a password, `IBSSO` and `Bearer` with a token.

Rule 1: what is asked is a copy of the store, which is two seconds old at most (`accounts.ring`, `accounts.token`).
Rule 2: a token opens no more and no longer than the key, or the password, that it was given for.
Rule 3: passwords, keys and tokens are kept nowhere, not even here: only digests of them.
"""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import msgspec

from heliograph.accounts import password
from heliograph.accounts.owner import Register
from heliograph.accounts.ring import STALE, Account, Key, Login, Ring
from heliograph.accounts.token import Tokens
from heliograph.store.interface import Store
from heliograph.store.token import TokenKind, TokenRow

VERIFIERS: Final = 2  # argon2 is meant to be expensive: 64 MiB and a core each
WAITING_LIMIT: Final = 64  # passwords that may wait to be verified, a few seconds' work
REMEMBERED_MS: Final = 5 * 60_000
REMEMBERED_MOST: Final = 10_000
SESSION_MS: Final = 60 * 60_000


class TooManyLogins(Exception):
    """More passwords wait to be verified than can be within seconds; come again in `retry_after` whole seconds."""

    retry_after = 1


class Good(msgspec.Struct, frozen=True, gc=False):
    """A login that was verified: against which digest, and how long it need not be verified again."""

    digest: str
    until: int


class Gate:
    """Tells whose request it is. `now` gives UTC milliseconds; `session` is how long tokens open, in milliseconds."""

    def __init__(self, store: Store, now: Callable[[], int], session: int = SESSION_MS) -> None:
        self._now = now
        self._session = session
        self._ring = Ring(store, now)
        self._tokens = Tokens(store, now)
        self._schemes: dict[str, Callable[[str], Awaitable[Account | None]]] = {
            "app": self._by_key,
            "basic": self._by_password,
            "ibsso": partial(self._by_token, TokenKind.SESSION),
            "bearer": partial(self._by_token, TokenKind.BEARER),
        }
        self._pepper = secrets.token_bytes(32)
        self._good: dict[bytes, Good] = {}
        self._verifying: dict[tuple[bytes, str | None], asyncio.Future[bool]] = {}
        self._verifiers = ThreadPoolExecutor(VERIFIERS, thread_name_prefix="password")

    async def load(self) -> None:
        """Copy all accounts and keys from the store: what was changed before holds from now on, for tokens too.

        Raises StoreUnavailable.
        """
        await self._ring.load()

    def policy_of(self, account: int) -> str | None:
        """The account's own on_no_response; None: as the SMSC says."""
        login = self._ring.logins_by_id.get(account)
        return None if login is None else login.account.settings.on_no_response

    @property
    def owners(self) -> Register:
        """Whose inbound messages are, as of the last look."""
        return self._ring.owners

    async def authenticate(self, authorization: str | None) -> Account | None:
        """The account that the Authorization header proves, with the scopes that it grants; None: it proves none.

        The scheme may be in any case. Raises TooManyLogins, and StoreUnavailable where somebody unknown cannot be
        looked up.
        """
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme == "App":  # as nearly everybody writes it
            return await self._by_key(credentials.strip())
        opened = self._schemes.get(scheme.lower())
        return None if opened is None else await opened(credentials.strip())

    async def authenticate_query(self, username: str, secret: str) -> Account | None:
        """The account of a name and its password, as GET /sms/1/text/query has them. Raises as `authenticate`."""
        login = await self._login(username, _octets(secret))
        return None if login is None else login.account

    async def open_session(self, username: str, secret: str) -> str | None:
        """A token for `IBSSO`, which ends by itself, by `close_session`, or when the password is changed.

        None: that is no password of such an account. Raises as `authenticate`, and StoreUnavailable where the token
        cannot be kept.
        """
        login = await self._login(username, _octets(secret))
        if login is None:
            return None
        until = self._now() + self._session
        return await self._tokens.make(
            TokenKind.SESSION, login.account.id, api_key=None, password=login.password, expires_at=until
        )

    async def close_session(self, token: str) -> bool:
        """End a session at once; False: there was none. Raises StoreUnavailable."""
        return await self._tokens.close(TokenKind.SESSION, token)

    async def issue_token(self, client_id: str, client_secret: str) -> tuple[str, int] | None:
        """A token for `Bearer`, and how many seconds it opens; None: these prove nobody.

        `client_id` is an account's name. `client_secret` is one of its keys, whose scopes the token has and with which
        it ends, or its password. Raises as `open_session`.
        """
        await self._ring.freshen()
        key, login = self._key_of(client_id, client_secret), None
        if key is None:
            login = await self._login(client_id, _octets(client_secret))
        if key is None and login is None:  # a login that fails has looked into the store anew
            key = self._key_of(client_id, client_secret)
        proof = login or key
        if proof is None:
            return None
        now = self._now()
        until = now + self._session if key is None else min(now + self._session, key.until)
        token = await self._tokens.make(
            TokenKind.BEARER,
            proof.account.id,
            api_key=None if key is None else key.id,
            password=None if login is None else login.password,
            expires_at=until,
        )
        return token, (until - now) // 1000

    async def _by_key(self, text: str) -> Account | None:
        digest, ring, now = _digest(text), self._ring, self._now()
        found = ring.keys.get(digest)
        if found is None:
            await ring.look_anew()
            found = ring.keys.get(digest)
        elif ring.age(now) >= STALE:
            await ring.freshen()
            found = ring.keys.get(digest)
        return found.account if found is not None and now < found.until else None

    def _key_of(self, name: str, text: str) -> Key | None:
        found = self._ring.keys.get(_digest(text))
        return found if found is not None and found.account.name == name and self._now() < found.until else None

    async def _by_token(self, kind: TokenKind, text: str) -> Account | None:
        row = await self._tokens.find(kind, text)
        if row is None:
            return None
        await self._ring.freshen()
        account = self._stands_for(row)
        if account is None:  # for a key or a password that was made elsewhere a moment ago, perhaps
            await self._ring.look_anew()
            account = self._stands_for(row)
        return account

    def _stands_for(self, row: TokenRow) -> Account | None:
        if row.api_key is not None:
            key = self._ring.keys_by_id.get(row.api_key)
            return None if key is None else key.account
        login = self._ring.logins_by_id.get(row.account)
        return login.account if login is not None and login.password == row.password else None

    async def _by_password(self, credentials: str) -> Account | None:
        pair = _decode(credentials)
        if pair is None:
            return None
        user, _, secret = pair.partition(b":")
        login = await self._login(user.decode(errors="replace"), secret)
        return None if login is None else login.account

    async def _login(self, name: str, secret: bytes) -> Login | None:
        mark = hmac.digest(self._pepper, _octets(name) + b":" + secret, "sha256")
        await self._ring.freshen()
        if self._remembers(mark, name):
            return self._ring.logins[name]
        tried = self._digest_of(name)
        login = await self._verify(mark, name, secret)
        if login is None:
            await self._ring.look_anew()
            if self._digest_of(name) != tried:
                return await self._verify(mark, name, secret)
        return login

    async def _verify(self, mark: bytes, name: str, secret: bytes) -> Login | None:
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
        return self._ring.logins[name] if self._remembers(mark, name) else None

    def _digest_of(self, name: str) -> str | None:
        login = self._ring.logins.get(name)
        return None if login is None else login.password

    def _remembers(self, mark: bytes, name: str) -> bool:
        good, digest = self._good.get(mark), self._digest_of(name)
        return good is not None and good.digest == digest and self._now() < good.until

    def _remember(self, mark: bytes, digest: str) -> None:
        self._good.pop(mark, None)
        while len(self._good) >= REMEMBERED_MOST:
            del self._good[next(iter(self._good))]
        self._good[mark] = Good(digest, self._now() + REMEMBERED_MS)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()


def _octets(text: str) -> bytes:
    """The text in UTF-8; what is no text stays different from every text."""
    return text.encode(errors="surrogatepass")


def _decode(credentials: str) -> bytes | None:
    """`user:password` as octets (RFC 7617)."""
    try:
        pair = binascii.a2b_base64(credentials.encode())
    except ValueError:
        return None
    return pair if b":" in pair else None
