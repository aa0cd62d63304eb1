"""Accounts and their keys, as they are kept. What is secret is kept as a digest."""

from __future__ import annotations

import msgspec

from heliograph.store.script import Fetch, Run, Script


class AccountRow(msgspec.Struct, frozen=True):
    """A customer."""

    id: int
    name: str
    password: str | None  # an argon2 digest
    default_sender: str | None
    on_no_response: str | None  # "resend", "hold"; None: as the SMSC says
    created_at: int


class KeyRow(msgspec.Struct, frozen=True):
    """One key of a customer: its SHA-256, and whether it still opens."""

    id: int
    account: int
    digest: bytes
    created_at: int
    revoked_at: int | None


class Keyring(msgspec.Struct, frozen=True):
    """Everybody who may come in."""

    accounts: list[AccountRow]
    keys: list[KeyRow]


def load_keyring() -> Script[Keyring]:
    """All accounts and keys, revoked ones too."""
    accounts = [AccountRow(*row) for row in (yield Fetch("accounts"))]
    return Keyring(accounts, [KeyRow(*row) for row in (yield Fetch("keys"))])


def add_account(id_: int, name: str, now: int) -> Script[bool]:
    """A new account; False: the name is taken."""
    added: int = yield Run("add_account", params={"id": id_, "name": name, "now": now})
    return added == 1


def set_account(id_: int, default_sender: str | None, on_no_response: str | None) -> Script[bool]:
    """An account's own sender and policy; False: there is no such account."""
    params = {"id": id_, "default_sender": default_sender, "on_no_response": on_no_response}
    changed: int = yield Run("set_account", params=params)
    return changed == 1


def set_password(id_: int, digest: str) -> Script[bool]:
    """The password for Basic; False: there is no such account."""
    changed: int = yield Run("set_password", params={"id": id_, "password": digest})
    return changed == 1


def add_key(id_: int, account: int, digest: bytes, now: int) -> Script[None]:
    """A new key of an account."""
    yield Run("add_key", params={"id": id_, "account": account, "digest": digest, "now": now})


def revoke_key(id_: int, now: int) -> Script[bool]:
    """Shut a key out; False: there is none of that id that still opens."""
    changed: int = yield Run("revoke_key", params={"id": id_, "now": now})
    return changed == 1
