"""Customers are told: reports are pushed to their URLs, many in one POST, and offered to the pull when none took them.

Rule 1: a report is done when a commit says so; a crash between the 2xx and that commit repeats the POSTs in flight.
Rule 2: a URL has a few POSTs in flight and no more, so a slow one delays nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import Report
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.reporting import Pending, Pull, Pushed
from heliograph.webhooks.client import Failed, Taken
from heliograph.webhooks.formats import FORMATS

LOG = structlog.get_logger(__name__)
IDLE = 0.25  # seconds between two looks when nothing wakes us
GATHER = 0.02  # seconds for which reports wait for others that may go in the same POST
WEBHOOKS_AT_A_TIME = 64
POSTS = 512  # in flight at a time, over all URLs
RETRY_STORE = 0.5  # seconds
MINUTE = 60_000


class Client(Protocol):
    """The POST."""

    async def post(self, url: str, content_type: str, body: bytes) -> Taken | Failed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPolicy:
    """`batch` reports a POST, `in_flight` POSTs a URL, `retries` of a report before it is offered to the pull."""

    batch: int
    in_flight: int
    retries: int
    currency: str

    def due(self, now: int, attempts: int) -> int | None:
        """When to try again after `attempts` POSTs failed: 1 min + 1 min * n^2, n from 0; None: no more."""
        return now + MINUTE + MINUTE * (attempts - 1) ** 2 if attempts <= self.retries else None


@dataclass(slots=True)
class Target:
    """A webhook with POSTs in flight."""

    webhook: int
    posts: int = 0
    backlog: bool = False  # more was due than could go at once
    flying: set[int] = field(default_factory=set)  # the reports in them
    landed: set[int] = field(default_factory=set)  # settled since the last look began, which may still show them


class Notifier:
    """Pushes whatever is due. `wake` is set when there may be more."""

    def __init__(self, store: Store, client: Client, policy: PushPolicy, clock: Clock, watch: Watch) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._client = client
        self._policy = policy
        self._clock = clock
        self._watch = watch
        self._targets: dict[int, Target] = {}  # those with POSTs in flight
        self._stopping = False

    async def run(self) -> None:
        """Push until `stop`; POSTs in flight are waited for."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                try:
                    await self._round(group)
                except StoreUnavailable:
                    await asyncio.sleep(RETRY_STORE)
                await self._rest()

    def stop(self) -> None:
        """Begin no further POST."""
        self._stopping = True
        self.wake.set()

    async def _rest(self) -> None:
        """Until there may be more to push. A backlog goes on as soon as a POST has ended; single reports gather."""
        if self._stopping:
            return
        await self._clock.wait(self.wake, IDLE)
        if not any(target.backlog for target in self._targets.values()):
            await asyncio.sleep(GATHER)
        self.wake.clear()

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """Begin what POSTs there may be."""
        under_way = sum(target.posts for target in self._targets.values())
        if under_way >= POSTS:
            return
        now = self._clock.now()
        for webhook in await self._store.due_webhooks(now, WEBHOOKS_AT_A_TIME + len(self._targets)):
            target = self._targets.setdefault(webhook, Target(webhook))
            if target.posts < self._policy.in_flight:
                await self._push_webhook(target, now, group)
            self._forget(target)

    async def _push_webhook(self, target: Target, now: int, group: asyncio.TaskGroup) -> None:
        free = self._policy.in_flight - target.posts
        target.landed.clear()
        flying = frozenset(target.flying)
        found = await self._store.due_reports(target.webhook, now, free * self._policy.batch, flying)
        fresh = [p for p in found.pending if p.id not in target.flying and p.id not in target.landed]
        target.backlog = len(found.pending) >= free * self._policy.batch
        batches = _batches(fresh, self._policy.batch)[:free]
        for batch in batches:
            self._targets[target.webhook] = target
            target.flying.update(pending.id for pending in batch)
            target.posts += 1
            group.create_task(self._push(target, batch))

    async def _push(self, target: Target, batch: list[Pending]) -> None:
        options = batch[0].report.options
        body = FORMATS[options.shape, options.content_type]([self._priced(p.report) for p in batch])
        result = await self._client.post(options.notify_url or "", options.content_type, body)
        problem = result.reason if isinstance(result, Failed) else None
        self._watch.pushed(options.notify_url or "", batch, problem)
        await self._keep(self._outcome(target.webhook, batch, problem))
        settled = [pending.id for pending in batch]
        target.landed.update(settled)
        target.flying.difference_update(settled)
        target.posts -= 1
        self._forget(target)
        self.wake.set()

    async def _keep(self, pushed: Pushed) -> None:
        """Until it is committed: what was taken is not to be pushed again."""
        while True:
            try:
                await self._store.settle_reports(pushed)
                return
            except StoreUnavailable:
                await asyncio.sleep(RETRY_STORE)

    def _forget(self, target: Target) -> None:
        if not target.posts:
            self._targets.pop(target.webhook, None)

    def _outcome(self, webhook: int, batch: list[Pending], problem: str | None) -> Pushed:
        now = self._clock.now()
        if problem is None:
            return Pushed(webhook, now, taken=[p.id for p in batch])
        LOG.warning("webhook failed", problem=problem, reports=len(batch), account=batch[0].report.account)
        dues = [(p, self._policy.due(now, p.attempts + 1)) for p in batch]
        return Pushed(
            webhook,
            now,
            retry=[(p.id, due, p.attempts + 1) for p, due in dues if due is not None],
            given_up=[p.id for p, due in dues if due is None],
        )

    def _priced(self, report: Report) -> Report:
        return priced(report, self._policy.currency)


def priced(report: Report, currency: str) -> Report:
    """The report in the operator's currency."""
    if report.currency != currency:
        report = msgspec.structs.replace(report, currency=currency)
    return report


def _batches(pending: Sequence[Pending], most: int) -> list[list[Pending]]:
    """What may go in one POST: one account, URL, content type and shape, in order, at most `most`."""
    places: dict[tuple[object, ...], list[Pending]] = defaultdict(list)
    for one in pending:
        options = one.report.options
        places[one.report.account, options.notify_url, options.content_type, options.shape].append(one)
    return [group[at : at + most] for group in places.values() for at in range(0, len(group), most)]


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
