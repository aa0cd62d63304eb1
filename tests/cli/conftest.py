"""The commands, run as a person runs them, and a gateway with a simulated SMSC for them to talk to."""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from heliograph.accounts import admin
from heliograph.app import Gateway
from heliograph.cli.main import main
from heliograph.config import parse
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class House:
    """A running gateway with the key of its one account, and its SMSC."""

    url: str
    key: str
    simulator: Simulator


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    for name in ("HELIOGRAPH_URL", "HELIOGRAPH_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def once(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["heliograph", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return Outcome(int(end.value.code or 0), captured.out, captured.err)

    return once


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "heliograph.toml"
    path.write_text(f'[store]\nurl = "sqlite://{tmp_path}/store/heliograph.db"\n')
    return path


@contextmanager
def in_thread(simulator: Simulator) -> Iterator[Simulator]:
    """A simulated SMSC that runs while the commands run in the test's own thread."""
    up, done = threading.Event(), threading.Event()

    async def inside() -> None:
        await simulator.start()
        up.set()
        await asyncio.to_thread(done.wait)
        await simulator.stop()

    thread = threading.Thread(target=lambda: asyncio.run(inside()))
    thread.start()
    assert up.wait(10)
    try:
        yield simulator
    finally:
        done.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Keeps what a gateway logs out of what a command prints: here they share one process."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def house(quiet: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    up, done, made = threading.Event(), threading.Event(), []

    async def inside() -> None:
        simulator = Simulator(Behaviour(receipt_delay=0.0), keep=True)
        await simulator.start()
        gateway = await Gateway.open(
            parse(
                f'http.port = 0\nstore.url = "sqlite://{folder}/heliograph.db"\n'
                f'[[smsc]]\nname = "north"\nhost = "127.0.0.1"\nport = {simulator.port}\n'
            )
        )
        await admin.create_account(gateway.store, "acme", 1)
        key = await admin.create_key(gateway.store, "acme", 1)
        port = gateway.bind()
        running = asyncio.create_task(gateway.run())
        await gateway.started.wait()
        made.append(House(f"http://127.0.0.1:{port}", key, simulator))
        up.set()
        await asyncio.to_thread(done.wait)
        gateway.stop()
        await running
        await simulator.stop()

    thread = threading.Thread(target=lambda: asyncio.run(inside()))
    thread.start()
    assert up.wait(20)
    yield made[0]
    done.set()
    thread.join(20)
    assert not thread.is_alive()
