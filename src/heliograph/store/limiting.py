"""What an account's limits refuse in the accepting transaction: floods, and what its balance does not pay for.

Rule 1: messages are judged in their order, so that of those that come together the first ones pass.
Rule 2: the rows of balances are locked from the look until the commit: nobody spends the same money twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from heliograph.sms.message import NewMessage
from heliograph.store.script import Fetch, Row, Run, Script

NOT_ENOUGH_CREDITS = 12, 542
FLOODING = 20, 4103
FLOODING_IDENTICAL = 20, 4104
HOUR = 3_600_000  # milliseconds: the time in which a flood is counted

Reason = tuple[int, int]  # ids of a status and an error
Recipient = tuple[int, str]  # of an account


class AccountLimits(msgspec.Struct, frozen=True, array_like=True):
    """What holds for all messages of a request."""

    prepaid: bool = False
    identical: int = 0  # messages that a recipient may get in an hour; 0: any number
    different: int = 0

    @property
    def floods(self) -> bool:
        """Whether anything is counted."""
        return bool(self.identical or self.different)


Judged = tuple[AccountLimits, list[NewMessage]]


class _Purse:
    """What is left of balances, and what was taken out of them."""

    def __init__(self, left: dict[int, int]) -> None:
        self._left = left
        self.taken: Counter[int] = Counter()

    def pays(self, m: NewMessage) -> bool:
        left = self._left.get(m.account, 0)
        if m.price > left:
            return False
        self._left[m.account] = left - m.price
        self.taken[m.account] += m.price
        return True


class _Flood:
    """What recipients were sent within the hour, and what is added to that."""

    def __init__(self, found: Sequence[Row]) -> None:
        self._sent: dict[Recipient, Counter[int]] = defaultdict(Counter)
        for account, recipient, content in found:
            self._sent[account, recipient][content] += 1
        self.rows: list[Row] = []

    def refuses(self, limits: AccountLimits, m: NewMessage, content: int) -> Reason | None:
        sent = self._sent[m.account, m.recipient]
        if limits.identical and sent[content] >= limits.identical:
            return FLOODING_IDENTICAL
        if limits.different and content not in sent and len(sent) >= limits.different:
            return FLOODING
        return None

    def add(self, m: NewMessage, content: int) -> None:
        self._sent[m.account, m.recipient][content] += 1
        self.rows.append((m.key, m.account, m.recipient, content, m.created_at))


def judge(requests: Sequence[Judged]) -> Script[dict[int, Reason]]:
    """Pay for messages and count them; those that are refused, by their keys, with the reason."""
    purse = yield from _open_purse(requests)
    flood = yield from _look_for_floods(requests)
    refused: dict[int, Reason] = {}
    for limits, messages in requests:
        for m in messages:
            content = _content(m) if limits.floods else 0
            reason = flood.refuses(limits, m, content) if limits.floods else None
            if reason is None and m.prepaid and not purse.pays(m):
                reason = NOT_ENOUGH_CREDITS
            if reason is not None:
                refused[m.key] = reason
            elif limits.floods:
                flood.add(m, content)
    yield Run("reserve", sorted(purse.taken.items()))
    yield Run("add_floods", flood.rows)
    return refused


def _open_purse(requests: Sequence[Judged]) -> Script[_Purse]:
    accounts = sorted({m.account for limits, messages in requests if limits.prepaid for m in messages})
    return _Purse(dict((yield Fetch("lock_balances", [(account,) for account in accounts]))))


def _look_for_floods(requests: Sequence[Judged]) -> Script[_Flood]:
    since: dict[Recipient, int] = {}
    for limits, messages in requests:
        if limits.floods:
            since |= {(m.account, m.recipient): m.created_at - HOUR for m in messages}
    rows: list[Any] = [(*recipient, at) for recipient, at in sorted(since.items())]
    return _Flood((yield Fetch("floods", rows)))


def _content(m: NewMessage) -> int:
    """A hash of what a phone would show; two contents that share it count as identical, which is rare enough."""
    coding = bytes((m.data_coding, m.esm_class & 0x40))
    return int.from_bytes(hashlib.blake2b(coding + m.body, digest_size=8).digest()) >> 1
