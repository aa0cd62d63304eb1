"""Customers tell what the messages that they track have led to."""

from __future__ import annotations

from heliograph.clock import Clock
from heliograph.flows.errors import NoSuchMessage
from heliograph.flows.intake import Intake
from heliograph.flows.pull import Account
from heliograph.observe import Watch
from heliograph.store.interface import Store


class Conversions:
    """Stores what is told; once a message, however often it is told."""

    def __init__(self, store: Store, intake: Intake, clock: Clock, watch: Watch) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._watch = watch

    async def convert(self, account: Account, message_id: str) -> str:
        """A message led to what was wanted; the process key that it was sent with.

        Raises NoSuchMessage where the account tracks no such message, and else as `Intake.answer`.
        """
        tracked = await self._intake.answer(self._store.convert(account.id, message_id, self._clock.now()))
        if tracked is None:
            raise NoSuchMessage
        if tracked.first:
            self._watch.converted()
        return tracked.process_key
