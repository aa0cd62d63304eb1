"""An answer as it is kept, and as it is given once it is seen what its transaction refused."""

from __future__ import annotations

from heliograph.flows import replay
from heliograph.flows.submission import Accepted, Answer

POOR, MISSING = 12, 51
STORED = Accepted(
    [Answer("1", "7"), Answer(None, None, refused=MISSING), Answer("2", "mine"), Answer("3", "9")], "bulk", False, True
)
KEYS = [7, 8, 9]  # of all but the second


def test_an_answer_that_is_given_again_is_the_first_one() -> None:
    assert replay.given(replay.kept(STORED, KEYS), {}) == STORED


def test_what_the_transaction_refused_keeps_its_id_only_where_the_customer_gave_one() -> None:
    refused = [
        Answer("1", None, refused=POOR),
        Answer(None, None, refused=MISSING),
        Answer("2", "mine", refused=POOR),
        Answer("3", "9"),
    ]

    assert replay.without(STORED, KEYS, {7: POOR, 8: POOR}).answers == refused
    assert replay.given(replay.kept(STORED, KEYS), {7: POOR, 8: POOR}).answers == refused
