"""Accounts: made, listed, shown, changed."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from heliograph.accounts import admin, settings
from heliograph.accounts.errors import BadName, BadSettings
from heliograph.admin import setting
from heliograph.admin.parts import Parts
from heliograph.admin.row import ABSENT, AFTER, CONFLICT, CREATED, LIMIT, blamed, row
from heliograph.admin.setting import SettingsChange, SettingsShape
from heliograph.sms.schedule import render_instant
from heliograph.store.keyring import AccountRow, Keyring
from heliograph.web.endpoint import Call
from heliograph.web.errors import BadRequest


class AccountShape(msgspec.Struct, rename="camel"):
    """An account; `open_keys` are those that let somebody in now, `has_password` says whether Basic does."""

    id: str
    name: str
    created_at: str
    open_keys: int
    has_password: bool
    settings: SettingsShape  # type: ignore[valid-type]


class AccountPage(msgspec.Struct, rename="camel"):
    """Accounts in the order of their names; `next` leads to the page behind, null: there is none."""

    accounts: list[AccountShape]
    next: str | None


class AccountCreation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A new account: 1 to 64 letters, digits, hyphens, underscores and dots."""

    name: str | None = None


class AccountChange(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What is to be changed of an account."""

    settings: SettingsChange | None = None  # type: ignore[valid-type]


class PasswordChange(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A new password for Basic: 1 to 1024 characters."""

    password: str | None = None


async def _list(parts: Parts, call: Call) -> AccountPage:
    ring, limit = await parts.store.load_keyring(), call.values["limit"]
    behind = sorted((row for row in ring.accounts if row.name > call.values["after"]), key=lambda row: row.name)
    page = behind[:limit]
    return AccountPage(_all(page, ring, parts.now()), page[-1].name if len(behind) > limit else None)


async def _create(parts: Parts, call: Call) -> AccountShape:
    name = call.body.name
    if not name:
        call.findings.add("name", ABSENT)
    call.check()
    try:
        await admin.create_account(parts.store, name, parts.now())
    except BadName as problem:
        raise BadRequest({"name": [str(problem)]}) from problem
    return await _renewed(parts, name)


async def _show(parts: Parts, call: Call) -> AccountShape:
    return await _find(parts, call.path["name"])


async def _change(parts: Parts, call: Call) -> AccountShape:
    given = {} if call.body.settings is None else setting.named(call.body.settings)
    try:
        settings.encode(given)
    except BadSettings as problem:
        for path, sentences in setting.sentences(problem, "settings").items():
            call.findings.add(path, sentences[0])
    call.check()
    try:
        await admin.set_account(parts.store, call.path["name"], allow_private=parts.allow_private, **given)
    except BadSettings as problem:
        raise BadRequest(setting.sentences(problem, "settings")) from problem
    return await _renewed(parts, call.path["name"])


async def _set_password(parts: Parts, call: Call) -> AccountShape:
    secret = call.body.password
    if secret is None:
        call.findings.add("password", ABSENT)
    else:
        with blamed(call, "password"):
            admin.check_password(secret)
    call.check()
    await admin.set_password(parts.store, call.path["name"], secret)
    return await _renewed(parts, call.path["name"])


async def _renewed(parts: Parts, name: str) -> AccountShape:
    """The account as it is now, after the gate knows it so."""
    await parts.gate.load()
    return await _find(parts, name)


async def _find(parts: Parts, name: str) -> AccountShape:
    ring = await parts.store.load_keyring()
    [found] = _all([admin.pick(ring, name)], ring, parts.now())
    return found


def _all(rows: list[AccountRow], ring: Keyring, now: int) -> list[AccountShape]:
    keys = Counter(key.account for key in ring.keys if admin.is_open(key, now))
    return [
        AccountShape(
            id=str(row.id),
            name=row.name,
            created_at=render_instant(row.created_at),
            open_keys=keys[row.id],
            has_password=row.password is not None,
            settings=setting.shown(settings.load(row.settings)),
        )
        for row in rows
    ]


_ONE: Final = "accounts/{name}"
_MADE: Final[dict[str, Any]] = {"body": AccountCreation, "status": CREATED, "refusals": (CONFLICT,)}
ENDPOINTS: Final = (
    row("GET", "accounts", "All accounts, by name", _list, AccountPage, query=(AFTER, LIMIT)),
    row("POST", "accounts", "Make an account", _create, AccountShape, **_MADE),
    row("GET", _ONE, "One account", _show, AccountShape),
    row("PATCH", _ONE, "Change an account's settings", _change, AccountShape, body=AccountChange),
    row("PUT", f"{_ONE}/password", "Set what Basic takes", _set_password, AccountShape, body=PasswordChange),
)
