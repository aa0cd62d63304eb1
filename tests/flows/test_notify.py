"""Telling customers: real servers, a clock that is turned, and a URL that is slow or refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from flows.house import BEGIN, Customer, TurnedClock, until
from heliograph.flows.accept import webhook_of
from heliograph.flows.notify import HOST_POSTS, POSTS, PROBES, SHUT_FOR, Notifier, Puller, PushPolicy
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import Options
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Taken
from heliograph.store.interface import Store
from heliograph.store.reporting import due_reports
from heliograph.store.settling import Delivery, Sent, Settlement
from heliograph.webhooks.client import WebhookClient
from store.direct import Direct
from store.scene import DAY, PENDING, Place, a_message, a_receipt, a_taking

ENCODE = msgspec.msgpack.Encoder().encode
MINUTE = 60.0  # seconds


@dataclass
class Server:
    """A customer's server: what it was sent, how it answers, and how many POSTs it had at a time."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # of the next answers; then 200
    open: asyncio.Event = field(default_factory=asyncio.Event)
    now: int = 0
    most: int = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.now += 1
        self.most = max(self.most, self.now)
        await self.open.wait()
        self.now -= 1
        self.bodies.append(body)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/reports"

    @property
    def posts(self) -> list[list[str]]:
        """The messageIds of every POST."""
        return [[one["messageId"] for one in json.loads(body)["results"]] for body in self.bodies]

    @property
    def told(self) -> list[str]:
        return [name for post in self.posts for name in post]


@asynccontextmanager
async def a_server(*, slow: bool = False) -> AsyncIterator[Server]:
    server = Server()
    if not slow:
        server.open.set()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        server.open.set()
        await runner.cleanup()


