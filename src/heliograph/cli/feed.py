"""What a gateway does, as lines to read along: one a batch when little happens, one a second when much does.

It says how many of what, and never which: no number, no text, no octet of a message.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from heliograph.observe import Watch
from heliograph.sms.codes import STATUS

EVERY = 1.0  # seconds between two tellings when there is much to tell
BUSY = 20  # batches a second that are much


class Kind(NamedTuple):
    """One kind of line: a label, the noun that is counted, and what came of it."""

    label: str
    noun: str
    rest: str

    def render(self, count: int) -> str:
        """The line for so many of them, after its time."""
        return f"{self.label:<14}{count:,} {self.noun}{'s' if count != 1 else ''} {self.rest}"


ACCEPTED = Kind("accepted", "message", "stored and answered with 200")
SENT = Kind("sent", "segment", "taken by the SMSC (submit_sm)")
ENDED = Kind("ended", "message", "without a receipt")
INBOUND = Kind("inbound", "message", "from the SMSC (deliver_sm)")
PUSHED = Kind("webhook", "report", "taken by its notifyUrl")
PULLED = Kind("pulled", "report", "fetched over HTTP")
FORWARDED = Kind("webhook", "message", "taken by the account's inbound_url")
COLLECTED = Kind("pulled", "message", "fetched over HTTP")


class Summary:
    """Counts by kind, and when they are due to be told: at once, or once a second when there is much of it.

    Time is an argument, in seconds that never go back.
    """

    def __init__(self) -> None:
        self._waiting: Counter[Kind] = Counter()
        self._added: deque[float] = deque(maxlen=BUSY)
        self._told = -EVERY

    def add(self, kind: Kind, count: int, now: float) -> None:
        """So many more of a kind; 0 is nothing."""
        if count:
            self._waiting[kind] += count
            self._added.append(now)

    def rest(self, now: float) -> float | None:
        """Seconds until what waits is to be told; None: nothing waits."""
        if not self._waiting:
            return None
        busy = len(self._added) == BUSY and now - self._added[0] < EVERY
        return max(0.0, self._told + EVERY - now) if busy else 0.0

    def take(self, now: float) -> list[tuple[Kind, int]]:
        """All that waits, in the order it came."""
        waiting, self._waiting, self._told = self._waiting, Counter(), now
        return list(waiting.items())


class Feed(Watch):
    """A Watch whose events become lines; `write` gets each without its line end."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._summary = Summary()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            await asyncio.sleep(self._summary.rest(time.monotonic()) or 0.0)
            self.tell()

    def tell(self) -> None:
        """Write what waits."""
        at = time.strftime("%H:%M:%S")
        for kind, count in self._summary.take(time.monotonic()):
            self._write(f"{at}  {kind.render(count)}")

    def _add(self, kind: Kind, count: int) -> None:
        self._summary.add(kind, count, time.monotonic())
        self._stirred.set()

    def accepted(self, keys: Sequence[int], refused: Iterable[int]) -> None:
        """As Watch has it."""
        refused = list(refused)
        super().accepted(keys, refused)
        self._add(ACCEPTED, len(keys))
        for status, count in Counter(refused).items():
            self._add(Kind("refused", "destination", f"in the answer ({STATUS[status].name})"), count)

    def sent(self, sent: Sequence[Any]) -> None:
        """As Watch has it."""
        super().sent(sent)
        self._add(SENT, len(sent))

    def refused(self, smsc: str, status: str) -> None:
        """As Watch has it."""
        super().refused(smsc, status)
        self._add(Kind("refused", "segment", f"by the SMSC ({status})"), 1)

    def finished(self, messages: int) -> None:
        """As Watch has it."""
        super().finished(messages)
        self._add(ENDED, messages)

    def received(self, receipts: Sequence[Any], inbound: int, applied: int, kept: int, late: int) -> None:
        """As Watch has it."""
        super().received(receipts, inbound, applied, kept, late)
        for status, count in Counter(receipt.status for receipt in receipts).items():
            self._add(Kind(STATUS[status].group.lower(), "receipt", "from the SMSC (deliver_sm)"), count)
        self._add(INBOUND, inbound)

    def pushed(self, url: str, reports: Sequence[Any], problem: str | None) -> None:
        """As Watch has it."""
        super().pushed(url, reports, problem)
        kind = PUSHED if problem is None else Kind("webhook", "report", f"not taken, to be tried again: {problem}")
        self._add(kind, len(reports))

    def incomplete(self, messages: int) -> None:
        """As Watch has it."""
        super().incomplete(messages)
        self._add(INBOUND, messages)

    def pushed_inbound(self, url: str, messages: Sequence[Any], problem: str | None) -> None:
        """As Watch has it."""
        super().pushed_inbound(url, messages, problem)
        kind = FORWARDED if problem is None else Kind("webhook", "message", f"not taken, to be tried again: {problem}")
        self._add(kind, len(messages))

    def collected(self, messages: int) -> None:
        """As Watch has it."""
        super().collected(messages)
        self._add(COLLECTED, messages)

    def pulled(self, reports: int) -> None:
        """As Watch has it."""
        super().pulled(reports)
        self._add(PULLED, reports)
