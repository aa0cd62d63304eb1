"""How fast an SMSC may be submitted to: a bucket of tokens, a value fed with time, in segments.

Rule 1: over any time no more leaves than the rate allows and, once, what the bucket holds.
Rule 2: whoever looks up to BURST after he might have loses nothing of the rate.
Rule 3: an SMSC that throttles us is left alone for a while, and then submitted to at half the rate that it had, which
grows again. Where no rate is configured, that is half of what left in its busiest second of late.
"""

from __future__ import annotations

from math import inf

FIRST_PAUSE = 1.0  # seconds, after ESME_RTHROTTLED
LONGEST_PAUSE = 30.0
CALM = 3.0  # seconds after a pause without ESME_RTHROTTLED, after which the next pause is short again
RECOVERY = 0.1  # of the full rate, a second; of the present one where there is no full one
SLOWEST = 0.05  # of the full rate
LEAST = 1.0  # segments a second, where there is no full rate
NO_LIMIT = 100_000.0  # segments a second
BURST = 0.1  # seconds of the rate that the bucket holds, beside the segment that is waited for
ROUNDING = 1e-9  # segments: so little is missing where sums of fractions fall short of a whole one


class Throttle:
    """`rate` is in segments a second; 0 is no limit but the one that the SMSC makes known by throttling."""

    def __init__(self, rate: float, now: float) -> None:
        self._full = rate
        self._rate = rate or inf
        self._tokens = 1 + rate * BURST
        self._at = now
        self._pause = 0.0
        self._paused_until = 0.0
        self._throttled_at = float("-inf")
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

    def throttled(self, now: float) -> None:
        """The SMSC answered ESME_RTHROTTLED: it is left alone, longer each time while it goes on, and then slower."""
        if now < self._paused_until:
            return  # answers to what was on its way before the pause
        calm = now - self._throttled_at > CALM + self._pause
        self._pause = FIRST_PAUSE if calm else min(LONGEST_PAUSE, self._pause * 2)
        self._throttled_at = now
        self._at = self._paused_until = now + self._pause  # nothing recovers while nothing is sent
        if self._full:
            self._rate = max(SLOWEST * self._full, self._rate / 2)
        else:
            self._rate = max(LEAST, min(self._rate, max(self._left)) / 2)
            self._tokens = 1.0

    def next_allowed(self, now: float) -> float:
        """When a segment may leave at the earliest."""
        if now < self._paused_until:
            return self._paused_until
        self._refill(now)
        if self._rate == inf or self._tokens + ROUNDING >= 1:
            return now
        return now + (1 - self._tokens) / self._rate

    def _refill(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), now
        if self._full:
            self._rate = min(self._full, self._rate + RECOVERY * self._full * passed)
        elif self._rate != inf:
            self._rate *= (1 + RECOVERY) ** min(passed, 1000.0)
            if self._rate > NO_LIMIT:
                self._rate = inf
                return
        if self._rate != inf:
            self._tokens = min(1 + (self._full or self._rate) * BURST, self._tokens + self._rate * passed)
