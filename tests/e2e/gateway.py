"""A whole gateway for a test: its own store, a simulated SMSC, a customer with a key, and the customer's own server.

Between them are real sockets and a real disk; nothing stands in for anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from heliograph.accounts import admin
from heliograph.app import Gateway, open_store
from heliograph.config import Config, parse
from heliograph.observe import Watch
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.sms.schedule import render_instant
from heliograph.store.interface import Store

T = TypeVar("T")
WITHIN = 15.0  # seconds that anything may take on a busy machine
SEND = "/sms/1/binary/advanced"
SEND_V2 = "/sms/2/binary/advanced"
TO = "41793026727"


async def until(condition: Callable[[], T], within: float = WITHIN) -> T:
    """Wait for what other tasks bring about; what the condition gave. AssertionError when it never comes."""
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end, (
            f"{condition.__name__}, line {condition.__code__.co_firstlineno}: not in {within} s"
        )
        await asyncio.sleep(0.005)
    return found


class Dial:
    """The machine's clock, which a test may turn on: whoever waits for a time that has come goes on at once."""

    def __init__(self, now: int | None = None) -> None:
        machine = time.time_ns() // 1_000_000
        self._ahead = 0 if now is None else now - machine  # milliseconds
        self._turned = 0.0  # seconds
        self._waits: set[asyncio.Timeout] = set()

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._turned

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds) as waiting:
                self._waits.add(waiting)
                try:
                    await event.wait()
                finally:
                    self._waits.discard(waiting)

    def turn(self, seconds: float) -> None:
        """So much time passes now."""
        self._ahead += int(seconds * 1000)
        self._turned += seconds
        for waiting in self._waits:
            when = waiting.when()
            if when is not None and not waiting.expired():
                waiting.reschedule(when - seconds)


@dataclass(frozen=True, slots=True)
class Post:
    """What came to the customer's server."""

    path: str
    content_type: str
    body: bytes

    @property
    def reports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)["results"]
        return found


Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Sink:
    """The customer's own server; a path of `answering` is answered by it, any other takes what comes."""

    posts: list[Post] = field(default_factory=list)
    answering: dict[str, Answering] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/reports") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, message_id: str) -> list[dict[str, Any]]:
        return [report for report in self.reports if report["messageId"] == message_id]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        post = Post(request.path, request.content_type, await request.read())
        self.posts.append(post)
        if request.path in self.answering:
            return await self.answering[request.path](request)
        if post.content_type == "application/json":
            self.reports += post.reports
        return web.Response()

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[Sink]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/{path:.*}", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def messages(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        found: list[dict[str, Any]] = self.json["messages"]
        return found

    @property
    def refusal(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["requestError"]["serviceException"]
        return found


class Customer:
    """A customer's program: the base URL it was given, and its key."""

    def __init__(self, session: aiohttp.ClientSession, port: int, key: str) -> None:
        self.session = session
        self.port = port
        self.key = key

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {"Authorization": f"App {self.key}"} | ({} if data is None else {"Content-Type": "application/json"})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, data=data, headers=given) as answer:
            return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read())

    async def send(self, *messages: dict[str, Any], path: str = SEND, **more: Any) -> Reply:
        """POST these message objects; `more` stands beside them in the request."""
        return await self.request("POST", path, {"messages": list(messages), **more})

    async def pull(self, query: str = "") -> list[dict[str, Any]]:
        """The reports that wait to be pulled."""
        found: list[dict[str, Any]] = (await self.request("GET", "/sms/1/reports" + query)).json["results"]
        return found

    async def pulled(self, count: int, query: str = "") -> list[dict[str, Any]]:
        """So many reports, pulled as they come."""
        found: list[dict[str, Any]] = []
        end = time.monotonic() + WITHIN
        while len(found) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} reports in {WITHIN} s"
            found += await self.pull(query)
            await asyncio.sleep(0.01)
        return found


def message(*to: str, text: str = "A", **more: Any) -> dict[str, Any]:
    """A message object with a binary body; `to` are its destinations."""
    binary = {"hex": text.encode("latin-1").hex()} | more.pop("binary", {})
    destinations = [{"to": one} for one in to or (TO,)]
    return {"binary": binary, "from": "SMSC", "destinations": destinations} | more


def named(to: str, message_id: str) -> list[dict[str, str]]:
    """Destinations: one that the customer gave an id."""
    return [{"to": to, "messageId": message_id}]


def instant(at: int) -> str:
    """UTC milliseconds as sendAt has it."""
    return render_instant(at)


