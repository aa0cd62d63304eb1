"""One trial of a gateway under load: durable, with receipts and webhooks, against the simulated SMSC.

The gateway and the SMSC are processes of their own; the load and the customer's webhook are this one. A trial begins
with a warm-up that is not measured, and ends with a proof: every message was accepted, reached the SMSC exactly once
and was reported exactly once.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import msgspec

from heliograph.accounts.errors import Refused
from heliograph.cli.child import Child
from heliograph.cli.load import Load, Reports, requests
from heliograph.cli.sink import Sink

ACCOUNT: Final = "bench"
LISTENS: Final = re.compile(r"listens on 127\.0\.0\.1:(\d+)")
SERVES: Final = re.compile(r"event=serving .*port=(\d+)")
SUBMITS: Final = re.compile(r"submits ([\d,]+)")
WARM_UP: Final = 5_000  # messages, or a tenth of the trial where that is less
STALLED: Final = 30.0  # seconds in which nothing moves
LOOK: Final = 0.25  # seconds between two looks at the progress
AFTERMATH: Final = 0.5  # seconds in which a second report of a message could still come

CONFIG: Final = """
[http]
port = 0
[store]
url = {store}
[webhooks]
allow_private_networks = true
[[smsc]]
name = "simulated"
host = "127.0.0.1"
port = {port}
system_id = "bench"
links = 2
window = 500
"""


class Plan(msgspec.Struct, frozen=True):
    """What a trial sends: messages in requests of so many destinations, over so many connections."""

    destinations: int
    messages: int
    connections: int

    @property
    def warm_up(self) -> int:
        """Messages that are sent before the clock starts; whole requests."""
        wanted = min(WARM_UP, self.messages // 10)
        return max(1, -(-wanted // self.destinations)) * self.destinations


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial showed. Messages a second, milliseconds, microseconds, octets; `problems` are sentences."""

    destinations: int
    messages: int
    connections: int
    accepted_per_second: float  # from the first request to the last answer
    end_to_end_per_second: float  # from the first request to the last report at the webhook
    answer_p50_ms: float
    answer_p99_ms: float
    cpu_us_per_message: float  # of the gateway's process, user and system
    peak_bytes: int  # of the gateway's process since it began
    problems: list[str]


Tell = Callable[[int], None]


async def measure(plan: Plan, store: str | None, tell: Tell, faults: Sequence[str] = ()) -> Figures:
    """One trial; `store` is a URL, None a new SQLite file. `tell` hears how many of the messages are reported.

    `faults` are flags of `heliograph smsc`; without them the simulated SMSC has none.
    Raises Refused where the gateway or the SMSC does not start, or ends too soon.
    """
    trial = _Trial(plan, faults)
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-") as folder:
        async with AsyncExitStack() as stack:
            await trial.start(stack, Path(folder), store or f"sqlite://{folder}/heliograph.db")
            await trial.send(range(plan.warm_up), lambda count: None)
            figures = await trial.timed(range(plan.warm_up, plan.warm_up + plan.messages), tell)
            await asyncio.sleep(AFTERMATH)
    return msgspec.structs.replace(figures, problems=list(trial.problems()))


class _Trial:
    def __init__(self, plan: Plan, faults: Sequence[str]) -> None:
        self._plan = plan
        self._accepted = 0
        self._refusal = ""
        self._reports = Reports()
        self._sink = Sink(self._reports.take)
        self._smsc = Child("smsc", "--port", "0", *faults)

    async def start(self, stack: AsyncExitStack, folder: Path, store: str) -> None:
        """All parts; they end in the opposite order."""
        await self._sink.start()
        stack.push_async_callback(self._sink.stop)
        smsc_port = await self._smsc.start(LISTENS)
        stack.push_async_callback(self._smsc.stop)
        self._key = await _make_key(store)
        path = folder / "heliograph.toml"
        path.write_text(CONFIG.format(store=json.dumps(store), port=smsc_port))
        self._gateway = Child("serve", "-c", str(path))
        self._port = int(await self._gateway.start(SERVES))
        stack.push_async_callback(self._gateway.stop)

    async def send(self, numbers: range, tell: Tell) -> Load:
        """Send a message to each of the numbers, and wait until all are reported, or nothing moves any more."""
        plan, reports = self._plan, self._reports
        reports.expect(len(numbers))
        load = Load(requests(self._port, self._key, self._sink.url, numbers, plan.destinations), plan.connections)
        loading = asyncio.create_task(load.run(self._port))
        try:
            await self._wait(load, numbers.start, tell)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        self._accepted += load.accepted
        self._refusal = self._refusal or load.refusal
        return load

    async def _wait(self, load: Load, before: int, tell: Tell) -> None:
        moved, state = time.monotonic(), (-1, -1)
        while not self._reports.complete.is_set() and time.monotonic() - moved < STALLED:
            if not self._gateway.running:
                raise Refused(f"the gateway ended: {self._gateway.said}")
            if state != (load.accepted, self._reports.count):
                moved, state = time.monotonic(), (load.accepted, self._reports.count)
            tell(self._reports.count - before)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._reports.complete.wait()
        tell(self._reports.count - before)

    async def timed(self, numbers: range, tell: Tell) -> Figures:
        """Send, and measure."""
        plan, reports = self._plan, self._reports
        cpu = self._gateway.cpu_seconds()
        load = await self.send(numbers, tell)
        cpu = self._gateway.cpu_seconds() - cpu
        seconds = sorted(load.seconds) or [0.0]
        return Figures(
            destinations=plan.destinations,
            messages=plan.messages,
            connections=plan.connections,
            accepted_per_second=_rate(plan.messages, load.ended - load.begun),
            end_to_end_per_second=_rate(plan.messages, reports.last - load.begun),
            answer_p50_ms=seconds[len(seconds) // 2] * 1e3,
            answer_p99_ms=seconds[len(seconds) * 99 // 100] * 1e3,
            cpu_us_per_message=cpu / plan.messages * 1e6,
            peak_bytes=self._gateway.peak_bytes(),
            problems=[],
        )

    def problems(self) -> Iterator[str]:
        """What is wrong, when all has ended."""
        messages = self._plan.warm_up + self._plan.messages
        if self._accepted != messages:
            yield f"{self._accepted:,} of {messages:,} messages were accepted{self._refusal and ': ' + self._refusal}"
        yield from self._reports.amiss()
        found = [count for line in self._smsc.lines for count in SUBMITS.findall(line)]
        submits = int(found[-1].replace(",", "")) if found else 0
        if submits != messages:
            yield f"{submits:,} submit_sm reached the SMSC for {messages:,} messages"


def _rate(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else 0.0  # less than nothing: none came


async def _make_key(url: str) -> str:
    from heliograph.app import open_store
    from heliograph.cli.demo import fresh_key

    store = await open_store(url, exclusive=False)
    try:
        return await fresh_key(store, ACCOUNT)
    finally:
        await store.close()
