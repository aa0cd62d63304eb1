"""Flows in a test's hands: a real store, real links to a simulated SMSC, and a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heliograph.accounts.settings import DEFAULTS, Settings
from heliograph.app import open_store
from heliograph.flows.accept import Acceptor
from heliograph.flows.bulks import Bulks
from heliograph.flows.dispatch import Dispatcher
from heliograph.flows.inbox import Inbox
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.receive import Receiver
from heliograph.flows.routing import Route
from heliograph.flows.settle import Policies, Settler
from heliograph.flows.submission import Accepted, Destination, Draft, Submission
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.session import Timing
from heliograph.sms.message import Options, Report
from heliograph.smsc.dialect import Dialect
from heliograph.smsc.pool import Pool, Smsc
from heliograph.store.interface import Store
from heliograph.store.reporting import Pull
from store.direct import Direct

BEGIN = 1_790_000_000_000  # 2026-09-21T14:13:20Z, a Monday
DAY = 86_400_000
ROUTES = [Route("north")]
LOOK = 0.25  # seconds: the longest wait of those who look round
PATIENT = Timing(enquire_after=1e9, submit_response=1e9, overdue_limit=1e9, inactivity=1e9)


class TurnedClock:
    """Stands still until a test turns it. Who only looks round now and then (LOOK) may look again after a moment of
    real time, so that nobody sleeps through a turn that came while he was awake."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []  # how long those who wait now want to wait
        self._turned = asyncio.Event()

    def now(self) -> int:
        return BEGIN + int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until the event, or until the clock was turned far enough."""
        end = self.seconds + seconds
        setting = asyncio.ensure_future(event.wait())
        self.waits.append(seconds)
        try:
            while not event.is_set() and self.seconds < end:
                turning = asyncio.ensure_future(self._turned.wait())
                moment = 0.01 if seconds <= LOOK else None
                done, _ = await asyncio.wait({setting, turning}, timeout=moment, return_when=asyncio.FIRST_COMPLETED)
                turning.cancel()
                if not done:
                    return
        finally:
            self.waits.remove(seconds)
            setting.cancel()

    def turn(self, seconds: float) -> None:
        self.seconds += seconds
        self._turned.set()
        self._turned = asyncio.Event()


async def until(condition: Callable[[], object], within: float = 10.0) -> None:
    """Wait for a condition. TimeoutError when it never holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what it waits for is not an event of this loop
            await asyncio.sleep(0.001)


@dataclass(frozen=True, slots=True)
class Customer:
    id: int = 1
    settings: Settings = DEFAULTS
    blocks: bool = False


def a_draft(text: str | bytes = "hello", *to: str, **changes: Any) -> Draft:
    body = text if isinstance(text, bytes) else text.encode("latin-1")
    destinations = [Destination(one) for one in to or ("41793026727",)]
    plain: dict[str, Any] = {"sender": "Heliograph", "data_coding": 0, "esm_class": 0, "options": Options()}
    return Draft(destinations=destinations, body=body, **plain | changes)


@dataclass
class House:
    """Everything between accepting and reports, on one clock."""

    clock: TurnedClock
    simulator: Simulator
    store: Store
    pool: Pool
    inbox: Inbox
    acceptor: Acceptor
    bulks: Bulks
    watch: Watch
    policy: dict[int, str] = field(default_factory=dict)
    dispatcher: Dispatcher | None = None  # while it is at work

    async def submit(self, *drafts: Draft, **changes: Any) -> Accepted:
        return await self.acceptor.accept(Customer(), Submission(list(drafts), **changes))

    async def told(self, count: int) -> list[tuple[str, int, int]]:
        """The next `count` reports, by their ids: (message_id, status, error)."""
        found: list[Report] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                found += await self.store.pull(Pull(1, self.clock.now(), count - len(found)))
                await asyncio.sleep(0.001)
        return [(r.message_id, r.status, r.error) for r in sorted(found, key=lambda r: int(r.message_id))]

    def texts(self) -> list[bytes]:
        """What the SMSC was sent, in order."""
        return [pdu.fields["short_message"] for pdu in self.simulator.submits]

    async def came(self, count: int) -> list[bytes]:
        """Wait until the SMSC was sent so many segments, and everything that it answered is settled."""
        await until(lambda: len(self.simulator.submits) >= count)
        return self.texts()

    async def settled(self) -> None:
        """Wait until no segment is claimed."""
        await until(lambda: not any(link["claimed"] for link in self.pool.status()))

    async def bound(self) -> None:
        """Wait until every link is bound, however often it has to try."""
        while not all(link["bound"] for link in self.pool.status()):
            self.clock.turn(0.25)
            await asyncio.sleep(0.001)

    async def barrier(self) -> None:
        """Whatever could have left before this has left: a message of another lane passes, in and out."""
        before = self.texts().count(b"barrier")
        await self.submit(a_draft("barrier", options=Options(notify=False)), bulk_id=f"barrier {before}")
        await until(lambda: self.texts().count(b"barrier") > before)


