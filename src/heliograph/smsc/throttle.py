"""How fast an SMSC may be submitted to: a bucket of tokens, a value fed with time, in segments.

Rule 1: over any time no more leaves than the rate allows and, once, what the bucket holds.
Rule 2: whoever looks up to BURST after he might have loses nothing of the rate.
"""

from __future__ import annotations

FIRST_PAUSE = 1.0  # seconds, after ESME_RTHROTTLED
LONGEST_PAUSE = 30.0
CALM = 10.0  # seconds without ESME_RTHROTTLED after which the next pause is short again
RECOVERY = 0.1  # of the full rate, a second
SLOWEST = 0.05  # of the full rate
BURST = 0.1  # seconds of the rate that the bucket holds, beside the segment that is waited for
ROUNDING = 1e-9  # segments: so little is missing where sums of fractions fall short of a whole one


class Throttle:
    """`rate` is in segments a second; 0 is no limit, and only pauses hold then."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._share = 1.0
        self._bucket = 1 + rate * BURST
        self._tokens = self._bucket
        self._at = now
        self._pause = 0.0
        self._paused_until = 0.0
        self._throttled_at = float("-inf")

    def allowed(self, now: float, most: int) -> int:
        """How many segments may leave now, at most `most`."""
        if now < self._paused_until:
            return 0
        self._refill(now)
        return min(most, int(self._tokens + ROUNDING)) if self._rate else most

    def took(self, segments: int) -> None:
        """So many leave."""
        if self._rate:
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
        self._share = max(SLOWEST, self._share / 2)

    def next_allowed(self, now: float) -> float:
        """When a segment may leave at the earliest."""
        if now < self._paused_until:
            return self._paused_until
        self._refill(now)
        if not self._rate or self._tokens + ROUNDING >= 1:
            return now
        return now + (1 - self._tokens) / (self._rate * self._share)

    def _refill(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), now
        self._share = min(1.0, self._share + RECOVERY * passed)
        rate = self._rate * self._share
        self._tokens = min(self._bucket, self._tokens + rate * passed)
