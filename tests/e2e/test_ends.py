"""How a gateway ends where it cannot end in order: another one has taken over, or the store takes nothing any more."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

import postgres as server
from e2e.conftest import run
from e2e.gateway import (
    Customer,
    Dial,
    House,
    Sink,
    configure,
    house,
    message,
    no_room,
    open_account,
    running,
    until,
)
from e2e.served import Served
from flows.engines import CUT
from heliograph.app import STOPS_WITHIN, Gateway, Unfinished, open_store
from heliograph.config import parse
from heliograph.flows.health import Health
from heliograph.flows.inbox import Inbox
from heliograph.observe import Watch
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smsc.pool import Pool
from heliograph.store import postgres as engine

WINDOW = 10
TO = [f"4179300{number:04}" for number in range(3 * WINDOW)]
PROMPT = Behaviour(receipt_delay=0.0)
SILENT = Behaviour(no_answer=True)
WAITS = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
TOOK_OVER = "heliograph: another process has taken over what this one served from"


@dataclass
class Town:
    """A silent SMSC and a customer with a server, for gateways of one store."""

    simulator: Simulator
    sink: Sink
    session: aiohttp.ClientSession
    key: str
    text: str  # of the configuration

    async def send(self, port: int) -> None:
        """More than a window holds, and a window full of it is on its way."""
        await Customer(self.session, port, self.key).send(message(*TO, notifyUrl=self.sink.url()))
        await until(lambda: len(self.simulator.submits) == WINDOW)

    async def all_told(self) -> None:
        """Each message came to one end, and is reported (a POST may come twice, as after any crash); only what was in a
        window was submitted twice."""
        await until(lambda: {report["to"] for report in self.sink.reports} == set(TO))
        ends = {(report["to"], report["messageId"], report["status"]["id"]) for report in self.sink.reports}
        assert sorted((to, status) for to, _, status in ends) == [(to, 5) for to in TO]
        assert len(self.simulator.submits) == len(TO) + WINDOW


@asynccontextmanager
async def a_town(url: str) -> AsyncIterator[Town]:
    simulator, sink = Simulator(SILENT, keep=True), Sink()
    await simulator.start()
    text = configure(url, simulator.port, smsc=f"window = {WINDOW}")
    try:
        async with sink.serve(), aiohttp.ClientSession() as session:
            yield Town(simulator, sink, session, await open_account(url), text)
    finally:
        await simulator.stop()


@asynccontextmanager
async def served(config: Path) -> AsyncIterator[Served]:
    process = await Served.start(config)
    try:
        yield process
    finally:
        await process.kill()


async def cut(url: str) -> None:
    """End all connections of gateways, and wait until they are gone."""
    beside = await asyncpg.connect(url)
    while await beside.fetch(CUT):
        pass
    await beside.close()


@pytest.mark.parametrize("other", ["still serves", "has ended"])
def test_a_gateway_that_another_one_replaced_ends_and_sends_nothing_more(
    database_url: str, tmp_path: Path, other: str
) -> None:
    """The first is frozen, as a machine that is moved or out of memory is, and its connections end meanwhile."""
    config = tmp_path / "heliograph.toml"

    async def scene() -> None:
        async with a_town(database_url) as town:
            config.write_text(town.text)
            async with served(config) as first:
                await town.send(first.port)
                os.kill(first.pid, signal.SIGSTOP)
                await cut(database_url)
                town.simulator.behaviour = PROMPT
                async with served(config) as second:
                    if other == "has ended":
                        town.simulator.drop_links()
                        await town.all_told()
                        assert await second.stop() == 0
                    else:
                        await until(lambda: len(town.simulator.submits) == len(TO) + WINDOW)
                    os.kill(first.pid, signal.SIGCONT)
                    assert await first.ended() == 1
                    await town.all_told()
            assert first.log[-1].startswith(TOOK_OVER)
            assert not any("Traceback" in line for line in first.log)

    run(scene())


@pytest.mark.parametrize("bar", ["NOLOGIN", "CONNECTION LIMIT 1"])
def test_a_gateway_whose_role_gets_no_more_connections_waits_and_goes_on(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bar: str
) -> None:
    """All parts look into the store again and again meanwhile, and none of them ends."""
    monkeypatch.setattr(engine, "RECONNECT_AFTER", 0.01)

    async def body(h: House) -> None:
        beside = await asyncpg.connect(database_url)
        await beside.execute(f"ALTER ROLE {server.ROLE} {bar}")
        await cut(database_url)
        for _ in range(5):
            ready = await h.customer.request("GET", "/ready")
            assert ready.status == 503
            assert ready.json["store"].startswith("unavailable: ")
            h.dial.turn(1.0)  # whoever looks round does so now

        await beside.execute(f"ALTER ROLE {server.ROLE} LOGIN CONNECTION LIMIT -1")
        await beside.close()
        for _ in range(1000):
            if (await h.customer.send(message(notifyUrl=h.sink.url()))).status == 200:
                break
        assert [report["status"]["id"] for report in await h.told(1)] == [5]
        assert (await h.customer.request("GET", "/ready")).status == 200

    async def scene(url: str) -> None:
        async with house(tmp_path, url=url) as h:
            await body(h)

    with server.a_role(database_url) as url:
        run(scene(url))


def test_a_gateway_that_lost_its_lock_to_nobody_who_serves_waits_to_have_it_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it looks while the server does not know yet that a connection of the gateway's own is dead."""
    monkeypatch.setattr(engine, "RECONNECT_AFTER", 0.01)

    async def scene() -> None:
        async with a_town(database_url) as town, running(parse(town.text)) as gateway:
            town.simulator.behaviour = PROMPT
            customer = Customer(town.session, gateway.port, town.key)
            beside, beside_too = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
            taking = asyncio.ensure_future(beside.execute("SELECT pg_advisory_lock($1)", engine.SERVES))
            while not await beside_too.fetchval(WAITS):  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0)
            await cut(database_url)
            await taking
            assert (await customer.send(message(*TO))).status == 503
            assert (await customer.request("GET", "/ready")).status == 503

            await beside.close()
            await beside_too.close()
            while (await customer.send(message(*TO))).status != 200:
                pass

    run(scene())


