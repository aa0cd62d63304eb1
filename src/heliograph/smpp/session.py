"""One SMPP connection without its socket: octets and time in, octets and events out; both roles are this one class.

Rule 1: a request keeps its place in the window until it is answered or the session ends. Time alone never frees a
place, so a slow SMSC is never asked twice.
Rule 2: `Closed` is the last event and comes once: write what `take_output` still gives, then close the connection.

After every call that takes input, write what `take_output` gives; call `tick` at `next_tick` at the latest.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

from heliograph.smpp.constants import RESPONSE, Command, Status
from heliograph.smpp.pdu import (
    ACKNOWLEDGED,
    FIELDS,
    MAX_PDU,
    Pdu,
    PduError,
    Unreadable,
    acknowledge,
    bodiless,
    decode,
    encode,
)
from heliograph.smpp.states import (
    BINDS,
    MAY_REQUEST,
    NOTHING,
    WITHOUT_RESPONSE,
    Answered,
    BindRefused,
    Bound,
    Closed,
    Event,
    NotAllowed,
    Overdue,
    Requested,
    Role,
    State,
    Timing,
    WindowFull,
    may_receive,
)
from heliograph.smpp.stream import Stream
from heliograph.smpp.timers import ENDINGS, Due, Timers
from heliograph.smpp.window import Window

__all__ = ["MAY_REQUEST", "Answered", "BindRefused", "Bound", "Closed", "Event", "NotAllowed", "Overdue", "Requested"]
__all__ += ["Role", "Session", "State", "Timing", "WindowFull"]

STANDARD_TIMING = Timing()


class Session:
    """One session. `state` and `dropped` (responses and PDUs that nothing waits for, thrown away) are to be read."""

    def __init__(
        self, role: Role, now: float, *, window: int = 10, timing: Timing = STANDARD_TIMING, max_pdu: int = MAX_PDU
    ) -> None:
        self.role = role
        self.state = State.OPEN
        self.dropped = 0
        self._timers = Timers(role, timing, now)
        self._window = Window(window)
        self._stream = Stream(max_pdu)
        self._output: list[bytes] = []
        self._reason = ""
        self._binding = False
        self._enter(State.OPEN)

    @property
    def window(self) -> int:
        """How many requests may wait for their responses; may be set at any time."""
        return self._window.size

    @window.setter
    def window(self, size: int) -> None:
        self._window.size = size

    @property
    def free(self) -> int:
        """Places left in the window; 0 in a state in which this role may send no request."""
        return self._window.free if self._may_request - WITHOUT_RESPONSE else 0

    @property
    def outstanding(self) -> int:
        """Requests given to `request` and not yet answered."""
        return len(self._window)

    def bind(self, command: int, fields: dict[str, Any], now: float) -> None:
        """ESME: ask to be bound (§4.1). Bound or BindRefused comes of it. NotAllowed anywhere but at the beginning."""
        if self.role is not Role.ESME or self.state is not State.OPEN or self._binding or command not in BINDS:
            raise NotAllowed(f"{command:#010x} as {self.role.name} in {self.state.name}")
        octets = encode(Pdu(command, fields=fields), self._window.sequences(1)[0])
        self._window.control(command)
        self._output.append(octets)
        self._binding = True
        self._timers.bind_by = now + self._timers.timing.bind_response

    def request(self, pdus: Sequence[Pdu], tokens: Sequence[Any], now: float) -> None:
        """Queue requests; each answer comes with the token of its request. All of them or none: NotAllowed for the
        state, WindowFull beyond `free`, PduError (whose `index` says which) for what cannot be encoded."""
        if len(pdus) != len(tokens):
            raise ValueError(f"{len(pdus)} requests, {len(tokens)} tokens")
        for pdu in pdus:
            if pdu.command not in self._may_request:
                raise NotAllowed(f"{pdu.command:#010x} as {self.role.name} in {self.state.name}")
        if len(pdus) > self._window.free:
            raise WindowFull(f"{len(pdus)} requests, {self._window.free} places")
        sequences = self._window.sequences(len(pdus))
        octets = []
        for index, pdu in enumerate(pdus):
            try:
                octets.append(encode(pdu, sequences[index]))
            except PduError as error:
                error.index = index
                raise
        self._window.add(pdus, tokens, sequences, now)
        self._output += octets

    def respond(self, request: Pdu, status: int = 0, *, tlvs: Sequence[tuple[int, bytes]] = (), **fields: Any) -> None:
        """Queue the response to a request of the peer; a bind_resp of status 0 binds an SMSC's session. Nothing is
        queued when the session has ended, or for a PDU that has no response. PduError as `encode`."""
        if self._ended or request.command in WITHOUT_RESPONSE:
            return
        self._output.append(encode(Pdu(request.command | RESPONSE, status, request.sequence, fields, list(tlvs))))
        if request.command in BINDS and self.role is Role.SMSC and self.state is State.OPEN:
            self._binding = False
            self._enter(State.OPEN if status else BINDS[request.command])

    def respond_many(self, requests: Sequence[Pdu], status: int = 0) -> None:
        """Queue responses without values, in order: what a batch of deliver_sm gets after its commit."""
        for request in requests:
            if status == 0 and request.command in ACKNOWLEDGED and not self._ended:
                self._output.append(acknowledge(request))
            else:
                self.respond(request, status)

    def unbind(self, now: float) -> None:
        """End the session in good order (§4.2); answers count until Closed comes, `Timing.unbind` later at most."""
        self._leave("unbound by us", now)

    def receive(self, data: bytes, now: float) -> list[Event]:
        """What these octets of the peer amount to, in order; cut them anywhere."""
        events: list[Event] = []
        if self.state is State.CLOSED:
            return events
        self._timers.heard = now
        for octets in self._stream.cut(data, now):
            try:
                pdu = decode(octets)
            except Unreadable as problem:
                self._take_unreadable(problem, events)
                continue
            if pdu.command & RESPONSE:
                self._take_response(pdu, events)
            elif pdu.command in self._may_receive:
                self._take_request(pdu, events)
            else:
                self._take_other(pdu, events)
            if self._ended:
                return events
        if self._stream.broken is not None:
            self._queue(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDLEN))
            self._close(self._stream.broken, events)
        return events

    def tick(self, now: float) -> list[Event]:
        """What the passing of time amounts to."""
        events: list[Event] = []
        state = self.state
        for deadline, due in self._timers.deadlines(state, self._window, self._stream):
            if deadline <= now and self.state is state:
                self._act(due, now, events)
        return events

    def next_tick(self) -> float:
        """When `tick` has something to do at the earliest, if nothing comes in before; inf for never."""
        deadlines = self._timers.deadlines(self.state, self._window, self._stream)
        return min((deadline for deadline, _ in deadlines), default=inf)

    def take_output(self) -> bytes:
        """The octets to write; they count as written from here on."""
        self._window.written()
        octets = b"".join(self._output)
        self._output.clear()
        return octets

    def lost(self) -> list[Any]:
        """The connection has ended: tokens of requests that were written and never answered, in order, each once."""
        self._enter(State.CLOSED)
        return self._window.take_back(written=True)

    def unsent(self) -> list[Any]:
        """The connection has ended: tokens of the requests that no peer has seen, in order, each once."""
        self._enter(State.CLOSED)
        return self._window.take_back(written=False)

    def _take_request(self, pdu: Pdu, events: list[Event]) -> None:
        if pdu.command in BINDS:
            self._binding = True
            self._may_receive = NOTHING
        events.append(Requested(pdu))

    def _take_response(self, pdu: Pdu, events: list[Event]) -> None:
        place = self._window.answer(pdu.sequence, pdu.command)
        if place is not None:
            events.append(Answered(place.token, pdu, place.sent_at))
            return
        expected = self._window.controls.get(pdu.sequence)
        if expected is None or pdu.command not in (expected, Command.GENERIC_NACK):
            self.dropped += 1
            return
        del self._window.controls[pdu.sequence]
        if expected == Command.ENQUIRE_LINK_RESP:
            self._timers.enquire_by = inf
        elif expected == Command.UNBIND_RESP:
            self._close(self._reason, events)
        elif self.state is State.OPEN:
            self._take_bind_response(pdu, events)

    def _take_bind_response(self, pdu: Pdu, events: list[Event]) -> None:
        if pdu.status or pdu.command == Command.GENERIC_NACK:
            events.append(BindRefused(pdu.status or Status.ESME_RBINDFAIL))
            self._close("the bind was refused", events)
        else:
            self._enter(BINDS[pdu.command ^ RESPONSE])
            events.append(Bound(pdu))

    def _take_other(self, pdu: Pdu, events: list[Event]) -> None:
        if pdu.command == Command.ENQUIRE_LINK:
            self.respond(pdu)
        elif pdu.command == Command.UNBIND:
            self.respond(pdu)
            self._close("unbound by the peer", events)
        else:
            again = pdu.command in BINDS and self.role is Role.SMSC
            self._refuse(pdu.command, Status.ESME_RALYBND if again else Status.ESME_RINVBNDSTS, pdu.sequence)

    def _take_unreadable(self, problem: Unreadable, events: list[Event]) -> None:
        if problem.command & RESPONSE and problem.command in FIELDS:  # taken by the peer, under an id we cannot read
            self._take_response(bodiless(problem.command, Status.ESME_ROK, problem.sequence), events)
        else:
            self._refuse(problem.command, problem.status, problem.sequence)

    def _refuse(self, command: int, status: int, sequence: int) -> None:
        if command & RESPONSE or command in WITHOUT_RESPONSE:
            self.dropped += 1
        else:
            self._queue(Pdu(command | RESPONSE if command in FIELDS else Command.GENERIC_NACK, status, sequence))

    def _act(self, due: Due, now: float, events: list[Event]) -> None:
        match due:
            case Due.OVERDUE:
                events.append(Overdue(self._window.mark_overdue(now, self._timers.timing.submit_response)))
                if self._window.overdue * 2 >= self._window.size:
                    self._leave("half the window was not answered", now)
                else:
                    self._enquire(now)
            case Due.ENQUIRE:
                self._enquire(now)
            case Due.ABANDON:
                self._leave("a request was not answered", now)
            case _:
                self._close(ENDINGS.get(due, self._reason), events)

    def _enquire(self, now: float) -> None:
        if self._timers.enquire_by == inf:
            self._timers.enquire_by = now + self._timers.timing.enquire_response
            self._queue(Pdu(Command.ENQUIRE_LINK, 0, self._window.control(Command.ENQUIRE_LINK)))

    def _leave(self, reason: str, now: float) -> None:
        if self.state in (State.UNBINDING, State.CLOSED):
            return
        self._reason, self._timers.unbind_by = reason, now
        if self.state is not State.OPEN:
            self._timers.unbind_by = now + self._timers.timing.unbind
            self._queue(Pdu(Command.UNBIND, 0, self._window.control(Command.UNBIND)))
        taken = self._may_receive
        self._enter(State.UNBINDING)
        self._may_receive = taken  # what the peer sent before it read our unbind is still answered

    def _close(self, reason: str, events: list[Event]) -> None:
        self._enter(State.CLOSED)
        events.append(Closed(reason))

    def _enter(self, state: State) -> None:
        self.state = state
        self._ended = state is State.CLOSED
        self._may_request = MAY_REQUEST[self.role][state] - BINDS.keys()
        self._may_receive = may_receive(self.role, state)

    def _queue(self, pdu: Pdu) -> None:
        self._output.append(encode(pdu))
