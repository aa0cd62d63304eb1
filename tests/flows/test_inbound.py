"""Inbound messages on their way to their owners: found, pushed by the notifier, pulled, and asked for by time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from e2e.gateway import Sink
from flows.engines import Engine, OnSqlite
from flows.house import Customer, TurnedClock, until
from heliograph.accounts import admin
from heliograph.accounts.gate import Gate
from heliograph.app import open_store
from heliograph.flows import inbound
from heliograph.flows.collect import Collector
from heliograph.flows.errors import Overloaded
from heliograph.flows.inbound import FRESH, LOOKS_EVERY, SWEEPS_EVERY, Assigner
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.notify import Notifier, PushPolicy
from heliograph.flows.pull import SEARCHES_FOR
from heliograph.observe import Watch
from heliograph.sms.message import Inbound
from heliograph.store.inbound import PAGE, InboundQuery
from heliograph.store.interface import Store
from heliograph.store.settling import Delivery
from heliograph.webhooks.client import WebhookClient

NUMBER = "41790000001"


@dataclass
class Desk:
    """Everything between a delivery that is stored and the customer."""

    engine: Engine
    store: Store
    clock: TurnedClock
    watch: Watch
    assigner: Assigner
    collector: Collector
    sink: Sink
    told: list[int]

    async def account(self, name: str, **settings: Any) -> int:
        await admin.create_account(self.store, name, self.clock.now())
        if settings:
            await self.set(name, **settings)
        self.clock.turn(FRESH)
        return (await admin.find_account(self.store, name)).id

    async def set(self, name: str, **settings: Any) -> None:
        """Change an account, and have the assigner know when it looks next."""
        await admin.set_account(self.store, name, allow_private=True, **settings)
        self.clock.turn(FRESH)

    async def deliver(self, *keys: int, text: bytes = b"hello", recipient: str = NUMBER, **fields: Any) -> None:
        now = self.clock.now()
        plain = {"sender": "41790000000", "data_coding": 0, "esm_class": 0} | fields
        made = [
            Inbound(smsc="north", recipient=recipient, body=text, received_at=now, key=key, **plain) for key in keys
        ]
        await self.store.receive(Delivery(now, (), made))
        self.assigner.wake.set()

    async def collected(self, account: int, count: int) -> list[str]:
        """Pull until so many messages came."""
        found: list[str] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                got = await self.collector.collect(Customer(account), 50)
                found += [message.message_id for message in got.messages]
                await asyncio.sleep(0.001)
        return found

    async def waited(self) -> None:
        """Until the assigner waits for what comes next."""
        await until(lambda: LOOKS_EVERY in self.clock.waits)

    async def dealt(self) -> None:
        """Until nothing waits for its first look."""
        while await self.engine.rows("SELECT 1 FROM inbound WHERE looked = 0"):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)

    @property
    def pushed(self) -> list[str]:
        return [report["messageId"] for report in self.sink.reports]


@asynccontextmanager
async def a_desk(engine: Engine, **policy: int) -> AsyncIterator[Desk]:
    clock, watch, sink = TurnedClock(), Watch(), Sink()
    store = await open_store(engine.url, exclusive=True)
    plain = {"batch": 100, "in_flight": 4, "retries": 20}
    async with sink.serve(), WebhookClient(30.0, allow_private=True) as client:
        notifier = Notifier(store, client, PushPolicy(**plain | policy, currency="CHF"), clock, watch)
        told = [0]

        def tell() -> None:
            told[0] += 1
            notifier.wake.set()

        assigner = Assigner(store, Gate(store, clock.now), clock, watch, tell)
        collector = Collector(store, Intake(store, clock, Bounds()), clock, watch, "CHF")
        tasks = [asyncio.create_task(part.run()) for part in (notifier, assigner)]
        try:
            yield Desk(engine, store, clock, watch, assigner, collector, sink, told)
        finally:
            assigner.stop()
            notifier.stop()
            await asyncio.gather(*tasks)
    await store.close()


def play(engine: Engine, body: Callable[[Desk], Awaitable[None]], **policy: int) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), a_desk(engine, **policy) as desk:
            await body(desk)

    asyncio.run(main())


def test_a_newcomers_only_account_pulls_everything(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        account = await desk.account("acme")
        await desk.deliver(1, 2)

        assert await desk.collected(account, 2) == ["1", "2"]
        assert (desk.watch.collected_messages, desk.told) == (2, [0])

    play(engine, body)


def test_messages_find_their_owners_by_number_and_keyword_in_any_coding(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        one = await desk.account("one", numbers=[NUMBER])
        two = await desk.account("two", numbers=[f"{NUMBER}/ДА"])
        await desk.deliver(1)
        await desk.deliver(2, text="да, но".encode("utf-16-be"), data_coding=8)
        await desk.deliver(3, text="да но".encode("utf-16-be"), data_coding=8)
        await desk.deliver(4, text="да".encode("utf-16-be"), data_coding=4)  # no text

        assert await desk.collected(one, 3) == ["1", "2", "4"]
        assert await desk.collected(two, 1) == ["3"]

    play(engine, body)


def test_what_nobody_owns_waits_for_its_owner(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        account = await desk.account("acme", numbers=["999"])
        with capture_logs() as logs:
            await desk.deliver(1, 2)
            await desk.dealt()
            await until(lambda: desk.watch.unowned_messages == 2)
        assert [line["messages"] for line in logs if "no account owns" in line["event"]] == [2]
        assert "hello" not in str(logs)

        await desk.set("acme", numbers=[NUMBER])
        desk.clock.turn(SWEEPS_EVERY - LOOKS_EVERY)
        await desk.deliver(3, recipient="777")  # by owners that have changed, before what they own is looked for
        await until(lambda: desk.watch.unowned_messages == 3)
        assert (await desk.collector.collect(Customer(account), 50)).messages == []

        await desk.waited()
        desk.clock.turn(LOOKS_EVERY)
        assert await desk.collected(account, 2) == ["1", "2"]
        assert desk.watch.unowned_messages == 3

        await desk.set("acme", numbers=["777"])
        await desk.waited()
        desk.clock.turn(SWEEPS_EVERY)
        assert await desk.collected(account, 1) == ["3"]

    play(engine, body)


def test_owners_that_changed_and_changed_back_get_what_came_meanwhile(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        account = await desk.account("acme", numbers=[NUMBER])
        desk.clock.turn(SWEEPS_EVERY)
        await desk.deliver(1)
        assert await desk.collected(account, 1) == ["1"]
        await desk.waited()  # and so has looked by these owners
        await desk.set("acme", numbers=["999"])
        desk.clock.turn(SWEEPS_EVERY / 2)
        await desk.deliver(2)
        await until(lambda: desk.watch.unowned_messages == 1)
        await desk.set("acme", numbers=[NUMBER])

        await desk.waited()
        desk.clock.turn(SWEEPS_EVERY / 2)
        assert await desk.collected(account, 1) == ["2"]

    play(engine, body)


def test_an_end_and_a_start_lose_nobodys_messages(engine: Engine) -> None:
    async def before(desk: Desk) -> None:
        await desk.account("acme", numbers=["999"])
        await desk.deliver(1)
        await until(lambda: desk.watch.unowned_messages == 1)

    async def after(desk: Desk) -> None:
        account = (await admin.find_account(desk.store, "acme")).id
        assert await desk.collected(account, 1) == ["1"]

    play(engine, before)

    async def change() -> None:
        store = await open_store(engine.url, exclusive=False)
        await admin.set_account(store, "acme", numbers=[NUMBER])
        await store.close()

    asyncio.run(change())
    play(engine, after)


def test_more_messages_than_a_slice_are_given_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "SLICE", 2)

    async def body(desk: Desk) -> None:
        account = await desk.account("acme")
        await desk.deliver(*range(1, 6))

        assert await desk.collected(account, 5) == ["1", "2", "3", "4", "5"]

    play(engine, body)


def test_messages_are_pushed_many_at_a_time_in_the_shape_of_the_pull(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        account = await desk.account("acme", inbound_url=desk.sink.url("/in"), numbers=[f"{NUMBER}/JOIN"])
        await desk.deliver(1, 2, text=b"join now")
        await until(lambda: len(desk.pushed) == 2)

        [post] = desk.sink.posts
        assert (post.path, post.content_type) == ("/in", "application/json")
        assert json.loads(post.body) == {
            "results": [
                {
                    "messageId": key,
                    "from": "41790000000",
                    "to": NUMBER,
                    "text": "join now",
                    "cleanText": "now",
                    "keyword": "JOIN",
                    "receivedAt": "2026-09-21T14:13:22.000+0000",
                    "smsCount": 1,
                    "price": {"pricePerMessage": 0.0, "currency": "CHF"},
                }
                for key in ("1", "2")
            ],
            "messageCount": 2,
            "pendingMessageCount": 0,
        }
        await until(lambda: desk.watch.pushed_messages == 2)
        assert desk.told == [1]
        while await engine.rows("SELECT 1 FROM report"):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
        [[one], [two]] = await engine.rows("SELECT since FROM inbound")
        assert one == two == desk.clock.now()  # kept from when they were taken
        assert (await desk.collector.collect(Customer(account), 50)).messages == []

    play(engine, body)


def test_an_account_may_have_its_messages_in_xml(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.account("acme", inbound_url=desk.sink.url("/in"), notify_content_type="application/xml")
        await desk.deliver(1)
        await until(lambda: desk.sink.posts)

        [post] = desk.sink.posts
        assert post.content_type == "application/xml"
        assert b"<reportResponse><results><result><messageId>1</messageId>" in post.body

    play(engine, body)


def test_a_message_whose_retries_ran_out_waits_to_be_pulled(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        async def fail(_: web.Request) -> web.StreamResponse:
            return web.Response(status=500)

        desk.sink.answering["/in"] = fail
        account = await desk.account("acme", inbound_url=desk.sink.url("/in"))
        with capture_logs() as logs:
            await desk.deliver(1)
            for tries in (1, 2):
                await until(lambda tries=tries: desk.watch.failed_pushes == tries)  # type: ignore[misc]
                assert (await desk.collector.collect(Customer(account), 50)).messages == []
                await until(lambda: desk.clock.waits)
                desk.clock.turn(120)
            assert await desk.collected(account, 1) == ["1"]
        assert {line["messages"] for line in logs if line["event"] == "webhook failed"} == {1}
        assert (len(desk.sink.posts), desk.watch.failed_pushes, desk.watch.pushed_messages) == (3, 3, 0)

    play(engine, body, retries=2)


def test_the_log_is_looked_through_until_enough_is_found_or_it_takes_too_long(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(desk: Desk) -> None:
        account = Customer(await desk.account("acme"))
        await desk.deliver(1, 2, 3, recipient="111")
        await desk.deliver(*range(4, PAGE + 14))
        await desk.collected(account.id, PAGE + 13)

        async def found(**query: Any) -> list[str]:
            return [message.message_id for message in await desk.collector.log(account, InboundQuery(**query))]

        assert await found(recipient="111") == ["3", "2", "1"]
        assert await found(recipient="111", limit=2) == ["3", "2"]
        assert len(await found(until=desk.clock.now(), limit=PAGE)) == PAGE
        assert await found(until=desk.clock.now() - 1) == []

        look = desk.store.inbound_log

        async def slow(*arguments: Any) -> Any:
            desk.clock.turn(SEARCHES_FOR)
            return await look(*arguments)

        monkeypatch.setattr(desk.store, "inbound_log", slow)
        assert await found(recipient="111") == []

    play(engine, body)


def test_a_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    engine = OnSqlite(tmp_path / "heliograph.db")

    async def body(desk: Desk) -> None:
        intake = Intake(desk.store, desk.clock, Bounds(seconds=0.01))
        collector = Collector(desk.store, intake, desk.clock, desk.watch, "CHF")
        async with engine.stalled():
            with pytest.raises(Overloaded):
                await collector.log(Customer(), InboundQuery())

    play(engine, body)