class Asked(Direct):
    """An engine that remembers what reports were looked for."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.looks: list[tuple[int, int]] = []  # at which webhook's reports, and how many of them were on their way

    async def read(self, script: Any) -> Any:
        if script.func is due_reports:
            self.looks.append((script.args[0], len(script.args[3])))
        await asyncio.sleep(0)  # as any engine would
        return await super().read(script)


@dataclass
class Office:
    """A notifier at work, and messages that end when the test says so."""

    store: Store
    clock: TurnedClock
    notifier: Notifier
    puller: Puller
    watch: Watch
    epoch: int
    engine: Asked
    keys: int = 0

    async def finish(self, count: int, url: str | None, *, account: int = 1, **options: Any) -> list[str]:
        """So many messages end now; their ids."""
        return await self.finish_each([url] * count, account=account, **options)

    async def finish_each(self, urls: Sequence[str | None], *, account: int = 1, **options: Any) -> list[str]:
        """A message for each of these URLs ends now; their ids."""
        keys = range(self.keys + 1, self.keys + len(urls) + 1)
        self.keys += len(urls)
        messages = []
        for key, url in zip(keys, urls, strict=True):
            wanted = Options(notify_url=url, **options)
            names = {"account": account, "webhook": webhook_of(account, wanted), "options": ENCODE(wanted)}
            messages.append(a_message(key, **names))
        await self.store.accept(Acceptance(account, 9 + account, "", None, messages))
        found = (await self.store.peek(self.clock.now(), len(urls))).candidates
        await self.store.claim(Taken(self.epoch, self.clock.now(), 0, [a_taking(one) for one in found]))
        verdicts = [Verdict(key, 4, 4096, None, self.clock.now()) for key in keys]
        await self.store.settle(Settlement(self.epoch, self.clock.now(), verdicts=verdicts))
        self.notifier.wake.set()
        return [str(key) for key in keys]

    async def pulled(self, **query: Any) -> list[str]:
        return [report.message_id for report in await self.puller.pull(Customer(), ReportQuery(**query))]


def play(path: Path, body: Callable[[Office], Awaitable[None]], **policy: int) -> None:
    async def main() -> None:
        clock, watch = TurnedClock(), Watch()
        engine = Asked(str(path / "heliograph.db"))
        store = Store(engine)
        epoch = await store.begin_epoch("test", BEGIN)
        plain = {"batch": 100, "in_flight": 4, "retries": 20}
        async with WebhookClient(30.0, allow_private=True, per_host=POSTS) as client:
            notifier = Notifier(store, client, PushPolicy(**plain | policy, currency="EUR"), clock, watch)
            running = asyncio.create_task(notifier.run())
            try:
                async with asyncio.timeout(60):
                    await body(Office(store, clock, notifier, Puller(store, clock, watch, "EUR"), watch, epoch, engine))
            finally:
                notifier.stop()
                await running
        await store.close()

    asyncio.run(main())


def test_reports_are_pushed_in_order_and_many_at_a_time(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            names = await office.finish(25, server.url)
            await until(lambda: len(server.told) == 25)

            assert server.told == names
            assert [len(post) for post in server.posts] == [10, 10, 5]
            assert await office.pulled() == []
            await until(lambda: office.watch.pushed_reports == 25)

    play(tmp_path, body, batch=10, in_flight=1)


@pytest.mark.parametrize("most", [1, 3])
def test_a_url_has_only_a_few_posts_in_flight(tmp_path: Path, most: int) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(20, server.url)
            await until(lambda: server.now == most)
            more = await office.finish(5, server.url)
            office.clock.turn(1)
            server.open.set()
            await until(lambda: len(server.told) == 25)

            assert sorted(server.told, key=int) == names + more
            assert server.most == most

    play(tmp_path, body, batch=2, in_flight=most)


def test_a_slow_url_delays_nobody_else(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as slow, a_server() as quick:
            await office.finish(10, slow.url)
            await until(lambda: slow.now == 4)
            for n in range(5):
                await office.finish(1, quick.url)
                await until(lambda n=n: len(quick.told) == n + 1)  # type: ignore[misc]

            assert slow.told == []

    play(tmp_path, body, batch=1)


def test_a_batch_is_of_one_account_url_and_content_type(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server, a_server() as other:
            expected = [
                await office.finish(2, server.url),
                await office.finish(2, server.url, account=2),
                await office.finish(2, other.url),
            ]
            await office.finish(2, server.url, content_type="application/xml")
            server.open.set()
            await until(lambda: len(server.bodies) + len(other.bodies) >= 4)

            xml = [one for one in server.bodies if one.startswith(b"<")]
            assert len(xml) == 1
            server.bodies.remove(xml[0])
            found = server.posts + other.posts
            assert sorted(name for post in found for name in post) == sorted(name for part in expected for name in part)
            assert all(any(set(post) <= set(part) for part in expected) for post in found)

    play(tmp_path, body)


def test_a_report_that_failed_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [500] * 5
            await office.finish(1, server.url)
            await until(lambda: office.watch.failed_pushes == 1)
            for retry in range(5):  # retry n comes 1 min + 1 min * n^2 after the one before
                office.clock.turn(MINUTE + MINUTE * retry**2 - 0.01)
                async with a_server() as other:  # when this one is told, everything that is due was seen
                    await office.finish(1, other.url)
                    await until(lambda other=other: other.told)  # type: ignore[misc]
                assert len(server.bodies) == retry + 1
                office.clock.turn(0.02)
                await until(lambda n=retry: len(server.bodies) == n + 2)  # type: ignore[misc]
                await until(lambda n=retry: office.watch.failed_pushes == min(n + 2, 5))  # type: ignore[misc]

            await until(lambda: office.watch.pushed_reports == 6)
            assert office.watch.failed_pushes == 5

    play(tmp_path, body)


def test_a_report_is_offered_to_the_pull_when_its_retries_ran_out(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [500] * 3
            [name] = await office.finish(1, server.url)
            for failed in (1, 2):
                await until(lambda n=failed: office.watch.failed_pushes == n)  # type: ignore[misc]
                assert await office.pulled() == []
                office.clock.turn(3 * MINUTE)
            await until(lambda: office.watch.failed_pushes == 3)
            await office.store.touch(office.epoch, BEGIN)  # the commit that gives it up is not behind this one

            assert await office.pulled() == [name]
            assert len(server.bodies) == 3

    play(tmp_path, body, retries=2)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 10), (20, 362), (21, None), (22, None)])
def test_the_times_of_all_retries(attempts: int, minutes: int | None) -> None:
    policy = PushPolicy(batch=1, in_flight=1, retries=20, currency="EUR")

    assert policy.due(BEGIN, attempts) == (None if minutes is None else BEGIN + minutes * 60_000)


def test_what_was_pushed_cannot_be_pulled_and_what_was_not_can_once(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            await office.finish(1, server.url)
            names = await office.finish(3, None)
            await until(lambda: office.watch.pushed_reports == 1)

            assert await office.pulled(limit=2) == names[:2]
            assert await office.pulled(message_id=names[2]) == names[2:]
            assert await office.pulled() == []
            assert office.watch.pulled_reports == 3

    play(tmp_path, body)


def test_posts_in_flight_are_waited_for_at_the_end(tmp_path: Path) -> None:
    servers: list[Server] = []

    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            servers.append(server)
            await office.finish(2, server.url)
            await until(lambda: server.now == 2)
            office.notifier.stop()
            server.open.set()
            await until(lambda: office.watch.pushed_reports == 2)

    play(tmp_path, body, batch=1)
    assert len(servers[0].told) == 2


def test_a_hundred_slow_webhooks_do_not_hide_another(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as slow, a_server() as quick:
            for n in range(100):
                await office.finish(1, f"{slow.url}/{n}")
            await office.finish(1, quick.url)
            await until(lambda: quick.told)
            assert slow.told == []
            slow.open.set()
            await until(lambda: len(slow.told) == 100)

    play(tmp_path, body)


def test_a_host_that_hangs_with_more_urls_than_posts_leaves_room_for_others(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as slow, a_server() as quick:
            await office.finish_each([f"{slow.url}/{n}" for n in range(POSTS + 50)])
            await until(lambda: len(dict(office.engine.looks)) == POSTS + 50 and office.clock.waits)
            await office.finish(1, quick.url)
            await until(lambda: quick.told)

            assert slow.told == []
            await until(lambda: slow.now == HOST_POSTS)
            slow.open.set()
            await until(lambda: len(slow.told) == POSTS + 50)
            assert slow.most == HOST_POSTS

    play(tmp_path, body)


def test_a_host_that_fails_is_left_alone_and_then_tried_by_a_few(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as dead, a_server() as quick:
            dead.statuses = [500] * 40
            await office.finish_each([f"{dead.url}/{n}" for n in range(40)])
            await until(lambda: dead.now == 40)
            dead.open.set()
            await until(lambda: office.watch.failed_pushes == 40)
            dead.open.clear()
            await office.finish_each([f"{dead.url}/{n}" for n in range(40, 100)])
            await office.finish(1, quick.url)
            await until(lambda: quick.told)
            assert dead.now == 0

            office.clock.turn(SHUT_FOR / 1000)
            await until(lambda: dead.now == PROBES)
            await office.finish(1, quick.url)
            await until(lambda: len(quick.told) == 2)
            assert dead.now == PROBES

            dead.open.set()
            await until(lambda: office.watch.pushed_reports == 2 + PROBES)
            for _ in range(2):  # what was left alone, and what failed, which waits for its minute
                office.clock.turn(MINUTE)
            await until(lambda: office.watch.pushed_reports == 102)
            assert office.watch.failed_pushes == 40

    play(tmp_path, body)


def test_the_next_reports_of_a_url_are_looked_up_while_its_posts_are_in_flight(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(20, server.url)
            await until(lambda: server.now == 2)
            await until(lambda: office.clock.waits)  # nothing more to be looked up: it rests

            assert [flying for _, flying in office.engine.looks] == [0, 4]
            server.open.set()
            await until(lambda: len(server.told) == 20)
            assert sorted(server.told, key=int) == names

    play(tmp_path, body, batch=2, in_flight=2)


def test_who_has_nothing_more_to_push_rests_while_posts_are_in_flight(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            await office.finish(4, server.url)  # as many as may be in flight, and a look cannot say that this is all
            await until(lambda: server.now == 2)
            await until(lambda: office.clock.waits)

    play(tmp_path, body, batch=2, in_flight=2)


def test_an_intermediate_report_of_a_forgotten_message_is_given_up(tmp_path: Path) -> None:
    rows = Place("sqlite", str(tmp_path / "heliograph.db")).rows

    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [500]
            wanted = Options(notify_url=server.url, intermediate=True)
            message = a_message(1, webhook=webhook_of(1, wanted), options=ENCODE(wanted))
            await office.store.accept(Acceptance(1, 9, "", None, [message]))
            [one] = (await office.store.peek(BEGIN, 1)).candidates
            [claim] = await office.store.claim(Taken(office.epoch, BEGIN, 0, [a_taking(one)]))
            await office.store.settle(Settlement(office.epoch, BEGIN, sent=[Sent(1, 1, "north", "id", claim.event)]))
            await office.store.receive(Delivery(BEGIN, [a_receipt("id", status=PENDING, error=27, final=False)]))
            office.notifier.wake.set()
            await until(lambda: office.watch.failed_pushes == 1)
            await office.store.receive(Delivery(BEGIN, [a_receipt("id")]))
            office.notifier.wake.set()
            await until(lambda: office.watch.pushed_reports == 1)
            await office.store.touch(office.epoch, BEGIN)
            while await office.store.retire(BEGIN + 2 * DAY, DAY, DAY):  # sooner than the retries end
                pass
            assert await rows("SELECT COUNT(*) FROM report") == [(1,)]

            office.clock.turn(MINUTE)
            while await rows("SELECT COUNT(*) FROM report") != [(0,)]:
                await asyncio.sleep(0.001)
            assert await rows("SELECT COUNT(*) FROM webhook") == [(0,)]
            assert len(server.bodies) == 2

    play(tmp_path, body)
