"""Telling customers: real servers, a clock that is turned, and a URL that is slow or refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from flows.house import BEGIN, Customer, TurnedClock, until
from heliograph.flows import hosts, notify
from heliograph.flows.accept import webhook_of
from heliograph.flows.hosts import SHARES, SHUT_AFTER, SHUT_FOR, Pace
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.notify import Notifier, PushPolicy
from heliograph.flows.pull import Puller
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import NewShortLink, Options, UrlOptions
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Taken
from heliograph.store.errors import StoreUnavailable
from heliograph.store.following import REPEATED, to_push
from heliograph.store.interface import Store
from heliograph.store.reporting import Ask, Pushed, Reports, due_reports, due_webhooks
from heliograph.store.settling import Delivery, Sent, Settlement
from heliograph.webhooks.client import WebhookClient
from store.direct import Direct
from store.scene import SMSC, a_message, a_receipt, a_taking

ENCODE = msgspec.msgpack.Encoder().encode
MINUTE = 60.0  # seconds
SILENT = 0


@dataclass
class Server:
    """A customer's server: what it was sent, how it answers, and how many POSTs it had at a time."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # of the next answers, SILENT: there is none; then 200
    paths: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    now: int = 0
    most: int = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.paths.append(request.path)
        self.now += 1
        self.most = max(self.most, self.now)
        await self.open.wait()
        self.now -= 1
        self.bodies.append(body)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == SILENT and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 200)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/reports"

    @property
    def posts(self) -> list[list[str]]:
        """The messageIds of every POST."""
        return [[one["messageId"] for one in json.loads(body)["results"]] for body in self.bodies]

    @property
    def states(self) -> list[tuple[str, str]]:
        """Every messageId that was told, and the group of its status."""
        reports = [one for body in self.bodies for one in json.loads(body)["results"]]
        return [(one["messageId"], one["status"]["groupName"]) for one in reports]

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
        self.looks: list[int] = []  # how many reports of a webhook were known or on their way when it was looked at
        self.rounds = 0  # how often it was asked which webhooks are due
        self.rests = 0  # how often a webhook was put to rest
        self.open = asyncio.Event()  # what a look found is not told before
        self.open.set()
        self.broken = 0  # looks that fail, of the next ones

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]:
        self.rests += isinstance(item, Pushed) and item.rests_until > 0
        return super().write(kind, item)

    async def read(self, script: Any) -> Any:
        self.rounds += script.func is due_webhooks
        if script.func is due_reports:
            self.looks += [len(ask.flying) for ask in script.args[0]]
            if self.broken:
                self.broken -= 1
                raise StoreUnavailable("the store does not answer")
        await asyncio.sleep(0)  # as any engine would
        found = await super().read(script)
        if script.func is due_reports:
            await self.open.wait()
        return found


@dataclass
class Office:
    """A notifier at work, and messages that end when the test says so."""

    store: Store
    engine: Asked
    clock: TurnedClock
    notifier: Notifier
    puller: Puller
    watch: Watch
    epoch: int
    keys: int = 0

    async def finish(self, count: int, url: str | None, *, account: int = 1, **options: Any) -> list[str]:
        """So many messages end now; their ids."""
        return await self.end(await self.begin(count, url, account=account, **options))

    async def begin(self, count: int, url: str | None, *, account: int = 1, **options: Any) -> list[int]:
        """So many messages are taken by the SMSC, each under its key; their keys."""
        wanted = Options(notify_url=url, **options)
        names = {"account": account, "webhook": webhook_of(account, wanted), "options": ENCODE(wanted)}
        keys = list(range(self.keys + 1, self.keys + count + 1))
        self.keys += count
        await self.store.accept(Acceptance(account, 9 + account, "", None, [a_message(key, **names) for key in keys]))
        found = (await self.store.peek(self.clock.now(), count)).candidates
        claims = await self.store.claim(Taken(self.epoch, self.clock.now(), 0, [a_taking(one) for one in found]))
        sent = [Sent(claim.key, 1, SMSC, str(claim.key), claim.event) for claim in claims]
        await self.store.settle(Settlement(self.epoch, self.clock.now(), sent=sent))
        return keys

    async def note(self, key: int) -> None:
        """An intermediate receipt comes for a message."""
        receipt = a_receipt(str(key), status=3, error=27, final=False, at=self.clock.now())
        await self.store.receive(Delivery(self.clock.now(), [receipt]))
        self.notifier.wake.set()

    async def end(self, keys: list[int]) -> list[str]:
        """Messages end, refused; their ids."""
        verdicts = [Verdict(key, 4, 4096, None, self.clock.now()) for key in keys]
        await self.store.settle(Settlement(self.epoch, self.clock.now(), verdicts=verdicts))
        self.notifier.wake.set()
        return [str(key) for key in keys]

    async def reports_of(self, url: str) -> Reports:
        """What is still to be pushed to a URL."""
        webhook = webhook_of(1, Options(notify_url=url))
        assert webhook is not None
        return (await self.store.due_reports([Ask(webhook, 100)], self.clock.now())).reports[0]

    async def rounds(self, count: int) -> None:
        """Until the notifier has begun so many more rounds."""
        end = self.engine.rounds + count
        await until(lambda: self.engine.rounds >= end)

    async def pulled(self, **query: Any) -> list[str]:
        return [report.message_id for report in await self.puller.pull(Customer(), ReportQuery(**query))]


