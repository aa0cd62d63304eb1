"""A link or a pool in a test's hands: a simulated SMSC on a real socket, a clock that stands still, an owner who keeps
what he is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.session import Answered, Timing
from heliograph.smsc.dialect import Dialect
from heliograph.smsc.link import Binding, Link
from heliograph.smsc.pool import Pool, Smsc
from still import StillClock, until

PATIENT = Timing(enquire_after=1e9, inactivity=1e9, submit_response=1e9, overdue_limit=1e9)


@dataclass
class Owner:
    """Keeps every call, in order; acknowledges nothing by itself."""

    answers: list[list[Answered]] = field(default_factory=list)
    deliveries: list[list[Pdu]] = field(default_factory=list)
    losses: list[tuple[list[Any], list[Any]]] = field(default_factory=list)
    bounds: list[str] = field(default_factory=list)

    def answered(self, link: Link, answers: Sequence[Answered]) -> None:
        self.answers.append(list(answers))

    def delivered(self, link: Link, requests: Sequence[Pdu]) -> None:
        self.deliveries.append(list(requests))

    def lost(self, link: Link, unknown: Sequence[Any], unsent: Sequence[Any]) -> None:
        self.losses.append((list(unknown), list(unsent)))

    def bound(self, link: Link) -> None:
        self.bounds.append(link.binding.name)

    @property
    def tokens(self) -> list[Any]:
        """What was answered, in order."""
        return [answer.token for batch in self.answers for answer in batch]

    @property
    def statuses(self) -> list[int]:
        return [answer.pdu.status for batch in self.answers for answer in batch]

    @property
    def requests(self) -> list[Pdu]:
        return [pdu for batch in self.deliveries for pdu in batch]


def a_submit_sm(text: str = "hello", to: str = "41793026727") -> Pdu:
    fields = {"destination_addr": to, "registered_delivery": 0, "short_message": text.encode()}
    return Pdu(Command.SUBMIT_SM, fields=fields)


def a_binding(port: int, **changes: Any) -> Binding:
    plain: dict[str, Any] = {
        "smsc": "north",
        "name": "north/1",
        "host": "127.0.0.1",
        "port": port,
        "command": Command.BIND_TRANSCEIVER,
        "fields": {"system_id": "one", "password": "secret", "system_type": "", "interface_version": 0x34},
        "window": 10,
        "timing": PATIENT,
    }
    return Binding(**plain | changes)


def an_smsc(port: int, **changes: Any) -> Smsc:
    plain: dict[str, Any] = {
        "name": "north",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "one",
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


@dataclass
class Scene:
    """`link` is the first of `links`."""

    simulator: Simulator
    clock: StillClock
    owner: Owner
    links: list[Link]
    task: asyncio.Task[None]

    @property
    def link(self) -> Link:
        return self.links[0]

    def submit(self, *tokens: Any) -> None:
        self.link.submit([a_submit_sm(str(token)) for token in tokens], tokens)

    async def bound(self, links: int = 1) -> None:
        await until(lambda: sum(link.is_bound for link in self.links) == links)

    async def pause(self) -> float:
        """Until the only link waits to connect again; for how many seconds."""
        await until(lambda: self.clock.waits and self.clock.waits[0] > 0.25)
        return self.clock.waits[0]

    async def next_pause(self) -> float:
        """That pause is over, and so is what comes of it; the pause after that."""
        self.clock.turn(await self.pause())
        await until(lambda: self.clock.waits != [])
        return await self.pause()


@contextlib.asynccontextmanager
async def a_simulator(behaviour: dict[str, Any]) -> AsyncIterator[Simulator]:
    simulator = Simulator(Behaviour(**{"receipt_delay": 0.0} | behaviour), keep=True)
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


async def ended(clock: StillClock, task: asyncio.Task[None]) -> None:
    """Until the task ends, however much time has to pass for it."""
    while not task.done():
        clock.turn(1)
        await asyncio.sleep(0.001)
    await task


@contextlib.asynccontextmanager
async def a_link(behaviour: dict[str, Any] | None = None, **binding: Any) -> AsyncIterator[Scene]:
    """A link that keeps itself bound to a simulated SMSC that behaves so."""
    async with a_simulator(behaviour or {}) as simulator:
        clock, owner = StillClock(), Owner()
        link = Link(a_binding(simulator.port, **binding), owner, clock)
        task = asyncio.create_task(link.run())
        try:
            yield Scene(simulator, clock, owner, [link], task)
        finally:
            link.stop()
            await ended(clock, task)


@contextlib.asynccontextmanager
async def a_pool(behaviour: dict[str, Any] | None = None, **smsc: Any) -> AsyncIterator[tuple[Pool, Scene]]:
    """A pool with one SMSC of this description."""
    async with a_simulator(behaviour or {}) as simulator:
        clock, owner = StillClock(), Owner()
        pool = Pool([an_smsc(simulator.port, **smsc)], owner, clock)
        task = asyncio.create_task(pool.run())
        try:
            yield pool, Scene(simulator, clock, owner, pool.places["north"].links, task)
        finally:
            pool.stop()
            await ended(clock, task)
