"""Reports for those who ask for them; each is given once."""

from __future__ import annotations

from typing import Protocol

import msgspec

from heliograph.clock import Clock
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import Report
from heliograph.store.interface import Store
from heliograph.store.reporting import Pull


def priced(report: Report, currency: str) -> Report:
    """The report in the operator's currency."""
    if report.currency != currency:
        report = msgspec.structs.replace(report, currency=currency)
    return report


class Account(Protocol):
    """Who asks."""

    @property
    def id(self) -> int: ...


class Puller:
    """Reports for those who ask; each is given once."""

    def __init__(self, store: Store, clock: Clock, watch: Watch, currency: str) -> None:
        self._store = store
        self._clock = clock
        self._watch = watch
        self._currency = currency

    async def pull(self, account: Account, query: ReportQuery) -> list[Report]:
        """The oldest unread reports that match, at most `query.limit`."""
        found = await self._store.pull(
            Pull(
                account=account.id,
                now=self._clock.now(),
                limit=query.limit,
                bulk_id=query.bulk_id,
                message_id=query.message_id,
                entity_id=query.entity_id,
                application_id=query.application_id,
                campaign_reference_id=query.campaign_reference_id,
            )
        )
        self._watch.pulled(len(found))
        return [priced(report, self._currency) for report in found]
