"""What the answers of an SMSC tell of validity_period: one message's trouble, or the SMSC's dislike."""

from __future__ import annotations

import pytest

from heliograph.smsc import validity
from heliograph.smsc.validity import Validity


def test_a_refusal_is_one_messages() -> None:
    found = Validity(left_out=False)
    found.refused(1)

    assert (found.leaves_out(1), found.leaves_out(2), found.left_out) == (True, False, False)


def test_a_try_without_it_that_is_taken_decides_for_all_and_is_told_once() -> None:
    found = Validity(left_out=False)
    found.refused(1)
    found.refused(2)

    assert not found.taken(3)
    assert [found.taken(1), found.taken(1), found.taken(2)] == [True, False, False]
    assert found.leaves_out(3)


def test_a_try_without_it_that_is_refused_too_decides_nothing() -> None:
    found = Validity(left_out=False)
    found.refused(1)
    found.given_up(1)
    found.given_up(2)

    assert not found.leaves_out(1)
    assert not found.taken(1)


def test_what_is_left_out_anyway_is_in_no_doubt() -> None:
    found = Validity(left_out=True)
    found.refused(1)

    assert found.leaves_out(2)
    assert not found.taken(1)


def test_doubts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validity, "REMEMBERED", 2)
    found = Validity(left_out=False)
    for message in (1, 2, 3):
        found.refused(message)

    assert [found.leaves_out(message) for message in (1, 2, 3)] == [False, True, True]
