"""What an account has blocked: recipients, by number or by how numbers begin, and senders. Lists of any length.

Rule 1: long lists go in slices, each a commit of its own, so that a gateway at work is not held up. Whoever is stopped
in the middle does it again: to block twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from heliograph.accounts.admin import find_account
from heliograph.accounts.errors import BadValue
from heliograph.sms import address
from heliograph.store import blocklist
from heliograph.store.blocklist import BlockKind
from heliograph.store.interface import Store

SLICE: Final = 1000
_PREFIX: Final = re.compile(r"[0-9]{1,15}\*")


def recipient(text: str) -> str:
    """A number as `sms.address.recipient` cleans it, or 1 to 15 digits and `*`: all that begin so. Raises BadValue."""
    bare = text.strip().removeprefix("+").replace(" ", "")
    if _PREFIX.fullmatch(bare):
        return bare
    try:
        return address.recipient(text.strip())
    except address.BadAddress as problem:
        raise BadValue(f"{text!r} cannot be blocked: {problem.sentence}; or write how numbers begin, and *") from None


def sender(text: str) -> str:
    """A sender in lower case, a number without its `+`: phones show no difference. Raises BadValue."""
    try:
        found = address.sender(text.strip())
    except address.BadAddress as problem:
        raise BadValue(f"{text!r} cannot be blocked: {problem.sentence}") from None
    if not found:
        raise BadValue("there is no sender in an empty text: name one")
    return comparable(found)


def comparable(text: str) -> str:
    """A good sender as lists of senders have it."""
    return text.removeprefix("+").lower()


NORMAL: Final = {"recipient": recipient, "sender": sender}


async def block(store: Store, name: str, kind: BlockKind, texts: Iterable[str]) -> int:
    """Block; how many were not blocked before. Raises NoSuchAccount, and BadValue before anything is changed."""
    account = (await find_account(store, name)).id
    return sum([await store.alone(blocklist.block, account, kind, part) for part in _slices(kind, texts)])


async def unblock(store: Store, name: str, kind: BlockKind, texts: Iterable[str]) -> int:
    """Let pass again; how many were blocked. Raises as `block`."""
    account = (await find_account(store, name)).id
    return sum([await store.alone(blocklist.unblock, account, kind, part) for part in _slices(kind, texts)])


async def blocked(store: Store, name: str, kind: BlockKind) -> AsyncIterator[str]:
    """Everything that is blocked, in order. Raises NoSuchAccount."""
    last = ""
    while part := await page(store, name, kind, last, SLICE):
        for value in part:
            yield value
        last = part[-1]


async def page(store: Store, name: str, kind: BlockKind, after: str, most: int) -> list[str]:
    """Up to `most` blocked values behind `after`, in the order of the database. Raises NoSuchAccount."""
    return await store.look(blocklist.blocked, (await find_account(store, name)).id, kind, after, most)


def _slices(kind: BlockKind, texts: Iterable[str]) -> list[Sequence[str]]:
    values = sorted(set(map(NORMAL[kind], texts)))
    return [values[at : at + SLICE] for at in range(0, len(values), SLICE)]
