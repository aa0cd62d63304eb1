"""What accounts have to spend, in millionths of the currency. Every change is one statement."""

from __future__ import annotations

import msgspec

from heliograph.store.script import Fetch, Run, Script

MOST = 10**18  # millionths, either way: so that no sum of two leaves 64 bits


class Balance(msgspec.Struct, frozen=True):
    """`available` to spend, and `reserved` by messages whose price is not settled yet; millionths."""

    available: int = 0
    reserved: int = 0


def balance(account: int) -> Script[Balance]:
    """An account's balance; nothing where it was never topped up."""
    rows = yield Fetch("balance", params={"account": account})
    return Balance(*rows[0]) if rows else Balance()


def top_up(account: int, amount: int) -> Script[bool]:
    """Add `amount`, up to MOST, to what is available, or take it away; False: the sum would be beyond MOST."""
    changed: int = yield Run("top_up", params={"account": account, "amount": amount, "most": MOST})
    return changed == 1
