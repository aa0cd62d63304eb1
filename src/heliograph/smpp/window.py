"""Requests that wait for their responses: the window of one session, and the numbers it hands out.

A place is freed by an answer only. Answers may come in any order, late, or never.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from heliograph.smpp.constants import RESPONSE, Command
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.states import WITHOUT_RESPONSE

LAST_SEQUENCE = 0x7FFFFFFF  # §3.2: then 1 again
GENERIC_NACK = int(Command.GENERIC_NACK)


class Place(NamedTuple):
    """One request of ours, sent at `sent_at`; `number` counts all requests of the session."""

    response: int
    token: Any
    sent_at: float
    number: int


class Window:
    """At most `size` requests without response. What the session asks for itself stands in `controls`, outside it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.controls: dict[int, int] = {}  # sequence_number to the response that is expected
        self._places: dict[int, Place] = {}  # in the order of sending
        self._overdue: set[int] = set()
        self._last_sequence = 0
        self._number = 0
        self._written = 0  # the last request whose octets were taken

    def __len__(self) -> int:
        return len(self._places)

    @property
    def free(self) -> int:
        """Places left, 0..size; 0 also while the size is below what is on its way."""
        return max(0, self.size - len(self._places))

    @property
    def overdue(self) -> int:
        """How many of the places `mark_overdue` has marked."""
        return len(self._overdue)

    def sequences(self, count: int) -> list[int]:
        """The next sequence numbers, none of which waits for a response; they are used up by `add` and `control`."""
        found: list[int] = []
        sequence = self._last_sequence
        while len(found) < count:
            sequence = sequence % LAST_SEQUENCE + 1
            if sequence not in self._places and sequence not in self.controls:
                found.append(sequence)
        return found

    def add(self, pdus: Sequence[Pdu], tokens: Sequence[Any], sequences: Sequence[int], now: float) -> None:
        """These requests wait from now on, except those that no peer answers."""
        for pdu, token, sequence in zip(pdus, tokens, sequences, strict=True):
            self._last_sequence = sequence
            self._number += 1
            if pdu.command not in WITHOUT_RESPONSE:
                self._places[sequence] = Place(pdu.command | RESPONSE, token, now, self._number)

    def control(self, command: int) -> int:
        """The sequence_number for an enquire_link, a bind or an unbind, which waits from now on."""
        [sequence] = self.sequences(1)
        self._last_sequence = sequence
        self.controls[sequence] = command | RESPONSE
        return sequence

    def answer(self, sequence: int, command: int) -> Place | None:
        """Free the place that a response is for; None where nothing waits for it. A generic_nack fits every request."""
        place = self._places.get(sequence)
        if place is None or (command != place.response and command != GENERIC_NACK):
            return None
        del self._places[sequence]
        if self._overdue:
            self._overdue.discard(sequence)
        return place

    def oldest(self) -> float | None:
        """When the request was sent that has waited longest."""
        return next((place.sent_at for place in self._places.values()), None)

    def next_overdue(self) -> float | None:
        """When the request was sent that has waited longest and is not marked as overdue."""
        waiting = (place.sent_at for sequence, place in self._places.items() if sequence not in self._overdue)
        return next(waiting, None)

    def mark_overdue(self, now: float, limit: float) -> list[Any]:
        """Mark what has waited `limit` seconds or longer; the tokens that were not marked yet."""
        tokens = []
        for sequence, place in self._places.items():
            if place.sent_at + limit > now:
                break
            if sequence not in self._overdue:
                self._overdue.add(sequence)
                tokens.append(place.token)
        return tokens

    def written(self) -> None:
        """The octets of all requests so far were taken to be written."""
        self._written = self._number

    def take_back(self, *, written: bool) -> list[Any]:
        """Empty the places of requests whose octets were taken, or were not; their tokens, in the order of sending."""
        found = {s: place.token for s, place in self._places.items() if (place.number <= self._written) is written}
        for sequence in found:
            del self._places[sequence]
        self._overdue -= found.keys()
        return list(found.values())
