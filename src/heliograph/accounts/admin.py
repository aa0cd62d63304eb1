"""Accounts and keys as people manage them: made, listed, changed, revoked.

Each refusal is an `accounts.errors.Refused` whose text is a sentence that says what to do next.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from typing import Final

from heliograph.accounts import password
from heliograph.accounts.errors import BadName, BadValue, NameTaken, NoSuchAccount, NoSuchKey
from heliograph.sms import address
from heliograph.store import keyring
from heliograph.store.interface import Store
from heliograph.store.keyring import AccountRow, KeyRow

NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_PASSWORD: Final = 1024  # characters
POLICIES: Final = ("resend", "hold")


async def create_account(store: Store, name: str, now: int) -> AccountRow:
    """Make an account; `now` is UTC milliseconds. Raises BadName, NameTaken."""
    if not NAME.fullmatch(name):
        raise BadName(f"{name!r} cannot be the name of an account: use 1 to 64 letters, digits, '-', '_' and '.'")
    id_ = _new_id(now)
    if not await store.alone(keyring.add_account, id_, name, now):
        raise NameTaken(f"there is an account {name} already: `heliograph key create {name}` gives it another key")
    return AccountRow(id_, name, None, None, None, now)


async def find_account(store: Store, name: str) -> AccountRow:
    """The account of that name. Raises NoSuchAccount."""
    accounts = (await store.load_keyring()).accounts
    found = next((account for account in accounts if account.name == name), None)
    if found is None:
        raise NoSuchAccount(f"there is no account {name}: `heliograph account create {name}` makes one")
    return found


async def set_account(
    store: Store, name: str, *, default_sender: str | None = None, on_no_response: str | None = None
) -> AccountRow:
    """Change what is not None; "" takes a setting away, and the SMSC's holds. Raises NoSuchAccount, BadValue.

    default_sender: as `sms.address.sender` takes it. on_no_response: "resend" or "hold".
    """
    found = await find_account(store, name)
    sender, policy = found.default_sender, found.on_no_response
    if default_sender is not None:
        sender = _sender(default_sender)
    if on_no_response is not None:
        policy = _policy(on_no_response)
    await store.alone(keyring.set_account, found.id, sender, policy)
    return AccountRow(found.id, found.name, found.password, sender, policy, found.created_at)


async def set_password(store: Store, name: str, secret: str) -> None:
    """Set what Basic takes, 1 to 1024 characters. Raises NoSuchAccount, BadValue."""
    if not 1 <= len(secret) <= MAX_PASSWORD:
        raise BadValue(f"the password has {len(secret)} characters: use 1 to {MAX_PASSWORD}")
    found = await find_account(store, name)
    digest = await asyncio.to_thread(password.digest, secret)
    await store.alone(keyring.set_password, found.id, digest)


async def create_key(store: Store, account: str, now: int) -> str:
    """A new key of an account: this text is shown once, and nobody can read it again. Raises NoSuchAccount."""
    found = await find_account(store, account)
    text = f"{secrets.token_hex(16)}-{uuid.uuid4()}"
    await store.alone(keyring.add_key, _new_id(now), found.id, hashlib.sha256(text.encode()).digest(), now)
    return text


async def list_keys(store: Store, account: str) -> list[KeyRow]:
    """An account's keys in the order they were made, revoked ones too. Raises NoSuchAccount."""
    found = await find_account(store, account)
    keys = (await store.load_keyring()).keys
    return sorted((key for key in keys if key.account == found.id), key=lambda key: (key.created_at, key.id))


async def revoke_key(store: Store, id_: int, now: int) -> None:
    """Shut a key out; every gateway on this store knows within two seconds. Raises NoSuchKey."""
    if not 0 <= id_ < 1 << 63 or not await store.alone(keyring.revoke_key, id_, now):
        raise NoSuchKey(f"no key with the id {id_} opens: `heliograph key list ACCOUNT` shows the ids")


def _new_id(now: int) -> int:
    """63 bits in time order, like every key."""
    return now << 20 | secrets.randbits(20)


def _sender(text: str) -> str | None:
    try:
        return address.sender(text) or None
    except address.BadAddress as problem:
        raise BadValue(f"{text!r} cannot be a sender: {problem.sentence}") from None


def _policy(text: str) -> str | None:
    if text and text not in POLICIES:
        raise BadValue(f"on_no_response is one of {', '.join(POLICIES)}, or nothing at all, not {text!r}")
    return text or None
