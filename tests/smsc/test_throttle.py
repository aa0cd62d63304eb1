"""The throttle: how many segments may leave, given what left and what the SMSC said."""

from __future__ import annotations

import math
from collections import deque

import pytest

from heliograph.smsc.throttle import BURST, SLOWEST, TO_BEYOND, Throttle


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
        throttle.throttled(now, now)
        assert throttle.allowed(now, 10) == 0
        pauses.append(throttle.next_allowed(now) - now)
        now += pauses[-1]

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("rate", [0.0, 10.0])
def test_once_the_smsc_has_taken_something_the_pause_is_short_again(rate: float) -> None:
    throttle = Throttle(rate, 0.0)
    for now in (0.0, 1.0, 3.0):
        throttle.throttled(now, now)
    assert throttle.next_allowed(3.0) == 7.0
    throttle.taken += 1
    throttle.throttled(7.0, 7.0)
    assert throttle.next_allowed(7.0) == 8.0
    throttle.throttled(600.0, 600.0)

    assert throttle.next_allowed(600.0) == 602.0, "nothing was taken since"


def test_answers_to_what_was_on_its_way_do_not_lengthen_the_pause() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.5, 400))
    for _ in range(50):
        throttle.throttled(0.5, 0.5)

    assert throttle.next_allowed(0.5) == 1.5
    assert allowed_over(throttle, 1.5, 2.5) in range(200, 240)


@pytest.mark.parametrize("rate", [0.0, 400.0])
def test_answers_after_the_pause_to_what_was_submitted_before_its_end_neither_pause_nor_halve_again(
    rate: float,
) -> None:
    throttle = Throttle(rate, 0.0)
    throttle.took(400)
    throttle.throttled(0.5, 0.0)
    throttle.throttled(1.6, 0.4)
    throttle.throttled(1.7, 1.4)  # claimed before, and submitted in the pause

    assert throttle.next_allowed(1.8) == 1.8
    assert allowed_over(throttle, 1.8, 2.5) in range(150, 190)


def test_the_rate_that_counts_is_that_of_when_the_refused_was_submitted() -> None:
    throttle = Throttle(100.0, 0.0)
    throttle.throttled(0.0, 0.0)
    throttle.taken = 1
    throttle.throttled(20.0, 1.0)  # at 50/s, though the rate is near 100 by now
    throttle.allowed(21.0, 10)

    assert 25 <= allowed_over(throttle, 21.0, 22.0) <= 30


def test_without_a_rate_the_busiest_second_of_late_is_what_is_halved_also_when_the_next_has_just_begun() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.5, 400))
    throttle.took(throttle.allowed(1.0, 2))
    throttle.throttled(1.0, 0.5)

    assert allowed_over(throttle, 2.0, 3.0) in range(200, 240)


def test_without_a_rate_little_traffic_soon_after_a_pause_does_not_lower_what_is_halved() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.5, 400))
    throttle.throttled(0.5, 0.5)
    throttle.took(throttle.allowed(3.5, 3))
    throttle.taken = 2
    throttle.throttled(3.5, 3.5)  # at 280 a second

    assert allowed_over(throttle, 4.5, 5.5) in range(140, 160)


def test_without_a_rate_a_rest_does_not_raise_what_is_halved() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.0, 100))
    throttle.throttled(0.0, 0.0)
    now = 1.0 + TO_BEYOND + 40  # some thousand a second are permitted
    throttle.took(throttle.allowed(now, 60))
    throttle.taken = 1
    throttle.throttled(now, now)

    assert allowed_over(throttle, now + 1, now + 2) in range(30, 36)


def answers_to(rate: int, late: float, window: int, configured: float, *, saves: bool) -> tuple[list[int], list[int]]:
    """What an SMSC takes and refuses in each of five minutes. It takes so many a second: of each second anew, or, if it
    `saves`, by a bucket that holds as many. Its answers are `late`, and no more than a window of them is open."""
    throttle, on_the_way = Throttle(configured, 0.0), deque[tuple[float, int, int]]()
    taken, refused = [0] * 5, [0] * 5
    open_, left, second, before = 0, float(rate), 0, 0.0
    step = 0.005 if late < 0.1 else 0.025
    for now in (n * step for n in range(round(300 / step))):
        while on_the_way and on_the_way[0][0] + late <= now:
            submitted_at, good, bad = on_the_way.popleft()
            open_ -= good + bad
            taken[int(now) // 60] += good
            refused[int(now) // 60] += bad
            throttle.taken += good
            for _ in range(bad):
                throttle.throttled(now, submitted_at)
        if saves:
            left = min(rate, left + rate * (now - before))
        elif int(now) != second:
            left = rate
        second, before = int(now), now
        if count := throttle.allowed(now, window - open_):
            throttle.took(count)
            good = min(count, int(left))
            left -= good
            open_ += count
            on_the_way.append((now, good, count - good))
    return taken, refused


@pytest.mark.parametrize("saves", [False, True])
@pytest.mark.parametrize("times", [0, 4, 20])
@pytest.mark.parametrize("window", [20, 500])
@pytest.mark.parametrize("late", [0.004, 0.999, 4.999])
@pytest.mark.parametrize("rate", [10, 50, 500, 3000])
def test_what_the_smsc_takes_is_found_and_used(rate: int, late: float, window: int, times: int, saves: bool) -> None:
    taken, refused = answers_to(rate, late, window, times * rate, saves=saves)

    most = min(rate, window / late)
    assert sum(taken) >= 0.75 * most * 300
    assert sum(refused[1:]) <= 0.1 * sum(taken[1:])
    assert refused[0] <= 10 * window, "what it takes to find it out"


def test_a_rate_that_was_found_is_forgotten_when_the_smsc_takes_more() -> None:
    throttle = Throttle(0, 0.0)
    throttle.took(throttle.allowed(0.0, 50))
    throttle.throttled(0.0, 0.0)

    assert throttle.allowed(5.0, 100_000) < 50
    assert throttle.allowed(120.0, 10_000_000) == 10_000_000


def test_the_rate_is_halved_and_comes_back_by_a_tenth_a_second_and_slowly_at_the_end() -> None:
    throttle = Throttle(100.0, 0.0)
    throttle.took(throttle.allowed(0.0, 1000))
    throttle.throttled(0.0, 0.0)

    seconds = [allowed_over(throttle, float(n), n + 0.999) for n in range(1, 16)]

    assert seconds[:4] == pytest.approx([55, 65, 75, 85], abs=2)
    assert seconds[4:11] == pytest.approx([91, 92, 94, 95, 97, 98, 100], abs=2)
    assert seconds[13:] == pytest.approx([100, 100], abs=1)


def test_after_a_pause_a_single_segment_leaves_first() -> None:
    throttle = Throttle(100.0, 0.0)
    throttle.throttled(0.0, 0.0)

    assert throttle.allowed(1.0, 100) == 1


@pytest.mark.parametrize(("rate", "least"), [(1000.0, 1000.0 * SLOWEST), (0.0, 1.0)])
def test_a_rate_never_falls_to_nothing(rate: float, least: float) -> None:
    throttle, now = Throttle(rate, 0.0), 0.0
    throttle.took(throttle.allowed(now, 1000))
    for _ in range(20):
        throttle.throttled(now, now)
        now = throttle.next_allowed(now)

    assert allowed_over(throttle, now, now + 1.0) in range(math.floor(least), math.ceil(least * 1.2) + 2)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    throttle = Throttle(5.0, 100.0)
    throttle.took(1)

    assert throttle.allowed(50.0, 10) == 0
