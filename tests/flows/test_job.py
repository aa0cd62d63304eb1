"""A job: what answers to its parts amount to, whatever their order."""

from __future__ import annotations

from typing import Any, cast

import pytest

from heliograph.flows.job import Job
from heliograph.flows.retry import HELD, SENT_AGAIN, Again, Refused, Taken
from heliograph.sms.message import MessageState, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.store.claiming import Candidate, Move
from heliograph.store.settling import SegmentOutcome

NOW = 1_790_000_000_000
WAITING = SegmentState.WAITING


def a_job(in_flight: int = 1, *waiting: int) -> Job:
    """`in_flight` parts were submitted; `waiting` ones had no room."""
    plain: dict[str, Any] = dict.fromkeys(Candidate.__struct_fields__, 0)
    candidate = Candidate(**plain | {"key": 7, "due": NOW - 5, "waiting": (1, 2, 3), "segments": 3})
    job = Job(candidate, cast(Any, None), waiting)  # what answers amount to does not depend on the link
    job.in_flight = in_flight
    return job


def test_a_job_is_over_when_every_part_is_answered() -> None:
    job = a_job(2)

    assert job.answered(1, Taken(), NOW) is None
    assert not job.over
    assert job.answered(2, Taken(), NOW) is None
    assert job.over
    assert (job.move(), job.verdict, job.stopped) == (None, None, False)


def test_parts_without_room_keep_it_open() -> None:
    job = a_job(1, 2)
    job.answered(1, Taken(), NOW)

    assert not job.over
    job.parts = ()
    assert job.over


def test_a_refusal_decides_and_keeps_the_later_parts_back() -> None:
    job = a_job(2, 3)

    assert job.answered(1, Refused(4, 1), NOW) is None
    assert job.stopped
    assert not job.over
    job.answered(2, Refused(9, 32), NOW + 1)
    assert job.over
    assert job.verdict == Verdict(7, 4, 1, None, NOW)
    assert job.move() is None


@pytest.mark.parametrize("counted", [True, False])
def test_a_part_to_be_tried_again_takes_the_message_back_to_its_lane(counted: bool) -> None:
    job = a_job(1, 2, 3)

    outcome = job.answered(1, Again(5.0, counted=counted), NOW)

    assert outcome == SegmentOutcome(7, 1, WAITING, refused=counted)
    assert job.stopped
    assert job.over
    assert job.move() == Move(7, MessageState.QUEUED, NOW + 5000)


def test_the_try_that_shows_what_the_smsc_dislikes_goes_first() -> None:
    job = a_job(1)
    job.answered(1, Again(0.0, without_validity=True), NOW)

    assert job.move() == Move(7, MessageState.QUEUED, NOW - 5)


def test_a_part_that_a_session_may_have_ended_over_says_so() -> None:
    again = Again(1.0, counted=False, rebind=True, blamed=True)

    assert a_job(1).answered(1, again, NOW) == SegmentOutcome(7, 1, WAITING, unanswered=True)


@pytest.mark.parametrize("out", [False, True])
def test_all_parts_of_a_claim_are_alike_in_what_may_be_refused(out: bool) -> None:
    job = a_job(1, 2)
    job.leave_validity(out)
    job.leave_validity(not out)

    assert job.without_validity is out


def test_the_latest_time_of_several_counts() -> None:
    job = a_job(3)
    job.answered(1, Again(15.0), NOW)
    job.answered(2, Again(5.0), NOW)
    job.unsent(3, NOW)

    assert job.move() == Move(7, MessageState.QUEUED, NOW + 15_000)


def test_what_never_left_goes_back_and_is_not_counted() -> None:
    job = a_job(1)

    assert job.unsent(1, NOW) == SegmentOutcome(7, 1, WAITING)
    assert job.move() == Move(7, MessageState.QUEUED, NOW)


def test_a_lost_answer_goes_as_its_fate_says() -> None:
    again, held = a_job(1), a_job(1)

    assert again.lost(1, SENT_AGAIN, NOW) == SegmentOutcome(7, 1, WAITING, unanswered=True)
    assert again.move() == Move(7, MessageState.QUEUED, NOW)
    assert held.lost(1, HELD, NOW) == SegmentOutcome(7, 1, SegmentState.UNKNOWN, unanswered=True)
    assert held.move() == Move(7, MessageState.HELD, NOW - 5)


def test_one_held_part_holds_the_message() -> None:
    job = a_job(3)
    job.answered(1, Taken(), NOW)
    job.unsent(3, NOW)
    job.lost(2, HELD, NOW)

    assert job.move() == Move(7, MessageState.HELD, NOW - 5)


def test_a_refusal_beats_what_was_lost() -> None:
    job = a_job(2)
    job.lost(1, HELD, NOW)
    job.answered(2, Refused(4, 1), NOW)

    assert job.move() is None
    assert job.verdict is not None


def test_a_job_without_its_link_goes_another_way() -> None:
    job = a_job(1, 2, 3)
    job.stranded(NOW)
    assert not job.over

    job.answered(1, Taken(), NOW)
    assert job.over
    assert job.move() == Move(7, MessageState.QUEUED, NOW)
