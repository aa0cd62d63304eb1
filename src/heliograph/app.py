"""The composition root: every part is built here, and joined to the others. Read it first.

Rule 1: what earlier processes had claimed is settled before anything is sent.
Rule 2: an end is orderly: no new requests, no new claims, answers that are on their way, unbind, the last commits. It
takes STOPS_WITHIN and no longer, and then up to 30 s for the store to close, whatever does not answer.
Rule 3: a gateway whose epoch was ended by another process sends nothing more, and ends.
Rule 4: a part that fails for a reason nobody foresaw takes the process down, loudly: the tables know what to do next.
"""

from __future__ import annotations

import asyncio
import socket

import msgspec
import structlog

from heliograph import sites
from heliograph.accounts.gate import Gate
from heliograph.admin.parts import Parts as AdminParts
from heliograph.api.parts import Parts
from heliograph.clock import Clock, SystemClock
from heliograph.config import Config
from heliograph.flows.accept import Acceptor
from heliograph.flows.bulks import Bulks
from heliograph.flows.collect import Collector
from heliograph.flows.conversion import Conversions
from heliograph.flows.dispatch import Dispatcher
from heliograph.flows.follow import Follower
from heliograph.flows.health import Health
from heliograph.flows.inbound import Assigner
from heliograph.flows.inbox import Inbox
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.logs import Logs
from heliograph.flows.notify import Notifier
from heliograph.flows.pull import Puller
from heliograph.flows.purse import Purses
from heliograph.flows.receive import Receiver
from heliograph.flows.routing import Route
from heliograph.flows.settle import Policies, Settler
from heliograph.flows.upkeep import Upkeep, recover
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.smsc.pool import Pool
from heliograph.store.errors import EpochEnded
from heliograph.store.interface import Store
from heliograph.store.postgres import PostgresEngine
from heliograph.store.sqlite import SqliteEngine
from heliograph.values import SQLITE
from heliograph.web import page
from heliograph.web.application import build
from heliograph.web.server import Server
from heliograph.webhooks.client import WebhookClient
from heliograph.wiring import limits_of, policy_of, smsc_of, throttle_of

LOG = structlog.get_logger(__name__)
MINUTE = 60_000  # milliseconds
HOUR = 60 * MINUTE
ANSWERS_WITHIN = 10.0  # seconds that answers may still take when the gateway stops
STOPS_WITHIN = 30.0  # seconds from `stop` until what is still running is cut off


class Unfinished(Exception):
    """The gateway was told to stop, and had to end before all was written that the tables could have known."""


async def open_store(url: str, *, exclusive: bool) -> Store:
    """The store that a URL names, up to date. `exclusive`: for the one process that serves.

    Raises StoreInUse, StoreTooNew, StoreUnavailable.
    """
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        return Store(await SqliteEngine.open(path, exclusive=exclusive))
    return Store(await PostgresEngine.open(url, exclusive=exclusive))


