"""Customers are told: reports and inbound messages are pushed to their URLs, many in one POST, and offered to the pull
when none took them; clicks one by one, and nobody pulls them. What is said of reports here holds for all three; a URL
has one kind, because their shapes differ.

Rule 1: a report is done when a commit says so; a crash between the 2xx and that commit repeats the POSTs in flight.
Rule 2: a URL has a few POSTs in flight and no more, and so has a host: a slow one delays nobody but itself.
Rule 3: an intermediate report comes before the final one of its message, or not at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import structlog

from heliograph.clock import Clock
from heliograph.flows.hosts import Host, Hosts
from heliograph.flows.pull import priced
from heliograph.observe import Watch
from heliograph.sms.message import CLICK, INBOUND, Click, InboundMessage
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.reporting import Ask, Pending, Pushed
from heliograph.webhooks.client import Failed, Taken
from heliograph.webhooks.formats import ALONE, FORMATS

LOG = structlog.get_logger(__name__)
IDLE = 0.25  # seconds between two looks when nothing wakes us
GATHER = 0.02  # seconds for which reports wait for others that may go in the same POST
WEBHOOKS_AT_A_TIME = 64
STAGED = 20_000  # reports in memory, beside those in flight
PARKED_FOR = 60_000  # milliseconds for which a webhook whose host has no place is not looked at, unless one gets free
RETRY_STORE = 0.5  # seconds
MINUTE = 60_000
SHUT = "the host did not answer others"
NOUNS = {INBOUND: "messages", CLICK: "clicks"}  # by shape; all others are of reports


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
    """A webhook with POSTs in flight, or about to have some."""

    webhook: int
    posts: int = 0
    staged: deque[Pending] = field(default_factory=deque)  # to go next
    flying: set[int] = field(default_factory=set)  # ids of the reports in POSTs, and of those being written off
    telling: set[int] = field(default_factory=set)  # messages with an intermediate report in flight
    more: bool = False  # whether the last look did not show all
    resting: bool = False  # it is being written that it is left alone

    @property
    def url(self) -> str:
        """Where the next of them goes."""
        return self.staged[0].report.options.notify_url or ""


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
        self._targets: dict[int, Target] = {}
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
        if self._stopping or (self._hungry() and self._room() > 0):  # more can be staged while POSTs are in flight
            return
        await self._clock.wait(self.wake, IDLE)
        if not any(target.staged or target.more for target in self._targets.values()):
            await asyncio.sleep(GATHER)
        self.wake.clear()

    def _hungry(self) -> list[int]:
        """The webhooks with more to push than was staged, and not another POST of it at hand."""
        return [w for w, target in self._targets.items() if target.more and self._may_stage(target)]

    def _room(self) -> int:
        """How many more reports may be staged."""
        return STAGED - sum(len(target.staged) for target in self._targets.values())

    def _may_stage(self, target: Target) -> bool:
        return len(target.staged) < self._policy.batch and not target.resting

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """Begin what POSTs there may be."""
        now = self._clock.now()
        due = await self._store.due_webhooks(now, WEBHOOKS_AT_A_TIME + len(self._targets))
        room = self._room()
        called = self._hosts.call(now, min(WEBHOOKS_AT_A_TIME, room))
        webhooks = dict.fromkeys([*(webhook for _, webhook in called), *due, *self._hungry()])
        targets = [self._targets.setdefault(webhook, Target(webhook)) for webhook in webhooks]
        try:
            await self._stage([target for target in targets if self._may_stage(target)] if room > 0 else [], now)
        except StoreUnavailable:
            self._hosts.call_off(called)
            raise
        for target in targets:
            self._begin(target, group)
        self._hosts.dismiss(called)

    async def _stage(self, targets: list[Target], now: int) -> None:
        """Look for as many reports of each as may be in flight, beyond those that are known."""
        most = self._policy.in_flight * self._policy.batch
        asked = []
        for target in targets:
            asked.append(Ask(target.webhook, most, frozenset(target.flying.union(p.id for p in target.staged))))
        found = (await self._store.due_reports(asked, now)).reports if asked else []
        for target, reports in zip(targets, found, strict=True):
            target.more = len(reports.pending) >= most
            self._targets[target.webhook] = target
            target.staged.extend(reports.pending)  # none that was known when it was asked, settled since or not
        obsolete = [
            (t.webhook, reports.obsolete) for t, reports in zip(targets, found, strict=True) if reports.obsolete
        ]
        await asyncio.gather(*[self._keep(Pushed(w, now, taken=ids)) for w, ids in obsolete])

    def _begin(self, target: Target, group: asyncio.TaskGroup) -> None:
        """As many POSTs as the URL may have, and its host."""
        if not target.resting and target.staged:
            host = self._hosts.of(target.url)
            if host.is_shut(self._clock.now()):
                group.create_task(self._write_off(target, host, self._all_staged(target)))
            elif not target.posts and not self._hosts.places(host, target.webhook):
                target.resting = True
                group.create_task(self._park(target, host))
            else:
                self._post(target, host, group)
        if not target.flying and not target.staged and not target.resting:
            self._targets.pop(target.webhook, None)

    def _post(self, target: Target, host: Host, group: asyncio.TaskGroup) -> None:
        most = 1 if host.shut_until else self._policy.in_flight  # probes go to different webhooks
        while target.posts < most and not self._stopping and self._hosts.places(host, target.webhook):
            batch = self._batch(target)
            if not batch:
                return
            target.flying.update(pending.id for pending in batch)
            target.telling.update(pending.message for pending in batch if not pending.final)
            target.posts += 1
            self._hosts.begin(host, target.webhook)
            group.create_task(self._push(target, host, batch, group))

    def _batch(self, target: Target) -> list[Pending]:
        """What goes in the next POST: one account, URL, content type and shape, in order; nothing of a message whose
        intermediate report is on its way."""
        if not target.staged:
            return []
        place = _place(target.staged[0])
        free = (p for p in target.staged if _place(p) == place and p.message not in target.telling)
        most = 1 if target.staged[0].report.options.shape in ALONE else self._policy.batch
        batch = list(islice(free, most))
        ids = {pending.id for pending in batch}
        target.staged = deque(p for p in target.staged if p.id not in ids)
        return batch

    def _all_staged(self, target: Target) -> list[Pending]:
        staged = list(target.staged)
        target.staged.clear()
        target.flying.update(pending.id for pending in staged)
        return staged

    async def _push(self, target: Target, host: Host, batch: list[Pending], group: asyncio.TaskGroup) -> None:
        options = batch[0].report.options
        reports = [priced(pending.report, self._policy.currency) for pending in batch]
        body = FORMATS[options.shape, options.content_type](reports)
        began = self._clock.monotonic()
        result = await self._client.post(options.notify_url or "", options.content_type, body)
        problem = result.reason if isinstance(result, Failed) else None
        tells = {INBOUND: self._watch.pushed_inbound, CLICK: self._watch.pushed_click}
        tells.get(options.shape, self._watch.pushed)(options.notify_url or "", batch, problem)
        if problem is not None:
            what = NOUNS.get(options.shape, "reports")
            LOG.warning("webhook failed", problem=problem, **{what: len(batch)}, account=batch[0].report.account)
        answered = result.answered if isinstance(result, Failed) else True
        self._judge(host, answered, self._clock.monotonic() - began)
        await self._keep(self._outcome(target.webhook, batch, problem))
        target.telling.difference_update(pending.message for pending in batch if not pending.final)
        target.posts -= 1
        target.flying.difference_update(pending.id for pending in batch)
        self._begin(target, group)
        self.wake.set()

    def _judge(self, host: Host, answered: bool | None, seconds: float) -> None:
        """A POST ended: whether the host is shut by it, or open again."""
        was_shut = host.shut_until
        if self._hosts.end(host, answered, seconds, self._clock.now()):
            LOG.warning(
                "a host of webhooks does not answer, and is left alone for a while",
                host=host.name,
                written_off=host.written_off,
            )
        elif was_shut and not host.shut_until:
            LOG.info("a host of webhooks answers again", host=host.name, written_off=host.written_off)
        else:
            return
        host.written_off = 0

    async def _write_off(self, target: Target, host: Host, staged: list[Pending]) -> None:
        """What falls due while its host is shut has failed, as a POST would have."""
        host.written_off += len(staged)
        self._watch.written_off(len(staged))
        await self._keep(self._outcome(target.webhook, staged, SHUT))
        target.flying.difference_update(pending.id for pending in staged)
        if not target.flying and not target.staged:
            self._targets.pop(target.webhook, None)
        self.wake.set()

    async def _park(self, target: Target, host: Host) -> None:
        """Let a webhook wait for a place at its host, and not be looked at meanwhile."""
        target.staged.clear()
        now = self._clock.now()
        await self._keep(Pushed(target.webhook, now, rests_until=now + PARKED_FOR))
        self._hosts.park(host, target.webhook)
        target.resting = False
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
            return Pushed(
                webhook, now, taken=[p.id for p in batch], read=_keys(batch, InboundMessage), clicks=_keys(batch, Click)
            )
        dues = [(p, self._policy.due(now, p.attempts + 1)) for p in batch]
        ended = [p for p, due in dues if due is None]
        return Pushed(
            webhook,
            now,
            retry=[(p.id, due, p.attempts + 1) for p, due in dues if due is not None],
            given_up=[p.id for p in ended],
            unread=_keys(ended, InboundMessage),
            clicks=_keys(ended, Click),
        )


def _keys(batch: list[Pending], kind: type) -> list[int]:
    """The keys of what is of a kind in it."""
    return [pending.message for pending in batch if isinstance(pending.report, kind)]


def _place(pending: Pending) -> tuple[object, ...]:
    options = pending.report.options
    return pending.report.account, options.notify_url, options.content_type, options.shape
