"""The settler where the database takes not everything: what it refuses costs one message's receipts, and no other."""

from __future__ import annotations

from pathlib import Path

import structlog

from flows.engines import Engine
from flows.house import House, a_draft, play, until
from heliograph.simulator.behaviour import Behaviour

LONG = b"x" * 400  # three segments
SENT = 2


def test_an_id_that_the_database_refuses_costs_its_own_receipt_and_nothing_else(tmp_path: Path, engine: Engine) -> None:
    async def body(house: House) -> None:
        await engine.refuse("receipt_key", "part", "2")
        with structlog.testing.capture_logs() as logs:
            await house.submit(a_draft(LONG), a_draft("short"), a_draft("!status=0x0b"))
            await house.came(5)
            await house.settled()
            reports = await house.told(2)

        assert [(status, error) for _, status, error in reports] == [(5, 0), (4, 1)]
        rows = "SELECT part, state FROM segment ORDER BY part"
        await until(lambda: house.watch.receipts.total() == 4)
        assert (await engine.rows(rows))[1] == (2, SENT), "the SMSC has it, and nothing more will be known of it"
        [line] = [line for line in logs if line["log_level"] == "error"]
        assert (line["smsc"], line["part"]) == ("north", 2)

        await house.submit(a_draft("next"))
        [(_, status, error)] = await house.told(1)
        assert (status, error) == (5, 0)
        assert len(house.texts()) == 6, "nothing was sent twice"

    play(tmp_path, body, url=engine.url)


def test_an_smsc_that_throttles_is_paused_and_what_it_takes_makes_the_next_pause_short(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        throttle = house.pool.places["north"].throttle
        await house.submit(a_draft("!status=0x58 times=1"))
        await house.came(1)
        await house.settled()
        begin = house.clock.monotonic()
        assert throttle.next_allowed(begin) == begin + 1
        throttle.throttled(begin + 1, begin + 1)
        assert throttle.next_allowed(begin + 1) == begin + 3, "nothing was taken"

        house.clock.turn(3)
        await house.told(1)
        now = house.clock.monotonic()
        throttle.throttled(now, now)
        assert throttle.next_allowed(now) == now + 1

    play(tmp_path, body)


def test_a_late_answer_to_what_was_submitted_before_a_pause_makes_no_other(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        throttle = house.pool.places["north"].throttle
        await house.submit(a_draft("!status=0x58 times=1"))
        await house.came(1)
        begin = house.clock.monotonic()
        throttle.throttled(begin, begin)
        house.clock.turn(1)
        await house.told(1)

        now = house.clock.monotonic()
        assert now == begin + 1
        assert throttle.next_allowed(now) - now < 0.1

    play(tmp_path, body, behaviour=Behaviour(resp_delay=0.2), submits_per_second=1000.0)
