"""Keys: 63-bit integers in the order of their making, unique over all processes that share a store.

Bit by bit: 43 for the millisecond, 8 for the epoch of the process, 12 for what it made in that millisecond. A process
that makes more than 4,096 in one borrows from the next; a clock that goes back is not followed.
"""

from __future__ import annotations


class KeyMaker:
    """`epoch` is the number that the store gave this process."""

    def __init__(self, epoch: int) -> None:
        self._slot = (epoch & 0xFF) << 12
        self._ms = 0
        self._count = 0

    def make(self, now: int) -> int:
        """The next key at `now` (UTC milliseconds)."""
        if now > self._ms:
            self._ms, self._count = now, 0
        elif self._count == 0xFFF:
            self._ms, self._count = self._ms + 1, 0
        else:
            self._count += 1
        return self._ms << 20 | self._slot | self._count
