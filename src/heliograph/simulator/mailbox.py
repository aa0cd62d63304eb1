"""Receipts on their way to one system_id: shared out among its receiving links, kept while it has none.

Rule: a receipt leaves the mailbox for good when it is acknowledged. What a lost link had not acknowledged comes back.
"""

from collections import deque
from collections.abc import Iterable
from typing import Protocol


class Carrier(Protocol):
    """A link that can take receipts."""

    @property
    def room(self) -> int:
        """How many more it may carry without a deliver_sm_resp."""

    def carry(self, receipts: list[bytes]) -> None:
        """Send these, each a whole PDU whose sequence_number is still to be set."""


class Mailbox:
    """The receipts of one system_id; `waiting` are those that no link carries."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()
        self._carriers: list[Carrier] = []
        self._turn = 0

    def put(self, receipts: list[bytes]) -> None:
        """Send these as soon as there is room, the order kept on each link."""
        self.waiting += receipts
        self.pump()

    def join(self, carrier: Carrier) -> None:
        """This link may carry receipts from the next `pump` on."""
        self._carriers.append(carrier)

    def leave(self, carrier: Carrier, unacknowledged: Iterable[bytes]) -> None:
        """This link is gone; what it carried goes to the head of the queue, in the order given."""
        if carrier in self._carriers:
            self._carriers.remove(carrier)
        self.waiting.extendleft(reversed(list(unacknowledged)))
        self.pump()

    def pump(self) -> None:
        """Share what waits among the links with room, evenly, and the odd one in turn."""
        waiting = self.waiting
        while waiting:
            ready = [carrier for carrier in self._carriers if carrier.room > 0]
            if not ready:
                return
            self._turn += 1
            first = self._turn % len(ready)
            share = -(-len(waiting) // len(ready))
            for carrier in ready[first:] + ready[:first]:
                count = min(share, carrier.room, len(waiting))
                if count:
                    carrier.carry([waiting.popleft() for _ in range(count)])
