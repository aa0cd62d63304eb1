"""The throttle: how many segments may leave, given what left and what the SMSC said."""

from __future__ import annotations

import pytest

from heliograph.smsc.throttle import Throttle


def allowed_over(throttle: Throttle, start: float, end: float) -> int:
    """How many leave when as many as possible leave, as soon as they may; nobody looks more than once a millisecond."""
    total, now = 0, start
    while now <= end:
        count = throttle.allowed(now, 1000)
        throttle.took(count)
        total += count
        now = max(now + 0.001, throttle.next_allowed(now))
    return total


def test_without_a_rate_everything_may_leave() -> None:
    throttle = Throttle(0, 100.0)
    throttle.took(10_000)

    assert throttle.allowed(100.0, 700) == 700
    assert throttle.next_allowed(100.0) == 100.0


@pytest.mark.parametrize(("rate", "seconds"), [(1.0, 60), (10.0, 20), (500.0, 4), (0.5, 60)])
def test_a_rate_is_kept_and_used(rate: float, seconds: int) -> None:
    throttle = Throttle(rate, 0.0)

    total = allowed_over(throttle, 0.0, seconds)

    burst = max(1.0, rate * 0.1)
    assert rate * seconds - 1 <= total <= rate * seconds + burst


@pytest.mark.parametrize(("rate", "burst"), [(1.0, 1), (10.0, 1), (100.0, 10), (1000.0, 100)])
def test_what_was_not_used_is_not_saved_up(rate: float, burst: int) -> None:
    throttle = Throttle(rate, 0.0)

    assert throttle.allowed(3600.0, 100_000) == burst


def test_the_next_segment_may_leave_when_it_is_said() -> None:
    throttle = Throttle(4.0, 0.0)
    throttle.took(throttle.allowed(0.0, 10))

    assert throttle.allowed(0.2, 10) == 0
    assert throttle.next_allowed(0.2) == pytest.approx(0.25)
    assert throttle.allowed(0.25, 10) == 1


def test_what_did_not_leave_after_all_may_leave_again() -> None:
    throttle = Throttle(10.0, 0.0)
    throttle.took(1)
    assert throttle.allowed(0.0, 5) == 0
    throttle.returned(1)

    assert throttle.allowed(0.0, 5) == 1


@pytest.mark.parametrize("rate", [0.0, 10.0])
def test_pauses_double_while_it_goes_on_and_end_at_half_a_minute(rate: float) -> None:
    throttle, now = Throttle(rate, 0.0), 0.0
    pauses = []
    for _ in range(8):
        throttle.throttled(now)
        assert throttle.allowed(now, 10) == 0
        pauses.append(throttle.next_allowed(now) - now)
        now += pauses[-1]

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_after_a_calm_the_pause_is_short_again() -> None:
    throttle = Throttle(0, 0.0)
    throttle.throttled(0.0)
    throttle.throttled(1.0)
    throttle.throttled(1.0 + 2.0 + 10.0 + 0.1)

    assert throttle.next_allowed(13.1) == pytest.approx(14.1)


def test_answers_to_what_was_on_its_way_do_not_lengthen_the_pause() -> None:
    throttle = Throttle(0, 0.0)
    for _ in range(50):
        throttle.throttled(0.5)

    assert throttle.next_allowed(0.5) == 1.5
    assert throttle.allowed(1.5, 10) == 10


def test_the_rate_is_halved_and_comes_back_by_a_tenth_a_second() -> None:
    throttle = Throttle(100.0, 0.0)
    throttle.took(throttle.allowed(0.0, 1000))
    throttle.throttled(0.0)

    first = allowed_over(throttle, 1.0, 2.0)
    later = allowed_over(throttle, 8.0, 9.0)

    assert 50 <= first <= 80
    assert 99 <= later <= 111


def test_a_rate_never_falls_to_nothing() -> None:
    throttle, now = Throttle(100.0, 0.0), 0.0
    for _ in range(20):
        throttle.throttled(now)
        now = throttle.next_allowed(now)

    assert allowed_over(throttle, now, now + 1.0) >= 5


def test_a_clock_that_goes_back_gives_nothing() -> None:
    throttle = Throttle(10.0, 100.0)
    throttle.took(1)

    assert throttle.allowed(50.0, 10) == 0
