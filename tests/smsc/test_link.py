"""One link to an SMSC, on a real socket: bound, lost and bound again; what it brings, and its window."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import Pdu, PduError, encode
from heliograph.smpp.session import Timing, WindowFull
from heliograph.smsc.link import Link
from smsc.scene import PATIENT, Owner, Scene, a_binding, a_link, a_submit_sm, ended
from still import StillClock, until

Body = Callable[[Scene], Awaitable[None]]
TEN = range(10)


def play(body: Body, behaviour: dict[str, Any] | None = None, **binding: Any) -> None:
    async def inside() -> None:
        async with a_link(behaviour, **binding) as scene:
            await body(scene)

    asyncio.run(inside())


def fifth(seconds: float) -> Any:
    """So many seconds, give or take a fifth."""
    return pytest.approx(seconds, rel=0.2)


def timing(**changes: float) -> Timing:
    plain = {name: getattr(PATIENT, name) for name in ("enquire_after", "inactivity", "submit_response")}
    return Timing(**{"overdue_limit": 1e9} | plain | changes)


def test_a_link_binds_with_its_name_and_password() -> None:
    async def body(scene: Scene) -> None:
        assert not scene.link.is_bound
        assert scene.link.problem == "not connected yet"
        scene.clock.turn(0)

        await scene.bound()

        assert scene.owner.bounds == ["north/1"]
        assert (scene.link.problem, scene.link.state_since) == ("", scene.clock.now())
        assert (scene.link.room, scene.link.claimed) == (10, 0)
        assert scene.simulator.counters.binds_refused == {}

    play(body, {"system_id": "one", "password": "secret"})


@pytest.mark.parametrize(("command", "room"), [(Command.BIND_TRANSMITTER, 10), (Command.BIND_RECEIVER, 0)])
def test_only_a_link_that_may_submit_has_room(command: Command, room: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        assert scene.link.room == room

    play(body, command=command)


@pytest.mark.parametrize(
    ("status", "pauses"),
    [
        (Status.ESME_RALYBND, [30, 60, 120, 240, 300, 300]),
        (Status.ESME_RBINDFAIL, [30, 60, 120, 240, 300, 300]),
        (Status.ESME_RSYSERR, [30, 60]),
        (Status.ESME_RINVPASWD, [300, 300, 300]),
        (Status.ESME_RINVSYSID, [300, 300]),
        (Status.ESME_RINVSYSTYP, [300, 300]),
    ],
    ids=lambda value: value.name if isinstance(value, Status) else "",
)
def test_a_refused_bind_is_tried_again_after_what_its_class_says(status: Status, pauses: list[int]) -> None:
    async def body(scene: Scene) -> None:
        found = [await scene.pause()] + [await scene.next_pause() for _ in pauses[1:]]

        assert found == [fifth(pause) for pause in pauses]
        assert scene.link.problem == f"bind refused: {status.name}"
        assert scene.simulator.counters.binds_refused == {status: len(pauses)}
        assert scene.owner.bounds == []

    play(body, {"bind_status": int(status)})


def test_after_a_bind_that_was_taken_the_pauses_begin_anew() -> None:
    async def body(scene: Scene) -> None:
        await scene.pause()
        assert await scene.next_pause() == fifth(60)
        scene.simulator.behaviour = msgspec.structs.replace(scene.simulator.behaviour, bind_status=0)
        scene.clock.turn(await scene.pause())
        await scene.bound()

        scene.simulator.drop_links()

        assert await scene.pause() == fifth(1)

    play(body, {"bind_status": int(Status.ESME_RALYBND)})


def test_an_smsc_that_nobody_can_connect_to_is_tried_again_and_again() -> None:
    async def inside() -> None:
        with socket.socket() as taken:  # bound, and not listening
            taken.bind(("127.0.0.1", 0))
            clock, owner = StillClock(), Owner()
            link = Link(a_binding(taken.getsockname()[1]), owner, clock)
            scene = Scene(None, clock, owner, [link], asyncio.create_task(link.run()))  # type: ignore[arg-type]

            found = [await scene.pause()] + [await scene.next_pause() for _ in range(6)]

            assert found == [fifth(pause) for pause in (1, 2, 5, 10, 30, 60, 60)]
            assert link.problem.startswith("cannot connect")
            assert owner.losses == []  # there was no session to lose
            link.stop()
            await asyncio.wait_for(scene.task, 5)

    asyncio.run(inside())


def test_a_link_that_is_lost_is_bound_again() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        scene.simulator.drop_links()

        assert await scene.pause() == fifth(1)
        assert not scene.link.is_bound
        assert scene.link.problem != ""
        scene.clock.turn(1.2)
        await scene.bound()
        assert scene.owner.bounds == ["north/1", "north/1"]
        assert scene.owner.losses == [([], [])]

    play(body)


def test_what_was_submitted_and_not_answered_is_unknown_when_the_link_is_lost() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b", "c")
        await scene.simulator.until(lambda counters: counters.submits == 3)

        scene.simulator.drop_links()

        await scene.pause()
        assert scene.owner.losses == [(["a", "b", "c"], [])]
        assert scene.owner.answers == []

    play(body, {"no_answer": True})


def test_what_was_answered_is_not_lost_with_the_link() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b", "c")  # the third one costs the link

        await scene.pause()

        assert scene.owner.tokens == ["a", "b"]
        assert scene.owner.losses == [(["c"], [])]

    play(body, {"drop_after": 3})


def test_the_window_is_never_exceeded() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        with pytest.raises(WindowFull):
            scene.submit(*range(11))
        scene.submit(*range(7))
        assert scene.link.room == 3
        with pytest.raises(WindowFull):
            scene.submit(7, 8, 9, 10)
        scene.submit(7, 8, 9)
        assert scene.link.room == 0
        await scene.simulator.until(lambda counters: counters.submits >= 10)

        assert [pdu.fields["short_message"] for pdu in scene.simulator.submits] == [b"%d" % n for n in TEN]

    play(body, {"no_answer": True})


def test_a_place_is_free_when_its_owner_says_so_and_not_when_the_answer_came() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.link.claimed += 10
        scene.submit(*TEN)
        await until(lambda: len(scene.owner.tokens) == 10)
        assert (scene.link.claimed, scene.link.room) == (10, 0)

        scene.link.claimed -= 4

        assert scene.link.room == 4

    play(body)


def test_what_is_claimed_keeps_its_place_over_a_lost_link() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.link.claimed += 6
        scene.simulator.drop_links()
        await scene.pause()
        assert scene.link.room == 0
        scene.clock.turn(1.2)

        await scene.bound()

        assert scene.link.room == 4

    play(body)


def test_of_requests_that_cannot_be_encoded_none_is_sent_and_the_error_says_which() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        with pytest.raises(PduError) as caught:
            scene.link.submit([a_submit_sm(), a_submit_sm(to="4" * 30), a_submit_sm()], ["a", "b", "c"])
        assert caught.value.index == 1

        scene.submit("d")
        await until(lambda: scene.owner.tokens)

        assert scene.owner.tokens == ["d"]
        assert len(scene.simulator.submits) == 1

    play(body)


def test_answers_are_handed_on_in_batches() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit(*range(500))

        await until(lambda: len(scene.owner.tokens) == 500)

        assert scene.owner.tokens == list(range(500))
        assert len(scene.owner.answers) < 25
        assert set(scene.owner.statuses) == {0}

    play(body, window=500)


def test_a_refusal_is_an_answer() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b")
        await until(lambda: len(scene.owner.tokens) == 2)
        assert sorted(scene.owner.statuses) == [0, Status.ESME_RMSGQFUL]

    play(body, {"refuse_every": 2, "refuse_status": int(Status.ESME_RMSGQFUL)})


def test_deliveries_are_handed_on_in_batches_and_acknowledged_when_the_owner_says_so() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        futures = [scene.simulator.deliver(source_addr=str(n), short_message=b"hi") for n in range(100)]
        await until(lambda: len(scene.owner.requests) == 100)

        assert len(scene.owner.deliveries) < 25
        assert [pdu.fields["source_addr"] for pdu in scene.owner.requests] == [str(n) for n in range(100)]
        assert not any(future.done() for future in futures)

        scene.link.acknowledge(scene.owner.requests[:99])
        scene.link.acknowledge(scene.owner.requests[99:], Status.ESME_RX_T_APPN)

        assert await asyncio.gather(*futures) == [0] * 99 + [Status.ESME_RX_T_APPN]

    play(body)


def test_to_acknowledge_on_a_link_that_is_gone_does_nothing() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        future = scene.simulator.deliver(short_message=b"hi")
        await until(lambda: scene.owner.requests)
        scene.simulator.drop_links()
        await scene.pause()

        scene.link.acknowledge(scene.owner.requests)

        assert future.cancelled()

    play(body)


def test_a_silent_link_is_asked_whether_it_lives() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        for _ in range(20):  # ten minutes, in which nothing else is said
            scene.clock.turn(30)
            await until(lambda: scene.clock.waits)
            await asyncio.sleep(0.005)
            scene.clock.turn(0.25)

        scene.submit("a")
        await until(lambda: scene.owner.tokens)
        assert scene.owner.losses == []

    play(body, timing=timing(enquire_after=30.0, inactivity=300.0))


@pytest.mark.parametrize(
    ("behaviour", "limits", "passing", "problem"),
    [
        ({"ignore_enquire": True}, {"enquire_after": 30.0}, [30, 11], "enquire_link was not answered"),
        ({}, {"inactivity": 300.0}, [301], "nothing was heard"),
        ({"no_answer": True}, {"submit_response": 60.0}, [61], "half the window was not answered"),
        ({"no_answer": True}, {"overdue_limit": 600.0}, [601], "a request was not answered"),
    ],
)
def test_a_link_that_cannot_be_trusted_is_given_up(
    behaviour: dict[str, Any], limits: dict[str, float], passing: list[float], problem: str
) -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        if "no_answer" in behaviour:
            scene.submit(*range(5))
            await scene.simulator.until(lambda counters: counters.submits == 5)
        for seconds in passing:
            await until(lambda: scene.clock.waits)
            scene.clock.turn(seconds)
            await asyncio.sleep(0.01)

        assert await scene.pause() == fifth(1)
        assert problem in scene.link.problem
        assert scene.owner.losses == [(list(range(5)) if "no_answer" in behaviour else [], [])]

    play(body, behaviour, timing=timing(**limits))


def test_a_bind_that_is_never_answered_is_given_up_after_half_a_minute() -> None:
    async def body(scene: Scene) -> None:
        scene.simulator.stall()
        await until(lambda: scene.simulator.links)
        await until(lambda: scene.clock.waits)
        scene.clock.turn(31)

        assert await scene.pause() == fifth(1)
        assert scene.link.problem == "no bind in time"

    play(body)


def test_an_smsc_that_unbinds_is_bound_to_again() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        scene.simulator.send_raw(encode(Pdu(Command.UNBIND, 0, 77)))

        assert await scene.pause() == fifth(1)
        assert scene.link.problem == "unbound by the peer"

    play(body)


def test_a_stream_out_of_step_ends_the_session_and_what_was_under_way_is_unknown() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a")

        assert await scene.pause() == fifth(1)

        assert scene.owner.losses == [(["a"], [])]

    play(body, {"garbage_every": 1, "garbage": "noise"})


def test_a_link_that_is_dropped_leaves_in_order_and_says_why() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        scene.link.drop("the SMSC says that the session is in the wrong state")

        assert scene.link.room == 0
        assert await scene.pause() == fifth(1)
        assert scene.owner.losses == [([], [])]
        scene.clock.turn(1.2)
        await scene.bound()

    play(body)


def test_a_link_that_stops_unbinds_and_connects_no_more() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()

        scene.link.stop()

        assert scene.link.room == 0
        await asyncio.wait_for(scene.task, 5)
        assert not scene.link.is_bound
        await until(lambda: not scene.simulator.links)

    play(body)


def test_answers_that_are_under_way_when_a_link_stops_still_count() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.submit("a", "b")

        scene.link.stop()

        await asyncio.wait_for(scene.task, 5)
        assert scene.owner.tokens == ["a", "b"]
        assert scene.owner.losses == [([], [])]

    play(body)


def test_an_smsc_that_does_not_answer_an_unbind_is_waited_for_five_seconds() -> None:
    async def body(scene: Scene) -> None:
        await scene.bound()
        scene.simulator.stall()
        scene.link.stop()
        scene.clock.turn(4.5)
        await asyncio.sleep(0.01)
        assert not scene.task.done()

        scene.clock.turn(1)

        await ended(scene.clock, scene.task)

    play(body)


def test_a_link_that_stops_while_it_waits_to_connect_ends_at_once() -> None:
    async def body(scene: Scene) -> None:
        await scene.pause()
        scene.link.stop()
        await asyncio.wait_for(scene.task, 5)

    play(body, {"bind_status": int(Status.ESME_RINVPASWD)})
