"""Everything around the gateway fails, one after the other: no message is lost, none is sent twice but for what was
in a window, and nobody waits for somebody else's trouble."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from e2e.conftest import Living, run
from e2e.gateway import (
    TO,
    Customer,
    House,
    Reply,
    Sink,
    configure,
    make_account,
    message,
    named,
    no_room,
    running,
    until,
)
from flows.engines import OnSqlite
from heliograph.accounts import ring
from heliograph.config import parse
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import Pdu, encode

WINDOW = 10
REPORTS = "/sms/1/reports"
PROMPT = Behaviour(receipt_delay=0.0)


def recipients(count: int) -> list[str]:
    return [f"4179300{number:04}" for number in range(count)]


@contextlib.asynccontextmanager
async def quick_reconnects(h: House) -> AsyncIterator[None]:
    """Nobody waits for a link to be tried again: the clock is turned while there is none."""

    async def turn() -> None:
        while True:
            if not any(link["bound"] for link in h.gateway.pool.status()):
                h.dial.turn(1.0)
            await asyncio.sleep(0.02)

    turning = asyncio.create_task(turn())
    try:
        yield
    finally:
        turning.cancel()
        await asyncio.wait([turning])


@pytest.mark.parametrize(
    ("refusing", "status", "pause"),
    [
        (Behaviour(password="other"), Status.ESME_RINVPASWD, 370),
        (Behaviour(bind_status=int(Status.ESME_RALYBND)), Status.ESME_RALYBND, 40),
    ],
)
def test_a_refused_bind_is_tried_again_later_and_what_waited_is_sent(
    live: Living, refusing: Behaviour, status: Status, pause: float
) -> None:
    async def body(h: House) -> None:
        refused = h.simulator.counters.binds_refused
        await until(lambda: refused[status] == 1)
        [entry] = (await h.customer.send(message(notifyUrl=h.sink.url()))).messages
        assert entry["status"]["id"] == 7
        ready = await h.customer.request("GET", "/ready")
        assert (ready.status, ready.json["links"][0]["bound"]) == (200, False)
        assert status.name in ready.json["links"][0]["problem"]

        h.simulator.behaviour = PROMPT
        h.dial.turn(pause / 2)
        assert refused.total() == 1
        h.dial.turn(pause)
        assert (await h.told(1))[0]["status"]["id"] == 5

    live(body, behaviour=refusing)


def test_an_smsc_that_vanishes_with_a_full_window_costs_at_most_that_window_twice(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(*recipients(3 * WINDOW), notifyUrl=h.sink.url()))
        assert len(await h.submitted(WINDOW)) == WINDOW
        h.simulator.behaviour = PROMPT
        async with quick_reconnects(h):
            h.simulator.drop_links()
            reports = await h.told(3 * WINDOW)
        assert Counter(report["to"] for report in reports) == Counter(recipients(3 * WINDOW))
        assert (h.simulator.counters.unique, len(h.submits)) == (3 * WINDOW, 4 * WINDOW)

    live(body, behaviour=Behaviour(no_answer=True))


def test_where_doubles_are_worse_than_losses_nothing_unanswered_is_sent_again(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(*recipients(3 * WINDOW), notifyUrl=h.sink.url(), validityPeriod=60))
        held = {submit.fields["destination_addr"] for submit in await h.submitted(WINDOW)}
        h.simulator.behaviour = PROMPT
        async with quick_reconnects(h):
            h.simulator.drop_links()
            reports = list(await h.told(2 * WINDOW))
            assert not held & {report["to"] for report in reports}
            h.dial.turn(2 * 3600)
            expired = (await h.told(3 * WINDOW))[2 * WINDOW :]
        assert {(r["status"]["id"], r["error"]["id"]) for r in expired} == {(15, 502)}
        assert {r["to"] for r in expired} == held
        assert len(h.submits) == 3 * WINDOW

    live(body, behaviour=Behaviour(no_answer=True), smsc='on_no_response = "hold"')


def test_links_that_break_again_and_again_lose_nothing(live: Living) -> None:
    async def body(h: House) -> None:
        async with quick_reconnects(h):
            await h.customer.send(message(*recipients(100), notifyUrl=h.sink.url()))
            await until(lambda: h.simulator.counters.binds > 3)
            h.simulator.behaviour = PROMPT
            reports = await h.told(100)
        assert Counter(report["to"] for report in reports) == Counter(recipients(100))
        breaks = h.simulator.counters.binds - 1
        assert h.simulator.counters.unique == 100
        assert len(h.submits) - 100 <= breaks * WINDOW

    live(body, behaviour=Behaviour(receipt_delay=0.0, drop_after=17))


GARBAGE = [("length", 5, 2), ("noise", 5, 2), ("stranger", 5, 2), ("nack", 4, 1), ("body", 29, 1)]


@pytest.mark.parametrize(("kind", "status", "submits"), GARBAGE)
def test_an_answer_that_is_garbage_costs_nobody_else_a_message(
    live: Living, kind: str, status: int, submits: int
) -> None:
    async def body(h: House) -> None:
        one = message(text=f"!garbage={kind} times=1", destinations=named(TO, "m"), validityPeriod=60)
        await h.customer.send(one | {"notifyUrl": h.sink.url()})
        await h.customer.send(message(*recipients(20), notifyUrl=h.sink.url()))
        async with quick_reconnects(h):
            await until(lambda: {r["to"] for r in h.sink.reports} >= set(recipients(20)))
            h.dial.turn(400 if status == 5 else 2 * 3600)  # nothing is heard; or validity and grace end
            [report] = await until(lambda: h.sink.of("m"))
        assert report["status"]["id"] == status
        assert sum(s.fields["destination_addr"] == TO for s in h.submits) == submits

    live(body)


DELIVER = encode(Pdu(Command.DELIVER_SM, 0, 7, {"source_addr": "1", "destination_addr": "2", "short_message": b"x"}))
HOSTILE: dict[str, bytes] = {
    "a length of 2 GB": bytes.fromhex("7fffffff000000050000000000000001"),
    "a length below a header": bytes.fromhex("00000008000000050000000000000001"),
    "a length of nothing": bytes(16),
    "a PDU that never ends": DELIVER[:-3],
    "a body cut off": (len(DELIVER) - 9).to_bytes(4, "big") + DELIVER[4:-9],
    "short_message longer than its PDU": DELIVER[:-2] + b"\xff" + DELIVER[-1:],
    "TLVs of noise": (len(DELIVER) + 7).to_bytes(4, "big") + DELIVER[4:] + b"\x00\x1e\xff\xff\x01\x02\x03",
    "a TLV cut off": (len(DELIVER) + 3).to_bytes(4, "big") + DELIVER[4:] + b"\x04\x24\x00",
    "an unknown command": bytes.fromhex("0000001400000999000000000000000100000000"),
    "an answer to nothing": bytes.fromhex("000000118000000400000000000000ff00"),
    "a bind from the SMSC": encode(Pdu(Command.BIND_TRANSCEIVER, 0, 1, {"system_id": "x", "password": "y"})),
    "a submit_sm from the SMSC": encode(Pdu(Command.SUBMIT_SM, 0, 1, {"destination_addr": "1"})),
    "an unbind": encode(Pdu(Command.UNBIND, 0, 9)),
    "octets of chance": random.Random(1).randbytes(4000),
    "HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
}


async def _report(h: House, message_id: str) -> dict[str, Any]:
    [report] = await until(lambda: h.sink.of(message_id))
    return report


def test_no_octets_from_an_smsc_bring_the_gateway_down(live: Living) -> None:
    async def body(h: House) -> None:
        async with quick_reconnects(h):
            for name, octets in HOSTILE.items():
                await until(lambda: h.simulator.counters.bound == 1 and h.gateway.pool.status()[0]["bound"])
                h.simulator.send_raw(octets)
                h.dial.turn(61)  # also for what waits for the rest of a PDU
                await h.customer.send(message(destinations=named(TO, name), notifyUrl=h.sink.url()))
                assert (await _report(h, name))["status"]["id"] == 5, name
        assert len(h.submits) - len(HOSTILE) <= h.simulator.counters.binds - 1, "there was one message at a time"

    live(body)


def test_a_full_disk_refuses_what_it_cannot_keep_and_forgets_nothing(live: Living, tmp_path: Path) -> None:
    async def body(h: House) -> None:
        first = await h.customer.send(message(*recipients(40), text="!delay=0.3"))
        await until(lambda: h.gateway.watch.sent_segments["north"] == 40)
        with no_room(tmp_path / "heliograph.db"):
            sends = [h.customer.send(message(*recipients(5)), bulkId=f"b-{n}") for n in range(20)]
            replies = await asyncio.gather(*sends)
            for reply in replies:
                assert (reply.status, reply.refusal["messageId"]) == (503, "SERVICE_UNAVAILABLE")
                assert int(reply.headers["retry-after"]) >= 1
            assert (await h.customer.request("GET", "/ready")).status == 503
            assert (await h.customer.request("GET", "/health")).status == 200
            await until(lambda: h.simulator.counters.acknowledged[Status.ESME_RX_T_APPN] > 0)
        last = await h.customer.send(message("41790000001"), bulkId="b-1")
        assert (await h.customer.request("GET", "/ready")).status == 200
        reports = await h.customer.pulled(41)
        accepted = {entry["messageId"] for reply in (first, last) for entry in reply.messages}
        assert {report["messageId"] for report in reports} == accepted
        assert len(h.submits) == 41

    live(body)


async def _hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def _reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _fail(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


def test_webhooks_that_hang_break_or_refuse_delay_no_other_and_are_offered_to_the_pull(live: Living) -> None:
    async def body(h: House) -> None:
        h.sink.answering |= {"/hang": _hang, "/reset": _reset, "/fail": _fail}
        bad = [h.sink.url("/hang"), h.sink.url("/reset"), h.sink.url("/fail"), "http://127.0.0.1:1/dead"]
        messages = [message(*recipients(20), notifyUrl=url) for url in bad]
        await h.customer.send(*messages, message(*recipients(50), notifyUrl=h.sink.url("/good")))
        began = h.dial.monotonic()
        await h.told(50)
        assert h.dial.monotonic() - began < 2.0, "somebody waited for the webhook that hangs"
        await until(lambda: h.gateway.watch.failed_pushes >= 4)
        assert h.gateway.watch.pushed_reports == 50
        reports: list[Any] = []
        async with asyncio.timeout(30):
            while len(reports) < 80:  # whichever POST fails when: its only retry comes a minute later
                h.dial.turn(60)
                reports += await h.customer.pull()
        assert Counter(report["to"] for report in reports) == Counter(recipients(20) * 4)
        assert len(h.sink.reports) == 50

    live(body, webhooks="timeout_seconds = 2\nretries = 1")


def test_an_end_in_the_middle_of_the_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        simulator, sink = Simulator(msgspec.structs.replace(PROMPT, resp_delay=0.02), keep=True), Sink()
        await simulator.start()
        url = f"sqlite://{tmp_path / 'heliograph.db'}"
        config = parse(configure(url, simulator.port))
        async with sink.serve(), aiohttp.ClientSession() as session:
            async with running(config) as gateway:
                customer = Customer(session, gateway.port, await make_account(gateway.store))
                accepted: set[str] = set()
                load = [asyncio.create_task(_load(customer, sink, n, accepted)) for n in range(4)]
                await until(lambda: len(simulator.submits) >= 50)
            await asyncio.wait(load)
            assert len(simulator.submits) < len(accepted)
            async with running(config):
                await until(lambda: len({r["messageId"] for r in sink.reports}) >= len(accepted))
        await simulator.stop()
        assert accepted <= {report["messageId"] for report in sink.reports}
        assert simulator.counters.unique == len(simulator.submits)

    run(scene())


async def _load(customer: Customer, sink: Sink, number: int, accepted: set[str]) -> None:
    """Send one request after the other, until nobody answers any more."""
    at = 0
    with contextlib.suppress(aiohttp.ClientError, OSError):
        while True:
            to = [f"4179{number}{at + n:07}" for n in range(5)]
            at += 5
            reply: Reply = await customer.send(message(*to, notifyUrl=sink.url()))
            accepted |= {entry["messageId"] for entry in reply.messages}


def test_a_slow_smsc_is_waited_for_and_never_asked_twice(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await h.customer.send(message(*recipients(4), notifyUrl=h.sink.url()))
        await h.submitted(4)
        h.dial.turn(61)  # overdue: the link is asked for a sign of life, and the answers still count
        reports: list[Any] = await h.told(4)
        assert [report["status"]["id"] for report in reports] == [5] * 4
        assert (len(h.submits), h.simulator.counters.binds) == (4, 1)

    live(body, behaviour=Behaviour(receipt_delay=0.0, resp_delay=0.5), smsc="inactivity_seconds = 9000")


NOT_DONE = "Service unavailable: nothing of this request was done"
NOT_KNOWN = "Service unavailable: it is not known whether this request was, or will be, done"


def test_nobody_waits_for_a_disk_that_does_not_answer_and_everybody_is_told_what_is_known(
    live: Living, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"order {number}" for number in range(20)]

    async def send(h: House, name: str) -> Reply:
        return await h.customer.send({**message(), "destinations": named(TO, name)})

    async def body(h: House) -> None:
        assert (await send(h, "the first")).status == 200
        monkeypatch.setattr(ring, "ASKS_FOR", 0.01)
        stranger = Customer(h.customer.session, h.customer.port, "0" * 32)
        async with OnSqlite(tmp_path / "heliograph.db").stalled():
            asked = [*(send(h, name) for name in names), stranger.send(message()), h.customer.request("GET", REPORTS)]
            waiting = asyncio.gather(*asked)
            while not waiting.done():
                h.dial.turn(1.0)
                await asyncio.sleep(0.01)
            *replies, _, _ = refused = await waiting

        assert {reply.status for reply in refused} == {503}
        assert {reply.headers["retry-after"] for reply in replies} == {"5"}
        unknown = [name for name, reply in zip(names, replies, strict=True) if reply.refusal["text"] == NOT_KNOWN]
        not_done = [name for name, reply in zip(names, replies, strict=True) if reply.refusal["text"] == NOT_DONE]
        assert sorted(unknown + not_done) == sorted(names)
        again = {name: (await send(h, name)).messages[0]["status"]["id"] for name in names}
        assert again == {name: 23 if name in unknown else 7 for name in names}

    live(body)
