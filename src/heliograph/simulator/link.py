"""One connection to the simulated SMSC: a socket around `smpp.session`, with the fast lane beside it.

The session judges everything but three things: an ordinary submit_sm, the responses to receipts, and an enquire_link
that shall stay unanswered. Receipts have sequence numbers of their own, far above those of the session's requests.

What one read brings is one batch: one write, one list of receipts to send later.
"""

import asyncio
import struct
import time
from math import inf
from typing import TYPE_CHECKING, cast

from heliograph.simulator.commands import parse, words_of
from heliograph.simulator.lane import HEADER
from heliograph.simulator.mailbox import Mailbox
from heliograph.simulator.taking import content_of, receipts, replies, response
from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import MAX_PDU, Pdu, decode
from heliograph.smpp.session import Answered, Closed, Event, Requested, Role, Session, State, Timing
from heliograph.smpp.states import BINDS

if TYPE_CHECKING:
    from heliograph.simulator.server import Simulator

LANE = 0x40000000  # the sequence numbers of receipts are above it
SOONEST = 0.02  # seconds between two looks at the clock, also where a stalled link lets something pass
SEQUENCE = struct.Struct(">I")
TAKES = frozenset({State.BOUND_TX, State.BOUND_TRX})
RECEIVES = frozenset({State.BOUND_RX, State.BOUND_TRX})
PASSING = frozenset({Status.ESME_RSYSERR, Status.ESME_RMSGQFUL, Status.ESME_RTHROTTLED, Status.ESME_RX_T_APPN})

SUBMITS = frozenset({Command.SUBMIT_SM, Command.DATA_SM})
# Operations on messages that were taken: nothing is kept of those.
UNKNOWN_MESSAGE: dict[int, Status] = {
    Command.QUERY_SM: Status.ESME_RQUERYFAIL,
    Command.CANCEL_SM: Status.ESME_RCANCELFAIL,
    Command.REPLACE_SM: Status.ESME_RREPLACEFAIL,
}


