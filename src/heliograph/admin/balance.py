"""What accounts have to spend."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.accounts import admin, money
from heliograph.admin.parts import Parts
from heliograph.admin.row import ABSENT, CONTRADICTION, CREATED, blamed, refused, row
from heliograph.store.balance import Balance
from heliograph.web.endpoint import Call


class BalanceShape(msgspec.Struct, rename="camel"):
    """Decimals in strings: what an account can spend, and what messages hold whose price is not settled yet."""

    available: str
    reserved: str
    currency: str


class TopUpCreation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A decimal in a string, below 0 to take away; and a name of the caller's: 1 to 64 characters, once for each."""

    amount: str | None = None
    reference: str | None = None


async def _show(parts: Parts, call: Call) -> BalanceShape:
    found = await admin.find_account(parts.store, call.path["name"])
    return _shown(await admin.balance_of(parts.store, found.id), parts)


async def _top_up(parts: Parts, call: Call) -> BalanceShape:
    asked: TopUpCreation = call.body
    if asked.amount is None:
        call.findings.add("amount", ABSENT)
    else:
        with blamed(call, "amount"):
            admin.amount_of(asked.amount)
    if asked.reference is None:
        call.findings.add("reference", ABSENT)
    else:
        with blamed(call, "reference"):
            admin.check_reference(asked.reference)
    call.check()
    with refused("amount"):
        balance = await admin.top_up(parts.store, call.path["name"], asked.amount or "", parts.now(), asked.reference)
    return _shown(balance, parts)


def _shown(balance: Balance, parts: Parts) -> BalanceShape:
    return BalanceShape(money.render(balance.available), money.render(balance.reserved), parts.currency)


ENDPOINTS: Final = (
    row("GET", "accounts/{name}/balance", "What an account has to spend", _show, BalanceShape),
    row(
        "POST",
        "accounts/{name}/topups",
        "Add to the balance, once for each reference",
        _top_up,
        BalanceShape,
        body=TopUpCreation,
        status=CREATED,
        refusals=(CONTRADICTION,),
    ),
)