@contextmanager
def a_file(folder: Path) -> Iterator[tuple[str, AbstractContextManager[None]]]:
    """A store's URL, and what takes the store away."""
    path = folder / "heliograph.db"
    yield f"sqlite://{path}", no_room(path)


@contextmanager
def a_server(folder: Path) -> Iterator[tuple[str, AbstractContextManager[None]]]:
    """The same with PostgreSQL."""

    @contextmanager
    def stopped() -> Iterator[None]:
        pg.stop()
        yield
        pg.start()

    with server.running() as pg:
        yield pg.url("postgres"), stopped()


@pytest.mark.parametrize("place", [a_file, a_server])
def test_an_end_without_a_store_comes_in_time_and_loses_nothing(tmp_path: Path, place: Any) -> None:
    """A window full of lost answers cannot be written down: the next start goes by the policy for them."""

    async def scene(url: str, away: AbstractContextManager[None]) -> None:
        async with a_town(url) as town:
            dial = Dial()
            gateway = await Gateway.open(parse(town.text), clock=dial)
            gateway.bind()
            life = asyncio.create_task(gateway.run())
            await gateway.started.wait()
            await town.send(gateway.port)
            with away:
                town.simulator.drop_links()
                await until(lambda: not gateway.pool.status()[0]["bound"])
                gateway.stop()
                while not life.done():
                    dial.turn(STOPS_WITHIN)
                    await asyncio.sleep(0.01)
            with pytest.raises(Unfinished, match=r"ends without its .*settler.*; nothing that was accepted is lost"):
                await life
            town.simulator.behaviour = PROMPT
            async with running(parse(town.text)):
                await town.all_told()

    with place(tmp_path) as (url, away):
        run(scene(url, away))


def test_a_gateway_that_was_replaced_is_not_ready(tmp_path: Path) -> None:
    async def scene() -> tuple[bool, dict[str, Any]]:
        store, clock = await open_store(f"sqlite://{tmp_path}/heliograph.db", exclusive=True), Dial()
        older = await store.begin_epoch("first", clock.now())
        await store.begin_epoch("second", clock.now())
        health = Health(store, Pool([], Inbox(), clock), Watch(), clock, older)
        found = await health.ready()
        await store.close()
        return found

    ready, state = run(scene())
    assert not ready
    assert "another process has taken over" in state["store"]
