"""Accounts and keys as people manage them: made, listed, changed, revoked.

Each refusal is an `accounts.errors.Refused` whose text is a sentence that says what to do next.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from heliograph.accounts import money, password, scopes, settings
from heliograph.accounts.addresses import url_problem
from heliograph.accounts.errors import (
    BadName,
    BadSettings,
    BadValue,
    NameTaken,
    NoSuchAccount,
    NoSuchKey,
    ReferenceTaken,
)
from heliograph.accounts.settings import Given, Settings
from heliograph.store import balance, keyring
from heliograph.store.balance import Balance, TopUp
from heliograph.store.interface import Store
from heliograph.store.keyring import AccountRow, Keyring, KeyRow

NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_PASSWORD: Final = 1024  # characters
MAX_REFERENCE: Final = 64  # characters


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made, and its text."""

    row: KeyRow
    text: str


URLS: Final = ("notify_url", "inbound_url")  # settings


async def create_account(store: Store, name: str, now: int) -> AccountRow:
    """Make an account; `now` is UTC milliseconds. Raises BadName, NameTaken."""
    if not NAME.fullmatch(name):
        raise BadName(f"{name!r} cannot be the name of an account: use 1 to 64 letters, digits, '-', '_' and '.'")
    id_ = _new_id(now)
    if not await store.alone(keyring.add_account, id_, name, now):
        raise NameTaken(f"there is an account {name} already: `heliograph key create {name}` gives it another key")
    return AccountRow(id_, name, None, now)


async def find_account(store: Store, name: str) -> AccountRow:
    """The account of that name. Raises NoSuchAccount."""
    return pick(await store.load_keyring(), name)


def pick(ring: Keyring, name: str) -> AccountRow:
    """The account of that name. Raises NoSuchAccount."""
    found = next((account for account in ring.accounts if account.name == name), None)
    if found is None:
        raise NoSuchAccount(f"there is no account {name}: `heliograph account create {name}` makes one")
    return found


async def set_account(store: Store, name: str, *, allow_private: bool = False, **given: Given) -> Settings:
    """Change the settings that are named, and what `settings.RULES` say of each; "" takes one away.

    `allow_private`: URLs may name private, loopback and link-local addresses. All or none are changed. Raises
    NoSuchAccount, BadValue, BadSettings.
    """
    encoded = settings.encode(given)
    _refuse_private({name: given.get(name) for name in URLS}, allow_private)
    ring = await store.load_keyring()
    found = pick(ring, name)
    kept = {key: value for key, value in {**found.settings, **encoded}.items() if value is not None}
    changed = settings.load(kept)
    if "numbers" in given:
        _refuse_taken(changed, [row for row in ring.accounts if row.id != found.id])
    await store.alone(keyring.set_settings, found.id, encoded)
    return changed


async def top_up(store: Store, name: str, amount: str, now: int, reference: str | None = None) -> Balance:
    """Add a decimal to what an account has to spend, or take it away; `now` is UTC milliseconds.

    With a `reference` of 1 to 64 characters it is kept, and done once: again, it changes nothing.
    Raises NoSuchAccount, BadValue, ReferenceTaken.
    """
    millionths = amount_of(amount)
    if reference is not None:
        check_reference(reference)
    found = await find_account(store, name)
    came = await store.alone(balance.top_up, found.id, millionths, now, reference)
    if came is TopUp.BEYOND:
        raise BadValue(f"with {amount} the balance of {name} would be beyond {money.render(balance.MOST)}")
    if came is TopUp.OTHER:
        raise ReferenceTaken(f"the top-up {reference} of {name} was made before, of another amount: see its balance")
    return await store.look(balance.balance, found.id)


def amount_of(text: str) -> int:
    """The millionths of a decimal. Raises BadValue."""
    try:
        return money.parse(text)
    except ValueError:
        raise BadValue(f"{text!r} is no amount: write up to 9 digits, and up to 6 behind the point") from None


def check_reference(text: str) -> None:
    """Raises BadValue unless it may name a top-up: 1 to 64 characters that can be printed."""
    if not (1 <= len(text) <= MAX_REFERENCE and text.isprintable()):
        raise BadValue(f"a reference has 1 to {MAX_REFERENCE} characters that can be printed")


