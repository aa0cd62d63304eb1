"""The machine's clock."""

from __future__ import annotations

import asyncio
import time

from heliograph.clock import SystemClock


def test_now_is_utc_in_milliseconds() -> None:
    before = time.time() * 1000
    now = SystemClock().now()

    assert isinstance(now, int)
    assert before - 1 <= now <= time.time() * 1000


def test_monotonic_time_is_in_seconds_and_never_goes_back() -> None:
    clock = SystemClock()
    before = time.monotonic()

    readings = [clock.monotonic() for _ in range(100)]

    assert readings == sorted(readings)
    assert before <= readings[0] <= readings[-1] <= time.monotonic()


def test_who_waits_goes_on_when_the_event_is_set() -> None:
    async def body() -> None:
        event = asyncio.Event()
        waiting = asyncio.create_task(SystemClock().wait(event, 3600))
        await asyncio.sleep(0)
        assert not waiting.done()

        event.set()

        await asyncio.wait_for(waiting, 5)

    asyncio.run(body())


def test_who_waits_goes_on_when_the_time_is_over_and_no_error_says_so() -> None:
    async def body() -> None:
        event = asyncio.Event()
        before = time.monotonic()

        await SystemClock().wait(event, 0.01)

        assert time.monotonic() - before >= 0.009
        assert not event.is_set()

    asyncio.run(body())


def test_who_waits_can_be_cancelled() -> None:
    async def body() -> None:
        waiting = asyncio.create_task(SystemClock().wait(asyncio.Event(), 3600))
        await asyncio.sleep(0)

        waiting.cancel()

        [result] = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError)

    asyncio.run(body())
