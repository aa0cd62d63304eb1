"""Claiming: who may send what, in which order, and which references and parts a claim is for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from heliograph.sms.message import MessageState, SegmentState
from heliograph.store.claiming import LANES_AT_A_TIME, Look, Move
from heliograph.store.settling import SegmentOutcome
from store.scene import BEGIN, DAY, HOUR, Play, Scene, a_message, a_receipt, a_taking

WAITING, CLAIMED, SENT = SegmentState.WAITING, SegmentState.CLAIMED, SegmentState.SENT
QUEUED = MessageState.QUEUED


async def states(scene: Scene) -> list[tuple[int, int, int]]:
    """(message, part, state) of every segment."""
    return sorted(await scene.rows("SELECT message, part, state FROM segment"))  # type: ignore[arg-type]


def test_messages_are_seen_by_their_time_and_then_by_their_key(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(3), a_message(1), a_message(2, due=BEGIN - 5), a_message(4, due=BEGIN + 1))

        assert await scene.keys() == [2, 1, 3]

    play(body)


def test_lanes_are_served_in_turn(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key) for key in range(1, 101)], name="large")
        await scene.accept(a_message(201), name="small")
        await scene.accept(*[a_message(key) for key in range(301, 311)], name="middling")

        seen = [candidate.key for candidate in await scene.peek(30)]

        assert [key for key in seen if key < 200] == list(range(1, 11))
        assert 201 in seen
        assert [key for key in seen if key > 300] == list(range(301, 311))

    play(body)


def test_the_lane_that_was_served_longest_ago_comes_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for lane in range(40):
            await scene.accept(*[a_message(lane * 10 + n) for n in (1, 2)], name=f"bulk {lane}")
        served = []
        for _ in range(40):
            scene.now += 1
            [candidate, *_] = await scene.peek(1)
            await scene.claim(a_taking(candidate))
            served.append(candidate.lane)

        assert len(set(served)) == 40

    play(body)


@pytest.mark.parametrize("bulks", [1, 40])
def test_lanes_whose_messages_expired_do_not_keep_others_waiting(play: Play, bulks: int) -> None:
    async def body(scene: Scene) -> None:
        for n in range(bulks):
            await scene.accept(a_message(n + 1, expires_at=BEGIN), name=f"bulk {n}")
        assert await scene.expire() == bulks
        scene.now += 1
        await scene.accept(a_message(1000, due=scene.now), name="alive")

        assert await scene.keys() == [1000]

    play(body)


def test_messages_that_expired_do_not_keep_those_behind_them_waiting(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, expires_at=BEGIN + 5) for key in range(1, 301)], a_message(301))
        assert len(await scene.peek(10)) == 10

        scene.now = BEGIN + 5
        assert [c.key for c in await scene.peek(10)] == [301]

    play(body)


@pytest.mark.parametrize("bulks", [1, 40])
def test_lanes_with_nothing_but_expired_messages_are_looked_at_once(play: Play, bulks: int) -> None:
    async def body(scene: Scene) -> None:
        for n in range(bulks):
            await scene.accept(a_message(n + 1, expires_at=BEGIN + 5), name=f"bulk {n}")
        scene.now = BEGIN + 5
        for _ in range(2):  # not all of 40 are seen at once
            await scene.store.refresh((await scene.store.peek(scene.now, 1000)).stale, scene.now)
        assert await scene.store.peek(scene.now, 1000) == Look()

        await scene.accept(a_message(1001, due=scene.now), name="bulk 0")
        assert await scene.keys() == [1001]

    play(body)


@pytest.mark.parametrize("bulks", [1, 40])
def test_lanes_whose_messages_were_postponed_do_not_keep_others_waiting(play: Play, bulks: int) -> None:
    async def body(scene: Scene) -> None:
        for n in range(bulks):
            await scene.accept(a_message(n + 1), name=f"bulk {n}")
        await scene.store.move([Move(n + 1, QUEUED, BEGIN + HOUR) for n in range(bulks)], scene.now)
        scene.now += 1
        await scene.accept(a_message(1000, due=scene.now), name="alive")
        assert await scene.keys() == [1000]

        scene.now = BEGIN + HOUR
        assert len(await scene.keys()) > 1

    play(body)


def test_lanes_whose_messages_somebody_else_took_do_not_keep_others_waiting(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for n in range(40):
            await scene.accept(a_message(n + 1), name=f"bulk {n}")
        seen = await scene.peek()
        for key in range(1, 41):
            await scene.refuse(key)
        assert await scene.claim(*[a_taking(candidate) for candidate in seen]) == []
        scene.now += 1
        await scene.accept(a_message(1000, due=scene.now), name="alive")

        assert await scene.keys() == [1000]

    play(body)


def test_a_claim_cannot_be_repeated(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2))
        [one, two] = await scene.peek()
        assert [claim.key for claim in await scene.claim(a_taking(one))] == [1]

        assert [claim.key for claim in await scene.claim(a_taking(one), a_taking(two))] == [2]
        assert await scene.claim(a_taking(one), a_taking(two)) == []
        assert await scene.keys() == []

    play(body)


@pytest.mark.parametrize("count", [3, 127, 128, 129, 300])
def test_what_was_finished_or_held_meanwhile_is_missing(play: Play, count: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key) for key in range(1, count + 1)])
        seen = await scene.peek()
        await scene.refuse(1)
        await scene.store.move([Move(2, MessageState.HELD, BEGIN)], scene.now)

        claims = await scene.claim(*[a_taking(candidate) for candidate in seen])

        assert [claim.key for claim in claims] == list(range(3, count + 1))
        assert {message for message, _, _ in await states(scene)} == set(range(3, count + 1))

    play(body)


def test_further_parts_of_a_message_that_ended_meanwhile_are_not_claimed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=3))
        [candidate] = await scene.peek()
        await scene.claim(a_taking(candidate, now=1))
        await scene.settle(sent=[scene.sent(1, "one")])
        await scene.receive(a_receipt("one", status=9, error=32))

        claims = await scene.claim(a_taking(candidate, first=False, pair=None))

        assert claims == []
        assert await states(scene) == []

    play(body)


def test_parts_beyond_the_window_follow_later(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=3))
        [candidate] = await scene.peek()
        await scene.claim(a_taking(candidate, now=2))
        assert await states(scene) == [(1, 1, CLAIMED), (1, 2, CLAIMED), (1, 3, WAITING)]

        taking = a_taking(candidate, first=False, pair=None)
        [further] = await scene.claim(type(taking)(1, taking.lane, taking.smsc, (3,), 1, None, False, None))

        assert further.reference is None
        assert await states(scene) == [(1, 1, CLAIMED), (1, 2, CLAIMED), (1, 3, CLAIMED)]

    play(body)


def test_only_the_parts_that_still_wait_are_seen_again(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=3))
        await scene.claim_all()
        await scene.settle(
            sent=[scene.sent(1, "one")],
            outcomes=[
                SegmentOutcome(1, 2, WAITING, refused=True),
                SegmentOutcome(1, 3, WAITING, unanswered=True),
            ],
            moves=[Move(1, QUEUED, BEGIN + 5000)],
        )
        assert await scene.keys() == []

        scene.now += 5000
        [again] = await scene.peek()
        assert again.waiting == (2, 3)
        assert (again.attempts, again.unanswered) == (1, 1)
        [claim] = await scene.claim(a_taking(again))
        assert claim.reference is None
        assert await states(scene) == [(1, 1, SENT), (1, 2, CLAIMED), (1, 3, CLAIMED)]

    play(body)


def test_references_of_a_pair_count_up_and_those_of_another_do_not_matter(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, segments=2) for key in range(1, 6)])
        one, two, three, four, five = await scene.peek()

        first = await scene.claim(a_taking(one, pair=10), a_taking(two, pair=11), a_taking(three, pair=10), seed=1000)
        second = await scene.claim(a_taking(four, pair=10), a_taking(five, pair=11), seed=5)

        [a1, b1, a2], [a3, b2] = [c.reference for c in first], [c.reference for c in second]
        assert (a2, a3) == (a1 + 1, a1 + 2)
        assert b2 == b1 + 1

    play(body)


def test_a_retry_keeps_its_reference(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=2), a_message(2, segments=2))
        [first, _] = await scene.claim_all()
        outcomes = [SegmentOutcome(1, part, WAITING) for part in (1, 2)]
        await scene.settle(outcomes=outcomes, moves=[Move(1, QUEUED, BEGIN)])

        [again] = await scene.peek()

        assert again.reference == first.reference

    play(body)


def test_references_wrap_at_sixteen_bits(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, segments=2) for key in range(1, 4)])

        claims = await scene.claim(
            *[a_taking(candidate, pair=1 << 16) for candidate in await scene.peek()], seed=0xFFFD
        )

        assert [claim.reference for claim in claims] == [0xFFFE, 0xFFFF, 0]

    play(body)


def test_claims_are_numbered_in_their_order(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2))
        one, two = await scene.peek()
        [first] = await scene.claim(a_taking(one))
        [second] = await scene.claim(a_taking(two))

        assert first.event < second.event

    play(body)


def test_a_paced_lane_is_not_due_before_its_next_segment(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2), name="slow", interval=2_000_000)
        [one, _] = await scene.peek()
        await scene.claim(a_taking(one, lane_allowed_at=(BEGIN + 2000) * 1000))

        assert await scene.keys() == []
        scene.now += 1999
        assert await scene.keys() == []
        scene.now += 1
        [two] = await scene.peek()
        assert (two.key, two.allowed_at, two.pace) == (2, (BEGIN + 2000) * 1000, 2_000_000)

    play(body)


async def more_waits(scene: Scene, lane: int) -> None:
    await scene.accept(a_message(2 * lane), a_message(2 * lane + 1), name=f"slow {lane}", interval=60_000_000)
    await claim_paced(scene)


async def more_comes(scene: Scene, lane: int) -> None:
    await scene.accept(a_message(2 * lane), name=f"slow {lane}", interval=60_000_000)
    await claim_paced(scene)
    await scene.accept(a_message(2 * lane + 1), name=f"slow {lane}")


async def one_comes_back(scene: Scene, lane: int) -> None:
    await scene.accept(a_message(2 * lane), name=f"slow {lane}", interval=60_000_000)
    await claim_paced(scene)
    await scene.lose(2 * lane, state=WAITING, message_state=QUEUED)


async def claim_paced(scene: Scene) -> None:
    [candidate] = await scene.peek(1)
    await scene.claim(a_taking(candidate, lane_allowed_at=(BEGIN + 60_000) * 1000))


@pytest.mark.parametrize("how", [more_waits, more_comes, one_comes_back])
def test_paced_lanes_that_may_not_send_yet_hide_no_others(
    play: Play, how: Callable[[Scene, int], Awaitable[None]]
) -> None:
    lanes = LANES_AT_A_TIME + 8

    async def body(scene: Scene) -> None:
        for lane in range(1, lanes + 1):
            await how(scene, lane)
        scene.now += 1
        await scene.accept(a_message(1000, due=scene.now), name="free")
        look = await scene.store.peek(scene.now, 1000)
        assert ([candidate.key for candidate in look.candidates], look.stale) == ([1000], [])

        scene.now = BEGIN + 60_000
        assert len((await scene.store.peek(scene.now, 1000)).candidates) == LANES_AT_A_TIME

    play(body)


def test_a_moved_message_is_due_at_its_new_time(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.claim_all()
        await scene.settle(outcomes=[SegmentOutcome(1, 1, WAITING)], moves=[Move(1, QUEUED, BEGIN + HOUR)])
        assert await scene.keys() == []

        scene.now = BEGIN + HOUR
        assert await scene.keys() == [1]

    play(body)


def test_a_held_message_is_not_seen(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.store.move([Move(1, MessageState.HELD, BEGIN)], scene.now)

        scene.now = BEGIN + DAY
        assert await scene.keys() == []

    play(body)


def test_accounts_share_what_may_leave_whatever_the_number_of_their_lanes(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for n in range(100):
            await scene.accept(a_message(10 + n), name=f"bulk {n}")
        await scene.accept(*[a_message(1000 + n, account=2, due=BEGIN + 1) for n in range(40)])
        await scene.accept(a_message(2000, account=3, due=BEGIN + 2))
        scene.now += 10

        found = (await scene.store.peek(scene.now, 30)).candidates

        assert [c.account for c in found[:9]] == [1, 2, 3, 1, 2, 1, 2, 1, 2]
        assert [c.key for c in found if c.account == 2] == list(range(1000, 1010))
        assert {c.account for c in found[:3]} == {1, 2, 3}

    play(body)


async def with_bulks(scene: Scene, account: int, bulks: int, **changes: Any) -> None:
    """Accept a message for each of so many lanes of an account."""
    first = account * 10_000
    messages = [a_message(first + n, account=account, **changes) for n in range(bulks)]
    await asyncio.gather(*(scene.accept(message, name=f"bulk {message.key}") for message in messages))


def test_an_account_with_many_bulks_hides_no_other(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await with_bulks(scene, 1, 600)
        await scene.accept(a_message(1, account=2, due=BEGIN + 1))
        await with_bulks(scene, 3, LANES_AT_A_TIME, due=BEGIN + HOUR)
        scene.now += 10

        found = await scene.peek(64)

        assert [c.account for c in found][:4] == [1, 2, 1, 1]
        assert len({c.lane for c in found}) == LANES_AT_A_TIME // 2 + 1

    play(body)


def test_the_turns_of_accounts_begin_behind_the_one_that_had_the_last(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for account in (1, 2, 3):
            await with_bulks(scene, account, 2, due=BEGIN - account)

        turns = [[c.account for c in (await scene.store.peek(scene.now, 6, after)).candidates] for after in range(4)]

        assert turns == [[1, 2, 3] * 2, [2, 3, 1] * 2, [3, 1, 2] * 2, [1, 2, 3] * 2]

    play(body)


@pytest.mark.parametrize("bulks", [1, 40])
def test_more_accounts_than_are_served_at_a_time_are_served_in_turn(play: Play, bulks: int) -> None:
    """However many lanes the first of them has."""
    accounts = 2 * LANES_AT_A_TIME + 5

    async def body(scene: Scene) -> None:
        await with_bulks(scene, 1, bulks)
        for account in range(2, accounts + 1):
            await with_bulks(scene, account, 2)
        after, served = 0, []
        for _ in range(accounts):
            found = (await scene.store.peek(scene.now, 1, after)).candidates
            assert len(found) == len({c.lane for c in found}) == LANES_AT_A_TIME
            served += [c.account for c in found]
            after = served[-1]

        assert served == list(range(1, accounts + 1)) * LANES_AT_A_TIME

    play(body)


def test_a_message_has_begun_when_a_part_of_it_was_submitted_and_is_not_to_be_again(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=2))
        [fresh] = await scene.peek()
        await scene.claim(msgspec.structs.replace(a_taking(fresh), parts=(1, 2, 3), now_parts=3))
        waiting = [SegmentOutcome(1, part, WAITING) for part in (1, 2, 3)]
        await scene.settle(outcomes=waiting, moves=[Move(1, QUEUED, scene.now)])
        [again] = await scene.peek()
        await scene.claim(a_taking(again))
        await scene.settle(sent=[scene.sent(1, "1.1")], outcomes=waiting[1:], moves=[Move(1, QUEUED, scene.now)])
        [rest] = await scene.peek()

        assert [(c.waiting, c.begun) for c in (fresh, again, rest)] == [
            ((1, 2), False),
            ((1, 2, 3), False),  # in a wide header one part more than was counted
            ((2, 3), True),
        ]

    play(body)
