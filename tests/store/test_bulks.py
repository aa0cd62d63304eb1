"""Bulks: how one stands, what pausing, cancelling and another time do to all of it, and what races with that."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from heliograph.sms.message import BulkStatus, LaneState, MessageState, SegmentState
from heliograph.sms.schedule import Window
from heliograph.store.bulks import Bulk
from heliograph.store.claiming import LANES_AT_A_TIME, Move
from heliograph.store.settling import SegmentOutcome
from heliograph.store.upkeep import SLICE
from store.scene import BEGIN, DAY, ENCODE, HOUR, Play, Scene, a_message, a_receipt, a_taking

OPEN, PAUSED, CANCELED = LaneState.OPEN, LaneState.PAUSED, LaneState.CANCELED
QUEUED, HELD, WAITING = MessageState.QUEUED, MessageState.HELD, SegmentState.WAITING
MINUTE = 60_000
KEEP, KEEP_RECEIPTS = 48 * HOUR, 7 * DAY
NOT_SENT = (31, 4100)


async def set_state(scene: Scene, state: LaneState, name: str = "bulk", account: int = 1) -> Bulk | None:
    return await scene.store.set_bulk(account, name, state, scene.now)


async def status(scene: Scene, name: str = "bulk", account: int = 1) -> BulkStatus | None:
    bulk = await scene.store.bulk(account, name)
    return None if bulk is None else bulk.status


async def finish_canceled(scene: Scene) -> list[int]:
    """Slices until there are no more; their sizes."""
    sizes = []
    while size := await scene.store.finish_canceled(scene.now):
        sizes.append(size)
    return sizes


async def a_bulk(scene: Scene, *keys: int, **changes: Any) -> None:
    """One request with one message object, whose bulkId is `bulk`."""
    request = {name: changes.pop(name) for name in ("send_at", "validity_minutes") if name in changes}
    messages = [a_message(key, bulk_id="bulk", **changes) for key in keys or (1, 2, 3)]
    await scene.accept(*messages, name="bulk", single=True, **request)


def test_a_bulk_is_pending_processing_and_finished_as_its_messages_are(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await status(scene) is None
        await a_bulk(scene)
        assert await status(scene) is BulkStatus.PENDING
        assert await status(scene, account=2) is None

        [first, *_] = await scene.peek()
        await scene.claim(a_taking(first))
        assert await status(scene) is BulkStatus.PROCESSING
        await scene.refuse(1)
        assert await status(scene) is BulkStatus.PROCESSING

        await scene.claim_all()
        await scene.settle(sent=[scene.sent(2, "two"), scene.sent(3, "three")])
        assert await status(scene) is BulkStatus.PROCESSING  # nothing waits, and receipts do not come
        await scene.receive(a_receipt("two"), a_receipt("three"))
        assert await status(scene) is BulkStatus.FINISHED

    play(body)


def test_a_bulk_of_which_all_expired_before_it_was_claimed_has_failed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, expires_at=BEGIN + HOUR)
        scene.now += HOUR
        await scene.expire()

        assert await status(scene) is BulkStatus.FAILED

    play(body)


def test_a_held_message_keeps_its_bulk_from_being_finished(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await scene.claim_all()
        await scene.lose(1, state=SegmentState.UNKNOWN, message_state=HELD)

        assert await status(scene) is BulkStatus.PROCESSING

    play(body)


@pytest.mark.parametrize("account", [1, 2])
def test_an_empty_bulk_id_names_no_bulk(play: Play, account: int) -> None:
    """It names the lane of all lone messages."""

    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))

        assert await status(scene, "", account) is None
        assert await set_state(scene, CANCELED, "", account) is None
        assert await scene.keys() == [1]

    play(body)


def test_nothing_of_a_paused_bulk_is_seen_and_all_of_it_is_when_it_goes_on(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene)
        await scene.accept(a_message(9), name="other")
        paused = await set_state(scene, PAUSED)
        assert paused is not None and paused.status is BulkStatus.PAUSED
        assert await scene.keys() == [9]

        resumed = await set_state(scene, OPEN)

        assert resumed is not None and resumed.status is BulkStatus.PENDING
        assert sorted(await scene.keys()) == [1, 2, 3, 9]

    play(body)


@pytest.mark.parametrize("state", [PAUSED, CANCELED])
def test_what_was_seen_before_a_bulk_was_closed_cannot_be_claimed(play: Play, state: LaneState) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene)
        await scene.accept(a_message(9), name="other")
        seen = await scene.peek()
        await set_state(scene, state)

        claims = await scene.claim(*[a_taking(candidate) for candidate in seen])

        assert [claim.key for claim in claims] == [9]
        assert await scene.rows("SELECT message FROM segment") == [(9,)]
        bulk = await scene.store.bulk(1, "bulk")
        assert bulk is not None and not bulk.begun

    play(body)


@pytest.mark.parametrize("state", [PAUSED, CANCELED])
def test_a_claim_and_a_close_of_one_commit_agree(play: Play, state: LaneState) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene)
        seen = await scene.peek()
        claims, bulk = await asyncio.gather(
            scene.claim(*[a_taking(candidate) for candidate in seen[:2]]), set_state(scene, state)
        )

        assert bulk is not None and bulk.begun is (len(claims) > 0)
        assert await scene.claim(a_taking(seen[2])) == []

    play(body)


def test_further_parts_of_a_message_that_has_begun_follow_though_its_bulk_is_paused(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1, segments=2)
        [candidate] = await scene.peek()
        await scene.claim(a_taking(candidate, now=1))
        await set_state(scene, PAUSED)

        taking = msgspec.structs.replace(a_taking(candidate, first=False, pair=None), parts=(2,), now_parts=1)
        assert [claim.key for claim in await scene.claim(taking)] == [1]

    play(body)


def test_what_comes_back_into_a_paused_bulk_waits_and_goes_on_with_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await scene.claim_all()
        await set_state(scene, PAUSED)
        await scene.settle(outcomes=[SegmentOutcome(1, 1, WAITING)], moves=[Move(1, QUEUED, scene.now)])
        assert await scene.keys() == []
        assert await status(scene) is BulkStatus.PAUSED

        await set_state(scene, OPEN)
        assert await scene.keys() == [1]

    play(body)


def test_what_expires_in_a_paused_bulk_is_told_as_ever(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1, expires_at=BEGIN + HOUR)
        await set_state(scene, PAUSED)
        scene.now += HOUR
        await scene.expire()

        assert await scene.told() == [("1", 15, 4100)]
        assert await status(scene) is BulkStatus.FAILED

    play(body)


def test_what_waits_in_a_cancelled_bulk_is_told_as_not_sent(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, *range(1, 6))
        await scene.accept(a_message(9, bulk_id="other"), name="other")
        await scene.claim(*[a_taking(candidate) for candidate in await scene.peek() if candidate.key <= 2])
        await scene.settle(sent=[scene.sent(1, "one"), scene.sent(2, "two")])
        bulk = await set_state(scene, CANCELED)
        assert bulk is not None and bulk.status is BulkStatus.CANCELED
        assert await scene.told() == []

        assert await finish_canceled(scene) == [3]

        assert sorted(await scene.told(bulk_id="bulk")) == [(str(key), *NOT_SENT) for key in (3, 4, 5)]
        await scene.receive(a_receipt("one"), a_receipt("two"))
        assert sorted(await scene.told()) == [("1", 5, 0), ("2", 5, 0)]
        assert await status(scene) is BulkStatus.CANCELED
        assert await scene.keys() == [9]

    play(body)


def test_a_large_bulk_is_reported_in_slices_and_goes_on_after_a_restart(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, *range(1, 2 * SLICE + 1))
        await set_state(scene, CANCELED)
        assert await scene.store.finish_canceled(scene.now) == SLICE

        await scene.restart()

        assert await finish_canceled(scene) == [SLICE]
        assert await scene.finished() == [(key, *NOT_SENT) for key in range(1, 2 * SLICE + 1)]

    play(body)


def test_many_cancelled_bulks_are_all_reported_and_looked_at_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        bulks = LANES_AT_A_TIME + 3
        for n in range(bulks):
            await scene.accept(a_message(n + 1), name=f"bulk {n}")
            await set_state(scene, CANCELED, f"bulk {n}")

        assert sum(await finish_canceled(scene)) == bulks
        assert await scene.rows("SELECT id FROM lane WHERE next_due IS NOT NULL") == []

    play(body)


def test_what_comes_back_into_a_cancelled_bulk_is_not_sent(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1, 2)
        await a_bulk(scene, 3, segments=2)
        await scene.claim_all()
        await set_state(scene, CANCELED)
        assert await finish_canceled(scene) == []

        await scene.settle(outcomes=[SegmentOutcome(1, 1, WAITING, refused=True)], moves=[Move(1, QUEUED, BEGIN + 9)])
        await scene.lose(2, state=WAITING, message_state=QUEUED)
        await scene.settle(sent=[scene.sent(3, "3.1")], outcomes=[SegmentOutcome(3, 2, WAITING)],
                           moves=[Move(3, QUEUED, BEGIN)])  # fmt: skip
        assert await finish_canceled(scene) == [3]

        # Of the others something was sent, or may have been.
        assert sorted(await scene.told()) == [("1", *NOT_SENT), ("2", 15, 502), ("3", 15, 4101)]

    play(body)


def test_a_held_message_of_a_cancelled_bulk_stays_until_its_validity_ends(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await scene.claim_all()
        await scene.lose(1, state=SegmentState.UNKNOWN, message_state=HELD)
        await set_state(scene, CANCELED)
        assert await finish_canceled(scene) == []

        scene.now += DAY + HOUR
        await scene.expire()
        assert await scene.told() == [("1", 15, 502)]

    play(body)


@pytest.mark.parametrize("state", [OPEN, PAUSED])
def test_a_cancelled_bulk_stays_so(play: Play, state: LaneState) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene)
        await set_state(scene, CANCELED)

        bulk = await set_state(scene, state)

        assert bulk is not None and bulk.state is CANCELED
        assert await scene.keys() == []

    play(body)


def test_a_bulk_that_is_over_stays_so(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await scene.claim_all()
        await scene.refuse(1)

        bulk = await set_state(scene, CANCELED)

        assert bulk is not None and bulk.status is BulkStatus.FINISHED

    play(body)


def test_a_cancelled_bulk_id_may_be_used_again_and_both_are_pulled_by_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await set_state(scene, CANCELED)
        await a_bulk(scene, 2)
        assert await status(scene) is BulkStatus.PENDING
        assert await finish_canceled(scene) == [1]
        assert await scene.keys() == [2]
        await scene.refuse(2)

        assert sorted(await scene.told(bulk_id="bulk")) == [("1", *NOT_SENT), ("2", 4, 4096)]

        await a_bulk(scene, 3)
        await set_state(scene, CANCELED)
        assert await status(scene) is BulkStatus.CANCELED

    play(body)


def test_a_lone_message_is_a_bulk_by_its_key_and_only_for_its_account(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1", public_id="mine"))
        await scene.accept(a_message(2))
        assert await status(scene, "1") is BulkStatus.PENDING
        assert (await status(scene, "1", 2), await status(scene, "2"), await status(scene, "3")) == (None, None, None)
        bulk = await scene.store.bulk(1, "1")
        assert bulk is not None and (bulk.send_at, bulk.movable) == (BEGIN, True)

        await scene.claim_all()
        assert await status(scene, "1") is BulkStatus.PROCESSING
        await scene.refuse(1)
        assert await status(scene, "1") is BulkStatus.FINISHED
        assert await set_state(scene, CANCELED, "1") == await scene.store.bulk(1, "1")
        assert await status(scene, "1", 2) is None

    play(body)


def test_a_lone_message_that_expired_unsent_is_a_failed_bulk(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1", expires_at=BEGIN))
        await scene.expire()

        assert await status(scene, "1") is BulkStatus.FAILED

    play(body)


@pytest.mark.parametrize("state", [PAUSED, CANCELED])
def test_a_lone_message_is_stopped_and_the_others_of_its_account_go_on(play: Play, state: LaneState) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1"))
        await scene.accept(a_message(2, bulk_id="2"))
        seen = await scene.peek()

        bulk = await set_state(scene, state, "1")

        assert bulk is not None and bulk.state is state
        assert await scene.keys() == [2]
        assert [claim.key for claim in await scene.claim(*[a_taking(one) for one in seen])] == [2]
        assert await finish_canceled(scene) == ([1] if state is CANCELED else [])
        assert await scene.told(bulk_id="1") == ([("1", *NOT_SENT)] if state is CANCELED else [])

    play(body)


def test_a_paused_lone_message_goes_on(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1"))
        await set_state(scene, PAUSED, "1")
        assert await scene.keys() == []

        await set_state(scene, OPEN, "1")
        await scene.claim_all()
        await scene.refuse(1)

        assert await status(scene, "1") is BulkStatus.FINISHED
        assert await scene.told(bulk_id="1") == [("1", 4, 4096)]

    play(body)


def test_a_lone_message_that_was_taken_is_not_sent_again_once_it_was_cancelled(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1"))
        await scene.claim_all()
        bulk = await set_state(scene, CANCELED, "1")
        assert bulk is not None and bulk.begun

        await scene.settle(outcomes=[SegmentOutcome(1, 1, WAITING)], moves=[Move(1, QUEUED, BEGIN)])

        assert await finish_canceled(scene) == [1]

    play(body)


async def times(scene: Scene) -> list[tuple[int, int, int]]:
    return sorted(await scene.rows("SELECT key, due, expires_at FROM message"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("validity", "minutes"), [(None, 2880), (90, 90), (5000, 2880)])
def test_a_bulk_leaves_at_its_new_time_and_its_validity_counts_from_there(
    play: Play, validity: int | None, minutes: int
) -> None:
    async def body(scene: Scene) -> None:
        later, sooner = BEGIN + 30 * DAY, BEGIN + DAY
        await a_bulk(scene, due=later, expires_at=later + DAY, send_at=later, validity_minutes=validity)

        bulk = await scene.store.reschedule(1, "bulk", sooner, scene.now)

        assert bulk is not None and (bulk.send_at, bulk.status) == (sooner, BulkStatus.PENDING)
        assert await times(scene) == [(key, sooner, sooner + minutes * MINUTE) for key in (1, 2, 3)]
        scene.now = sooner - 1
        assert await scene.keys() == []
        scene.now = sooner
        assert await scene.keys() == [1, 2, 3]

    play(body)


def test_a_new_time_that_is_past_is_now(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, due=BEGIN + DAY, expires_at=BEGIN + 2 * DAY, send_at=BEGIN + DAY)

        bulk = await scene.store.reschedule(1, "bulk", BEGIN - DAY, scene.now)

        assert bulk is not None and bulk.send_at == scene.now
        assert await scene.keys() == [1, 2, 3]

    play(body)


def test_a_new_time_obeys_the_hours_of_the_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        hours = ENCODE(Window(days=tuple(range(7)), start=9 * 60, end=10 * 60))
        midnight = BEGIN - BEGIN % DAY + 2 * DAY
        await a_bulk(scene, 1, due=BEGIN + DAY, send_at=BEGIN, open_hours=hours)

        bulk = await scene.store.reschedule(1, "bulk", midnight, scene.now)

        assert bulk is not None and bulk.send_at == midnight
        assert await times(scene) == [(1, midnight + 9 * HOUR, midnight + 9 * HOUR + 2 * DAY)]

    play(body)


def test_hours_that_cannot_open_within_the_validity_end_it_now(play: Play) -> None:
    async def body(scene: Scene) -> None:
        hours = ENCODE(Window(days=tuple(range(7)), start=9 * 60, end=10 * 60))
        midnight = BEGIN - BEGIN % DAY + 2 * DAY
        await a_bulk(scene, 1, due=BEGIN + DAY, send_at=BEGIN, open_hours=hours, validity_minutes=60)

        await scene.store.reschedule(1, "bulk", midnight, scene.now)
        await scene.expire()

        assert await scene.told() == [("1", 15, 4100)]

    play(body)


def test_what_was_seen_before_a_bulk_was_put_off_cannot_be_claimed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene)
        seen = await scene.peek()
        await scene.store.reschedule(1, "bulk", BEGIN + DAY, scene.now)

        assert await scene.claim(*[a_taking(candidate) for candidate in seen]) == []

    play(body)


async def another_request(scene: Scene) -> None:
    await a_bulk(scene, 7, due=BEGIN + HOUR)


async def a_claim(scene: Scene) -> None:
    scene.now += HOUR
    await scene.claim(a_taking((await scene.peek())[0]))


async def a_pause(scene: Scene) -> None:
    await set_state(scene, PAUSED)


async def a_cancel(scene: Scene) -> None:
    await set_state(scene, CANCELED)


@pytest.mark.parametrize("event", [another_request, a_claim, a_pause, a_cancel])
def test_only_a_bulk_of_one_request_that_has_not_begun_is_put_off(play: Play, event: Any) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, due=BEGIN + HOUR, send_at=BEGIN + HOUR)
        await event(scene)
        before = await times(scene)

        bulk = await scene.store.reschedule(1, "bulk", BEGIN + 9 * DAY, scene.now)

        assert bulk is not None and not bulk.movable
        assert await times(scene) == before

    play(body)


def test_requests_of_one_bulk_that_are_committed_together_spoil_it_too(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await asyncio.gather(a_bulk(scene, 1), a_bulk(scene, 2, send_at=BEGIN + HOUR))

        bulk = await scene.store.bulk(1, "bulk")

        assert bulk is not None and (bulk.single, bulk.send_at) == (False, BEGIN + HOUR)

    play(body)


def test_what_has_expired_is_not_brought_back_by_a_new_time(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1, expires_at=BEGIN + HOUR)
        scene.now += HOUR

        bulk = await scene.store.reschedule(1, "bulk", BEGIN + DAY, scene.now)

        assert bulk is not None and bulk.status is BulkStatus.FAILED
        await scene.expire()
        assert await scene.told() == [("1", 15, 4100)]

    play(body)


@pytest.mark.parametrize(("minutes", "kept"), [(90, 90), (2880, 2880)])
def test_a_lone_message_is_put_off_with_the_validity_it_has(play: Play, minutes: int, kept: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="1", expires_at=BEGIN + minutes * MINUTE))
        await scene.accept(a_message(2))

        bulk = await scene.store.reschedule(1, "1", BEGIN + DAY, scene.now)

        assert bulk is not None and bulk.send_at == BEGIN + DAY
        assert (await times(scene))[0] == (1, BEGIN + DAY, BEGIN + DAY + kept * MINUTE)
        assert await scene.keys() == [2]
        scene.now += DAY
        assert 1 in await scene.keys()

    play(body)


async def retire(scene: Scene) -> None:
    while await scene.store.retire(scene.now, KEEP, KEEP_RECEIPTS):
        pass


def test_a_bulk_is_known_for_the_retention_after_its_last_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1)
        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, "one")])
        scene.now += KEEP_RECEIPTS  # as long as a message may be open
        await scene.receive(a_receipt("one"))
        scene.now += KEEP
        await retire(scene)
        assert await status(scene) is BulkStatus.FINISHED

        scene.now += 1
        await retire(scene)
        assert await status(scene) is None

    play(body)


@pytest.mark.parametrize("state", [PAUSED, CANCELED])
def test_a_closed_bulk_with_nothing_left_is_forgotten_and_one_that_waits_is_not(play: Play, state: LaneState) -> None:
    async def body(scene: Scene) -> None:
        await a_bulk(scene, 1, expires_at=BEGIN + DAY)
        await scene.accept(a_message(2, due=BEGIN + 60 * DAY, expires_at=BEGIN + 61 * DAY), name="later")
        for name in ("bulk", "later"):
            await set_state(scene, state if name == "bulk" else PAUSED, name)
        await finish_canceled(scene)
        for _ in range(3):
            scene.now += KEEP + KEEP_RECEIPTS
            await scene.expire()
            await retire(scene)

        assert await scene.rows("SELECT name FROM lane") == [("later",)]

    play(body)
