"""The settler where the database takes not everything: what it refuses costs one message's receipts, and no other."""

from __future__ import annotations

from pathlib import Path

import structlog

from flows.engines import Engine
from flows.house import House, a_draft, play, until

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
