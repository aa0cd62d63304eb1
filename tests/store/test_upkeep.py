"""Upkeep: what time alone causes, what a start finds, and what goes when it is old."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.sms.message import MessageState, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.store import upkeep
from heliograph.store.claiming import Move
from heliograph.store.reporting import Pushed
from heliograph.store.script import Script, day_of
from heliograph.store.settling import SegmentOutcome, Settlement
from heliograph.store.upkeep import Adopted
from store.scene import BEGIN, DAY, HOUR, PUSHED, REFUSED, Play, Scene, a_message, a_receipt, a_taking

WAITING, CLAIMED, UNKNOWN = SegmentState.WAITING, SegmentState.CLAIMED, SegmentState.UNKNOWN
QUEUED, TAKEN, HELD = MessageState.QUEUED, MessageState.TAKEN, MessageState.HELD
KEEP, KEEP_RECEIPTS = 48 * HOUR, 7 * DAY
URL = 4242


async def queued(scene: Scene) -> None:
    await scene.accept(a_message(1))


async def refused_for_now(scene: Scene) -> None:
    await scene.accept(a_message(1))
    await scene.claim_all()
    await scene.settle(outcomes=[SegmentOutcome(1, 1, WAITING, refused=True)], moves=[Move(1, QUEUED, BEGIN)])


async def lost_and_queued(scene: Scene) -> None:
    await scene.accept(a_message(1))
    await scene.claim_all()
    await scene.lose(1, state=WAITING, message_state=QUEUED)


async def partly_sent(scene: Scene) -> None:
    await scene.accept(a_message(1, segments=2))
    await scene.claim_all()
    await scene.settle(
        sent=[scene.sent(1, "a")], outcomes=[SegmentOutcome(1, 2, WAITING)], moves=[Move(1, QUEUED, BEGIN)]
    )


async def unanswered(scene: Scene) -> None:
    await scene.accept(a_message(1))
    await scene.claim_all()


async def sent(scene: Scene) -> None:
    await scene.send(a_message(1))


async def waiting_behind_the_window(scene: Scene) -> None:
    await scene.accept(a_message(1, segments=2))
    [candidate] = await scene.peek()
    await scene.claim(a_taking(candidate, now=1))
    await scene.settle(sent=[scene.sent(1, "a")])


async def held(scene: Scene) -> None:
    await unanswered(scene)
    await scene.lose(1, state=UNKNOWN, message_state=HELD)


# How it stands when its validity ends, whether receipts are waited for, and what is told.
EXPIRIES: dict[str, tuple[Any, bool, tuple[int, int]]] = {
    "never left": (queued, False, (15, 4100)),
    "always refused": (refused_for_now, False, (15, 4100)),
    "to be sent again": (lost_and_queued, False, (15, 502)),
    "partly sent": (partly_sent, False, (15, 4101)),
    "unanswered": (unanswered, True, (15, 502)),
    "sent": (sent, True, (29, 4101)),
    "waits for the window": (waiting_behind_the_window, True, (29, 4101)),
    "held": (held, True, (15, 502)),
}


@pytest.mark.parametrize("name", EXPIRIES)
def test_a_message_whose_time_is_over_is_told_so(play: Play, name: str) -> None:
    prepare, waits, verdict = EXPIRIES[name]

    async def body(scene: Scene) -> None:
        await prepare(scene)
        end = BEGIN + DAY + (HOUR if waits else 0)
        scene.now = end - 1
        assert await scene.expire() == 0

        scene.now = end
        assert await scene.expire() == 1
        assert await scene.expire() == 0
        assert await scene.told() == [("1", *verdict)]
        assert await scene.finished() == [(1, *verdict)]
        assert await scene.keys() == []

    play(body)


def test_a_receipt_within_the_grace_still_counts(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await sent(scene)
        scene.now = BEGIN + DAY + HOUR - 1
        await scene.receive(a_receipt("1"))
        scene.now += 10
        assert await scene.expire() == 0

        assert await scene.told() == [("1", 5, 0)]

    play(body)


def test_a_message_that_comes_back_too_late_is_told_so_at_the_next_look(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2), a_message(3))
        await scene.claim_all()
        scene.now = BEGIN + DAY + HOUR // 2
        await scene.lose(1, state=WAITING, message_state=QUEUED)
        await scene.lose(2, state=UNKNOWN, message_state=HELD)
        assert await scene.keys() == []

        assert await scene.expire(since=scene.now - 1000) == 1
        assert await scene.told() == [("1", 15, 502)]

    play(body)


def test_a_message_that_comes_back_in_time_keeps_its_validity(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await lost_and_queued(scene)

        assert [candidate.expires_at for candidate in await scene.peek()] == [BEGIN + DAY]

    play(body)


def test_many_expire_in_slices(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, webhook=0) for key in range(1, 1102)])
        scene.now = BEGIN + DAY

        slices = [await scene.expire() for _ in range(4)]

        assert slices == [500, 500, 101, 0]

    play(body)


def test_what_an_ended_epoch_claimed_is_found_and_settled(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key) for key in range(1, 5)])
        await scene.accept(a_message(5, segments=2))
        one, two, three, four, five = await scene.peek()
        await scene.claim(*[a_taking(c) for c in (one, two, three)], a_taking(five, now=1))
        await scene.settle(sent=[scene.sent(1, "1")])
        await scene.restart()

        orphans = await scene.store.orphans(scene.epoch)
        found = {(o.message, o.part): (o.state, o.smsc, o.unanswered, o.account, o.message_state) for o in orphans}
        assert found == {
            (2, 1): (CLAIMED, "north", 0, 1, TAKEN),
            (3, 1): (CLAIMED, "north", 0, 1, TAKEN),
            (5, 1): (CLAIMED, "north", 0, 1, TAKEN),
            (5, 2): (WAITING, "north", 0, 1, TAKEN),
        }

        fates = {(2, 1): (WAITING, QUEUED), (3, 1): (UNKNOWN, HELD), (5, 1): (UNKNOWN, HELD), (5, 2): (WAITING, QUEUED)}
        await scene.store.adopt(
            scene.epoch,
            scene.now,
            [Adopted(o, fates[o.message, o.part][0], o.unanswered + (o.state == CLAIMED),
                     fates[o.message, o.part][1]) for o in orphans],
        )  # fmt: skip
        assert await scene.store.orphans(scene.epoch) == []
        assert {c.key: c.unanswered for c in await scene.peek()} == {2: 1, 4: 0}
        states = await scene.rows("SELECT key, state FROM message ORDER BY key")
        assert states == [(1, TAKEN), (2, QUEUED), (3, HELD), (4, QUEUED), (5, HELD)]
        await scene.receive(a_receipt("1"))
        assert await scene.told() == [("1", 5, 0)]

    play(body)


def test_all_segments_of_a_message_are_settled_together(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, segments=3) for key in range(1, 400)])
        await scene.claim_all()
        await scene.restart()
        seen = 0
        while orphans := await scene.store.orphans(scene.epoch):
            keys = {o.message for o in orphans}
            assert len(orphans) == 3 * len(keys)
            seen += len(keys)
            # The first part may have left; the others may go.
            await scene.store.adopt(
                scene.epoch,
                scene.now,
                [Adopted(o, UNKNOWN if o.part == 1 else WAITING, 1, HELD if o.part == 1 else QUEUED) for o in orphans],
            )

        assert seen == 399
        assert await scene.rows("SELECT DISTINCT state FROM message") == [(HELD,)]

    play(body)


def test_what_waits_in_its_lane_is_nobodys_orphan_twice(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await lost_and_queued(scene)
        await scene.restart()

        orphans = await scene.store.orphans(scene.epoch)
        await scene.store.adopt(scene.epoch, scene.now, [Adopted(o, WAITING, o.unanswered, QUEUED) for o in orphans])

        assert await scene.store.orphans(scene.epoch) == []
        [candidate] = await scene.peek()
        assert (candidate.key, candidate.unanswered) == (1, 1)

    play(body)


def test_epochs_count_up_and_older_ones_are_ended(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.restart()
        await scene.store.touch(scene.epoch, BEGIN + 5)

        rows = await scene.rows("SELECT id, node, seen_at, ended_at FROM epoch ORDER BY id")
        assert [(node, seen, ended) for _, node, seen, ended in rows] == [
            ("first", None, BEGIN), ("second", BEGIN + 5, None)
        ]  # fmt: skip
        assert rows[1][0] == scene.epoch > rows[0][0]

    play(body)


async def retire(scene: Scene) -> int:
    total = 0
    while gone := await scene.store.retire(scene.now, KEEP, KEEP_RECEIPTS):
        total += gone
    return total


def test_the_history_of_an_old_day_goes_and_its_ids_with_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(*[a_message(key, public_id=f"id {key}", webhook=0) for key in range(1, 802)])
        await scene.receive(*[a_receipt(str(key)) for key in range(1, 802)])
        scene.now += KEEP
        await retire(scene)
        assert len(await scene.finished()) == 801
        assert await scene.accept(a_message(2001, public_id="id 7")) == {2001}

        scene.now += DAY
        assert await retire(scene) >= 802

        assert await scene.count("history_day") == 0
        assert await scene.count("known_id") == 0
        assert await scene.accept(a_message(2001, public_id="id 7")) == frozenset()

    play(body)


def retire_told(now: int) -> Script[list[tuple[int, int]]]:
    """A slice; of which day it asked whether reports wait, and behind which of them."""
    retirement, answer = upkeep.retire(now, KEEP, KEEP_RECEIPTS), None
    asked: list[tuple[int, int]] = []
    while True:
        try:
            step = retirement.send(answer)
        except StopIteration:
            return asked
        if step.query == "reported_days":
            asked.append((step.params["day"], step.params["after"]))
        answer = yield step


async def finish(scene: Scene, keys: range, **options: Any) -> None:
    await scene.accept(*[a_message(key, **options) for key in keys])
    await scene.settle(verdicts=[Verdict(key, REFUSED, 0, None, scene.now) for key in keys])


def test_all_reports_are_read_once_for_a_day_that_goes_in_slices(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await finish(scene, range(1, 1202), webhook=0)
        day = day_of(scene.now)
        scene.now += KEEP + DAY
        await finish(scene, range(2001, 2004))
        [[last]] = await scene.rows("SELECT MAX(id) FROM report")

        asked = [await scene.store.alone(retire_told, scene.now) for _ in range(5)]

        assert asked == [[(day, 0)], [(day, last)], [(day, last)], [(day, last)], []]
        assert await scene.rows("SELECT COUNT(*) FROM history_day") == [(1,)]

    play(body)


def test_a_report_that_comes_to_a_day_while_it_goes_keeps_the_rest_of_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await finish(scene, range(1, 802), webhook=0)
        await scene.accept(a_message(2001, webhook=URL, options=PUSHED))
        late = Verdict(2001, REFUSED, 0, None, scene.now)
        scene.now += KEEP + DAY
        await finish(scene, range(3001, 3004))
        assert await scene.store.retire(scene.now, KEEP, KEEP_RECEIPTS) == 500

        await scene.store.settle(Settlement(scene.epoch, BEGIN, verdicts=[late]))  # it had to wait for the store
        assert await scene.store.retire(scene.now, KEEP, KEEP_RECEIPTS) == 0
        assert len(await scene.finished()) == 301 + 1 + 3

    play(body)


def test_a_day_with_reports_to_push_is_kept(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=URL, options=PUSHED))
        await scene.receive(a_receipt("1"))
        scene.now += 4 * DAY
        await retire(scene)
        assert await scene.pushes(URL) == [("1", 5, 0)]

        [pending] = await scene.due(URL)
        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[pending.id]))
        await retire(scene)
        assert await scene.finished() == []

    play(body)


def test_a_report_that_was_given_up_is_kept_from_then_on(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=URL, options=PUSHED))
        await scene.receive(a_receipt("1"))
        scene.now += 40 * HOUR
        [pending] = await scene.due(URL)
        await scene.store.settle_reports(Pushed(URL, scene.now, given_up=[pending.id]))
        scene.now += KEEP
        await retire(scene)

        assert await scene.told() == [("1", 5, 0)]

    play(body)


def test_reports_that_nobody_pulled_go(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))
        await scene.receive(a_receipt("1"))
        scene.now += KEEP + 1
        await retire(scene)

        assert await scene.pull() == []

    play(body)


def test_receipts_for_nobody_are_kept_for_a_week(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.receive(a_receipt("1"))
        scene.now += KEEP_RECEIPTS
        await retire(scene)
        assert await scene.count("receipt_key") == 1

        scene.now += 1
        assert await retire(scene) == 1
        assert await scene.count("receipt_key") == 0

    play(body)


async def by_receipts(scene: Scene) -> None:
    await scene.receive(*[a_receipt(str(key)) for key in range(1, 601)])


async def by_answers(scene: Scene) -> None:
    first = await scene.count("known_id") + 1
    keys = range(first, first + 600)
    await scene.accept(*[a_message(key, public_id=str(key), webhook=0, expires_at=scene.now + DAY) for key in keys])
    await scene.claim_all()
    await scene.settle(sent=[scene.sent(key, str(number)) for number, key in enumerate(keys, 1)])


@pytest.mark.parametrize("again", [by_receipts, by_answers])
def test_ids_that_an_smsc_uses_again_keep_no_others_from_going(play: Play, again: Any) -> None:
    """More of them than a slice of upkeep has, and older than all others."""

    async def body(scene: Scene) -> None:
        await again(scene)
        await scene.receive(*[a_receipt(f"x{key}", smsc="south") for key in range(600)])
        scene.now += KEEP_RECEIPTS
        await again(scene)
        scene.now += 1
        await retire(scene)

        assert await scene.rows("SELECT smsc, COUNT(*) FROM receipt_key GROUP BY smsc") == [("north", 600)]

        scene.now += KEEP_RECEIPTS
        await retire(scene)
        assert await scene.count("receipt_key") == 0

    play(body)


def test_a_day_with_reports_to_push_keeps_no_later_day(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for key in (1, 2, 3):
            webhook = {"webhook": URL, "options": PUSHED} if key == 1 else {"webhook": 0}
            await scene.send(a_message(key, due=scene.now, expires_at=scene.now + DAY, **webhook))
            await scene.receive(a_receipt(str(key)))
            scene.now += DAY
        scene.now += KEEP
        await retire(scene)

        assert await scene.finished() == [(1, 5, 0)]

    play(body)


def test_reports_that_nobody_pulled_go_whatever_waits_before_them(play: Play) -> None:
    """The oldest 600 are to be pushed, and the next 600 are too young: the clock was ahead when they were made."""

    async def body(scene: Scene) -> None:
        async def finish(account: int, first: int, **options: Any) -> None:
            keys = range(first, first + 600)
            await scene.accept(*[a_message(key, account=account, **options) for key in keys], name=str(first))
            verdicts = [Verdict(key, REFUSED, 0, None, scene.now) for key in keys]
            await scene.settle(verdicts=verdicts)

        await finish(1, 1, webhook=URL, options=PUSHED)
        scene.now += DAY
        await finish(1, 1001)
        scene.now -= DAY
        await finish(2, 2001)
        scene.now += KEEP + 1
        await retire(scene)

        assert await scene.rows("SELECT account, COUNT(*) FROM report GROUP BY account") == [(1, 1200)]

    play(body)


def test_idle_bulks_and_references_go_and_those_in_use_stay(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=2), name="served")
        await scene.claim_all()
        await scene.accept(a_message(2, due=BEGIN + 30 * DAY), name="later")
        await scene.accept(a_message(3), name="")
        scene.now += KEEP_RECEIPTS + 1
        await retire(scene)
        assert await scene.count("reference") == 0
        assert sorted(await scene.rows("SELECT name FROM lane")) == [("",), ("later",), ("served",)]

        scene.now += KEEP  # for which reports of the bulk may wait to be pulled by its name
        await retire(scene)
        assert sorted(await scene.rows("SELECT name FROM lane")) == [("",), ("later",)]

    play(body)
