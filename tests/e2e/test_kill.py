"""The gateway's process is killed under load, again and again: what was answered with 200 is sent and reported, and no
money is made or lost.

`HELIOGRAPH_CHAOS_KILLS` says how often (2), `HELIOGRAPH_CHAOS_SEED` where chance begins (1): for longer runs.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import postgres
from e2e.conftest import run
from e2e.gateway import Customer, Reply, Sink, configure, message, open_account, until
from e2e.served import Served
from flows.engines import Engine, OnPostgres, OnSqlite
from heliograph.accounts import admin
from heliograph.app import open_store
from heliograph.cli.terminal import now
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator

KILLS = int(os.environ.get("HELIOGRAPH_CHAOS_KILLS", "2"))
SEED = int(os.environ.get("HELIOGRAPH_CHAOS_SEED", "1"))
LINKS, WINDOW = 2, 20
CUSTOMERS = 4
WITHIN = 60.0  # seconds
AHEAD = 1000  # messages that are accepted and not yet reported
TOP_UP, PRICE = 1000, 12_500  # a sum, and millionths of it


class Load:
    """Customers who send without a pause, and try again elsewhere when nobody answers."""

    def __init__(self, customer: Customer, sink: Sink, chance: random.Random) -> None:
        self.accepted: dict[str, str] = {}  # messageId to recipient
        self.alive = asyncio.Event()
        self.stopped = False
        self.answered: Callable[[], None] | None = None
        self.customer = customer
        self._sink = sink
        self._chance = chance
        self._number = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CUSTOMERS):
                group.create_task(self._send())

    async def _send(self) -> None:
        while not self.stopped:
            await self.alive.wait()
            count = self._chance.choice((1, 2, 5, 20))
            to = [f"4179{self._number + n:08}" for n in range(count)]
            self._number += count
            with contextlib.suppress(aiohttp.ClientError, OSError):
                reply: Reply = await self.customer.send(message(*to, text="kill", notifyUrl=self._sink.url()))
                assert [entry["to"] for entry in reply.messages] == to
                self.accepted |= {entry["messageId"]: entry["to"] for entry in reply.messages}
                if self.answered is not None:
                    self.answered()  # at once: from here on nothing of it may be lost
            await until(self._may_go_on, WITHIN)

    def _may_go_on(self) -> bool:
        """Customers wait where the gateway is far behind, so that a kill is survived in seconds."""
        return len(self.accepted) - len(self._sink.reports) < AHEAD or not self.alive.is_set() or self.stopped


class Scene:
    """A gateway's process between customers under load and an SMSC."""

    def __init__(self, engine: Engine, config: Path) -> None:
        self.simulator, self.sink = Simulator(Behaviour(receipt_delay=0.0), keep=True), Sink()
        self._engine = engine
        self._url = engine.url
        self._config = config

    async def play(self) -> None:
        """The whole story."""
        print(f"seed {SEED}, {KILLS} kills")
        chance = random.Random(SEED)
        await self.simulator.start()
        write(self._config, configure(self._url, self.simulator.port, smsc=f"links = {LINKS}\nwindow = {WINDOW}"))
        key = await open_account(self._url)
        await self._pay()
        async with self.sink.serve(), aiohttp.ClientSession() as session:
            load = Load(Customer(session, 0, key), self.sink, chance)
            await self._start(load)
            loading = asyncio.create_task(load.run())
            try:
                for number in range(KILLS):
                    at = len(self.simulator.submits) + chance.randint(200, 600)
                    await self._kill(load, at, alone=number % 2 == 1)
                load.stopped = True
                await loading
                await self._told(set(load.accepted))
                assert await self._served.stop() == 0, self._served.log
            finally:
                loading.cancel()
                await asyncio.wait([loading])
                await self._served.kill()
        await self.simulator.stop()
        _check(load.accepted, self.simulator, self.sink.reports)
        await self._check_money()

    async def _pay(self) -> None:
        """The account is prepaid."""
        store = await open_store(self._url, exclusive=False)
        await admin.set_account(store, "acme", price=str(PRICE / 1_000_000), prepaid="true")
        await admin.top_up(store, "acme", str(TOP_UP), now())
        await store.close()

    async def _check_money(self) -> None:
        """What is available, reserved and spent is what was topped up; what is reserved is for what has not ended."""
        [(available, reserved)] = await self._engine.rows("SELECT available, reserved FROM balance")
        [(waiting,)] = await self._engine.rows("SELECT COUNT(*) FROM message")
        spent = 0
        for (day,) in await self._engine.rows("SELECT day FROM history_day"):
            spent += (await self._engine.rows(f"SELECT SUM(price) FROM history_{day}"))[0][0]
        print(f"{spent / PRICE:.0f} paid, {waiting} waiting")
        assert reserved == waiting * PRICE
        assert available + reserved + spent == TOP_UP * 1_000_000
        assert spent >= len({report["messageId"] for report in self.sink.reports}) * PRICE > 0

    async def _start(self, load: Load) -> None:
        self._served = await Served.start(self._config)
        load.customer.port = self._served.port
        load.alive.set()

    async def _kill(self, load: Load, at: int, *, alone: bool) -> None:
        """Kill it with an answer, once the SMSC saw `at` submit_sm; back when what was accepted before is reported."""

        def strike() -> None:
            if len(self.simulator.submits) >= at and load.alive.is_set():
                self._served.strike(alone=alone)
                load.alive.clear()

        load.answered = strike
        await until(lambda: not load.alive.is_set(), WITHIN)
        load.answered = None
        await self._served.ended()
        before = set(load.accepted)
        await self._start(load)
        await self._told(before)

    async def _told(self, ids: set[str]) -> None:
        await until(lambda: ids <= {report["messageId"] for report in self.sink.reports}, WITHIN)


