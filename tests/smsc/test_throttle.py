"""The throttle: how many segments may leave, given what left and what the SMSC said."""

from __future__ import annotations

import pytest

from heliograph.smsc.throttle import BURST, CALM, Throttle


def allowed_over(throttle: Throttle, start: float, end: float, late: float = 0.0) -> int:
    """How many leave when as many as possible leave, as soon as they may or so many seconds later; nobody looks more
    than once a millisecond."""
    total, now = 0, start
    while now <= end:
        count = throttle.allowed(now, 1000)
        throttle.took(count)
        total += count
        now = max(now + 0.001, throttle.next_allowed(now) + late)
    return total


def test_without_a_rate_everything_may_leave() -> None:
    throttle = Throttle(0, 100.0)
    throttle.took(10_000)

    assert throttle.allowed(100.0, 700) == 700
    assert throttle.next_allowed(100.0) == 100.0


@pytest.mark.parametrize("late", [0.0, 0.002, 0.03, BURST - 0.001])
@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 100.0, 1000.0])
def test_a_rate_is_kept_and_used_by_whoever_looks_late(rate: float, late: float) -> None:
    throttle = Throttle(rate, 0.0)

    total = allowed_over(throttle, 0.0, 60.0, late)

    assert rate * 60 - rate * late - 1 <= total <= rate * 60 + 1 + rate * BURST


def test_whoever_looks_much_too_late_does_not_make_good_for_it() -> None:
    throttle = Throttle(10.0, 0.0)

    assert allowed_over(throttle, 0.0, 60.0, 1.0) <= 60 / 1.1 * 2 + 2


@pytest.mark.parametrize(("rate", "burst"), [(1.0, 1), (9.0, 1), (10.0, 2), (100.0, 11), (1000.0, 101)])
def test_what_was_not_used_is_not_saved_up(rate: float, burst: int) -> None:
    throttle = Throttle(rate, 0.0)

    assert throttle.allowed(3600.0, 100_000) == burst


def test_the_next_segment_may_leave_when_it_is_said() -> None:
    throttle = Throttle(4.0, 0.0)
    throttle.took(1)
    throttle.took(throttle.allowed(0.25, 10))

    assert throttle.allowed(0.39, 10) == 0
    assert throttle.next_allowed(0.39) == pytest.approx(0.4)
    assert throttle.allowed(0.4, 10) == 1


@pytest.mark.parametrize("rate", [3.0, 5.0, 7.0, 10.0])
def test_when_the_next_segment_may_leave_one_may_indeed(rate: float) -> None:
    throttle, now = Throttle(rate, 0.0), 0.0
    for _ in range(1000):
        throttle.took(throttle.allowed(now, 10))
        now = throttle.next_allowed(now)

        assert throttle.allowed(now, 10) == 1


def test_what_did_not_leave_after_all_may_leave_again() -> None:
    throttle = Throttle(5.0, 0.0)
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
    throttle.throttled(1.0 + 2.0 + CALM + 0.1)

    assert throttle.next_allowed(CALM + 3.1) == pytest.approx(CALM + 4.1)


def test_answers_to_what_was_on_its_way_do_not_lengthen_the_pause() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.5, 400))
    for _ in range(50):
        throttle.throttled(0.5)

    assert throttle.next_allowed(0.5) == 1.5
    assert allowed_over(throttle, 1.5, 2.5) in range(200, 240)


def answers_to(throttle: Throttle, rate: int, seconds: float) -> tuple[int, int]:
    """What an SMSC that takes so many a second, each second anew, takes and refuses of all that may leave."""
    taken = refused = 0
    second, left = -1, 0
    for now in (n * 0.005 for n in range(int(seconds / 0.005))):
        if int(now) != second:
            second, left = int(now), rate
        count = throttle.allowed(now, 20)
        throttle.took(count)
        good = min(count, left)
        left -= good
        taken += good
        refused += count - good
        for _ in range(count - good):
            throttle.throttled(now)
    return taken, refused


@pytest.mark.parametrize("rate", [10, 50, 500, 3000])
def test_without_a_rate_what_the_smsc_takes_is_found_and_used(rate: int) -> None:
    taken, refused = answers_to(Throttle(0, 0.0), rate, 300.0)

    assert taken >= 0.6 * rate * 300
    assert refused <= 0.1 * taken


def test_a_rate_that_was_found_is_forgotten_when_the_smsc_takes_more() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.0, 50))
    throttle.throttled(0.0)

    assert throttle.allowed(5.0, 100_000) < 50
    assert throttle.allowed(3600.0, 100_000) == 100_000


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
    throttle = Throttle(5.0, 100.0)
    throttle.took(1)

    assert throttle.allowed(50.0, 10) == 0
