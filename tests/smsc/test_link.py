"""Links: bound again whenever they are lost, patient with who refuses them, and orderly at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flows.house import TurnedClock, an_smsc, until
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command, Tag
from heliograph.smpp.pdu import Pdu, PduError
from heliograph.smpp.session import Answered, NotAllowed, Requested, Role, Session, State, Timing, WindowFull
from heliograph.smsc import link as link_module
from heliograph.smsc.link import DRAIN_WITHIN, JITTER, REBIND, REBIND_FATAL, RECONNECT, Link
from heliograph.smsc.pool import Place, Pool


@dataclass
class Owner:
    """Keeps what it is told, and acknowledges at once what is delivered."""

    answers: list[tuple[Any, int]] = field(default_factory=list)
    requests: list[Pdu] = field(default_factory=list)
    unknown: list[Any] = field(default_factory=list)
    unsent: list[Any] = field(default_factory=list)
    losses: int = 0
    binds: int = 0
    refuse: int = 0
    held: bool = False  # what is delivered waits until `release`

    def answered(self, link: Link, answers: Sequence[Answered]) -> None:
        self.answers += [(answer.token, answer.pdu.status) for answer in answers]
        link.claimed -= len(answers)

    def delivered(self, link: Link, requests: Sequence[Pdu]) -> None:
        self.requests += requests
        if not self.held:
            link.acknowledge(requests, self.refuse)

    def lost(self, link: Link, unknown: Sequence[Any], unsent: Sequence[Any]) -> None:
        self.losses += 1
        self.unknown += unknown
        self.unsent += unsent
        link.claimed -= len(unknown) + len(unsent)

    def bound(self, link: Link) -> None:
        self.binds += 1


@dataclass
class Scene:
    clock: TurnedClock
    simulator: Simulator
    owner: Owner
    pool: Pool

    @property
    def links(self) -> list[Link]:
        return self.pool.places["north"].links

    @property
    def link(self) -> Link:
        return self.links[0]

    async def bound(self) -> None:
        await until(lambda: all(link.is_bound for link in self.links))

    def submit(self, *tokens: Any, text: bytes = b"hello") -> None:
        pdu = Pdu(Command.SUBMIT_SM, fields={"destination_addr": "41793026727", "short_message": text})
        self.link.submit([pdu] * len(tokens), tokens)
        self.link.claimed += len(tokens)

    async def problem(self, word: str) -> None:
        await until(lambda: word in self.link.problem)


def play(
    body: Callable[[Scene], Awaitable[None]], *, behaviour: Behaviour | None = None, up: bool = True, **smsc: Any
) -> None:
    async def main() -> None:
        simulator = Simulator(behaviour or Behaviour(receipts=False), keep=True)
        await simulator.start()
        clock, owner = TurnedClock(), Owner()
        pool = Pool([an_smsc(simulator.port, **smsc)], owner, clock)
        if not up:
            await simulator.stop()
        running = asyncio.create_task(pool.run())
        try:
            async with asyncio.timeout(30):
                await body(Scene(clock, simulator, owner, pool))
        finally:
            await simulator.stop()
            pool.stop()
            await running

    asyncio.run(main())


def test_a_link_binds_as_who_it_is() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        [found] = scene.pool.status()
        assert (found["smsc"], found["link"], found["bound"], found["window"]) == ("north", "north/1", True, 10)
        assert "problem" not in found
        assert scene.simulator.counters.binds == 1
        assert [link.system_id for link in scene.simulator.links] == ["heliograph"]

    play(body, behaviour=Behaviour(system_id="heliograph", password="secret"))


def test_a_pair_sends_on_one_link_and_receives_on_the_other() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        transmitter, receiver = scene.links
        assert [link.binding.name for link in scene.links] == ["north/1.tx", "north/1.rx"]
        assert (transmitter.room, receiver.room) == (10, 0)

        answer = scene.simulator.deliver(short_message=b"hi")
        assert await answer == 0
        assert scene.owner.requests[0].fields["short_message"] == b"hi"

    play(body, pair=True)


def test_room_is_what_is_neither_under_way_nor_unsettled() -> None:
    async def body(scene: Scene) -> None:
        assert scene.link.room == 0
        await scene.bound()
        assert scene.link.room == 3
        scene.link.claimed = 1
        assert scene.link.room == 2
        scene.link.claimed = 0
        scene.submit("a", "b", text=b"!noanswer")
        assert scene.link.room == 1

        scene.submit("c", text=b"!noanswer")
        assert scene.link.room == 0
        with pytest.raises(WindowFull):
            scene.submit("d")

    play(body, window=3)


def test_answers_come_with_their_tokens() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b")
        scene.submit("c", text=b"!status=0x0B")
        await until(lambda: len(scene.owner.answers) == 3)

        assert sorted(scene.owner.answers) == [("a", 0), ("b", 0), ("c", 0x0B)]

    play(body)


def test_what_cannot_be_encoded_is_told_and_nothing_is_sent() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        good = Pdu(Command.SUBMIT_SM, fields={"short_message": b"x"})
        with pytest.raises(PduError) as problem:
            scene.link.submit([good, Pdu(Command.SUBMIT_SM, fields={"source_addr": "x" * 30})], ["a", "b"])

        assert problem.value.index == 1
        assert scene.link.room == 10

    play(body)


def test_a_lost_link_tells_what_was_never_answered_and_comes_back() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b", text=b"!noanswer")
        await scene.simulator.until(lambda counters: counters.submits == 2)
        scene.simulator.drop_links()
        await until(lambda: scene.owner.losses == 1)
        assert (scene.owner.unknown, scene.owner.unsent) == (["a", "b"], [])
        assert (scene.link.is_bound, scene.link.claimed, scene.link.room) == (False, 0, 0)

        await tries(scene, RECONNECT[:1], lambda: scene.owner.binds)

    play(body)


async def tries(scene: Scene, steps: Sequence[float], happened: Callable[[], int]) -> None:
    """See the link wait so long (jitter aside) before each further try."""
    for step in steps:
        least, most, before = step * (1 - JITTER), step * (1 + JITTER), happened()
        await until(lambda: any(least <= wait <= most for wait in scene.clock.waits))  # noqa: B023 - awaited here
        assert happened() == before
        scene.clock.turn(most)
        await until(lambda: happened() > before)  # noqa: B023 - awaited here


def test_an_smsc_that_is_away_is_tried_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    connects = 0

    async def body(scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        create = loop.create_connection

        async def count(*arguments: Any, **named: Any) -> Any:
            nonlocal connects
            connects += 1
            return await create(*arguments, **named)

        monkeypatch.setattr(loop, "create_connection", count)
        await scene.problem("cannot connect")
        await tries(scene, (*RECONNECT, *RECONNECT[-1:] * 2), lambda: connects)

        await scene.simulator.start()
        while not scene.link.is_bound:
            scene.clock.turn(RECONNECT[-1])
            await asyncio.sleep(0.001)

    play(body, up=False)


@pytest.mark.parametrize(
    ("status", "name", "steps"),
    [
        (0x05, "ESME_RALYBND", (*REBIND, *REBIND[-1:] * 2)),
        (0x0D, "ESME_RBINDFAIL", REBIND),
        (0x0E, "ESME_RINVPASWD", REBIND_FATAL * 3),
        (0x0F, "ESME_RINVSYSID", REBIND_FATAL * 2),
        (0x53, "ESME_RINVSYSTYP", REBIND_FATAL * 2),
    ],
)
def test_a_refused_bind_is_tried_again_after_a_while(status: int, name: str, steps: Sequence[float]) -> None:
    async def body(scene: Scene) -> None:
        refused = scene.simulator.counters.binds_refused
        await scene.problem(f"bind refused: {name}")
        await tries(scene, steps, lambda: refused[status])

        scene.simulator.behaviour = Behaviour()
        while not scene.link.is_bound:
            scene.clock.turn(REBIND_FATAL[0])
            await asyncio.sleep(0.001)
        assert scene.link.problem == ""

    play(body, behaviour=Behaviour(bind_status=status))


def test_after_a_good_bind_the_next_loss_is_repaired_quickly() -> None:
    async def body(scene: Scene) -> None:
        await scene.problem("cannot connect")
        for _ in range(8):
            scene.clock.turn(10)
            await asyncio.sleep(0.001)
        await scene.simulator.start()
        while not scene.link.is_bound:
            scene.clock.turn(10)
            await asyncio.sleep(0.001)
        scene.simulator.drop_links()
        await until(lambda: not scene.link.is_bound)

        await tries(scene, RECONNECT[:1], lambda: scene.owner.binds)

    play(body, up=False)


def test_silence_is_ended_by_the_clock() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        while not scene.owner.losses:
            scene.clock.turn(0.25)
            await asyncio.sleep(0.001)

        assert "enquire_link" in scene.link.problem
        assert 40 <= scene.clock.seconds <= 42

    timing = Timing(enquire_after=30.0, enquire_response=10.0)
    play(body, behaviour=Behaviour(ignore_enquire=True), timing=timing)


def test_a_link_that_stops_is_unbound_in_order_and_late_answers_count() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", text=b"!late=0.05")
        await scene.simulator.until(lambda counters: counters.submits == 1)
        scene.pool.stop()
        assert scene.link.room == 0
        await until(lambda: scene.owner.losses == 1)

        assert scene.owner.answers in ([("a", 0)], [])
        assert scene.owner.answers or scene.owner.unknown == ["a"]
        await until(lambda: not scene.simulator.links)

    play(body)


def test_a_dropped_link_binds_anew() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.link.drop("the SMSC says so", connection=scene.link.connection)
        await until(lambda: scene.owner.losses == 1)
        assert scene.link.problem
        await tries(scene, RECONNECT[:1], lambda: scene.owner.binds)

    play(body)


def test_a_later_session_is_not_dropped_for_what_an_earlier_one_was_told() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        earlier = scene.link.connection
        scene.simulator.drop_links()
        await until(lambda: scene.owner.losses == 1)
        await tries(scene, RECONNECT[:1], lambda: scene.owner.binds)

        scene.link.drop("the SMSC said so", connection=earlier)

        assert scene.link.is_bound
        assert scene.link.problem == ""
        scene.submit("a")
        await until(lambda: scene.owner.answers == [("a", 0)])

    play(body)


class Deaf:
    """An SMSC that lets bind, and reads nothing after it."""

    def __init__(self) -> None:
        self.session = Session(Role.SMSC, 0.0)
        self.bound = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.session.state is State.OPEN:
            for event in self.session.receive(await reader.read(1000), 0.0):
                assert isinstance(event, Requested)
                self.session.respond(event.pdu, system_id="deaf")
        cast(asyncio.Transport, writer.transport).pause_reading()
        writer.write(self.session.take_output())
        self.writer = writer
        self.bound.set()


ENDS = {"it breaks the protocol": bytes(16), "it unbinds": bytes.fromhex("00000010000000060000000000000001")}


@pytest.mark.parametrize("last", ENDS.values(), ids=ENDS)
def test_an_smsc_that_reads_nothing_cannot_keep_a_link_whose_session_has_ended(last: bytes) -> None:
    async def main() -> None:
        deaf, clock, owner = Deaf(), TurnedClock(), Owner()
        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        [link] = Pool([an_smsc(port, window=1000)], owner, clock).places["north"].links
        running = asyncio.create_task(link.run())
        async with asyncio.timeout(30):
            await deaf.bound.wait()
            await until(lambda: link.is_bound)
            long = Pdu(Command.SUBMIT_SM, fields={"destination_addr": "1"}, tlvs=[(Tag.MESSAGE_PAYLOAD, bytes(60_000))])
            link.submit([long] * 500, range(500))  # more than both ends of the connection hold
            deaf.writer.write(last)
            await until(lambda: not link.is_bound)
            assert owner.losses == 0

            clock.turn(DRAIN_WITHIN)
            await until(lambda: owner.losses == 1)

            assert owner.unknown == list(range(500))
            link.stop()
            await running
        deaf.writer.transport.abort()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_nothing_is_sent_on_a_link_that_is_not_bound() -> None:
    async def body(scene: Scene) -> None:
        await scene.problem("bind refused")
        await until(lambda: not scene.simulator.links)

        assert scene.link.room == 0
        assert scene.pool.room() == {}
        assert scene.pool.next_room() == float("inf")

    play(body, behaviour=Behaviour(bind_status=0x0D))


def test_what_could_not_be_stored_is_refused_for_now_and_comes_again() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.owner.refuse = 0x64
        assert await scene.simulator.deliver(short_message=b"hi") == 0x64
        scene.owner.refuse = 0
        assert await scene.simulator.deliver(short_message=b"hi") == 0

    play(body)


def test_a_link_with_too_many_deliveries_that_wait_is_read_no_further_until_half_are_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "UNACKNOWLEDGED", 4)

    async def body(scene: Scene) -> None:
        await scene.bound()
        [link] = scene.links
        scene.owner.held = True
        first = [scene.simulator.deliver(short_message=b"hi") for _ in range(5)]
        await until(lambda: len(scene.owner.requests) == 5)
        second = [scene.simulator.deliver(short_message=b"hi") for _ in range(5)]
        scene.clock.turn(1000)  # whoever does not listen judges no silence
        await asyncio.sleep(0.05)
        assert (len(scene.owner.requests), link.is_bound) == (5, True)

        scene.owner.held = False
        link.acknowledge(list(scene.owner.requests))
        assert await asyncio.gather(*first, *second) == [0] * 10

    play(body, window=20)


def test_all_links_of_an_smsc_are_kept() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        assert len(scene.links) == 3
        assert scene.simulator.counters.bound == 3
        [(name, room)] = scene.pool.room().items()
        assert (name, room.left, room.windows) == ("north", 6, 6)
        assert isinstance(room.place, Place)
        taken = [room.reserve(room.choose(), 2) for _ in range(4)]
        assert taken == [2, 2, 2, 0]
        assert scene.pool.room() == {}

    play(body, links=3, window=2)


def test_a_link_is_not_submitted_to_before_it_is_bound() -> None:
    async def body(scene: Scene) -> None:
        scene.simulator.stall()  # the bind is never answered
        await until(lambda: scene.link._session is not None)
        with pytest.raises(NotAllowed):
            scene.submit("a")

    play(body)


def test_a_narrow_window_holds_for_the_next_connection_too_and_keeps_one_place() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.link.narrow()
        assert (scene.link.window, scene.link.room) == (2, 2)
        with pytest.raises(WindowFull):
            scene.submit("a", "b", "c")

        scene.simulator.drop_links()
        await until(lambda: not scene.link.is_bound)
        scene.clock.turn(2)
        await scene.bound()
        assert scene.link.room == 2
        with pytest.raises(WindowFull):
            scene.submit("a", "b", "c")

        for _ in range(5):
            scene.link.narrow()
        assert scene.link.room == 1

    play(body, window=3)


def test_ten_windows_of_taken_segments_give_back_one_place_up_to_what_was_configured() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.link.narrow()
        scene.link.narrow()
        windows = []
        for _ in range(60):
            scene.link.widen()
            windows.append(scene.link.room)

        assert windows == [1] * 9 + [2] * 20 + [3] * 31

    play(body, window=3)
