"""The end of a message: from the live tables into the day's history, and its report to whoever waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from heliograph.sms.verdict import Verdict
from heliograph.store.script import Run, Script, day_of


def finish(verdicts: Sequence[Verdict], now: int) -> Script[None]:
    """Give messages their final outcome. A message that is finished already keeps the one it has."""
    if not verdicts:
        return
    day = day_of(now)
    first: dict[int, Verdict] = {}
    for v in verdicts:
        first.setdefault(v.key, v)
    verdicts = list(first.values())  # in their order, which is that of the reports
    rows = [(v.key, v.status, v.error, v.note, v.done_at) for v in verdicts]
    keys = [(v.key,) for v in verdicts]
    yield Run("write_history", rows, day=day)
    prepaid = [(v.key,) for v in verdicts if v.prepaid]
    if prepaid:
        yield Run("settle_prices", prepaid, day=day)
    yield Run("final_reports", rows, {"day": day, "now": now})
    yield Run("wake_webhooks", keys, {"now": now})
    yield Run("drop_segments", keys)
    yield Run("drop_messages", keys)
