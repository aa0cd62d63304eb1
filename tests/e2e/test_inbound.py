"""Mobile-originated messages, from the SMSC to the customer: over two links, through a kill, pushed and pulled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import postgres
from e2e.conftest import Living, run
from e2e.gateway import TO, Customer, House, Sink, configure, message, open_account, until
from e2e.served import Served
from heliograph.accounts import admin
from heliograph.app import open_store
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator

TEXT = "Zwei Drähte, drei Teile: 🛰️ und kein Zeichen fehlt. " * 3
PATIENT = "links = 2\nenquire_link_seconds = 9000000\ninactivity_seconds = 9000001\nresponse_seconds = 9000000"
FOUR_HOURS = 14_400


def parts(reference: int = 77) -> list[dict[str, Any]]:
    """The three deliver_sm of TEXT; the second one begins in the middle of a character."""
    octets = TEXT.encode("utf-16-be")
    middle = octets.index("🛰️".encode("utf-16-be"), 100) + 2
    pieces = octets[:middle], octets[middle : middle + 120], octets[middle + 120 :]
    return [
        {
            "source_addr": TO,
            "destination_addr": "12345",
            "esm_class": 0x40,
            "data_coding": 8,
            "short_message": bytes((5, 0, 3, reference, 3, number)) + piece,
        }
        for number, piece in enumerate(pieces, 1)
    ]


async def collect(customer: Customer, query: str = "", path: str = "reports") -> Any:
    return (await customer.request("GET", f"/sms/1/inbox/{path}{query}")).json


async def collected(customer: Customer, count: int) -> list[dict[str, Any]]:
    """So many messages, pulled as they come."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(15):
        while len(found) < count:
            found += (await collect(customer))["results"]
    return found


async def push_to(url: str, sink: Sink) -> None:
    """The account has its inbound messages pushed."""
    store = await open_store(url, exclusive=False)
    await admin.set_account(store, "acme", allow_private=True, inbound_url=sink.url("/inbound"))
    await store.close()


async def kill_between(served: Served, config: Path, simulator: Simulator) -> Served:
    """Parts 3 and 1 come in, each over a link of its own, before the kill; part 2 and more, twice each, after it."""
    one, two, three = parts()
    assert await simulator.deliver(**three) == 0
    used = simulator.links[-1]
    assert await simulator.deliver(**one) == 0
    assert simulator.links[-1] is not used
    await served.kill()
    served = await Served.start(config)
    await simulator.until(lambda counters: counters.bound == 2, within=15)
    for part in (one, two, two):  # as if answers had been lost
        assert await simulator.deliver(**part) == 0
    return served


def write(path: Path, text: str) -> None:
    path.write_text(text)


async def a_long_message(url: str, config: Path) -> None:
    """It comes in over two links and through a kill, and is pushed once, whole."""
    simulator, sink = Simulator(), Sink()
    await simulator.start()
    write(config, configure(url, simulator.port, smsc="links = 2"))
    key = await open_account(url)
    async with sink.serve(), aiohttp.ClientSession() as session:
        await push_to(url, sink)
        served = await Served.start(config)
        await simulator.until(lambda counters: counters.bound == 2, within=15)
        served = await kill_between(served, config, simulator)
        await until(lambda: sink.reports)
        assert await simulator.deliver(source_addr=TO, destination_addr="12345", short_message=b"end") == 0
        await until(lambda: len(sink.reports) == 2)

        told, end = sink.reports
        assert (told["from"], told["to"], told["text"], told["cleanText"]) == (TO, "12345", TEXT, TEXT)
        assert (told["smsCount"], end["text"], end["smsCount"]) == (3, "end", 1)
        assert (await collect(Customer(session, served.port, key)))["results"] == []
        assert await served.stop() == 0
        assert not [line for line in served.log if "Teile" in line]
    await simulator.stop()


def test_a_long_message_survives_a_kill_on_sqlite(tmp_path: Path) -> None:
    run(a_long_message(f"sqlite://{tmp_path / 'heliograph.db'}", tmp_path / "heliograph.toml"))


def test_a_long_message_survives_a_kill_on_postgresql(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server:
        run(a_long_message(server.url("postgres"), tmp_path / "heliograph.toml"))


def test_a_message_that_lacks_a_part_is_given_after_four_hours(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound(2)
        one, _, three = parts()
        for part in (three, one):
            assert await h.simulator.deliver(**part) == 0
        h.dial.turn(FOUR_HOURS - 120)
        await h.is_idle()
        assert await collect(h.customer) == {"results": [], "messageCount": 0, "pendingMessageCount": 0}

        h.dial.turn(180)
        [found] = await collected(h.customer, 1)
        octets = one["short_message"][6:] + three["short_message"][6:]
        assert found["text"] == octets.decode("utf-16-be", "replace")
        assert (found["smsCount"], found["from"]) == (2, TO)
        assert h.gateway.watch.incomplete_messages == 1

    live(body, smsc=PATIENT)


def test_messages_are_pulled_once_and_logged_again_and_again(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await admin.set_account(h.gateway.store, "acme", numbers=["12345", "12345/JOIN"])
        h.dial.turn(1)  # for which the gateway may not know
        fields = {"source_addr": TO, "destination_addr": "12345"}
        for text in (b"join now", b"hello"):
            assert await h.simulator.deliver(**fields, short_message=text) == 0
        assert await h.simulator.deliver(**fields, short_message=b"\x01\xff", data_coding=4) == 0

        first, second, third = await collected(h.customer, 3)
        assert (first["text"], first["cleanText"], first["keyword"]) == ("join now", "now", "JOIN")
        assert (second["text"], second["cleanText"], "keyword" in second) == ("hello", "hello", False)
        assert (third["text"], third["binary"]) == ("", {"hex": "01 FF", "dataCoding": 4, "esmClass": 0})

        for _ in range(2):
            log = (await collect(h.customer, path="logs"))["results"]
            assert [entry["messageId"] for entry in log] == [m["messageId"] for m in (third, second, first)]
        assert [entry["keyword"] for entry in log] == ["", "", "JOIN"]

        since = second["receivedAt"].replace("+", "%2B")
        [joined] = (await collect(h.customer, f"?keyword=join&to=%2B12345&receivedUntil={since}", "logs"))["results"]
        assert joined["messageId"] == first["messageId"]
        assert (await collect(h.customer, "?to=54321", "logs"))["results"] == []

    live(body)


@pytest.mark.parametrize("count", [1, 3])
def test_the_simulated_smsc_writes_back(live: Living, count: int) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(text=f"!reply={count}", **{"from": "12345"}))
        [found] = await collected(h.customer, 1)

        whole = "Hello back" if count == 1 else "Part 1 of 3. Part 2 of 3. Part 3 of 3. "
        assert (found["from"], found["to"], found["text"], found["smsCount"]) == (TO, "12345", whole, count)
        [report] = await h.customer.pulled(1)
        assert report["status"]["groupName"] == "DELIVERED"

    live(body, behaviour=Behaviour(receipt_delay=0.0), smsc="links = 2")
