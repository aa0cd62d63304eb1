"""Short links from the request to the phone, from the phone to the page, and to the customer who wants to know."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import yarl

import postgres
from e2e.conftest import Living, run
from e2e.gateway import TO, Customer, House, Reply, Sink, configure, house, message, open_account, until
from e2e.served import Served
from heliograph.simulator.server import Simulator

TEXT_V1, TEXT_V2, V3 = "/sms/1/text/advanced", "/sms/2/text/advanced", "/sms/3/messages"
BASE = 'base_url = "https://sms.example/l/"'
SHORT = re.compile(r"(?:https://)?sms\.example(/l/[0-9A-Za-z]{11})(?![0-9A-Za-z])")
URL = "https://shop.example/a?b=c"
OTHER = "41793026728"
URL_OF_IDS = "http://127.0.0.1:{}/ct/1/log/end/"


def text(*to: str, said: str = f"Look: {URL}.", **more: Any) -> dict[str, Any]:
    return {"text": said, "destinations": [{"to": one} for one in to or (TO,)]} | more


async def said(h: House, count: int) -> list[str]:
    """The texts that the SMSC has, by their recipients."""
    submits = sorted(await h.submitted(count), key=lambda one: str(one.fields["destination_addr"]))
    return [str(one.fields["short_message"], "ascii") for one in submits]


async def visit(h: House, path: str, method: str = "GET", host: str = "sms.example") -> Reply:
    """What a phone gets: no key, and whatever host it knows us by."""
    url = f"http://127.0.0.1:{h.customer.port}{path}"
    asked = h.customer.session.request(method, url, headers={"Host": host}, allow_redirects=False)
    async with asked as answer:
        return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read())


def clicks(sink: Sink) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in sink.posts if post.path == "/clicks"]


async def waiting(_: aiohttp.web.Request) -> aiohttp.web.Response:
    await asyncio.Event().wait()
    return aiohttp.web.Response()


async def taking(_: aiohttp.web.Request) -> aiohttp.web.Response:
    return aiohttp.web.Response()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_link_is_shortened_followed_and_told(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("database_url") if engine == "postgres" else ""

    async def body() -> None:
        async with house(tmp_path, url=url, links=BASE) as h:
            h.sink.answering["/clicks"] = taking
            await h.bound()
            options = {"trackingUrl": h.sink.url("/clicks")}
            marks = {"callbackData": "mine", "applicationId": "app", "entityId": "ent"}
            answer = await h.customer.send(text(TO, OTHER, **marks), path=TEXT_V2, urlOptions=options, bulkId="bulk")
            before = h.dial.now()

            one, two = await said(h, 2)
            [path], [second] = SHORT.findall(one), SHORT.findall(two)
            assert path != second
            assert one == f"Look: https://sms.example{path}."
            led = await visit(h, path)

            assert (led.status, led.headers["location"], led.body) == (302, URL, b"")
            assert led.headers["cache-control"] == "no-store"
            assert led.headers["referrer-policy"] == "no-referrer"
            [told] = await until(lambda: clicks(h.sink))
            send, clicked = told.pop("sendDateTime"), told.pop("clickedAt")
            assert told == {
                "notificationType": "CLICKED",
                "url": URL,
                "recipient": TO,
                "messageId": answer.messages[0]["messageId"],
                "bulkId": "bulk",
                **marks,
            }
            assert before - 10_000 < send <= before
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", clicked)
            await until(lambda: h.gateway.watch.pushed_clicks == 1)

            assert (await visit(h, second, host="10.0.0.1:99")).headers["location"] == URL
            await until(lambda: len(clicks(h.sink)) == 2)
            assert clicks(h.sink)[1]["recipient"] == OTHER

    run(body())


def test_a_look_is_no_click(live: Living) -> None:
    async def body(h: House) -> None:
        h.sink.answering["/clicks"] = taking
        await h.bound()
        await h.customer.send(text(), path=TEXT_V2, urlOptions={"trackingUrl": h.sink.url("/clicks")})
        [path] = SHORT.findall((await said(h, 1))[0])

        looked = await visit(h, path, "HEAD")
        assert (looked.status, looked.headers["location"]) == (302, URL)
        assert (await visit(h, path, "POST")).status == 405
        assert h.gateway.watch.followed_links == 0

        assert (await visit(h, path)).status == 302
        await until(lambda: clicks(h.sink))
        assert h.gateway.watch.stored_clicks == 1

    live(body, links=BASE)


def test_a_link_that_is_not_there_is_a_page_that_says_so(live: Living) -> None:
    async def body(h: House) -> None:
        for path in (
            "/l/0123456789a",
            "/l/x",
            f"/l/{URL}",
            "/l/https:%2F%2Fevil.example",
            "/l/0123456789a?u=http://evil.example",
        ):
            missing = await visit(h, path)
            assert missing.status == 404, path
            assert "location" not in missing.headers
        missing = await visit(h, "/l/0123456789a")
        assert missing.headers["content-type"] == "text/html; charset=utf-8"
        assert b"does not exist, or it has expired" in missing.body
        assert (await visit(h, "/l/0123456789a", "HEAD")).status == 404

    live(body, links=BASE)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (TEXT_V2, {"urlOptions": {"shortenUrl": False}}),
        (TEXT_V2, {}),
        (TEXT_V2, {"tracking": {"track": "SMS"}}),
        ("/sms/1/binary/advanced", {"urlOptions": {}}),
    ],
)
def test_links_stay_where_nobody_asked(live: Living, path: str, more: dict[str, Any]) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await h.customer.send(message(text=URL) if "binary" in path else text(said=URL), path=path, **more)

        assert await said(h, 1) == [URL]

    live(body, links=BASE)


def test_links_stay_where_the_gateway_has_no_address_for_them(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        answer = await h.customer.send(text(said=URL), path=TEXT_V2, urlOptions={"trackingUrl": h.sink.url("/clicks")})

        assert answer.status == 200
        assert await said(h, 1) == [URL]
        assert (await visit(h, "/l/0123456789a")).headers["content-type"].startswith("application/json")

    live(body)


@pytest.mark.parametrize("more", [{"trackClicks": False, "trackingUrl": "http://192.0.2.1/"}, {"removeProtocol": True}])
def test_recipients_of_whose_clicks_nobody_is_told_share_a_link(live: Living, more: dict[str, Any]) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await h.customer.send(text(TO, OTHER), path=TEXT_V2, urlOptions=more)

        one, two = await said(h, 2)
        assert one == two
        assert ("https://sms" in one) is not more.get("removeProtocol", False)
        [path] = SHORT.findall(one)
        assert (await visit(h, path)).headers["location"] == URL
        assert (h.gateway.watch.followed_links, h.gateway.watch.stored_clicks) == (1, 0)

    live(body, links=BASE)


def test_every_generation_can_ask_and_every_text_is_cut_with_its_short_links(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        long = "ü" * 55 + f" {URL}/{'x' * 200}"
        content = {"text": long}
        asks: list[tuple[str, dict[str, Any]]] = [
            (TEXT_V1, {"messages": [text(said=long)], "tracking": {"track": "URL", "baseUrl": "mine.example"}}),
            (V3, {"messages": [{"destinations": [{"to": TO}, {"to": OTHER, "networkId": 1}], "content": content}],
                  "options": {"tracking": {"customDomain": "mine.example"}}}),
        ]  # fmt: skip
        for path, request in asks:
            assert (await h.customer.request("POST", path, request)).status == 200
        query = f"?to={TO}&text={URL}&trackingUrl=http://127.0.0.1:1/"
        assert (await h.customer.request("GET", "/sms/3/text/query" + query)).status == 200

        for one in await h.submitted(4):
            octets = one.fields["short_message"]
            assert one.fields["data_coding"] == 0
            assert len(octets) <= 160
            [path] = SHORT.findall(octets.decode("ascii", "replace"))
            assert (await visit(h, path)).status == 302

    live(body, links=BASE)


def test_a_text_says_in_its_log_what_was_sent(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await h.customer.send(text(), path=TEXT_V2, urlOptions={"trackingUrl": h.sink.url("/clicks")})
        [sent] = await said(h, 1)

        [log] = (await h.customer.request("GET", "/sms/1/logs")).json["results"]
        assert log["text"] == sent

    live(body, links=BASE)


async def a_click_through_a_kill(url: str, config: Path) -> None:
    """It is committed when its link leads on, so that it is told whatever happens to the process then."""
    simulator, sink = Simulator(keep=True), Sink()
    await simulator.start()
    await asyncio.to_thread(config.write_text, configure(url, simulator.port, links=BASE))
    key = await open_account(url)
    async with sink.serve(), aiohttp.ClientSession() as session:
        sink.answering["/clicks"] = waiting
        served = await Served.start(config)
        await simulator.until(lambda counters: counters.bound == 1, within=15)
        customer = Customer(session, served.port, key)
        await customer.send(text(), path=TEXT_V2, urlOptions={"trackingUrl": sink.url("/clicks")})
        await until(lambda: simulator.submits)
        [path] = SHORT.findall(simulator.submits[0].fields["short_message"].decode())
        async with session.get(f"http://127.0.0.1:{served.port}{path}", allow_redirects=False) as led:
            assert led.headers["location"] == URL
        await until(lambda: clicks(sink))
        await served.kill()
        sink.answering["/clicks"] = taking
        served = await Served.start(config)
        await until(lambda: len(clicks(sink)) == 2)
        first, second = clicks(sink)
        assert first == second
        assert await served.stop() == 0
        assert not [line for line in served.log if "shop.example" in line or path in line]
    await simulator.stop()


def test_a_click_survives_a_kill_on_sqlite(tmp_path: Path) -> None:
    run(a_click_through_a_kill(f"sqlite://{tmp_path / 'heliograph.db'}", tmp_path / "heliograph.toml"))


def test_a_click_survives_a_kill_on_postgresql(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server:
        run(a_click_through_a_kill(server.url("postgres"), tmp_path / "heliograph.toml"))


@pytest.mark.parametrize("name", ["2026/11/order 1", "a%2Fb", "\u00fc?#", "a//b"])
def test_a_conversion_is_told_by_whatever_id_a_customer_has_chosen(live: Living, name: str) -> None:
    async def body(h: House) -> None:
        chosen = {"text": "A", "destinations": [{"to": TO, "messageId": name}]}
        await h.customer.send(chosen, path=TEXT_V1, tracking={"track": "SMS", "processKey": "k"})
        url = URL_OF_IDS.format(h.customer.port) + quote(name, safe="")
        headers = {"Authorization": f"App {h.customer.key}"}
        async with h.customer.session.post(yarl.URL(url, encoded=True), headers=headers) as told:
            assert (told.status, await told.json()) == (200, {"processKey": "k"})

    live(body)


def test_a_conversion_is_told_by_the_id_of_its_message(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        answer = await h.customer.send(text(), path=TEXT_V1, tracking={"track": "SMS", "processKey": "campaign 7"})
        plain = await h.customer.send(text(), path=TEXT_V1)
        [one], [other] = answer.messages, plain.messages
        end = "/ct/1/log/end/"

        for _ in range(2):
            told = await h.customer.request("POST", end + one["messageId"])
            assert (told.status, told.json) == (200, {"processKey": "campaign 7"})
        missing = await h.customer.request("POST", end + other["messageId"])
        assert (missing.status, missing.refusal["messageId"]) == (404, "NOT_FOUND")
        assert missing.refusal["text"] == "Message not found, or not tracked"
        assert (await h.customer.request("POST", end + "nothing", Authorization="App x")).status == 401
        assert (await h.customer.request("GET", end + one["messageId"])).status == 405
        told = await h.customer.request("POST", end + one["messageId"], Accept="application/xml")
        assert b"<EndTagResponse><processKey>campaign 7</processKey></EndTagResponse>" in told.body
        metrics = (await h.customer.request("GET", "/metrics")).body.decode()
        assert "heliograph_conversions_total 1.0" in metrics

    live(body)