Tasks = dict[str, asyncio.Task[None]]


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The exceptions in a group, and in the groups in it."""
    return [
        leaf for one in group.exceptions for leaf in (leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]


class Gateway:
    """A whole gateway. `open`, then `run` until `stop`."""

    def __init__(self, config: Config, store: Store, gate: Gate, epoch: int, clock: Clock, watch: Watch) -> None:
        self.config = config
        self.store = store
        self.gate = gate
        self.watch = watch
        self.started = asyncio.Event()
        self.port = 0
        self._clock = clock
        self._epoch = epoch
        self._stop = asyncio.Event()
        self._stopped = asyncio.Event()  # in order
        target = config.target()
        self._routes = [Route(smsc=target)] if target is not None else []
        self._inbox = Inbox()
        self.pool = Pool([smsc_of(smsc) for smsc in config.smsc], self._inbox, clock)
        self._policies = Policies({smsc.name: smsc.on_no_response for smsc in config.smsc}, gate.policy_of)
        self._build()

    @classmethod
    async def open(cls, config: Config, *, clock: Clock | None = None, watch: Watch | None = None) -> Gateway:
        """Open the store, begin an epoch, settle what earlier ones left. Raises as `open_store`, and ConfigError."""
        clock, watch = clock or SystemClock(), watch or Watch()
        store = await open_store(config.store.url, exclusive=True)
        try:
            epoch = await store.begin_epoch(socket.gethostname(), clock.now())
            gate = Gate(store, clock.now, config.http.session_minutes * MINUTE)
            await gate.load()
            gateway = cls(config, store, gate, epoch, clock, watch)
            await recover(store, gateway._policies, epoch, clock)
        except BaseException:
            await store.close()
            raise
        return gateway

    def _build(self) -> None:
        config, store, clock, watch, inbox = self.config, self.store, self._clock, self.watch, self._inbox
        webhooks = config.webhooks
        self._client = WebhookClient(webhooks.timeout_seconds, allow_private=webhooks.allow_private_networks)
        self._notifier = Notifier(store, self._client, policy_of(config), clock, watch)
        self._dispatcher = Dispatcher(store, self.pool, inbox, self._routes, clock, self._epoch, watch)
        self._settler = Settler(
            store, self.pool, inbox, self._policies, clock, self._epoch, watch, self._dispatcher.done, self._told
        )
        keys = KeyMaker(self._epoch)
        self._assigner = Assigner(store, self.gate, clock, watch, self._told)
        self._receiver = Receiver(store, self.pool, inbox, keys, clock, watch, self._told, self._assigner.wake.set)
        keep_short_links = config.links.keep_days * 24 * HOUR
        self._upkeep = Upkeep(
            store,
            clock,
            self._epoch,
            watch,
            self._told,
            self._assigner.wake.set,
            grace=int(config.limits.receipt_grace_seconds * 1000),
            join=int(config.limits.join_seconds * 1000),
            keep=config.store.retention_hours * HOUR,
            keep_receipts=config.store.receipt_days * 24 * HOUR,
            keep_short_links=keep_short_links,
        )
        most = config.limits
        self._intake = Intake(store, clock, Bounds(most.commit_seconds, most.waiting_messages, most.waiting_octets))
        remember = most.idempotency_hours * HOUR
        self._acceptor = Acceptor(self._intake, keys, self._routes, clock, watch, inbox.dispatch.set, remember)
        self.bulks = Bulks(store, self._intake, clock, inbox.dispatch.set)
        self._follower = Follower(
            store, keys, clock, watch, self._told, keep=keep_short_links, seconds=most.commit_seconds
        )
        self._limits = limits_of(config)

    def _told(self) -> None:
        """Reports may have become due."""
        self._notifier.wake.set()

    def bind(self) -> int:
        """Listen for requests; the port. Raises OSError when it is taken."""
        document, currency, keep = sites.document(), self.config.currency, self.config.store.retention_hours * HOUR
        health = Health(self.store, self.pool, self.watch, self._clock, self._epoch)
        parts = Parts(
            acceptor=self._acceptor,
            bulks=self.bulks,
            tokens=self.gate,
            reports=Puller(self.store, self._intake, self._clock, self.watch, currency),
            logs=Logs(self.store, self._clock, keep=keep, seconds=self._intake.seconds, currency=currency),
            inbox=Collector(self.store, self._intake, self._clock, self.watch, currency),
            conversions=Conversions(self.store, self._intake, self._clock, self.watch),
            follower=self._follower,
            health=health,
            purses=Purses(self._intake, currency),
            limits=self._limits,
            document=msgspec.json.encode(document),
            page=page.render(document),
            now=self._clock.now,
            short_base=self.config.links.base(),
        )
        admin_parts = AdminParts(
            store=self.store,
            gate=self.gate,
            health=health,
            currency=currency,
            seconds=self._intake.seconds,
            allow_private=self.config.webhooks.allow_private_networks,
            now=self._clock.now,
        )
        throttle = throttle_of(self.config, self._clock.monotonic)
        app = build(sites.sites(parts, admin_parts), self.gate, self._limits, throttle)
        self._server = Server(app, self._limits)
        self.port = self._server.bind(self.config.http.host, self.config.http.port)
        return self.port

    async def run(self) -> None:
        """Serve until `stop`, and end in order. `bind` comes before.

        Raises EpochEnded when another process serves from the store by now, Unfinished when the end took too long.
        """
        cut_off: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks = self._begin(group)
                watching = group.create_task(self.store.watch(), name="store")
                self.started.set()
                engine = self.config.store.url.partition("://")[0]
                LOG.info("serving", host=self.config.http.host, port=self.port, store=engine)
                await self._stop.wait()
                group.create_task(self._patience(tasks), name="patience")
                await self._end(tasks)
                self._stopped.set()
                watching.cancel()
        except* (EpochEnded, Unfinished) as problems:
            cut_off += leaves(problems)
            self.pool.stop()  # a last word to the SMSCs, which let nobody else bind before
        finally:
            await self.close()
        if cut_off:
            raise cut_off[0]

    def _begin(self, group: asyncio.TaskGroup) -> Tasks:
        parts = {
            "links": self.pool.run,
            "http": self._server.serve,
            "intake": self._intake.run,
            "dispatcher": self._dispatcher.run,
            "receiver": self._receiver.run,
            "settler": self._settler.run,
            "assigner": self._assigner.run,
            "notifier": self._notifier.run,
            "upkeep": self._upkeep.run,
        }
        return {name: group.create_task(run(), name=name) for name, run in parts.items()}

    async def close(self) -> None:
        """Let go of everything, where `run` will not be called."""
        await self._client.close()
        await self.store.close()

    def stop(self) -> None:
        """Make `run` come to its end."""
        self._stop.set()

    async def _end(self, tasks: Tasks) -> None:
        self._assigner.stop()
        self._notifier.stop()
        self._server.stop()
        await tasks["http"]
        self._intake.stop()
        self._dispatcher.stop()
        await self._answers()
        self.pool.stop()
        await tasks["links"]
        await tasks["dispatcher"]  # a claim that is still on its way will have nowhere to go, and has to be settled
        self._receiver.stop()
        self._settler.stop()
        self._upkeep.stop()
        await asyncio.wait(tasks.values())

    async def _patience(self, tasks: Tasks) -> None:
        """Raises Unfinished when the end in order takes too long: the store may be away for days."""
        await self._clock.wait(self._stopped, STOPS_WITHIN)
        if not self._stopped.is_set():
            late = ", ".join(name for name, task in tasks.items() if not task.done())
            raise Unfinished(
                f"{STOPS_WITHIN:.0f} s after it was told to stop, this process ends without its {late}; "
                "nothing that was accepted is lost: the next start settles what is open"
            )

    async def _answers(self) -> None:
        """Until all that was submitted is answered and settled, or it takes too long."""
        end = self._clock.monotonic() + ANSWERS_WITHIN
        while any(link["claimed"] for link in self.pool.status()) and self._clock.monotonic() < end:
            await self._clock.wait(self._inbox.dispatch, 0.1)
            self._inbox.dispatch.clear()
