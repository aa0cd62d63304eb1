"""Accounts, their settings and their keys, as they are kept. What is secret is kept as a digest."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heliograph.store.script import Fetch, Run, Script


class AccountRow(msgspec.Struct, frozen=True):
    """A customer."""

    id: int
    name: str
    password: str | None  # an argon2 digest
    created_at: int
    settings: Mapping[str, str] = {}  # JSON by name; what is not there is at its default
    blocks: bool = False  # it has blocked a recipient or a sender


class KeyRow(msgspec.Struct, frozen=True):
    """One key of a customer: its SHA-256, what it opens, and until when."""

    id: int
    account: int
    digest: bytes
    scopes: str | None  # with commas; None: all but admin
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class Keyring(msgspec.Struct, frozen=True):
    """Everybody who may come in."""

    accounts: list[AccountRow]
    keys: list[KeyRow]


def load_keyring() -> Script[Keyring]:
    """All accounts and keys, revoked ones too."""
    rows = yield Fetch("accounts")
    # Settings are read after their accounts: those of an account that was made in between wait for the next look.
    settings: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    for account, name, value in (yield Fetch("settings")):
        if account in settings:
            settings[account][name] = value
    accounts = [
        AccountRow(id_, name, password, at, settings[id_], bool(blocks)) for id_, name, password, at, blocks in rows
    ]
    return Keyring(accounts, [KeyRow(*row) for row in (yield Fetch("keys"))])


def add_account(id_: int, name: str, now: int) -> Script[bool]:
    """A new account; False: the name is taken."""
    added: int = yield Run("add_account", params={"id": id_, "name": name, "now": now})
    return added == 1


def set_settings(account: int, values: Mapping[str, str | None]) -> Script[None]:
    """Settings of an account, in JSON, by name; None takes one away. What is not named stays."""
    for name, value in sorted(values.items()):  # in one order, so that two who do this never wait for each other
        query = "unset_setting" if value is None else "set_setting"
        yield Run(query, params={"account": account, "name": name, "value": value})


def set_password(id_: int, digest: str) -> Script[bool]:
    """The password for Basic; False: there is no such account."""
    changed: int = yield Run("set_password", params={"id": id_, "password": digest})
    return changed == 1


def add_key(
    id_: int, account: int, digest: bytes, now: int, scopes: str | None = None, expires_at: int | None = None
) -> Script[None]:
    """A new key of an account; `scopes` and `expires_at` as in KeyRow."""
    params = {
        "id": id_,
        "account": account,
        "digest": digest,
        "scopes": scopes,
        "now": now,
        "expires_at": expires_at,
    }
    yield Run("add_key", params=params)


def revoke_key(id_: int, now: int) -> Script[bool]:
    """Shut a key out; False: there is none of that id that still opens."""
    changed: int = yield Run("revoke_key", params={"id": id_, "now": now})
    return changed == 1