async def follow(office: Office, url: str, count: int) -> None:
    """So many clicks of one link, that are to be told there."""
    options = Options(notify_url="https://customer.example/never", url_options=UrlOptions(tracking_url=url))
    webhook = webhook_of(1, to_push(options))
    assert webhook
    office.keys += 1
    now, code = office.clock.now(), f"{office.keys:011}"
    link = NewShortLink(code, "https://shop.example", office.keys, now, now)
    message = a_message(office.keys, options=ENCODE(options), due=now + 10**9, expires_at=now + 10**10)
    await office.store.accept(Acceptance(1, 9, "", None, [message], short_links=[link]))
    for n in range(count):
        assert await office.store.click(code, 100 * office.keys + n, webhook, now + n * REPEATED)
    office.clock.turn(count * REPEATED / 1000)
    office.notifier.wake.set()


def play(path: Path, body: Callable[[Office], Awaitable[None]], **policy: int) -> None:
    async def main() -> None:
        clock, watch = TurnedClock(), Watch()
        engine = Asked(str(path / "heliograph.db"))
        store = Store(engine)
        epoch = await store.begin_epoch("test", BEGIN)
        plain = {"batch": 100, "in_flight": 4, "retries": 20}
        async with WebhookClient(30.0, allow_private=True) as client:
            notifier = Notifier(store, client, PushPolicy(**plain | policy, currency="EUR"), clock, watch)
            running = asyncio.create_task(notifier.run())
            try:
                async with asyncio.timeout(60):
                    puller = Puller(store, Intake(store, clock, Bounds()), clock, watch, "EUR")
                    await body(Office(store, engine, clock, notifier, puller, watch, epoch))
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


