"""One connection to an SMSC: a socket around one session, bound again whenever it is lost.

Rule 1: what is protocol is decided in `smpp.session`; here octets come and go, and time passes.
Rule 2: a place in the window is free when the commit that settled it is through, not when the answer came: `claimed`
counts it until then.
Rule 3: what is told, is told in batches: one call for all that one read brought.
Rule 4: where too many deliveries wait for their commit, the SMSC is read no further, and has to wait, too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from math import inf
from typing import Any, Protocol, cast

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.smpp.constants import RetryClass, classify
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.session import (
    Answered,
    BindRefused,
    Bound,
    Closed,
    Event,
    Overdue,
    Requested,
    Role,
    Session,
    State,
    Timing,
)

LOG = structlog.get_logger(__name__)
CONNECT_WITHIN = 10.0  # seconds
RECONNECT = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # seconds before each further try
REBIND = (30.0, 60.0, 120.0, 240.0, 300.0)  # after a bind refused for now
REBIND_FATAL = (300.0,)  # after a bind refused for what stands in the configuration
JITTER = 0.2
TICK = 0.25  # seconds between two looks at the session's timers
DRAIN_WITHIN = 3.0  # seconds that a peer may take to read our last octets when the session has ended
UNACKNOWLEDGED = 20_000  # deliveries of a link that wait for their commit, before it is read no further
REGAIN = 10  # windows of segments taken that give back a place which `narrow` took
WRITE_HIGH = 8 * 1024 * 1024  # octets the socket may be behind


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Where a link goes and who it says it is."""

    smsc: str
    name: str  # in logs
    host: str
    port: int
    command: int  # of the bind request
    fields: dict[str, Any]
    window: int
    timing: Timing


class Owner(Protocol):
    """Who is told what a link brings."""

    def answered(self, link: Link, answers: Sequence[Answered]) -> None: ...

    def delivered(self, link: Link, requests: Sequence[Pdu]) -> None: ...

    def lost(self, link: Link, unknown: Sequence[Any], unsent: Sequence[Any]) -> None: ...

    def bound(self, link: Link) -> None: ...


