"""Whether an SMSC takes our validity_period, as far as its answers tell.

Rule 1: ESME_RINVEXPIRY is said of one message, and that message is tried once more without validity_period.
Rule 2: an SMSC that takes that try dislikes validity_period, and gets none any more. One that refuses it as well meant
something else, and what it is sent does not change.
"""

from __future__ import annotations

REMEMBERED = 10_000  # messages in doubt; the oldest is forgotten first, and begins again


class Validity:
    """What is known of one SMSC. `left_out`: it gets no validity_period with anything."""

    def __init__(self, *, left_out: bool) -> None:
        self.left_out = left_out
        self._doubted: dict[int, None] = {}

    def leaves_out(self, message: int) -> bool:
        """Whether the next submit_sm of this message is to have none."""
        return self.left_out or message in self._doubted

    def refused(self, message: int) -> None:
        """It was refused with a validity_period, and for it."""
        if not self.left_out:
            self._doubted[message] = None
            if len(self._doubted) > REMEMBERED:
                del self._doubted[next(iter(self._doubted))]

    def taken(self, message: int) -> bool:
        """It was taken without one; whether that is how we learn that this SMSC dislikes them."""
        if message not in self._doubted:
            return False
        self.left_out = True
        self._doubted.clear()
        return True

    def given_up(self, message: int) -> None:
        """It was refused for good."""
        self._doubted.pop(message, None)