def configure(url: str, smsc_port: int | None, **sections: str) -> str:
    """The text of a configuration; what `sections` names (http, webhooks, links, limits, smsc, dialect) is added
    there."""
    more = {name: sections.pop(name, "") for name in ("top", "http", "webhooks", "links", "limits", "smsc", "dialect")}
    assert not sections, sections
    text = f"""{more["top"]}
[http]
port = 0
{more["http"]}
[store]
url = "{url}"
[webhooks]
allow_private_networks = true
{more["webhooks"]}
[links]
{more["links"]}
[limits]
{more["limits"]}
"""
    if smsc_port is not None:
        text += f"""[[smsc]]
name = "north"
host = "127.0.0.1"
port = {smsc_port}
system_id = "heliograph"
password = "secret"
{more["smsc"]}
[smsc.dialect]
{more["dialect"]}
"""
    return text


async def make_account(store: Store, name: str = "acme") -> str:
    """A new account; its key."""
    now = time.time_ns() // 1_000_000
    await admin.create_account(store, name, now)
    return await admin.create_key(store, name, now)


async def open_account(url: str, name: str = "acme") -> str:
    """The same, as another process does it that does not serve."""
    store = await open_store(url, exclusive=False)
    try:
        return await make_account(store, name)
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def running(config: Config, clock: Dial | None = None, watch: Watch | None = None) -> AsyncIterator[Gateway]:
    """A gateway in this process, from its start to its end in order."""
    gateway = await Gateway.open(config, clock=clock, watch=watch)
    gateway.bind()
    life = asyncio.create_task(gateway.run())
    test = asyncio.current_task()
    assert test is not None

    def end_test(_: object) -> None:
        """A gateway that ends by itself ends the test, which then fails with its reason."""
        test.cancel()

    life.add_done_callback(end_test)
    try:
        await gateway.started.wait()
        yield gateway
    finally:
        life.remove_done_callback(end_test)
        gateway.stop()
        await life


@dataclass(kw_only=True)
class House:
    """Everything at once. `gateway` may be ended and started anew on the same store by `restarted`."""

    url: str
    config: Config
    simulator: Simulator
    sink: Sink
    customer: Customer
    dial: Dial
    gateway: Gateway

    @property
    def submits(self) -> list[Any]:
        return self.simulator.submits

    async def bound(self, links: int = 1) -> None:
        """Until the SMSC has so many links."""
        await until(lambda: self.simulator.counters.bound == links)

    async def submitted(self, count: int) -> list[Any]:
        """Until the SMSC has seen so many submit_sm; all of them."""
        await until(lambda: len(self.submits) >= count)
        return self.submits

    async def told(self, count: int) -> list[dict[str, Any]]:
        """Until so many reports were pushed; all of them."""
        await until(lambda: len(self.sink.reports) >= count)
        return self.sink.reports

    async def is_idle(self, **more: Any) -> None:
        """A later message has come and gone, so whatever could have happened before it has happened."""
        before = len(self.submits)
        [answer] = (await self.customer.send(message("41790009999", text="later", **more))).messages
        assert answer["status"]["id"] == 7
        await until(lambda: any(s.fields["destination_addr"] == "41790009999" for s in self.submits[before:]))


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    behaviour: Behaviour | None = None,
    url: str = "",
    dial: Dial | None = None,
    watch: Watch | None = None,
    routed: bool = True,
    **sections: str,
) -> AsyncIterator[House]:
    """A running House; `sections` as `configure` has them. `routed`: whether the configuration names an SMSC."""
    url, dial = url or f"sqlite://{folder / 'heliograph.db'}", dial or Dial()
    simulator, sink = Simulator(behaviour or Behaviour(receipt_delay=0.0), keep=True), Sink()
    await simulator.start()
    config = parse(configure(url, simulator.port if routed else None, **sections))
    try:
        async with sink.serve(), running(config, dial, watch) as gateway, aiohttp.ClientSession() as session:
            customer = Customer(session, gateway.port, await make_account(gateway.store))
            yield House(
                url=url,
                config=config,
                simulator=simulator,
                sink=sink,
                customer=customer,
                dial=dial,
                gateway=gateway,
            )
    finally:
        await simulator.stop()


@contextlib.contextmanager
def no_room(path: Path) -> Iterator[None]:
    """No file of the store's process may grow: every write of something new fails, as on a full disk."""
    [pid] = [pid for pid in children(os.getpid()) if str(path) in command_of(pid)]
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    size = Path(f"{path}-wal").stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def command_of(pid: int) -> str:
    """The words of a process's command line, apart by NUL."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def children(parent: int) -> list[int]:
    """The processes that a process has begun."""
    tasks = Path(f"/proc/{parent}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
