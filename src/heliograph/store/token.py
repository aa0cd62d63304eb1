"""Tokens, as they are kept: by their SHA-256, so that every process knows them and a restart keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import msgspec

from heliograph.store.script import Fetch, Run, Script


class TokenKind(IntEnum):
    """By which scheme it opens."""

    SESSION = 0  # IBSSO
    BEARER = 1


class TokenRow(msgspec.Struct, frozen=True):
    """One token; it opens as long as what it was opened with: one key, or one password."""

    digest: bytes
    kind: int  # TokenKind
    account: int
    api_key: int | None
    password: str | None  # an argon2 digest
    expires_at: int


def add_token(token: TokenRow) -> Script[None]:
    """A new token."""
    yield Run("add_token", params=msgspec.structs.asdict(token))


def find_tokens(digests: Sequence[bytes]) -> Script[dict[bytes, TokenRow]]:
    """Those that there are, expired ones too."""
    rows = yield Fetch("tokens", [(digest,) for digest in digests])
    return {row[0]: TokenRow(*row) for row in rows}


def close_token(digest: bytes, kind: int) -> Script[bool]:
    """It opens nothing any more; False: there is none."""
    gone: int = yield Run("close_token", params={"digest": digest, "kind": kind})
    return gone == 1