def test_what_falls_due_while_a_host_does_not_answer_has_failed_without_a_post(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as dead, a_server() as alive:
            dead.statuses = [SILENT] * SHUT_AFTER
            names = await office.finish(2 * SHUT_AFTER, dead.url)
            await until(lambda: office.watch.failed_pushes == SHUT_AFTER)
            for n in range(3):
                office.clock.turn(1)
                await office.finish(1, alive.url)
                await until(lambda n=n: len(alive.told) > n)  # type: ignore[misc]
            while (await office.reports_of(dead.url)).pending:  # noqa: ASYNC110 - it is the tables that are waited for
                await asyncio.sleep(0.001)
            assert len(dead.bodies) == SHUT_AFTER  # though it would answer 200 by now
            assert (office.watch.failed_pushes, office.watch.written_off_reports) == (SHUT_AFTER, SHUT_AFTER)

            office.clock.turn(SHUT_FOR / 1000)
            later = await office.finish(1, dead.url)
            await until(lambda: len(dead.bodies) == SHUT_AFTER + 1)
            assert dead.told[SHUT_AFTER:] == later

            office.clock.turn(MINUTE)
            await until(lambda: len(dead.bodies) == 3 * SHUT_AFTER + 1)
            assert sorted(dead.told[SHUT_AFTER + 1 :], key=int) == names
            place.append(f"http://127.0.0.1:{dead.port}")

    place: list[str] = []
    with capture_logs() as logs:
        play(tmp_path, body, batch=1, in_flight=1)
    assert [(one["log_level"], one["host"], one["written_off"]) for one in logs if "host" in one] == [
        ("warning", *place, 0),
        ("info", *place, SHUT_AFTER),
    ]


def test_the_reports_of_a_dead_host_reach_the_pull_however_many_urls_there_are_of_it(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as dead:
            dead.statuses = [SILENT] * 10_000
            names = [name for n in range(5 * SHUT_AFTER) for name in await office.finish(1, f"{dead.url}/{n}")]
            pulled: list[str] = []
            while len(pulled) < len(names):
                office.clock.turn(MINUTE)
                await asyncio.sleep(0.05)
                pulled += await office.pulled(limit=1000)

            assert sorted(pulled, key=int) == names
            assert len(dead.bodies) < 2 * len(names)

    play(tmp_path, body, batch=1, retries=2)


def test_a_slow_host_with_many_urls_has_its_share_of_posts_and_delays_nobody_else(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as slow, a_server() as quick:
            names = [name for n in range(SHARES[Pace.QUICK] + 50) for name in await office.finish(1, f"{slow.url}/{n}")]
            await office.finish(1, quick.url)
            await until(lambda: quick.told)
            await until(lambda: slow.now == SHARES[Pace.UNTRIED])
            slow.open.set()
            await until(lambda: len(slow.told) == len(names))

            assert sorted(slow.told, key=int) == names
            assert slow.most <= SHARES[Pace.QUICK]

    play(tmp_path, body)


def test_a_path_that_refuses_everything_does_not_shut_its_host_for_others(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [404] * (2 * SHUT_AFTER)
            for n in range(2 * SHUT_AFTER):
                await office.finish(1, f"{server.url}/nonexistent/{n}", account=2)
            await until(lambda: office.watch.failed_pushes == 2 * SHUT_AFTER)
            names = await office.finish(1, server.url)
            await until(lambda: office.watch.pushed_reports == 1)

            assert server.told[-1:] == names
            assert office.watch.written_off_reports == 0

    play(tmp_path, body)


def test_a_host_that_was_shut_is_probed_by_different_webhooks(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [SILENT] * SHUT_AFTER
            await office.finish(SHUT_AFTER, server.url)
            await until(lambda: office.watch.failed_pushes == SHUT_AFTER)
            server.open.clear()
            office.clock.turn(SHUT_FOR / 1000)
            await office.finish(4, f"{server.url}/1")
            await until(lambda: server.now == 1)
            await office.finish(4, f"{server.url}/2")
            await until(lambda: server.now == 2)

            assert [path[-2:] for path in server.paths[SHUT_AFTER:]] == ["/1", "/2"]

    play(tmp_path, body, batch=1)


def test_a_busy_url_does_not_take_its_place_again_before_those_that_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "SHARES", dict.fromkeys(Pace, 1))

    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(3, f"{server.url}/busy")
            await until(lambda: server.now == 1)
            for n in (1, 2):
                names += await office.finish(1, f"{server.url}/{n}")
                await until(lambda n=n: office.engine.rests == n)  # type: ignore[misc]
            server.open.set()
            await until(lambda: len(server.told) == len(names))

            assert [path.rpartition("/")[2] for path in server.paths] == ["busy", "1", "2", "busy", "busy"]
            assert server.most == 1

    play(tmp_path, body, batch=1)


def test_all_posts_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "CEILINGS", dict.fromkeys(Pace, 3))

    async def body(office: Office) -> None:
        async with a_server(slow=True) as one, a_server(slow=True) as other:
            names = await office.finish(5, one.url)
            await until(lambda: one.now == 3)
            names += await office.finish(5, other.url)
            await until(lambda: office.engine.rests)
            assert (one.now, other.now) == (3, 0)
            one.open.set()
            await until(lambda: other.now)
            other.open.set()
            await until(lambda: len(one.told) + len(other.told) == len(names))

            assert max(one.most, other.most) <= 3

    play(tmp_path, body, batch=1)


def test_no_more_reports_are_looked_for_while_too_many_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "STAGED", 1)

    async def body(office: Office) -> None:
        async with a_server(slow=True) as slow, a_server() as quick:
            await office.finish(2, slow.url)
            await until(lambda: slow.now == 1)
            await until(lambda: office.engine.looks == [0, 1])  # so one is staged, and one in flight
            await office.finish(1, quick.url)
            await office.rounds(2)
            assert office.engine.looks == [0, 1]

            slow.open.set()
            await until(lambda: quick.told and len(slow.told) == 2)

    play(tmp_path, body, batch=1, in_flight=1)


def test_a_report_that_is_taken_while_more_are_looked_up_is_not_pushed_again(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(20, server.url)
            await until(lambda: server.now == 2 and office.engine.looks == [0, 4] and office.clock.waits)
            office.engine.open.clear()
            server.open.set()
            await until(lambda: len(office.engine.looks) == 3 and office.watch.pushed_reports >= 8)
            office.engine.open.set()
            await until(lambda: office.watch.pushed_reports == len(names))

            assert sorted(server.told, key=int) == names

    play(tmp_path, body, batch=2, in_flight=2)


def test_a_report_that_waits_in_memory_is_not_looked_up_again(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(5, server.url)
            await until(lambda: 4 in office.engine.looks)  # four of them are in flight, and the fifth waits
            await office.rounds(3)
            server.open.set()
            await until(lambda: office.watch.pushed_reports >= len(names))
            await office.rounds(2)

            assert sorted(server.told, key=int) == names

    play(tmp_path, body, batch=2, in_flight=2)


def test_who_was_called_and_has_nothing_to_push_keeps_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "SHARES", dict.fromkeys(Pace, 1))

    async def body(office: Office) -> None:
        async with a_server() as server:
            known = office.notifier._hosts  # its reports would have to go between two statements of the notifier
            known.park(known.of(server.url), 99)
            await office.rounds(2)
            names = await office.finish(1, server.url)
            await until(lambda: server.told == names)

    play(tmp_path, body)


@pytest.mark.parametrize("broken", [0, 1])
def test_who_was_called_and_could_not_be_looked_at_is_looked_at_as_soon_as_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    monkeypatch.setattr(hosts, "SHARES", dict.fromkeys(Pace, 1))
    monkeypatch.setattr(notify, "RETRY_STORE", 0.001)

    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(1, f"{server.url}/1")
            await until(lambda: server.now == 1)
            names += await office.finish(1, f"{server.url}/2")
            await until(lambda: office.engine.rests)
            if broken:
                office.engine.broken = 1
            else:
                monkeypatch.setattr(notify, "STAGED", 0)  # there is no room when the place gets free
            server.open.set()
            await until(lambda: office.watch.pushed_reports == 1)
            await office.rounds(2)
            monkeypatch.setattr(notify, "STAGED", 1000)
            await until(lambda: office.watch.pushed_reports == 2)

            assert server.told == names

    play(tmp_path, body, batch=1)


def test_a_final_report_waits_for_the_intermediate_one_that_is_in_flight(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            keys = await office.begin(1, server.url, intermediate=True)
            await office.note(keys[0])
            await until(lambda: server.now == 1)
            await office.end(keys)
            await office.finish(1, server.url)
            await until(lambda: server.now == 2)  # that of another message need not wait
            office.clock.turn(1)
            server.open.set()
            await until(lambda: len(server.told) == 3)

            assert [state for name, state in server.states if name == "1"] == ["PENDING", "UNDELIVERABLE"]
            assert server.told[-1] == "1"

    play(tmp_path, body, batch=1)


def test_an_intermediate_report_that_failed_does_not_come_after_the_final_one(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [500]
            keys = await office.begin(1, server.url, intermediate=True)
            await office.note(keys[0])
            await until(lambda: office.watch.failed_pushes == 1)
            await office.end(keys)
            await until(lambda: len(server.bodies) == 2)
            office.clock.turn(2 * MINUTE)
            await office.finish(1, server.url)
            await until(lambda: office.watch.pushed_reports == 2)

            assert server.states == [("1", "PENDING"), ("1", "UNDELIVERABLE"), ("2", "UNDELIVERABLE")]
            assert (await office.reports_of(server.url)).obsolete == []

    play(tmp_path, body, batch=1)


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

    play(tmp_path, body)


def test_the_next_reports_of_a_url_are_looked_up_while_its_posts_are_in_flight(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server(slow=True) as server:
            names = await office.finish(20, server.url)
            await until(lambda: server.now == 2)
            await until(lambda: office.clock.waits)  # nothing more to be looked up: it rests

            assert office.engine.looks == [0, 4]
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


def test_clicks_are_told_one_by_one_and_are_gone_then(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            await follow(office, server.url, 5)
            await until(lambda: office.watch.pushed_clicks == 5)

            told = [json.loads(body) for body in server.bodies]
            assert {one["notificationType"] for one in told} == {"CLICKED"}
            assert len({one["clickedAt"] for one in told}) == 5
            assert (office.watch.pushed_reports, office.watch.failed_pushes) == (0, 0)
            assert office.engine._reader.raw.execute("SELECT COUNT(*) FROM click").fetchall() == [(0,)]

    play(tmp_path, body)


def test_a_click_whose_retries_ran_out_is_gone_and_not_pulled(tmp_path: Path) -> None:
    async def body(office: Office) -> None:
        async with a_server() as server:
            server.statuses = [500, 500]
            with capture_logs() as logs:
                await follow(office, server.url, 1)
                await until(lambda: office.watch.failed_pushes == 1)
                office.clock.turn(MINUTE)
                await until(lambda: office.watch.failed_pushes == 2)
                await office.rounds(2)

            assert await office.pulled() == []
            for table in ("click", "report", "webhook"):
                assert office.engine._reader.raw.execute(f"SELECT COUNT(*) FROM {table}").fetchall() == [(0,)]
            assert [line["clicks"] for line in logs if line["event"] == "webhook failed"] == [1, 1]
            assert "shop.example" not in str(logs)

    play(tmp_path, body, retries=1)