class Link(asyncio.Protocol):
    """`run` keeps it bound until `stop`."""

    def __init__(self, binding: Binding, owner: Owner, clock: Clock) -> None:
        self.binding = binding
        self.claimed = 0  # segments claimed for this link and not yet settled
        self.window = binding.window  # at present; never more than the binding's
        self.state_since = clock.now()
        self.problem = "not connected yet"
        self.connection = 0  # how many there have been
        self._owner = owner
        self._clock = clock
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None
        self._stopping = asyncio.Event()
        self._gone = asyncio.Event()
        self._refused: int | None = None
        self._failures = 0
        self._unacknowledged = 0  # deliveries of this connection
        self._paused = False  # it is not read, because too many of them wait
        self._regained = 0  # segments taken since the window was changed
        self._abort_at = inf  # when a connection whose session has ended is cut

    @property
    def is_bound(self) -> bool:
        """Whether submits or deliveries may pass."""
        return self._session is not None and self._session.state in (State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX)

    @property
    def room(self) -> int:
        """How many more segments may be claimed for this link."""
        session = self._session
        free = 0 if session is None else session.free
        return min(free, max(0, self.window - self.claimed)) if free else 0

    async def run(self) -> None:
        """Connect, bind, and again whenever the link is lost, until `stop`."""
        while not self._stopping.is_set():
            await self._live()
            if not self._stopping.is_set():
                await self._clock.wait(self._stopping, self._delay())

    def stop(self) -> None:
        """Unbind: what was submitted may still be answered for a few seconds, then the connection is closed."""
        self._stopping.set()  # its session, unbinding, has no room
        if self._session is not None:
            self._session.unbind(self._clock.monotonic())
            self._after([])

    def drop(self, reason: str, *, connection: int) -> None:
        """Leave the session of this connection in order, and bind anew. A later connection is another session."""
        if self._session is not None and connection == self.connection:
            self.problem = reason
            self._session.unbind(self._clock.monotonic())
            self._after([])

    def narrow(self) -> None:
        """The SMSC may find our window too large: one place less, down to one. Other connections keep to it too."""
        self._resize(max(1, self.window - 1))

    def widen(self) -> None:
        """A segment was taken while the window is narrow; REGAIN windows of them give one place back."""
        self._regained += 1
        if self._regained >= REGAIN * self.window:
            self._resize(min(self.binding.window, self.window + 1))

    def _resize(self, window: int) -> None:
        self.window, self._regained = window, 0
        if self._session is not None:
            self._session.window = window

    def submit(self, pdus: Sequence[Pdu], tokens: Sequence[Any]) -> None:
        """Send requests; raises as `Session.request`, and then nothing was sent."""
        assert self._session is not None
        self._session.request(pdus, tokens, self._clock.monotonic())
        self._flush()

    def acknowledge(self, requests: Sequence[Pdu], status: int = 0, *, connection: int | None = None) -> None:
        """Answer what the SMSC delivered, now that it is stored (or, with a status, could not be).

        `connection` is the one it came by: another one has sequence numbers of its own, and other deliveries by them.
        """
        if self._session is not None and connection in (None, self.connection):
            self._session.respond_many(requests, status)
            self._flush()
            self._unacknowledged -= len(requests)
            if self._paused and self._unacknowledged <= UNACKNOWLEDGED // 2 and self._transport is not None:
                self._paused = False
                self._session.receive(b"", self._clock.monotonic())  # it was we who did not listen
                self._transport.resume_reading()

    async def _live(self) -> None:
        """One connection, from its beginning to its end."""
        self._gone.clear()
        self._refused = None
        binding = self.binding
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await loop.create_connection(lambda: self, binding.host, binding.port)
        except (OSError, TimeoutError) as error:
            self._note(f"cannot connect: {error or type(error).__name__}")
            return
        while not self._gone.is_set():
            await self._clock.wait(self._gone, TICK)
            now = self._clock.monotonic()
            if self._session is not None and not self._paused:  # whoever does not listen judges no silence
                self._after(self._session.tick(now))
            if self._transport is not None and now >= self._abort_at:
                self._transport.abort()  # the peer does not read; what it was not told is not worth the wait

    def _delay(self) -> float:
        steps: tuple[float, ...] = RECONNECT
        if self._refused is not None:
            steps = REBIND_FATAL if classify(self._refused).retry_class is RetryClass.BIND_FATAL else REBIND
        step = steps[min(self._failures, len(steps) - 1)]
        self._failures += 1
        return step * random.uniform(1 - JITTER, 1 + JITTER)

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("link", link=self.binding.name, problem=problem)
        self.problem = problem
        self.state_since = self._clock.now()

    # What the socket calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are one in all but name
        self._transport.set_write_buffer_limits(WRITE_HIGH)
        self.connection += 1
        self._unacknowledged, self._paused = 0, False
        if self._stopping.is_set():
            self._transport.close()
            return
        now = self._clock.monotonic()
        self._session = Session(Role.ESME, now, window=self.window, timing=self.binding.timing)
        self._session.bind(self.binding.command, self.binding.fields, now)
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._after(self._session.receive(data, self._clock.monotonic()))

    def connection_lost(self, exc: Exception | None) -> None:
        session, self._session, self._transport = self._session, None, None
        self._abort_at = inf
        if session is not None:
            if not self.problem:
                self._note(f"connection lost: {exc}" if exc else "closed by the SMSC")
            self._owner.lost(self, session.lost(), session.unsent())
        self._gone.set()

    def _after(self, events: list[Event]) -> None:
        """Hand on what happened, in batches, and write what the session has to say."""
        answers: list[Answered] = []
        requests: list[Pdu] = []
        for event in events:
            if type(event) is Answered:
                answers.append(event)
            elif type(event) is Requested:
                requests.append(event.pdu)
            else:
                self._changed(event)
        if answers:
            self._owner.answered(self, answers)
        if requests:
            self._owner.delivered(self, requests)
            self._unacknowledged += len(requests)
            if self._unacknowledged > UNACKNOWLEDGED and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
        self._flush()
        if events and isinstance(events[-1], Closed) and self._transport is not None:
            self._transport.close()
            self._abort_at = self._clock.monotonic() + DRAIN_WITHIN

    def _changed(self, event: Event) -> None:
        match event:
            case Bound():
                self.problem = ""
                self.state_since = self._clock.now()
                self._failures = 0
                LOG.info("link bound", link=self.binding.name)
                self._owner.bound(self)
            case BindRefused(status):
                self._refused = status
                self._note(f"bind refused: {classify(status).name}")
            case Overdue(tokens):
                LOG.warning("answers overdue", link=self.binding.name, segments=len(tokens))
            case Closed(reason):
                self._note(self.problem if self._refused is not None else reason)
            case _:
                pass

    def _flush(self) -> None:
        if self._session is not None and self._transport is not None:
            octets = self._session.take_output()
            if octets:
                self._transport.write(octets)
