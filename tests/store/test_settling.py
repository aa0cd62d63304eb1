"""Settling: answers and receipts find each other whichever comes first, and the first final outcome stands."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.sms.message import Inbound, MessageState, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.store.claiming import Move
from heliograph.store.errors import EpochEnded
from heliograph.store.settling import Delivery, Matched, SegmentOutcome
from store.scene import (
    BEGIN,
    DAY,
    DELIVERED,
    FAILED,
    PENDING,
    PUSHED,
    REFUSED,
    SMSC,
    TOLD_ALL,
    Play,
    Scene,
    a_message,
    a_receipt,
    a_taking,
)  # fmt: skip

WAITING, SENT, UNKNOWN = SegmentState.WAITING, SegmentState.SENT, SegmentState.UNKNOWN
QUEUED, HELD = MessageState.QUEUED, MessageState.HELD
URL = 4242  # a webhook


async def claimed(scene: Scene, *messages: Any) -> None:
    await scene.accept(*messages)
    await scene.claim_all()


def test_a_refusal_ends_the_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        scene.now += 7
        await scene.settle(verdicts=[Verdict(1, REFUSED, 4096, "sorry", scene.now)])

        [report] = await scene.pull()
        assert (report.status, report.error, report.note) == (REFUSED, 4096, "sorry")
        assert (report.done_at, report.sent_at, report.message_id) == (BEGIN + 7, None, "1")
        assert await scene.finished() == [(1, REFUSED, 4096)]
        assert (await scene.count("message"), await scene.count("segment")) == (0, 0)

    play(body)


def test_the_first_of_several_verdicts_stands(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        first, second = Verdict(1, REFUSED, 1, None, BEGIN), Verdict(1, FAILED, 2, None, BEGIN)
        await scene.settle(verdicts=[first, second])
        await scene.settle(verdicts=[second])

        assert await scene.told() == [("1", REFUSED, 1)]
        assert await scene.finished() == [(1, REFUSED, 1)]

    play(body)


def test_a_report_says_when_the_first_segment_was_sent(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1, segments=2))
        scene.now += 5
        await scene.settle(sent=[scene.sent(1, "a", part=1)])
        scene.now += 5
        await scene.settle(sent=[scene.sent(1, "b", part=2)])
        await scene.receive(a_receipt("a"), a_receipt("b", at=BEGIN + 30))

        [report] = await scene.pull()
        assert (report.sent_at, report.done_at, report.segments) == (BEGIN + 5, BEGIN + 30, 2)

    play(body)


def test_a_lost_answer_leaves_its_traces(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1), a_message(2))
        await scene.lose(1, state=WAITING, message_state=QUEUED)
        await scene.lose(2, state=UNKNOWN, message_state=HELD)

        [again] = await scene.peek()
        assert (again.key, again.unanswered, again.attempts) == (1, 1, 0)
        assert await scene.rows("SELECT key, state FROM message ORDER BY key") == [(1, QUEUED), (2, HELD)]

    play(body)


ANSWERS: dict[str, Any] = {
    "sent": {"sent": lambda scene: [scene.sent(1, "id")]},
    "refused": {"outcomes": lambda scene: [SegmentOutcome(1, 1, WAITING, refused=True)]},
    "moved": {"moves": lambda scene: [Move(1, QUEUED, BEGIN)]},
    "finished": {"verdicts": lambda scene: [Verdict(1, REFUSED, 1, None, BEGIN)]},
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_another_epoch_owns_is_left_alone_and_that_is_told(play: Play, answer: str) -> None:
    async def rows(scene: Scene) -> list[Any]:
        return [
            await scene.rows(f"SELECT * FROM {table}")
            for table in ("message", "segment", "receipt_key", "report", "history_day")
        ]

    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        older = scene.epoch
        scene.epoch = await scene.store.begin_epoch("second", BEGIN)
        await scene.lose(1, state=WAITING, message_state=QUEUED)  # as recovery would
        await scene.store.move([Move(1, QUEUED, BEGIN)], scene.now)
        await scene.claim_all()
        before = await rows(scene)

        with pytest.raises(EpochEnded):
            await scene.settle(epoch=older, **{name: make(scene) for name, make in ANSWERS[answer].items()})

        assert await rows(scene) == before

    play(body)


def test_a_receipt_ends_the_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))

        assert await scene.receive(a_receipt("1", at=BEGIN + 9)) == Matched(applied=1)
        [report] = await scene.pull()
        assert (report.status, report.error, report.done_at) == (DELIVERED, 0, BEGIN + 9)

    play(body)


@pytest.mark.parametrize("segments", [1, 2])
def test_a_message_ends_no_earlier_than_it_was_sent(play: Play, segments: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=segments, webhook=7, options=TOLD_ALL))
        await scene.claim_all()
        await scene.receive(a_receipt("1", at=BEGIN - DAY))
        scene.now += 5
        parts = range(1, segments + 1)
        await scene.settle(sent=[scene.sent(1, str(part), part=part) for part in parts])
        if segments == 2:
            await scene.receive(a_receipt("2", status=PENDING, error=27, final=False, at=BEGIN - 2 * DAY))
            await scene.receive(a_receipt("2", at=BEGIN - DAY))

        pushed = [one.report for one in await scene.due(7)]
        assert [(one.status, one.done_at) for one in pushed] == [
            *[(PENDING, BEGIN + 5)] * (segments - 1), (DELIVERED, BEGIN + 5),
        ]  # fmt: skip

    play(body)


def test_a_receipt_may_overtake_the_submit_sm_resp(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        assert await scene.receive(a_receipt("early", status=FAILED, error=27)) == Matched(kept=1)
        assert await scene.told() == []

        await scene.settle(sent=[scene.sent(1, "early")])

        assert await scene.told() == [("1", FAILED, 27)]

    play(body)


def test_an_early_receipt_counts_for_one_part_of_several(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1, segments=2))
        await scene.receive(a_receipt("b"))
        await scene.settle(sent=[scene.sent(1, "a", part=1), scene.sent(1, "b", part=2)])
        assert await scene.told() == []

        await scene.receive(a_receipt("a"))
        assert await scene.told() == [("1", DELIVERED, 0)]

    play(body)


def test_a_receipt_that_comes_again_changes_nothing(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))
        assert await scene.receive(a_receipt("1"), a_receipt("1", status=FAILED)) == Matched(applied=2)
        assert await scene.receive(a_receipt("1", status=FAILED)) == Matched(late=1)

        assert await scene.told() == [("1", DELIVERED, 0)]
        assert await scene.finished() == [(1, DELIVERED, 0)]

    play(body)


def test_a_receipt_comes_too_late_for_a_message_that_ended(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))
        await scene.refuse(1)

        assert await scene.receive(a_receipt("1")) == Matched(late=1)
        assert await scene.told() == [("1", REFUSED, 4096)]

    play(body)


def test_a_receipt_of_another_smsc_is_not_ours(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))

        assert await scene.receive(a_receipt("1", smsc="south")) == Matched(kept=1)
        assert await scene.told() == []

    play(body)


def test_the_likeliest_form_of_an_id_is_believed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1), a_message(2))
        await scene.settle(sent=[scene.sent(1, "16"), scene.sent(2, "10")])

        await scene.receive(a_receipt("10", "16"))
        assert await scene.told() == [("2", DELIVERED, 0)]
        await scene.receive(a_receipt("none", "16"))
        assert await scene.told() == [("1", DELIVERED, 0)]

    play(body)


def test_any_form_of_an_early_id_is_found(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        await scene.receive(a_receipt("2a", "42"))
        await scene.settle(sent=[scene.sent(1, "42")])

        assert await scene.told() == [("1", DELIVERED, 0)]

    play(body)


def test_an_old_receipt_for_nobody_is_not_for_a_later_claim_that_reuses_its_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.receive(a_receipt("77", status=FAILED))
        await scene.send(a_message(77))
        assert await scene.told() == []

        await scene.receive(a_receipt("77"))
        assert await scene.told() == [("77", DELIVERED, 0)]

    play(body)


@pytest.mark.parametrize("ended", ["by its receipt", "by a refusal"])
def test_an_early_receipt_for_an_id_that_is_used_again_is_for_the_newer_segment(play: Play, ended: str) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, "same")])
        if ended == "by its receipt":
            await scene.receive(a_receipt("same"))
        else:
            await scene.refuse(1)
        await scene.pull()

        await claimed(scene, a_message(2))
        assert await scene.receive(a_receipt("same", status=FAILED, error=27)) == Matched(late=1)
        assert await scene.told() == []
        await scene.settle(sent=[scene.sent(2, "same")])

        assert await scene.told() == [("2", FAILED, 27)]
        assert len(await scene.finished()) == 2

    play(body)


def test_a_receipt_that_came_again_is_not_for_a_later_claim_that_uses_its_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, "same")])
        await scene.receive(a_receipt("same", status=FAILED))
        await scene.receive(a_receipt("same", status=FAILED))
        await scene.pull()

        await claimed(scene, a_message(2))
        await scene.settle(sent=[scene.sent(2, "same")])
        assert await scene.told() == []

        await scene.receive(a_receipt("same"))
        assert await scene.told() == [("2", DELIVERED, 0)]

    play(body)


def test_of_two_segments_with_one_id_the_newer_is_meant(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1), a_message(2))
        await scene.settle(sent=[scene.sent(1, "same")])
        await scene.settle(sent=[scene.sent(2, "same")])

        await scene.receive(a_receipt("same"))
        await scene.receive(a_receipt("same"))

        assert await scene.told() == [("2", DELIVERED, 0)]

    play(body)


def test_a_segment_without_an_id_is_sent_all_the_same(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        await scene.settle(sent=[scene.sent(1, None)])

        assert await scene.rows("SELECT state FROM segment") == [(SENT,)]
        assert await scene.count("receipt_key") == 0

    play(body)


OUTCOMES = {  # what receipts say of three parts, in the order in which they come, and the verdict
    "all delivered": ([(1, 5, 0), (2, 5, 0), (3, 5, 0)], (5, 0)),
    "one only reached the operator": ([(1, 5, 0), (2, 2, 0), (3, 5, 0)], (2, 0)),
    "one failed": ([(1, 5, 0), (2, 9, 27), (3, 5, 0)], (9, 27)),
    "the first failure decides": ([(3, 15, 4101), (1, 9, 27)], (15, 4101)),
    "unknown is a failure": ([(1, 29, 255)], (29, 255)),
}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", OUTCOMES)
def test_the_receipts_of_all_parts_make_one_report(play: Play, name: str, together: bool) -> None:
    receipts, verdict = OUTCOMES[name]

    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, segments=3))
        made = [a_receipt(f"1.{part}", status=status, error=error) for part, status, error in receipts]
        if together and name != "the first failure decides":
            await scene.receive(*made)
        for one in made:
            await scene.receive(one)

        assert await scene.told() == [("1", *verdict)]
        assert await scene.finished() == [(1, *verdict)]

    play(body)


def test_of_failures_that_come_together_the_gravest_speaks(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, segments=4))
        statuses = [(1, 29, 255), (2, 15, 4101), (3, 9, 27), (4, 4, 255)]
        await scene.receive(*[a_receipt(f"1.{part}", status=s, error=e) for part, s, e in statuses])

        assert await scene.told() == [("1", REFUSED, 255)]

    play(body)


def test_parts_that_were_not_sent_yet_keep_a_message_open(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=2))
        [candidate] = await scene.peek()
        await scene.claim(a_taking(candidate, now=1))
        await scene.settle(sent=[scene.sent(1, "a")])
        await scene.receive(a_receipt("a"))

        assert await scene.told() == []
        assert await scene.rows("SELECT part, state FROM segment ORDER BY part") == [(1, 3), (2, WAITING)]

    play(body)


def an_intermediate(key: str, error: int) -> Any:
    return a_receipt(key, status=PENDING, error=error, final=False)


def test_every_error_is_told_once_in_intermediate_reports(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=URL, options=TOLD_ALL, segments=2))
        for error in (27, 27, 51, 5):
            await scene.receive(an_intermediate("1.1", error), an_intermediate("1.2", error))
        await scene.receive(a_receipt("1.1"), a_receipt("1.2"))

        assert await scene.pushes(URL) == [("1", 3, 27), ("1", 3, 51), ("1", 3, 5), ("1", 5, 0)]
        assert await scene.store.due_webhooks(scene.now, 10) == [URL]

    play(body)


@pytest.mark.parametrize(
    "changes",
    [{}, {"options": TOLD_ALL}, {"webhook": 0, "options": TOLD_ALL}, {"webhook": URL, "options": PUSHED}],
)
def test_intermediate_reports_are_for_those_who_asked_and_are_pushed_to(play: Play, changes: dict[str, Any]) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, **changes))

        assert await scene.receive(an_intermediate("1", 27)) == Matched(applied=1)
        assert await scene.count("report") == 0
        assert await scene.finished() == []

    play(body)


def test_an_intermediate_and_a_final_receipt_may_come_together(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=URL, options=TOLD_ALL))
        await scene.receive(an_intermediate("1", 27), a_receipt("1"))

        assert await scene.pushes(URL) == [("1", 3, 27), ("1", 5, 0)]

    play(body)


def test_an_intermediate_receipt_that_comes_too_late_is_dropped(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=URL, options=TOLD_ALL))
        await scene.receive(a_receipt("1"))

        assert await scene.receive(an_intermediate("1", 27)) == Matched(late=1)
        assert await scene.pushes(URL) == [("1", 5, 0)]

    play(body)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_early_final_receipt_is_not_lost_to_an_intermediate_one(
    play: Play, order: tuple[int, int], apart: bool
) -> None:
    async def body(scene: Scene) -> None:
        await claimed(scene, a_message(1))
        both = [an_intermediate("1", 27), a_receipt("1")]
        receipts = [both[n] for n in order]
        if apart:
            for receipt in receipts:
                await scene.receive(receipt)
        else:
            await scene.receive(*receipts)
        await scene.settle(sent=[scene.sent(1, "1")])

        assert await scene.told() == [("1", DELIVERED, 0)]

    play(body)


def test_a_message_that_nobody_is_told_of_has_a_history_and_no_report(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, webhook=0))
        await scene.receive(a_receipt("1"))

        assert await scene.finished() == [(1, DELIVERED, 0)]
        assert await scene.count("report") == 0

    play(body)


def test_inbound_messages_are_kept(play: Play) -> None:
    async def body(scene: Scene) -> None:
        inbound = [Inbound(SMSC, "41790000000", "12345", 8, 0x40, b"\x00\xff", BEGIN, key=key) for key in (1, 2)]
        assert await scene.store.receive(Delivery(BEGIN, (), inbound)) == Matched(inbound=2)

        assert (
            await scene.rows("SELECT smsc, sender, recipient, data_coding, esm_class, body FROM inbound")
            == [(SMSC, "41790000000", "12345", 8, 0x40, b"\x00\xff")] * 2
        )

    play(body)


def test_messages_that_end_on_different_days_have_a_history_each(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1), a_message(2))
        await scene.receive(a_receipt("1"))
        scene.now += 86_400_000
        await scene.receive(a_receipt("2"))

        assert sorted(await scene.rows("SELECT day FROM history_day")) == [(20260921,), (20260922,)]
        assert await scene.told() == [("1", DELIVERED, 0), ("2", DELIVERED, 0)]

    play(body)
