"""What an account's settings do to its requests, and requests that come again, over real sockets."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import postgres
from e2e.conftest import Living, run
from e2e.gateway import TO, Customer, House, Reply, configure, message, open_account, until
from e2e.served import Served
from heliograph.accounts import admin
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator

ENVELOPE = {"messages": [{"destinations": [{"to": TO}], "content": {"text": "A"}}]}
QUERY = f"/sms/1/text/query?to={TO}&text=A&track=SMS"


async def change(h: House, **settings: Any) -> None:
    await admin.set_account(h.gateway.store, "acme", allow_private=True, **settings)
    await h.gateway.gate.load()


async def once(h: House, path: str, body: Any, key: str = "k-1", **headers: str) -> Reply:
    return await h.customer.request("POST", path, body, Idempotency_Key=key, **headers)


SENDS: dict[str, Any] = {
    "/sms/1/text/advanced": {"messages": [message(TO, "4179"), message(text="B")]},
    "/sms/2/text/single": {"to": TO, "text": "A"},
    "/sms/3/messages": ENVELOPE,
    QUERY: None,
}


@pytest.mark.parametrize("path", SENDS)
def test_a_request_that_comes_again_is_answered_as_before_and_sent_once(live: Living, path: str) -> None:
    async def body(h: House) -> None:
        first = await once(h, path, SENDS[path])
        count = len(first.messages)
        again = await asyncio.gather(*[once(h, path, SENDS[path]) for _ in range(5)])

        assert [(reply.status, reply.body) for reply in again] == [(200, first.body)] * 5
        in_xml = await once(h, path, SENDS[path], Accept="application/xml")
        assert first.messages[0]["messageId"] in in_xml.body.decode()
        assert (await once(h, path, SENDS[path], key="k-2")).body != first.body
        await h.is_idle()
        assert h.gateway.watch.accepted_messages == 2 * (count - (path == "/sms/1/text/advanced")) + 1

    live(body)


def test_requests_with_one_key_that_come_together_are_sent_once(live: Living) -> None:
    async def body(h: House) -> None:
        replies = await asyncio.gather(*[once(h, "/sms/3/messages", ENVELOPE) for _ in range(20)])

        assert len({reply.body for reply in replies}) == 1
        assert h.gateway.watch.accepted_messages == 1

    live(body)


def test_another_request_with_the_same_key_is_refused(live: Living) -> None:
    async def body(h: House) -> None:
        await once(h, "/sms/1/text/single", {"to": TO, "text": "A"})

        other = await once(h, "/sms/1/text/single", {"to": TO, "text": "B"})
        assert (other.status, other.refusal["messageId"]) == (422, "UNPROCESSABLE_ENTITY")
        elsewhere = await once(h, "/sms/2/text/single", {"to": TO, "text": "A"})
        assert elsewhere.status == 422
        third = await once(h, "/sms/3/messages", ENVELOPE)
        assert (third.status, third.json["errorCode"]) == (422, "E422")
        assert h.gateway.watch.accepted_messages == 1

    live(body)


def test_a_request_that_was_refused_as_a_whole_is_not_remembered(live: Living) -> None:
    async def body(h: House) -> None:
        assert (await once(h, "/sms/3/messages", {})).status == 400
        assert (await once(h, "/sms/3/messages", ENVELOPE)).status == 200
        for key in ("", "two words", "k" * 256, "é"):
            wrong = await once(h, "/sms/1/text/single", {"to": TO, "text": "A"}, key=key)
            assert (wrong.status, list(wrong.refusal["validationErrors"])) == (400, ["Idempotency-Key"])

    live(body)


def test_a_key_is_known_for_a_day(live: Living) -> None:
    async def body(h: House) -> None:
        first = await once(h, "/sms/3/messages", ENVELOPE)
        h.dial.turn(86_400 - 60)
        assert (await once(h, "/sms/3/messages", ENVELOPE)).body == first.body
        h.dial.turn(60)
        assert (await once(h, "/sms/3/messages", ENVELOPE)).body != first.body

    live(body, smsc="enquire_link_seconds = 9000000\ninactivity_seconds = 9000001\nresponse_seconds = 9000000")


def write(path: Path, text: str) -> None:
    path.write_text(text)


async def killed(url: str, config: Path) -> None:
    """The gateway is killed when it has answered, and the customer tries again as if he had heard nothing."""
    simulator = Simulator(Behaviour(receipt_delay=0.0), keep=True)
    await simulator.start()
    write(config, configure(url, simulator.port))
    key = await open_account(url)
    async with aiohttp.ClientSession() as session:
        bodies = []
        for _ in range(2):
            served = await Served.start(config)
            customer = Customer(session, served.port, key)
            reply = await customer.request("POST", "/sms/3/messages", ENVELOPE, Idempotency_Key="k")
            bodies.append(reply.body)
            await served.kill()
        assert bodies[0] == bodies[1]
        served = await Served.start(config)
        await Customer(session, served.port, key).pulled(1)
        assert await Customer(session, served.port, key).pull() == []
        assert await served.stop() == 0
    await simulator.stop()


def test_an_answer_survives_the_process_on_sqlite(tmp_path: Path) -> None:
    run(killed(f"sqlite://{tmp_path / 'heliograph.db'}", tmp_path / "h.toml"))


def test_an_answer_survives_the_process_on_postgresql(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server:
        run(killed(server.url("postgres"), tmp_path / "h.toml"))


def test_an_account_has_its_own_rate(live: Living) -> None:
    async def body(h: House) -> None:
        await change(h, rate_limit="3")
        replies = [await h.customer.request("GET", "/sms/1/reports") for _ in range(5)]

        assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
        assert replies[3].headers["retry-after"] == "1"
        assert replies[3].refusal["messageId"] == "TOO_MANY_REQUESTS"
        assert (await h.customer.send(message())).status == 429
        assert (await h.customer.request("GET", "/health")).status == 200
        h.dial.turn(1)
        assert (await h.customer.send(message())).status == 200

    live(body)


def test_logs_and_logins_have_rates_of_their_own(live: Living) -> None:
    async def body(h: House) -> None:
        logs = [await h.customer.request("GET", f"/sms/{n}/logs") for n in (1, 3, 1)]
        assert [reply.status for reply in logs] == [200, 200, 429]
        assert logs[2].headers["retry-after"] == "30"
        logins = [await h.customer.request("DELETE", "/auth/1/session") for _ in range(3)]
        assert [reply.status for reply in logins] == [401, 401, 429]
        assert (await h.customer.send(message())).status == 200

    live(body, limits="logs_per_minute = 2\nlogins_per_second = 2")


def test_reports_of_messages_that_name_no_url_go_where_the_account_says(live: Living) -> None:
    async def body(h: House) -> None:
        await change(h, notify_url=h.sink.url("/account"), notify_content_type="application/xml")
        await h.customer.send(message())
        await h.customer.request("POST", "/sms/3/messages", ENVELOPE)
        await until(lambda: len(h.sink.posts) == 2)
        assert {(post.path, post.content_type) for post in h.sink.posts} == {("/account", "application/xml")}
        await h.customer.send(message(notifyUrl=h.sink.url("/own")), message(notify=False))
        await h.customer.send(message(notifyContentType="application/json"))
        await h.told(2)
        assert {(post.path, post.content_type) for post in h.sink.posts[2:]} == {
            ("/own", "application/json"),
            ("/account", "application/json"),
        }
        assert await h.customer.pull() == []

    live(body)


def test_reports_and_logs_tell_the_price(live: Living) -> None:
    async def body(h: House) -> None:
        await change(h, price="0.0125")
        await h.customer.send(message(text="A" * 161), message("4179"))
        [report] = await h.customer.pulled(1)
        logs = (await h.customer.request("GET", "/sms/1/logs")).json["results"]

        assert report["price"] == {"pricePerMessage": 0.025, "currency": "EUR"}
        assert sorted(one["price"]["pricePerMessage"] for one in logs) == [0.0, 0.025]
        for path in ("balance", "total-balance"):
            assert (await h.customer.request("GET", f"/account/1/{path}")).json == {"balance": 0.0, "currency": "EUR"}

    live(body)


def test_nobody_waits_while_a_long_document_is_read(live: Living) -> None:
    async def body(h: House) -> None:
        document = b"<r>" + b"<messages/>" * 90_000 + b"</r>"
        sent = h.customer.request("POST", "/sms/1/text/advanced", document, Content_Type="application/xml")
        reading, began, longest = asyncio.create_task(sent), time.monotonic(), 0.0
        while not reading.done():
            asked = time.monotonic()
            assert (await h.customer.request("GET", "/health")).status == 200
            longest = max(longest, time.monotonic() - asked)
        assert (await reading).status == 400
        assert longest < (time.monotonic() - began) / 2

    live(body)
