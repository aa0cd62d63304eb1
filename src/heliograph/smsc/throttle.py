"""How fast an SMSC may be submitted to: a bucket of tokens, a value fed with time, in segments.

Rule 1: over any time no more leaves than the rate allows and, once, what the bucket holds.
Rule 2: whoever looks up to BURST after he might have loses nothing of the rate.
Rule 3: an SMSC that throttles us is left alone for a while, and then submitted to at half the rate at which it did.
From there the rate grows: quickly to NEAR that rate, slowly until well BEYOND it, then quickly again.
Rule 4: what was submitted before a pause was over says nothing of the rate after it.
"""

from __future__ import annotations

from math import inf

FIRST_PAUSE = 1.0  # seconds, after ESME_RTHROTTLED
LONGEST_PAUSE = 30.0
QUICKLY = 0.1  # a second, of the rate at which throttling began; of the present one where that is left behind
SLOWLY = 0.015  # a second, of the rate at which throttling began
NEAR = 0.9  # of that rate
BEYOND = 1.2  # of that rate
SLOWEST = 0.01  # of the configured rate
LEAST = 1.0  # segments a second, where none is configured
NO_LIMIT = 100_000.0  # segments a second
BURST = 0.1  # seconds of the rate that the bucket holds, beside the segment that is waited for
ROUNDING = 1e-9  # segments: so little is missing where sums of fractions fall short of a whole one

TO_NEAR = (NEAR - 0.5) / QUICKLY  # seconds after a pause
TO_BEYOND = TO_NEAR + (BEYOND - NEAR) / SLOWLY


class Throttle:
    """`rate` is in segments a second; 0 is no limit but the one that the SMSC makes known by throttling."""

    def __init__(self, rate: float, now: float) -> None:
        self._full = rate or inf
        self._least = SLOWEST * rate or LEAST
        self._began = inf  # the rate at which throttling began; inf: never, or long ago
        self._rate = self._full
        self._tokens = 1 + rate * BURST
        self._at = now
        self._pause = 0.0
        self._paused_until = -inf
        self.taken = 0  # segments that the SMSC took since the last pause began; whoever hears of it counts it up
        self._second = int(now)
        self._left = [0, 0]  # segments in that second, and in the one before

    def allowed(self, now: float, most: int) -> int:
        """How many segments may leave now, at most `most`."""
        if now < self._paused_until:
            return 0
        self._refill(now)
        return most if self._rate == inf else min(most, int(self._tokens + ROUNDING))

    def took(self, segments: int) -> None:
        """So many leave."""
        second = int(self._at)
        if second != self._second:
            self._left = [0, self._left[0] if second == self._second + 1 else 0]
            self._second = second
        self._left[0] += segments
        if self._rate != inf:
            self._tokens -= segments

    def returned(self, segments: int) -> None:
        """So many were not submitted after all."""
        self.took(-segments)

    def throttled(self, now: float, submitted_at: float) -> None:
        """The SMSC answered ESME_RTHROTTLED to what was submitted at `submitted_at`: it is left alone, longer each time
        while it takes nothing, and then slower."""
        if submitted_at < self._paused_until:
            return
        self._pause = FIRST_PAUSE if self.taken or not self._pause else min(LONGEST_PAUSE, self._pause * 2)
        self.taken = 0
        rate = self._rate_at(submitted_at)
        if self._full == inf and submitted_at - self._paused_until > TO_BEYOND:
            rate = min(rate, max(self._left))  # what was permitted has grown past all that left
        self._began = max(self._least, rate)
        self._rate = max(self._least, self._began / 2)
        self._tokens = 1.0
        self._at = self._paused_until = now + self._pause  # nothing recovers while nothing is sent

    def next_allowed(self, now: float) -> float:
        """When a segment may leave at the earliest."""
        if now < self._paused_until:
            return self._paused_until
        self._refill(now)
        if self._rate == inf or self._tokens + ROUNDING >= 1:
            return now
        return now + (1 - self._tokens) / self._rate

    def _rate_at(self, at: float) -> float:
        """The rate at a time after the last pause."""
        began = self._began
        if began == inf:
            return self._full
        passed = at - self._paused_until
        if passed < TO_NEAR:
            rate = began * (0.5 + QUICKLY * passed)
        elif passed < TO_BEYOND:
            rate = began * (NEAR + SLOWLY * (passed - TO_NEAR))
        else:
            rate = began * BEYOND * (1 + QUICKLY) ** min(passed - TO_BEYOND, 1000.0)
        return self._full if rate > min(self._full, NO_LIMIT) else max(self._least, rate)

    def _refill(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), now
        if self._began != inf:
            self._rate = self._rate_at(now)
            if self._rate == self._full:
                self._began = inf
        if self._rate != inf:
            self._tokens = min(1 + self._rate * BURST, self._tokens + self._rate * passed)
