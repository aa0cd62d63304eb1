"""What customers say of a whole bulk: how it stands, whether it may leave, and when.

Rule 1: what is answered is committed: nothing of a paused or cancelled bulk is claimed after it.
Rule 2: a bulk that is over stays so.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from heliograph.clock import Clock
from heliograph.flows.errors import BulkConflict, NoSuchBulk
from heliograph.flows.intake import Intake, in_time
from heliograph.flows.pull import Account
from heliograph.sms import schedule
from heliograph.sms.message import BulkStatus, LaneState
from heliograph.store.bulks import Bulk
from heliograph.store.interface import Store

# What may be asked for. The other statuses come by themselves.
STATES = {
    BulkStatus.PENDING: LaneState.OPEN,
    BulkStatus.PAUSED: LaneState.PAUSED,
    BulkStatus.CANCELED: LaneState.CANCELED,
}
OVER = frozenset({BulkStatus.FINISHED, BulkStatus.FAILED})


class Schedule(msgspec.Struct, frozen=True):
    """When a bulk leaves, or left."""

    bulk_id: str
    send_at: int  # UTC milliseconds; when it was accepted, if it was to leave at once


class Bulks:
    """Bulks in their customers' hands. `wake` is called when something may have become due.

    Every method raises NoSuchBulk where the account has no bulk of that id or it is forgotten, Overloaded where the
    store does not answer, and those that change something Unconfirmed where nobody knows whether it was changed.
    """

    def __init__(self, store: Store, intake: Intake, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._intake = intake
        self._clock = clock
        self._wake = wake

    async def schedule(self, account: Account, bulk_id: str) -> Schedule:
        """When it leaves, or left; the time of the latest of its requests."""
        return Schedule(bulk_id, (await self._find(account, bulk_id)).send_at)

    async def reschedule(self, account: Account, bulk_id: str, send_at: int) -> Schedule:
        """Let a bulk leave at `send_at` (UTC milliseconds, up to 180 days ahead; what is past is now).

        Its validity counts as if it had been accepted with this time. Raises BulkConflict for a bulk that is not
        PENDING, or that is not one message object of one request; NoSuchBulk also for one that is over.
        """
        now = self._clock.now()
        problems = schedule.send_at_problems(now, send_at)
        if problems:
            raise BulkConflict(problems[0])
        bulk = await self._intake.answer(self._store.reschedule(account.id, bulk_id, send_at, now))
        if bulk is None or bulk.status in OVER:
            raise NoSuchBulk
        if bulk.status is not BulkStatus.PENDING:
            raise BulkConflict(f"only a PENDING bulk can be rescheduled, and this one is {bulk.status}")
        if not bulk.single:
            raise BulkConflict("only a bulk that was sent in one request with one message object can be rescheduled")
        self._wake()
        return Schedule(bulk_id, bulk.send_at)

    async def status(self, account: Account, bulk_id: str) -> str:
        """A BulkStatus."""
        return (await self._find(account, bulk_id)).status.value

    async def set_status(self, account: Account, bulk_id: str, status: str) -> str:
        """Have it PAUSED, CANCELED, or PENDING again; the status that it has then, which is PROCESSING where PENDING
        was asked for and something of it was claimed. What it is already, it stays.

        Raises BulkConflict for any other status, and for a bulk that is over or was cancelled.
        """
        before = (await self._find(account, bulk_id)).status
        if status == before:
            return before.value
        state = STATES.get(status)  # type: ignore[call-overload]
        if state is None:
            raise BulkConflict(f"must be one of {', '.join(STATES)}; the others come by themselves")
        future = self._store.set_bulk(account.id, bulk_id, state, self._clock.now())
        bulk = await self._intake.answer(future)
        if bulk is None:
            raise NoSuchBulk
        if bulk.state is not state or bulk.status in OVER:
            raise BulkConflict(f"this bulk is {bulk.status}, and stays so")
        self._wake()
        return bulk.status.value

    async def _find(self, account: Account, bulk_id: str) -> Bulk:
        async with in_time(self._intake.seconds):
            bulk = await self._store.bulk(account.id, bulk_id)
        if bulk is None:
            raise NoSuchBulk
        return bulk
