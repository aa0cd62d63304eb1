"""A small ESME for the tests of the simulated SMSC: `smpp.session` in the ESME's role on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import uvloop

from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.receipt import Receipt, read
from heliograph.smpp.session import Answered, BindRefused, Bound, Closed, Event, Requested, Role, Session

BINDS = {"tx": Command.BIND_TRANSMITTER, "rx": Command.BIND_RECEIVER, "trx": Command.BIND_TRANSCEIVER}


def a_submit_sm(text: str | bytes = "hello", *, to: str = "41793026727", **fields: Any) -> Pdu:
    content = text.encode("latin-1") if isinstance(text, str) else text
    plain = {
        "source_addr": "Heliograph",
        "source_addr_ton": 5,
        "destination_addr": to,
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "registered_delivery": 1,
        "short_message": content,
    }
    return Pdu(Command.SUBMIT_SM, 0, 0, plain | fields)


class Esme(asyncio.Protocol):
    """Acknowledges every deliver_sm with the next of `statuses`, then with 0; keeps what it saw in `seen`, in order."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.session = Session(Role.ESME, self.loop.time(), window=5000)
        self.seen: list[Event] = []
        self.statuses: list[int] = []
        self.acknowledging = True
        self.gone = False
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        for event in self.session.receive(data, self.loop.time()):
            self.seen.append(event)
            if isinstance(event, Requested) and self.acknowledging:
                self.session.respond(event.pdu, self.statuses.pop(0) if self.statuses else 0)
        self.flush()
        self._changed.set()

    def flush(self) -> None:
        self.transport.write(self.session.take_output())

    async def until(self, condition: Callable[["Esme"], object], within: float = 5.0) -> None:
        async with asyncio.timeout(within):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    async def bind(self, kind: str = "trx", system_id: str = "one", password: str = "") -> int:
        """The command_status of the bind_resp."""
        self.session.bind(BINDS[kind], {"system_id": system_id, "password": password}, self.loop.time())
        self.flush()
        await self.until(lambda esme: esme.of(Bound) or esme.of(BindRefused))
        return next((event.status for event in self.of(BindRefused)), 0)

    def submit(self, *pdus: Pdu) -> None:
        self.session.request(pdus, list(range(len(pdus))), self.loop.time())
        self.flush()

    async def answers_to(self, *pdus: Pdu) -> list[Pdu]:
        """The responses to these requests, in the order in which they came."""
        before = len(self.answers)
        self.submit(*pdus)
        await self.until(lambda esme: len(esme.answers) >= before + len(pdus))
        return self.answers[before:]

    async def receipts_of(self, count: int) -> list[Receipt]:
        await self.until(lambda esme: len(esme.receipts) >= count)
        return self.receipts

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]

    @property
    def answers(self) -> list[Pdu]:
        return [event.pdu for event in self.of(Answered)]

    @property
    def requests(self) -> list[Pdu]:
        return [event.pdu for event in self.of(Requested)]

    @property
    def receipts(self) -> list[Receipt]:
        found = [read(pdu, receipts_without_flag=True) for pdu in self.requests]
        return [receipt for receipt in found if receipt is not None]

    @property
    def closed(self) -> list[str]:
        return [event.reason for event in self.of(Closed)]


class Scene:
    """A running simulated SMSC, and ESMEs as they are asked for."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._esmes: list[Esme] = []

    async def connect(self) -> Esme:
        loop = asyncio.get_running_loop()
        _, esme = await loop.create_connection(Esme, self.simulator.host, self.simulator.port)
        self._esmes.append(esme)
        return esme

    async def bound(self, kind: str = "trx", system_id: str = "one") -> Esme:
        esme = await self.connect()
        assert await esme.bind(kind, system_id) == 0
        return esme

    def leave(self) -> None:
        for esme in self._esmes:
            esme.transport.abort()


@asynccontextmanager
async def a_scene(behaviour: Behaviour, keep: bool, on_event: Any) -> AsyncIterator[Scene]:
    simulator = Simulator(behaviour, keep=keep, on_event=on_event)
    await simulator.start()
    scene = Scene(simulator)
    try:
        yield scene
    finally:
        scene.leave()
        await simulator.stop()


def play(
    body: Callable[[Scene], Awaitable[None]], *, keep: bool = False, on_event: Any = None, **behaviour: Any
) -> None:
    """Run `body` with a simulated SMSC that behaves so; receipts come quickly unless told otherwise."""

    async def main() -> None:
        async with a_scene(Behaviour(**{"receipt_delay": 0.0} | behaviour), keep, on_event) as scene:
            await body(scene)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
