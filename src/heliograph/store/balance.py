"""What accounts have to spend, in millionths of the currency. Every change is one statement.

What is accepted of a prepaid account is paid in the accepting transaction (`store.limiting`): from `available` into
`reserved`. The transaction that finishes it takes it out of there again (`store.finishing`): for good where an SMSC
took the message or may have, and else back into `available`. So what is available, reserved and spent is always what
was topped up, wherever a process ends.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from heliograph.store.script import Fetch, Run, Script

MILLION = 1_000_000
MOST = 10**18  # millionths, either way: so that no sum of two leaves 64 bits


class Balance(msgspec.Struct, frozen=True):
    """`available` to spend, and `reserved` by messages whose price is not settled yet; millionths."""

    available: int = 0
    reserved: int = 0


class TopUp(Enum):
    """What came of a top-up."""

    DONE = "done"
    REPEATED = "repeated"  # of this reference and amount it was made before
    OTHER = "other"  # of this reference one of another amount was made before
    BEYOND = "beyond"  # the balance would be beyond MOST


def balance(account: int) -> Script[Balance]:
    """An account's balance; nothing where it was never topped up."""
    rows = yield Fetch("balance", params={"account": account})
    return Balance(*rows[0]) if rows else Balance()


def top_up(account: int, amount: int, now: int, reference: str | None = None) -> Script[TopUp]:
    """Add `amount`, up to MOST, to what is available, or take it away: of one `reference` once, and never again."""
    known = {"account": account, "reference": reference}
    if reference is not None:
        # Written before the balance is: whoever does the same at the same time waits here, and finds it.
        noted: int = yield Run("note_top_up", params={**known, "amount": amount, "now": now})
        if not noted:
            [[before]] = yield Fetch("noted_top_up", params=known)
            return TopUp.REPEATED if before == amount else TopUp.OTHER
    changed: int = yield Run("top_up", params={"account": account, "amount": amount, "most": MOST})
    if changed:
        return TopUp.DONE
    if reference is not None:
        yield Run("forget_top_up", params=known)
    return TopUp.BEYOND
