"""Recipients and senders that an account has blocked. There may be very many: they are never read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from heliograph.store.script import Fetch, Run, Script

BlockKind = Literal["recipient", "sender"]


def block(account: int, kind: BlockKind, values: Sequence[str]) -> Script[int]:
    """Block values; how many were not blocked before."""
    # In one order, so that two who block the same values never wait for each other.
    added: int = yield Run("block", [(account, kind, value) for value in sorted(set(values))])
    return added


def unblock(account: int, kind: BlockKind, values: Sequence[str]) -> Script[int]:
    """Let values pass again; how many were blocked."""
    gone: int = yield Run("unblock", [(account, kind, value) for value in sorted(set(values))])
    return gone


class Blocked(msgspec.Struct, frozen=True):
    """What is blocked of what was asked for."""

    recipients: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()


def blocked_among(account: int, recipients: Sequence[str], senders: Sequence[str]) -> Script[Blocked]:
    """Which of some numbers without prefix, and of some senders in lower case, an account has blocked."""
    params = {"account": account}
    numbers = yield Fetch("blocked_recipients", [(number,) for number in recipients], params)
    names = yield Fetch("blocked_senders", [(sender,) for sender in senders], params)
    return Blocked(frozenset(value for (value,) in numbers), frozenset(value for (value,) in names))


def blocked(account: int, kind: BlockKind, after: str, most: int) -> Script[list[str]]:
    """Up to `most` blocked values behind `after`, in the order of the database."""
    rows = yield Fetch("blocked", params={"account": account, "kind": kind, "after": after, "most": most})
    return [value for (value,) in rows]
