"""A whole gateway for the HTTP tests, in a thread of its own: what it accepts is stored, sent and reported."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import uvloop

from api.wire import KEY, LIMITS, NOW, PASSWORD, Client, Gateway
from e2e.gateway import Dial, House, house
from heliograph.accounts import admin
from heliograph.accounts.scopes import SCOPES
from heliograph.observe import Watch
from heliograph.store import keyring

STARTS_WITHIN = 30.0  # seconds
HTTP = f"body_limit = {LIMITS.body}\nheader_seconds = {LIMITS.header_seconds}\nbody_seconds = {LIMITS.body_seconds}"


class Tripwire(Watch):
    """A watch of the operator's own, with a bug in it whenever a test puts one there."""

    def __init__(self) -> None:
        super().__init__()
        self.bugs: list[Exception] = []

    def accepted(self, keys: Sequence[int], refused: Sequence[int]) -> None:  # type: ignore[override]
        super().accepted(keys, refused)
        if self.bugs:
            raise self.bugs.pop()


class Living(threading.Thread):
    """The gateway's thread: `house` is there once it runs."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        super().__init__(name="gateway", daemon=True)
        self.house: House | None = None
        self._folder = folder
        self._watch = watch
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._live())
            finally:
                self._ready.set()

    async def _live(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with house(self._folder, dial=Dial(NOW), watch=self._watch, http=HTTP) as one:
            account = await admin.find_account(one.gateway.store, "acme")
            digest = hashlib.sha256(KEY.removeprefix("App ").encode()).digest()
            await one.gateway.store.alone(keyring.add_key, 1, account.id, digest, NOW)
            for number, scope in enumerate(SCOPES, 2):
                digest = hashlib.sha256(f"only {scope}".encode()).digest()
                await one.gateway.store.alone(keyring.add_key, number, account.id, digest, NOW, scope)
            await admin.set_password(one.gateway.store, "acme", PASSWORD)
            self.house = one
            self._ready.set()
            await self._end.wait()

    def begin(self) -> House:
        """Start it; back when it serves."""
        self.start()
        assert self._ready.wait(STARTS_WITHIN) and self.house is not None
        return self.house

    def end(self) -> None:
        """End it in order."""
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self.join(STARTS_WITHIN)
        assert not self.is_alive()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder, watch = tmp_path_factory.mktemp("gateway"), Tripwire()
    living = Living(folder, watch)
    one = living.begin()
    yield Gateway(one.gateway.port, one, watch, watch.bugs, folder / "heliograph.db")
    living.end()


@pytest.fixture
def server(running: Gateway) -> Iterator[Gateway]:
    running.remember()
    yield running
    running.bugs.clear()
    if running.accepted:
        running.reported()
        client = Client(running.port)
        while client.request("GET", "/sms/1/reports?limit=1000").json["results"]:
            time.sleep(0)
        client.close()


@pytest.fixture
def client(server: Gateway) -> Iterator[Client]:
    one = Client(server.port)
    yield one
    one.close()
