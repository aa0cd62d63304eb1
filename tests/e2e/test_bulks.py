"""Large bulks that are paused and cancelled on their way to a slow SMSC, also when the gateway is killed after that."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

import postgres
from e2e.conftest import Living, run
from e2e.gateway import Customer, House, configure, message, open_account, until
from e2e.served import Served
from heliograph.app import open_store
from heliograph.clock import SystemClock
from heliograph.flows.bulks import Bulks
from heliograph.flows.intake import Bounds, Intake
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.store.interface import Store

MANY = 50_000
REQUEST = 10_000  # destinations
WITHIN = 120.0  # seconds
WINDOW = 20
SLOW = Behaviour(receipt_delay=0.0, resp_delay=0.02)
DELIVERED, NOT_SENT = 5, 31


class Owner:
    """Whose bulk it is, by name."""

    def __init__(self, id_: int) -> None:
        self.id = id_


async def owner_of(store: Store, name: str = "acme") -> Owner:
    keyring = await store.load_keyring()
    return Owner(next(account.id for account in keyring.accounts if account.name == name))


def numbers(count: int) -> list[str]:
    return [f"4179{n:07}" for n in range(count)]


async def send_bulk(customer: Customer, to: list[str]) -> set[str]:
    """Send the bulk, in as many requests as it takes; the ids of its messages."""
    ids = set()
    for first in range(0, len(to), REQUEST):
        part = message(*to[first : first + REQUEST], text="bulk")
        ids |= {entry["messageId"] for entry in (await customer.send(part, bulkId="bulk")).messages}
    return ids


async def pulled(customer: Customer, count: int) -> list[dict[str, Any]]:
    """So many reports of the bulk, pulled as they come."""
    reports: list[dict[str, Any]] = []
    async with asyncio.timeout(WITHIN):
        while len(reports) < count:
            reports += await customer.pull("?limit=1000&bulkId=bulk")
            await asyncio.sleep(0.01)
    return reports


def of_bulk(submits: list[Any]) -> list[str]:
    """The recipients of what the SMSC was sent of the bulk."""
    return [submit.fields["destination_addr"] for submit in submits if submit.fields["short_message"] == b"bulk"]


def check(reports: list[dict[str, Any]], ids: set[str], submits: list[Any]) -> None:
    """Every message was either sent, once, or reported as cancelled; and reported once."""
    assert Counter(report["messageId"] for report in reports) == Counter(ids)
    sent = of_bulk(submits)
    assert len(sent) == len(set(sent))
    assert {report["to"] for report in reports if report["status"]["id"] == DELIVERED} == set(sent)
    canceled = [report for report in reports if report["status"]["id"] != DELIVERED]
    assert {(report["status"]["id"], report["error"]["id"]) for report in canceled} == {(NOT_SENT, 4100)}
    assert len(sent) + len(canceled) == len(ids)


def test_a_large_bulk_that_is_paused_and_then_cancelled(live: Living) -> None:
    async def body(house: House) -> None:
        await house.bound()
        owner, bulks = await owner_of(house.gateway.store), house.gateway.bulks
        ids = await send_bulk(house.customer, numbers(MANY))
        await until(lambda: len(of_bulk(house.submits)) >= 200)

        assert await bulks.set_status(owner, "bulk", "PAUSED") == "PAUSED"
        await until(lambda: not any(link["claimed"] for link in house.gateway.pool.status()))
        sent = len(of_bulk(house.submits))
        assert sent < MANY - WINDOW
        await house.is_idle()
        assert len(of_bulk(house.submits)) == sent

        assert await bulks.set_status(owner, "bulk", "PENDING") == "PROCESSING"
        await until(lambda: len(of_bulk(house.submits)) >= sent + 200)
        assert await bulks.set_status(owner, "bulk", "CANCELED") == "CANCELED"
        reports = await pulled(house.customer, MANY)

        check(reports, ids, house.submits)
        assert await bulks.status(owner, "bulk") == "CANCELED"

    live(body, behaviour=SLOW, smsc=f"window = {WINDOW}")


async def cancel(url: str) -> None:
    """Cancel the bulk, from another process's point of view: what has been answered is committed."""
    store, clock = await open_store(url, exclusive=False), SystemClock()
    try:
        bulks = Bulks(store, Intake(store, clock, Bounds()), clock, lambda: None)
        assert await bulks.set_status(await owner_of(store), "bulk", "CANCELED") == "CANCELED"
    finally:
        await store.close()


def write(path: Path, text: str) -> None:
    path.write_text(text)


async def kill_after_cancel(url: str, config: Path) -> None:
    """Cancel midway, kill the gateway with the answer, and start it again."""
    simulator = Simulator(SLOW, keep=True)
    await simulator.start()
    write(config, configure(url, simulator.port, smsc=f"window = {WINDOW}\nresponse_seconds = 5"))
    key = await open_account(url)
    served = await Served.start(config)
    try:
        async with aiohttp.ClientSession() as session:
            customer = Customer(session, served.port, key)
            ids = await send_bulk(customer, numbers(REQUEST))
            await until(lambda: len(of_bulk(simulator.submits)) >= 200)
            await cancel(url)
            await served.kill()
            before = set(of_bulk(simulator.submits))
            served = await Served.start(config)
            customer.port = served.port
            reports = await pulled(customer, REQUEST)
        assert Counter(report["messageId"] for report in reports) == Counter(ids)
        assert set(of_bulk(simulator.submits)) == before  # nothing that waited has left since
        outcomes = Counter((report["status"]["id"], report["error"]["id"]) for report in reports)
        delivered, canceled = outcomes[DELIVERED, 0], outcomes[NOT_SENT, 4100]
        # What was on its way may have been sent, and nobody can say: 15 with 502.
        assert set(outcomes) <= {(DELIVERED, 0), (NOT_SENT, 4100), (15, 502)}, json.dumps(outcomes.most_common())
        assert outcomes[15, 502] <= WINDOW
        assert delivered <= len(before) <= delivered + outcomes[15, 502]
        assert delivered + canceled + outcomes[15, 502] == REQUEST
    finally:
        await served.kill()
        await simulator.stop()


def test_a_cancel_outlives_the_process_on_sqlite(tmp_path: Path) -> None:
    run(kill_after_cancel(f"sqlite://{tmp_path / 'heliograph.db'}", tmp_path / "heliograph.toml"))


def test_a_cancel_outlives_the_process_on_postgresql(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server:
        run(kill_after_cancel(server.url("postgres"), tmp_path / "heliograph.toml"))
