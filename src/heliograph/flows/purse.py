"""What an account has to spend, for those who ask."""

from __future__ import annotations

from heliograph.flows.intake import Intake
from heliograph.flows.pull import Account
from heliograph.store.balance import MILLION, balance


class Purses:
    """The balances of accounts, in the operator's currency."""

    def __init__(self, intake: Intake, currency: str) -> None:
        self._intake = intake
        self.currency = currency

    async def available(self, account: Account) -> float:
        """What new messages may cost; 0 where nothing was ever topped up. Raises Overloaded."""
        return (await self._intake.look(balance, account.id)).available / MILLION
