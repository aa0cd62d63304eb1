"""A visit of each published client to a running gateway; the tests of this folder look at what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import vectors
from clients.environment import CLIENTS, Client, has_npm, prepare
from e2e.conftest import run
from e2e.gateway import House, Post, house, until
from heliograph.accounts import admin

PATIENT = "enquire_link_seconds = 9000000\ninactivity_seconds = 9000001\nresponse_seconds = 9000000"
LONG = vectors.BY_ID["C02"]["input"]["hex"]
PASSWORD = "a long password"
NO_NPM = "the JavaScript client needs node and npm, which are not here: install Node.js 18 or newer with npm"
VISITS_WITHIN = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of it."""

    program: str
    asked: dict[str, Any]
    told: dict[str, Any]  # what the client understood, by subject
    submits: list[dict[str, Any]]  # what the SMSC was sent that day
    later: list[dict[str, Any]]  # and on the next one
    posts: list[Post]  # what came to the customer's own server

    @property
    def third(self) -> bool:
        """It speaks the third generation of the API."""
        return self.program == "python_6.py"


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The environment of each client that can have one here. Installing may take longer than any test may."""
    say = _aloud(request.config)
    return {client.name: prepare(client, say) for client in CLIENTS if has_npm() or not client.needs_npm}


@pytest.fixture(scope="session")
def visits() -> dict[str, Visit | AssertionError]:
    """The visits that were made, or why they could not; one serves all tests of its client."""
    return {}


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    environments: dict[str, Path],
    visits: dict[str, Visit | AssertionError],
    tmp_path: Path,
) -> Visit:
    """The visit of the client that the test names."""
    client: Client = request.param
    if client.name not in environments:
        pytest.skip(NO_NPM)
    if client.name not in visits:
        try:
            visits[client.name] = run(pay(client, environments[client.name], tmp_path))
        except AssertionError as problem:
            visits[client.name] = problem
    found = visits[client.name]
    if isinstance(found, AssertionError):
        raise found
    return found


def _aloud(config: pytest.Config) -> Callable[[str], None]:
    """Prints a sentence at once, although pytest keeps what tests print."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(sentence: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{sentence}", flush=True)

    return say


async def pay(client: Client, environment: Path, folder: Path) -> Visit:
    """A House, two inbound messages in it, the client's program from its start to its end, and then the next day."""
    async with house(folder, smsc=PATIENT) as h:
        await admin.set_password(h.gateway.store, "acme", PASSWORD)
        await admin.set_account(h.gateway.store, "acme", numbers=["12345/JOIN", "12345"])
        h.dial.turn(1)  # for which the gateway may not know
        await h.bound()
        for octets in (b"JOIN me", b"and me"):
            fields = {"source_addr": "41793026727", "destination_addr": "12345", "short_message": octets}
            assert await h.simulator.deliver(**fields) == 0
        asked, opens = request_of(h)
        told = await converse(client.command(environment), asked)
        await until(lambda: h.sink.posts)
        early = len(h.submits)
        h.dial.turn((opens - datetime.now(UTC)).total_seconds())
        await until(lambda: len(h.submits) > early)
        fields = [submit.fields for submit in h.submits]
        return Visit(client.program, asked, told, fields[:early], fields[early:], h.sink.posts)


def request_of(h: House) -> tuple[dict[str, Any], datetime]:
    """What the program is asked to do, and when the window opens that it gives a message."""
    now = datetime.now(UTC).replace(microsecond=0)
    opens = (now + timedelta(days=1)).replace(hour=6, minute=0, second=0)
    asked = {
        "url": f"http://127.0.0.1:{h.gateway.port}",
        "key": h.customer.key,
        "name": "acme",
        "password": PASSWORD,
        "notify_url": h.sink.url(),
        "long": LONG,
        "day": f"{opens:%A}".upper(),
        "send_at": (now + timedelta(days=3)).isoformat(),
        "later": (now + timedelta(days=4)).isoformat(),
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    return asked, opens


async def converse(command: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    """Run a program that is asked on its stdin and tells on its stdout."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(VISITS_WITHIN):
        stdout, stderr = await process.communicate(json.dumps(asked).encode())
    assert process.returncode == 0, stderr.decode()
    told: dict[str, Any] = json.loads(stdout)
    return told