def write(path: Path, text: str) -> None:
    path.write_text(text)


def _check(accepted: dict[str, str], simulator: Simulator, reports: list[dict[str, Any]]) -> None:
    submits = Counter(submit.fields["destination_addr"] for submit in simulator.submits)
    doubles = sum(submits.values()) - len(submits)
    print(f"{len(accepted)} accepted, {submits.total()} submits, {doubles} doubles, {len(reports)} reports")
    assert set(accepted.values()) <= set(submits)
    assert doubles <= KILLS * LINKS * WINDOW
    told = Counter(report["messageId"] for report in reports)
    assert max(told.values()) <= 1 + KILLS
    assert {report["status"]["name"] for report in reports} == {"DELIVERED_TO_HANDSET"}


def test_a_killed_gateway_on_sqlite_keeps_every_promise(tmp_path: Path) -> None:
    run(Scene(OnSqlite(tmp_path / "heliograph.db"), tmp_path / "heliograph.toml").play())


def test_a_killed_gateway_on_postgresql_keeps_every_promise(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server:
        run(Scene(OnPostgres(server.url("postgres")), tmp_path / "heliograph.toml").play())


def test_a_killed_and_a_stopped_process_both_let_go_of_the_store(tmp_path: Path) -> None:
    async def scene() -> None:
        config = tmp_path / "heliograph.toml"
        write(config, configure(f"sqlite://{tmp_path / 'heliograph.db'}", None))
        for end in ("kill", "stop", "stop"):
            served = await Served.start(config)
            status = await getattr(served, end)()
            assert end == "kill" or status == 0, served.log

    run(scene())


def test_a_gateway_whose_store_is_killed_ends_too_and_starts_again(tmp_path: Path) -> None:
    async def scene() -> None:
        config, url = tmp_path / "heliograph.toml", f"sqlite://{tmp_path / 'heliograph.db'}"
        write(config, configure(url, None))
        served = await Served.start(config)
        assert await served.kill_store() != 0
        served = await Served.start(config)
        assert await served.stop() == 0

    run(scene())


@pytest.mark.parametrize("name", ["kill", "stop"])
def test_a_message_without_any_smsc_to_take_it_survives_the_process(tmp_path: Path, name: str) -> None:
    async def scene() -> None:
        simulator, url, config = Simulator(keep=True), f"sqlite://{tmp_path / 'heliograph.db'}", tmp_path / "h.toml"
        await simulator.start()
        write(config, configure(url, simulator.port))
        await simulator.stop()
        key = await open_account(url)
        served = await Served.start(config)
        async with aiohttp.ClientSession() as session:
            [entry] = (await Customer(session, served.port, key).send(message())).messages
            await getattr(served, name)()
            await simulator.start()
            served = await Served.start(config)
            [report] = await Customer(session, served.port, key).pulled(1)
        assert (report["messageId"], len(simulator.submits)) == (entry["messageId"], 1)
        assert await served.stop() == 0
        await simulator.stop()

    run(scene())
