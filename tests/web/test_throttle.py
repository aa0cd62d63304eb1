"""Buckets, on a clock that a test turns."""

from __future__ import annotations

import pytest

from heliograph.web import throttle
from heliograph.web.errors import TooManyRequests
from heliograph.web.throttle import Quota, Rate, Throttle


class Scene:
    """A throttle at a time."""

    def __init__(self, logs: int = 120) -> None:
        self.now = 1000.0
        self.throttle = Throttle(lambda: self.now, {Quota.LOGS: Rate(logs, 60.0), Quota.LOGINS: Rate(0, 1.0)})

    def passed(self, count: int, rate: int, account: int = 1) -> int:
        """How many of so many requests pass."""
        done = 0
        for _ in range(count):
            try:
                self.throttle.take_of(account, rate)
            except TooManyRequests:
                continue
            done += 1
        return done


@pytest.mark.parametrize("rate", [1, 3, 7, 100, 99_999])
def test_a_second_of_requests_may_come_at_once_and_then_they_come_evenly(rate: int) -> None:
    scene = Scene()

    assert scene.passed(rate + 5, rate) == rate
    scene.now += 0.5
    assert scene.passed(rate, rate) == rate // 2
    scene.now += 1000
    assert scene.passed(rate + 5, rate) == rate


def test_over_a_long_time_no_more_pass_than_the_rate_allows() -> None:
    scene, done = Scene(), 0

    for _ in range(10_000):
        scene.now += 0.01
        done += scene.passed(2, 7)
    assert 100 * 7 <= done <= 100 * 7 + 7


def test_accounts_and_quotas_have_buckets_of_their_own() -> None:
    scene = Scene(logs=1)

    assert [scene.passed(3, 1, account) for account in (1, 2)] == [1, 1]
    scene.throttle.take(1, Quota.LOGS)
    scene.throttle.take(2, Quota.LOGS)
    with pytest.raises(TooManyRequests) as caught:
        scene.throttle.take(1, Quota.LOGS)
    assert caught.value.retry_after == 60
    scene.now += 58.5
    with pytest.raises(TooManyRequests) as caught:
        scene.throttle.take(1, Quota.LOGS)
    assert caught.value.retry_after == 2
    scene.now += 1.5
    scene.throttle.take(1, Quota.LOGS)


def test_a_rate_of_nothing_is_no_limit() -> None:
    scene = Scene()

    for _ in range(1000):
        scene.throttle.take("192.0.2.1", Quota.LOGINS)


def test_full_buckets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "SWEEP_AT", 10)
    scene = Scene()

    for account in range(1000):
        scene.now += 0.25
        assert scene.passed(2, 1, account) == 1
    assert len(scene.throttle._full_at) <= 10
