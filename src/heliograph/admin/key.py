"""Keys: made, listed, revoked. The text of one is shown when it is made, and never again."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.accounts import admin, expiry
from heliograph.accounts.errors import NoSuchKey
from heliograph.admin.parts import Parts
from heliograph.admin.row import CREATED, blamed, row
from heliograph.sms.schedule import render_instant
from heliograph.store.keyring import KeyRow
from heliograph.web.endpoint import Call

_LONGEST: Final = 19  # digits of an id


class KeyShape(msgspec.Struct, rename="camel"):
    """A key; `scopes` null: everything but admin. `expires_at` null: it has no end."""

    id: str
    scopes: list[str] | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    open: bool


class NewKeyShape(msgspec.Struct, rename="camel"):
    """A key that was just made: `key` is what goes behind the word App, and is shown this once."""

    id: str
    key: str
    scopes: list[str] | None
    created_at: str
    expires_at: str | None


class KeyList(msgspec.Struct, rename="camel"):
    """An account's keys in the order they were made, revoked ones too."""

    keys: list[KeyShape]


class KeyCreation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What the key opens, everything but admin where `scopes` is absent; and until when: 90d, 12h, a date or a time."""

    scopes: list[str] | None = None
    expires_at: str | None = None


class RevokedKey(msgspec.Struct, rename="camel"):
    """A key that lets nobody in any more."""

    id: str
    revoked_at: str


async def _list(parts: Parts, call: Call) -> KeyList:
    now = parts.now()
    return KeyList([_shown(key, now) for key in await admin.list_keys(parts.store, call.path["name"])])


async def _create(parts: Parts, call: Call) -> NewKeyShape:
    now, asked, end = parts.now(), call.body, None
    if asked.scopes == []:
        call.findings.add("scopes", "must not be empty: leave it out for everything but admin")
    with blamed(call, "scopes"):
        admin.check_scopes(asked.scopes or ())
    if asked.expires_at is not None:
        with blamed(call, "expiresAt"):
            end = expiry.parse(asked.expires_at, now)
    call.check()
    made = await admin.make_key(parts.store, call.path["name"], now, granted=asked.scopes or (), expires_at=end)
    await parts.gate.load()
    row = made.row
    return NewKeyShape(str(row.id), made.text, _scopes(row), render_instant(row.created_at), _instant(row.expires_at))


async def _revoke(parts: Parts, call: Call) -> RevokedKey:
    now, text = parts.now(), call.path["id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        raise NoSuchKey("there is no key of that id: ids are numbers")
    await admin.revoke_key(parts.store, int(text), now)
    await parts.gate.load()
    return RevokedKey(text, render_instant(now))


def _shown(row: KeyRow, now: int) -> KeyShape:
    return KeyShape(
        id=str(row.id),
        scopes=_scopes(row),
        created_at=render_instant(row.created_at),
        expires_at=_instant(row.expires_at),
        revoked_at=_instant(row.revoked_at),
        open=admin.is_open(row, now),
    )


def _scopes(row: KeyRow) -> list[str] | None:
    return None if row.scopes is None else row.scopes.split(",")


def _instant(at: int | None) -> str | None:
    return None if at is None else render_instant(at)


_KEYS: Final = "accounts/{name}/keys"
ENDPOINTS: Final = (
    row("GET", _KEYS, "An account's keys", _list, KeyList),
    row("POST", _KEYS, "Make a key", _create, NewKeyShape, body=KeyCreation, status=CREATED),
    row("DELETE", "keys/{id}", "Revoke a key: it and the tokens it gave let nobody in any more", _revoke, RevokedKey),
)