async def balance_of(store: Store, account: int) -> Balance:
    """What an account has to spend, in millionths."""
    return await store.look(balance.balance, account)


async def set_password(store: Store, name: str, secret: str) -> None:
    """Set what Basic takes, 1 to 1024 characters. Raises NoSuchAccount, BadValue."""
    check_password(secret)
    found = await find_account(store, name)
    digest = await asyncio.to_thread(password.digest, secret)
    await store.alone(keyring.set_password, found.id, digest)


def check_password(secret: str) -> None:
    """Raises BadValue unless it may be a password."""
    if not 1 <= len(secret) <= MAX_PASSWORD:
        raise BadValue(f"the password has {len(secret)} characters: use 1 to {MAX_PASSWORD}")


async def create_key(
    store: Store, account: str, now: int, *, granted: Sequence[str] = (), expires_at: int | None = None
) -> str:
    """The text of a new key, as `make_key` makes it."""
    return (await make_key(store, account, now, granted=granted, expires_at=expires_at)).text


async def make_key(
    store: Store, account: str, now: int, *, granted: Sequence[str] = (), expires_at: int | None = None
) -> NewKey:
    """A new key of an account: its text is shown once, and nobody can read it again.

    `granted` are names of `scopes.SCOPES`; none: all but admin. It opens until `expires_at` (UTC milliseconds).
    Raises NoSuchAccount, BadValue.
    """
    check_scopes(granted)
    found = await find_account(store, account)
    text = f"{secrets.token_hex(16)}-{uuid.uuid4()}"
    kept = ",".join(scope for scope in scopes.SCOPES if scope in granted) or None
    digest = hashlib.sha256(text.encode()).digest()
    row = KeyRow(_new_id(now), found.id, digest, kept, now, expires_at, None)
    await store.alone(keyring.add_key, row.id, row.account, row.digest, now, kept, expires_at)
    return NewKey(row, text)


def check_scopes(granted: Sequence[str]) -> None:
    """Raises BadValue where there is no such scope."""
    unknown = sorted(set(granted) - scopes.SCOPES.keys())
    if unknown:
        raise BadValue(f"there is no scope {unknown[0]}: there are {', '.join(scopes.SCOPES)}")


def is_open(key: KeyRow, now: int) -> bool:
    """Whether it lets anybody in, at an instant (UTC milliseconds)."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


async def list_keys(store: Store, account: str) -> list[KeyRow]:
    """An account's keys in the order they were made, revoked ones too. Raises NoSuchAccount."""
    ring = await store.load_keyring()
    found = pick(ring, account)
    return sorted((key for key in ring.keys if key.account == found.id), key=lambda key: (key.created_at, key.id))


async def revoke_key(store: Store, id_: int, now: int) -> None:
    """Shut a key out, and the tokens that were given for it. Raises NoSuchKey.

    A gateway on this store, while that answers, lets it in for two seconds more at most (`ring.TOO_OLD`); one that does
    this itself calls `Gate.load` next, and lets it in no more.
    """
    if not 0 <= id_ < 1 << 63 or not await store.alone(keyring.revoke_key, id_, now):
        raise NoSuchKey(f"no key with the id {id_} opens: `heliograph key list ACCOUNT` shows the ids")


def _new_id(now: int) -> int:
    """63 bits in time order, like every key."""
    return now << 20 | secrets.randbits(20)


def _refuse_private(urls: Mapping[str, Given | None], allow_private: bool) -> None:
    """Raises BadSettings."""
    problems = {
        name: problem
        for name, given in urls.items()
        for url in ([given] if isinstance(given, str) else given or ())
        if url and (problem := url_problem(url, allow_private)) is not None
    }
    if problems:
        raise BadSettings(problems)


def _refuse_taken(changed: Settings, others: list[AccountRow]) -> None:
    """Raises BadSettings where two accounts would own the same inbound messages."""
    for other in others:
        both = changed.numbers & settings.load(other.settings).numbers
        if both:
            taken = "/".join(filter(None, min(both)))
            sentence = f"cannot have {taken}: the account {other.name} has it; take it away there first"
            raise BadSettings({"numbers": sentence})