def an_smsc(port: int, **changes: Any) -> Smsc:
    plain: dict[str, Any] = {
        "name": "north",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "heliograph",
        "password": "secret",
        "system_type": "",
        "pair": False,
        "links": 1,
        "window": 10,
        "submits_per_second": 0.0,
        "default_sender": "",
        "on_no_response": "resend",
        "timing": PATIENT,
        "dialect": Dialect(),
    }
    return Smsc(**plain | changes)


@asynccontextmanager
async def a_house(
    path: Path, behaviour: Behaviour, *, begin_bound: bool, url: str = "", **smsc: Any
) -> AsyncIterator[House]:
    simulator = Simulator(behaviour, keep=True)
    await simulator.start()
    clock, watch, inbox = TurnedClock(), Watch(), Inbox()
    store = await open_store(url, exclusive=True) if url else Store(Direct(str(path / "heliograph.db")))
    epoch = await store.begin_epoch("test", clock.now())
    pool = Pool([an_smsc(simulator.port, **smsc)], inbox, clock)
    intake = Intake(store, clock, Bounds())
    acceptor = Acceptor(intake, KeyMaker(epoch), ROUTES, clock, watch, inbox.dispatch.set)
    bulks = Bulks(store, intake, clock, inbox.dispatch.set)
    house = House(clock, simulator, store, pool, inbox, acceptor, bulks, watch)
    if not begin_bound:
        await simulator.stop()
    async with at_work(house, epoch, smsc.get("on_no_response", "resend")):
        if begin_bound:
            await house.bound()
        yield house
    await store.close()


@asynccontextmanager
async def at_work(house: House, epoch: int, policy: str) -> AsyncIterator[None]:
    """The parts of a gateway between the store and the links, running; reports are pulled, so nobody is told."""
    store, pool, inbox, clock, watch = house.store, house.pool, house.inbox, house.clock, house.watch
    policies = Policies({"north": policy}, house.policy.get)
    dispatcher = house.dispatcher = Dispatcher(store, pool, inbox, ROUTES, clock, epoch, watch)
    settler = Settler(store, pool, inbox, policies, clock, epoch, watch, dispatcher.done, nobody)
    receiver = Receiver(store, pool, inbox, KeyMaker(epoch), clock, watch, nobody, nobody)
    async with asyncio.TaskGroup() as group:
        links = group.create_task(pool.run())
        for part in (dispatcher, settler, receiver):
            group.create_task(part.run())
        try:
            yield
        finally:
            await house.simulator.stop()
            dispatcher.stop()
            pool.stop()
            await links
            receiver.stop()
            settler.stop()


def nobody() -> None:
    """Is told."""


def play(
    path: Path,
    body: Callable[[House], Awaitable[None]],
    *,
    behaviour: Behaviour | None = None,
    begin_bound: bool = True,
    **smsc: Any,
) -> None:
    """Run `body` in a house whose SMSC behaves so; receipts come at once unless told otherwise. `url`: of its store."""

    async def main() -> None:
        async with (
            asyncio.timeout(60),
            a_house(path, behaviour or Behaviour(receipt_delay=0.0), begin_bound=begin_bound, **smsc) as house,
        ):
            await body(house)

    asyncio.run(main())
