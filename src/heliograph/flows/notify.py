"""Customers are told: reports are pushed to their URLs, many in one POST, and offered to the pull when none took them.

Rule 1: a report is done when a commit says so; a crash between the 2xx and that commit repeats the POSTs in flight.
Rule 2: a URL has a few POSTs in flight and no more, so a slow one delays nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol
from urllib.parse import urlsplit

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
HOST_POSTS = 256  # of them to one host
RETRY_STORE = 0.5  # seconds
SHUT_AFTER = 32  # failed POSTs to a host, in a row
SHUT_FOR = 15_000  # milliseconds
PROBES = 4
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
    staged: deque[Pending] = field(default_factory=deque)  # to go next

    @property
    def url(self) -> str:
        """Where the next of them goes."""
        return self.staged[0].report.options.notify_url or ""

    flying: set[int] = field(default_factory=set)  # the reports in them
    landed: set[int] = field(default_factory=set)  # settled since the last look began, which may still show them
    more: bool = False  # whether the last look did not show all


@dataclass(slots=True)
class Host:
    """What is known of a host."""

    flying: int = 0  # POSTs
    failures: int = 0  # in a row
    shut_until: int | None = None  # UTC milliseconds; then a few POSTs tell whether it answers again


class Hosts:
    """Hosts that do not answer: after SHUT_AFTER failures in a row one is left alone for SHUT_FOR, then tried by PROBES
    POSTs, until it takes one. Nothing of that counts as a try. No host has more than HOST_POSTS in flight, so that one
    that hangs leaves room for others before anybody knows."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}

    def begin(self, url: str) -> None:
        """A POST leaves."""
        self._hosts.setdefault(urlsplit(url).netloc, Host()).flying += 1

    def end(self, url: str, taken: bool, now: int) -> None:
        """What came of it."""
        name = urlsplit(url).netloc
        host = self._hosts[name]
        host.flying -= 1
        if not taken:
            host.failures += 1
            if host.failures >= SHUT_AFTER:
                host.shut_until = now + SHUT_FOR
            return
        host.failures, host.shut_until = 0, None
        if not host.flying:
            del self._hosts[name]

    def has_room(self, url: str) -> bool:
        """Whether one more POST may leave."""
        host = self._hosts.get(urlsplit(url).netloc)
        return host is None or host.flying < HOST_POSTS

    def shut_until(self, url: str, now: int) -> int | None:
        """Until when a host is left alone (UTC milliseconds); None: it may be tried."""
        host = self._hosts.get(urlsplit(url).netloc)
        if host is None or host.shut_until is None:
            return None
        if host.shut_until > now:
            return host.shut_until
        return now + SHUT_FOR if host.flying >= PROBES else None


class Notifier:
    """Pushes whatever is due. `wake` is set when there may be more."""

    def __init__(self, store: Store, client: Client, policy: PushPolicy, clock: Clock, watch: Watch) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._client = client
        self._policy = policy
        self._clock = clock
        self._watch = watch
        self._hosts = Hosts()
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
        """Until there may be more to push; single reports gather for a moment, so that they go in one POST."""
        if self._stopping or self._hungry():  # then there is more to stage while POSTs are in flight
            return
        await self._clock.wait(self.wake, IDLE)
        if not any(target.staged or target.more for target in self._targets.values()):
            await asyncio.sleep(GATHER)
        self.wake.clear()

    def _hungry(self) -> list[int]:
        """The webhooks with more to push than was staged, and not another POST of it at hand."""
        return [w for w, target in self._targets.items() if target.more and len(target.staged) < self._policy.batch]

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """Begin what POSTs there may be."""
        now = self._clock.now()
        due = await self._store.due_webhooks(now, WEBHOOKS_AT_A_TIME + len(self._targets))
        for webhook in dict.fromkeys([*due, *self._hungry()]):
            target = self._targets.setdefault(webhook, Target(webhook))
            if len(target.staged) < self._policy.batch:
                await self._stage(target, now)
            self._begin(target, group)

    async def _stage(self, target: Target, now: int) -> None:
        """Look for as many reports as may be in flight, beyond those that are known."""
        target.landed.clear()
        known = frozenset(target.flying.union(pending.id for pending in target.staged))
        most = self._policy.in_flight * self._policy.batch
        found = await self._store.due_reports(target.webhook, now, most, known)
        if found.forgotten:
            await self._store.settle_reports(Pushed(target.webhook, now, forgotten=found.forgotten))
        target.more = len(found.pending) + len(found.forgotten) >= most
        gone = target.flying | target.landed
        self._targets[target.webhook] = target
        target.staged.extend(p for p in found.pending if p.id not in known and p.id not in gone)

    def _begin(self, target: Target, group: asyncio.TaskGroup) -> None:
        """As many POSTs as the URL may have; none to a host that does not answer."""
        while target.staged and target.posts < self._policy.in_flight and not self._stopping:
            if until := self._hosts.shut_until(target.url, self._clock.now()):
                if not target.posts:  # else these will tell
                    group.create_task(self._postpone(target, until))
                return
            if not self._hosts.has_room(target.url) or sum(one.posts for one in self._targets.values()) >= POSTS:
                break
            self._hosts.begin(target.url)
            batch = self._batch(target)
            target.flying.update(pending.id for pending in batch)
            target.posts += 1
            group.create_task(self._push(target, batch, group))
        if not target.posts and not target.staged:
            self._targets.pop(target.webhook, None)

    def _batch(self, target: Target) -> list[Pending]:
        """What goes in the next POST: one account, URL, content type and shape, in order."""
        place = _place(target.staged[0])
        batch = [p for p in islice(target.staged, self._policy.batch) if _place(p) == place]
        ids = {pending.id for pending in batch}
        target.staged = deque(p for p in target.staged if p.id not in ids)
        return batch

    async def _push(self, target: Target, batch: list[Pending], group: asyncio.TaskGroup) -> None:
        options = batch[0].report.options
        body = FORMATS[options.shape, options.content_type]([self._priced(p.report) for p in batch])
        result = await self._client.post(options.notify_url or "", options.content_type, body)
        problem = result.reason if isinstance(result, Failed) else None
        self._watch.pushed(options.notify_url or "", batch, problem)
        self._hosts.end(options.notify_url or "", problem is None, self._clock.now())
        await self._keep(self._outcome(target.webhook, batch, problem))
        settled = [pending.id for pending in batch]
        target.landed.update(settled)
        target.flying.difference_update(settled)
        target.posts -= 1
        self._begin(target, group)
        self.wake.set()

    async def _postpone(self, target: Target, until: int) -> None:
        """Leave what is staged for a host that does not answer where it is, for a while, and uncounted."""
        staged, target.staged = target.staged, deque()
        target.flying.update(pending.id for pending in staged)
        retry = [(pending.id, until, pending.attempts) for pending in staged]
        await self._keep(Pushed(target.webhook, self._clock.now(), retry=retry))
        target.flying.difference_update(pending.id for pending in staged)
        self._targets.pop(target.webhook, None)
        self.wake.set()

    async def _keep(self, pushed: Pushed) -> None:
        """Until it is committed: what was taken is not to be pushed again."""
        while True:
            try:
                await self._store.settle_reports(pushed)
                return
            except StoreUnavailable:
                await asyncio.sleep(RETRY_STORE)

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


def _place(pending: Pending) -> tuple[object, ...]:
    options = pending.report.options
    return pending.report.account, options.notify_url, options.content_type, options.shape


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