class Link(asyncio.Protocol):
    """One connection. `system_id` is empty until it is bound."""

    def __init__(self, simulator: "Simulator") -> None:
        self.system_id = ""
        self.mailbox: Mailbox | None = None
        self.unacknowledged: dict[int, bytes] = {}
        self._simulator = simulator
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._submits = 0
        self._rest = b""
        self._stalled = False
        self._held: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ending = False
        self._out: list[bytes] = []  # of the batch at hand, with what follows
        self._answers = 0
        self._ordinary_submits = 0
        self._acknowledged = 0
        self._receipts: list[bytes] = []
        self._later: list[tuple[float, list[bytes]]] = []
        behaviour = simulator.behaviour
        timing = Timing(enquire_after=behaviour.enquire_after or inf)
        self.session = Session(Role.SMSC, self._loop.time(), window=behaviour.window, timing=timing)
        self._handlers = {
            int(Command.SUBMIT_SM): self._submit_sm,
            int(Command.DELIVER_SM_RESP): self._receipt_resp,
            int(Command.DATA_SM_RESP): self._receipt_resp,
            int(Command.GENERIC_NACK): self._receipt_resp,
            int(Command.ENQUIRE_LINK): self._enquire_link,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._simulator.joined(self)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for waiting in [*self.session.lost(), *self.session.unsent()]:
            waiting.cancel()
        self._simulator.left(self)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if self._stalled:
            self._rest = data  # a loop may begin to read after connection_made, whatever was asked for there
            return
        now, at, end = self._loop.time(), 0, len(data)
        self._simulator.lane.at(time.time())
        self.session.receive(b"", now)  # the peer lives, whatever the session is shown of it
        unpack, handlers = HEADER.unpack_from, self._handlers
        while end - at >= 16 and not self._ending:
            length, command, status, sequence = unpack(data, at)
            stop = at + length
            if stop > end or length < 16:
                break
            handlers.get(command, self._ordinary)(data, at, stop, status, sequence)
            at = stop
        self._rest = data[at:]
        if len(self._rest) >= 4 and not 16 <= int.from_bytes(self._rest[:4], "big") <= MAX_PDU:
            self._ordinary(self._rest, 0, len(self._rest), 0, 0)
        self._finish(now)

    def _submit_sm(self, data: bytes, at: int, stop: int, status: int, sequence: int) -> None:
        simulator = self._simulator
        taken = None
        if simulator.plain and self.session.state in TAKES:
            taken = simulator.lane.take(data, at, stop, sequence, simulator.number)
        if taken is None:
            self._ordinary(data, at, stop, status, sequence)
            return
        simulator.number += 1
        self._ordinary_submits += 1
        answer, receipt = taken
        self._out.append(answer)
        if receipt:
            self._receipts.append(receipt)
        if simulator.keep:
            simulator.remember(decode(data[at:stop]))

    def _receipt_resp(self, data: bytes, at: int, stop: int, status: int, sequence: int) -> None:
        if sequence <= LANE:
            self._ordinary(data, at, stop, status, sequence)
            return
        receipt = self.unacknowledged.pop(sequence, None)
        if receipt is None:
            self.session.dropped += 1
        elif status == 0:
            self._acknowledged += 1
        else:
            self._simulator.acknowledged(self.system_id, status, 1)
            if status in PASSING and self.mailbox is not None:
                due = self._loop.time() + self._simulator.behaviour.redeliver_after
                self._simulator.buckets.add(due, self.mailbox.put, [receipt])

    def _enquire_link(self, data: bytes, at: int, stop: int, status: int, sequence: int) -> None:
        if not self._simulator.behaviour.ignore_enquire:
            self._ordinary(data, at, stop, status, sequence)

    def _ordinary(self, data: bytes, at: int, stop: int, status: int, sequence: int) -> None:
        for event in self.session.receive(data[at:stop], self._loop.time()):
            self._on(event)
        self._out.append(self.session.take_output())

    def _on(self, event: Event) -> None:
        match event:
            case Requested(pdu) if pdu.command in BINDS:
                self._simulator.bind(self, pdu)
                self._arm()
            case Requested(pdu) if pdu.command in SUBMITS:
                self._take(pdu)
            case Requested(pdu):
                self.session.respond(pdu, UNKNOWN_MESSAGE.get(pdu.command, Status.ESME_RINVCMDID))
            case Answered(token, pdu, _):
                if not token.done():
                    token.set_result(pdu.status)
            case Closed():
                self._out.append(self.session.take_output())
                self._ending = True

    def _take(self, pdu: Pdu) -> None:
        simulator, now = self._simulator, self._loop.time()
        self._submits += 1
        simulator.took(self.system_id, 1)
        if simulator.keep:
            simulator.remember(pdu)
        fields = pdu.fields
        text = words_of(fields["esm_class"], fields["data_coding"], content_of(pdu))
        plan = simulator.planner.plan(now, self._submits, fields["destination_addr"], text, parse(text))
        if plan.drop:
            self._ending = True
            return
        number, simulator.number = simulator.number, simulator.number + 1
        made = receipts(pdu, plan, simulator.behaviour, number, time.time())
        final = made.final + replies(pdu, plan, number)
        if plan.first and self.mailbox is not None:
            self.mailbox.put(made.intermediate + final)
        else:
            answered = now + plan.late
            self._later += [(answered + plan.delay / 2, made.intermediate), (answered + plan.delay, final)]
        if plan.status:
            simulator.refused(self.system_id, plan.status)
        self._answer(response(pdu, plan, simulator.id_of(number)), now + plan.late)

    def _answer(self, octets: bytes, due: float) -> None:
        if octets and due > self._loop.time():
            self._simulator.buckets.add(due, self.send, [octets])
        elif octets:
            self._out.append(octets)
            self._answers += 1

    def _finish(self, now: float) -> None:
        """The end of a batch: write what it came to, then what follows from that."""
        simulator = self._simulator
        octets = b"".join(self._out)
        self._out.clear()
        if octets:
            self.transport.write(octets)
        if self._ordinary_submits:
            simulator.took(self.system_id, self._ordinary_submits)
        if self._answers or self._ordinary_submits:
            simulator.answered(self.system_id, self._answers + self._ordinary_submits)
        self._submits += self._ordinary_submits
        acknowledged, self._acknowledged = self._acknowledged, 0
        self._answers = self._ordinary_submits = 0
        if self._ending:
            self.transport.close()
        self._schedule(now)
        if acknowledged:
            simulator.acknowledged(self.system_id, 0, acknowledged)
        if self.mailbox is not None:
            self.mailbox.pump()

    def _schedule(self, now: float) -> None:
        if self._receipts:
            self._later.append((now + self._simulator.behaviour.receipt_delay, self._receipts))
            self._receipts = []
        later, self._later = self._later, []
        for due, items in later:
            if items and self.mailbox is not None:
                self._simulator.buckets.add(due, self.mailbox.put, items)

    @property
    def room(self) -> int:
        """How many more receipts may go out on this link."""
        if self._stalled or self._ending or self.session.state not in RECEIVES:
            return 0
        return max(0, self._simulator.behaviour.window - len(self.unacknowledged))

    def carry(self, receipts: list[bytes]) -> None:
        """Send receipts, each with the next sequence_number of this link, in one write."""
        octets, at = bytearray().join(receipts), 12
        sequence, unacknowledged = self._sequence, self.unacknowledged
        for receipt in receipts:
            sequence = sequence % (LANE - 1) + 1
            SEQUENCE.pack_into(octets, at, LANE + sequence)
            unacknowledged[LANE + sequence] = receipt
            at += len(receipt)
        self._sequence = sequence
        self.transport.write(octets)
        self._simulator.sent(self.system_id, len(receipts))

    def send(self, answers: list[bytes]) -> None:
        """Send answers that are late, if there is still somebody to read them; a stalled link holds them."""
        if self._stalled:
            self._held += answers
        elif not self.transport.is_closing():
            self.transport.write(b"".join(answers))
            self._simulator.answered(self.system_id, len(answers))

    def request(self, pdu: Pdu) -> asyncio.Future[int]:
        """Send a request of the SMSC; the command_status of its response, cancelled if the link ends before it.
        NotAllowed, WindowFull and PduError as `Session.request`."""
        answer: asyncio.Future[int] = self._loop.create_future()
        self.session.request([pdu], [answer], self._loop.time())
        self._arm()
        if not self._stalled:
            self.transport.write(self.session.take_output())
        return answer

    def stall(self) -> None:
        """Read nothing and write nothing until `resume`."""
        self._stalled = True
        self.transport.pause_reading()

    def resume(self) -> None:
        """Go on where `stall` stopped."""
        self._stalled = False
        self.transport.resume_reading()
        held, self._held = self._held, []
        self.send(held)
        self._out.append(self.session.take_output())
        self.data_received(b"")

    def _tick(self) -> None:
        now = self._loop.time()
        if not self._stalled:
            for event in self.session.tick(now):
                self._on(event)
            self._out.append(self.session.take_output())
            self._finish(now)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.session.next_tick()
        if due < inf:
            self._timer = self._loop.call_at(max(due, self._loop.time() + SOONEST), self._tick)
