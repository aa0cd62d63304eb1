"""An account's own affairs: what it has to spend."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api import scope
from heliograph.api.parts import Parts
from heliograph.web.endpoint import Call, Endpoint


class BalanceResponse(msgspec.Struct, rename="camel"):
    """What new messages may cost. What those cost that have no final report yet is not part of it."""

    balance: float
    currency: str


async def _balance(parts: Parts, call: Call) -> BalanceResponse:
    return BalanceResponse(await parts.purses.available(call.account), parts.purses.currency)


def _row(path: str, summary: str) -> Endpoint[Parts]:
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        answer=_balance,
        reply=BalanceResponse,
        root=BalanceResponse.__name__,
        scopes=scope.ACCOUNT,
        head=True,
    )


ENDPOINTS: Final = (
    _row("/account/1/balance", "What the account has to spend"),
    _row("/account/1/total-balance", "The same: an account here has one balance"),
)
