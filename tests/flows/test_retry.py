"""What an answer means: every command_status, the delays, and what becomes of lost answers."""

from __future__ import annotations

from typing import Any

import pytest

import vectors
from heliograph.flows import retry
from heliograph.flows.retry import DELAYS, FEW, HELD, SENT_AGAIN, Again, Refused, Taken, judge, unanswered
from heliograph.sms.message import MessageState, SegmentState

MIDDLE = 0.5  # the chance that leaves a delay as it is
STATUSES = vectors.TABLES["command_status"]
CLASSES = {int(str(row["code"]), 16): row for row in STATUSES}


def meaning(status: int, attempts: int = 0, *, without_validity: bool = False, **how: Any) -> object:
    return judge(status, attempts, MIDDLE, without_validity=without_validity, **how)


def told(row: dict[str, object]) -> Refused:
    """What the customer is told when this is final; what the table leaves open is an operator's refusal."""
    status, error = row.get("statusId"), row.get("errorId")
    return Refused(
        retry.REJECTED_OPERATOR if status is None else int(str(status)),
        retry.UNKNOWN_ERROR if error is None else int(str(error)),
    )


@pytest.mark.parametrize("status", CLASSES)
def test_every_status_has_its_meaning(status: int) -> None:
    row = CLASSES[status]
    expected: dict[str, object] = {
        "ok": Taken(),
        "throttle": Again(0.0, counted=False, throttled=True),
        "session": Again(1.0, counted=False, rebind=True) if status == 0x04 else told(row),
        "retry": Again(30.0 if status == 0x14 else 5.0),
        "retry-few": Again(5.0),
    }
    if status == 0x62:
        assert meaning(status) == Again(0.0, without_validity=True)
    else:
        assert meaning(status) == expected.get(str(row["class"]), told(row))


def test_all_statuses_of_the_standard_are_in_the_table() -> None:
    assert len(CLASSES) == 67


@pytest.mark.parametrize("status", [0x400, 0x4A1, 0x4FF])
def test_a_vendors_status_is_worth_a_few_tries(status: int) -> None:
    assert [type(meaning(status, attempts)) for attempts in range(5)] == [Again] * FEW + [Refused] * 2
    assert meaning(status, FEW) == Refused(4, 255)


@pytest.mark.parametrize("status", [0x09, 0x3FF, 0x500, 0xFFFFFFFF])
def test_a_status_nobody_knows_is_final(status: int) -> None:
    assert meaning(status) == Refused(4, 255)


@pytest.mark.parametrize(("status", "final"), [(0x45, Refused(4, 32)), (0xFF, Refused(4, 255))])
def test_few_means_three(status: int, final: Refused) -> None:
    assert [type(meaning(status, attempts)) for attempts in range(4)] == [Again, Again, Again, Refused]
    assert meaning(status, 3) == final


@pytest.mark.parametrize("attempts", [0, 3, 1000])
def test_a_lost_framing_ends_the_session_and_is_no_attempt(attempts: int) -> None:
    assert meaning(0x02, attempts, nacked=True) == Again(1.0, counted=False, rebind=True, blamed=True)


def test_a_message_that_two_sessions_lost_their_framing_over_is_refused() -> None:
    assert meaning(0x02, nacked=True, sessions=1) == Refused(4, 4096)


@pytest.mark.parametrize("attempts", [0, 3, 1000])
@pytest.mark.parametrize("nacked", [False, True])
def test_a_session_in_the_wrong_state_is_nobodys_attempt_and_nobodys_fault(attempts: int, nacked: bool) -> None:
    assert meaning(0x04, attempts, nacked=nacked, sessions=7) == Again(1.0, counted=False, rebind=True)


@pytest.mark.parametrize("status", [0x08, 0x64, 0x102])
def test_passing_trouble_is_tried_ever_more_slowly_and_never_given_up(status: int) -> None:
    delays = [meaning(status, attempts) for attempts in (*range(7), 1000)]

    assert delays == [Again(delay) for delay in (*DELAYS, *DELAYS[-1:] * 3)]


def test_a_full_queue_is_left_alone_for_half_a_minute_at_least() -> None:
    assert [meaning(0x14, attempts) for attempts in range(4)] == [Again(30.0), Again(30.0), Again(45.0), Again(135.0)]


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
def test_tries_that_are_due_together_are_spread_by_a_fifth(chance: float, delay: float) -> None:
    found = judge(0x08, 0, chance, without_validity=False)

    assert isinstance(found, Again)
    assert found.delay == pytest.approx(delay)


def test_a_validity_is_left_out_once() -> None:
    assert meaning(0x62, without_validity=True) == Refused(4, 4096)


@pytest.mark.parametrize(
    ("policy", "before", "fate"),
    [("resend", 0, SENT_AGAIN), ("resend", 1, HELD), ("resend", 7, HELD), ("hold", 0, HELD), ("hold", 1, HELD)],
)
def test_a_lost_answer_is_risked_once_at_most(policy: str, before: int, fate: retry.Fate) -> None:
    assert unanswered(policy, before) == fate


def test_what_is_held_keeps_its_segment_and_its_message() -> None:
    assert (HELD.segment, HELD.message) == (SegmentState.UNKNOWN, MessageState.HELD)
    assert (SENT_AGAIN.segment, SENT_AGAIN.message) == (SegmentState.WAITING, MessageState.QUEUED)
