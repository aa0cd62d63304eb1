"""How often somebody may ask: buckets in the memory of this process, one for each who asks and each thing asked for.

Rule 1: a bucket holds what may come at once, and fills at an even pace; a request takes one out, or is refused.
Rule 2: a bucket that is full is not kept, so there are no more of them than ask within their time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Final

import msgspec

from heliograph.web.errors import TooManyRequests

SWEEP_AT: Final = 10_000  # buckets


class Quota(Enum):
    """What is counted besides all requests of an account."""

    LOGS = "logs"  # of an account
    LOGINS = "logins"  # of a client's address


class Rate(msgspec.Struct, frozen=True):
    """At most so many requests at once, and so many in each such time; no requests: no limit."""

    requests: int
    seconds: float


class Throttle:
    """All buckets. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float], rates: Mapping[Quota, Rate]) -> None:
        self._monotonic = monotonic
        self._rates = rates
        self._full_at: dict[Hashable, float] = {}  # when a bucket will be full again
        self._sweep_at = SWEEP_AT

    def take(self, who: Hashable, quota: Quota) -> None:
        """Count a request. Raises TooManyRequests."""
        self._take((quota, who), self._rates[quota])

    def take_of(self, account: int, requests: int) -> None:
        """Count a request of an account that may ask so many a second. Raises TooManyRequests."""
        self._take(account, Rate(requests, 1.0))

    def _take(self, bucket: Hashable, rate: Rate) -> None:
        if not rate.requests:
            return
        now = self._monotonic()
        full_at = max(self._full_at.get(bucket, now), now) + rate.seconds / rate.requests
        late = full_at - now - rate.seconds
        if late > 1e-6:  # less is lost by adding up fractions
            raise TooManyRequests(max(1, math.ceil(late)))
        self._full_at[bucket] = full_at
        if len(self._full_at) > self._sweep_at:
            self._full_at = {bucket: at for bucket, at in self._full_at.items() if at > now}
            self._sweep_at = max(SWEEP_AT, 2 * len(self._full_at))
