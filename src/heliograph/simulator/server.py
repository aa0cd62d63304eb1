"""The simulated SMSC: what `heliograph smsc` runs, and what the demo, the tests and the benchmark talk to.

It promises: every submit_sm that is taken gets an id that no other got, also in earlier runs; every receipt asked for
is sent until it is acknowledged; nothing is kept of a message that is finished, unless `keep` asks for it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from heliograph.simulator.behaviour import ID_BASES, Behaviour
from heliograph.simulator.buckets import Buckets
from heliograph.simulator.lane import Lane
from heliograph.simulator.link import RECEIVES, Link
from heliograph.simulator.mailbox import Mailbox
from heliograph.simulator.plan import Planner
from heliograph.simulator.taking import content_of
from heliograph.smpp.constants import Command, Status, Tag
from heliograph.smpp.pdu import Pdu

SYSTEM_ID = "SMSC"  # what it calls itself in bind_resp
WITHOUT_TLVS = 0x33  # interface_version up to which there are no TLVs

# What `on_event` is told of: kind, system_id, and how many of them there are in this batch.
OnEvent = Callable[[str, str, int], None]


class NobodyBound(Exception):
    """No receiver or transceiver is bound."""


class Counters:
    """What happened so far; `bound`, `links` and `pending` are what is so now."""

    def __init__(self) -> None:
        self.bound = 0
        self.binds = 0
        self.binds_refused: Counter[int] = Counter()  # by command_status
        self.submits = 0
        self.unique = 0  # by destination and content; only with `keep`
        self.responses = 0
        self.refused: Counter[int] = Counter()  # submits, by the command_status of their response
        self.receipts = 0  # sent, each time
        self.acknowledged: Counter[int] = Counter()  # receipts, by the command_status of the deliver_sm_resp


class Simulator:
    """One simulated SMSC. `behaviour` may be replaced at any time; binds and receipts under way keep the old one.

    `keep` remembers every submit_sm in `submits` and counts the unique ones: for tests, since memory grows.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keep: bool = False,
        on_event: OnEvent | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.keep = keep
        self.counters = Counters()
        self.submits: list[Pdu] = []
        self.links: list[Link] = []
        self.stalled = False
        self.number = time.time_ns() // 1_000_000 << 20  # ids go on from the clock: a restart repeats none
        self.behaviour = behaviour or Behaviour()
        self._on_event = on_event
        self._unique: set[int] = set()
        self._mailboxes: dict[str, Mailbox] = {}
        self._waiters: list[tuple[Callable[[Counters], bool], asyncio.Future[None]]] = []
        self._server: asyncio.Server | None = None

    @property
    def behaviour(self) -> Behaviour:
        """What it does with what comes in from now on."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.plain = behaviour.plain
        self.planner = Planner(behaviour)
        self.lane = Lane(behaviour)

    @property
    def pending(self) -> int:
        """Receipts that wait for a link, or for their deliver_sm_resp; those not yet due are not counted."""
        waiting = sum(len(mailbox.waiting) for mailbox in self._mailboxes.values())
        return waiting + sum(len(link.unacknowledged) for link in self.links)

    async def start(self) -> None:
        """Listen; port 0 becomes a free one, which is kept over `stop`. OSError where that cannot be."""
        loop = asyncio.get_running_loop()
        self.buckets = Buckets(loop)
        self._gone = asyncio.Event()
        self._gone.set()
        self._server = await loop.create_server(lambda: Link(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End every connection and listen no more. Receipts that nobody acknowledged are kept for the next `start`."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.drop_links()
        await self._gone.wait()
        self.buckets.empty()
        await server.wait_closed()

    async def until(self, condition: Callable[[Counters], bool], within: float = 5.0) -> None:
        """Wait until the condition holds for the counters. TimeoutError after `within` seconds."""
        if condition(self.counters):
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, waiter))
        await asyncio.wait_for(waiter, within)

    def deliver(
        self,
        *,
        command: int = Command.DELIVER_SM,
        system_id: str | None = None,
        tlvs: list[tuple[int, bytes]] | None = None,
        **fields: Any,
    ) -> asyncio.Future[int]:
        """Send a deliver_sm (or data_sm, alert_notification) with these fields to a bound receiver, the binds of
        `system_id` alone if one is given; the command_status of its response. NobodyBound where there is none."""
        for link in self.links:
            if link.session.state in RECEIVES and system_id in (None, link.system_id):
                self.links.remove(link)
                self.links.append(link)  # the next one has its turn
                return link.request(Pdu(command, 0, 0, fields, tlvs or []))
        raise NobodyBound(system_id or "any system_id")

    def drop_links(self) -> None:
        """Cut every connection, as a network does."""
        for link in self.links:
            link.transport.abort()

    def stall(self) -> None:
        """Neither read nor write on any connection, also on new ones, until `resume`."""
        self.stalled = True
        for link in self.links:
            link.stall()

    def resume(self) -> None:
        """Go on where `stall` stopped."""
        self.stalled = False
        for link in list(self.links):
            link.resume()

    def send_raw(self, octets: bytes) -> None:
        """Write these octets on every connection, whatever they are."""
        for link in self.links:
            link.transport.write(octets)

    def id_of(self, number: int) -> str:
        """The message_id as submit_sm_resp writes it."""
        return ID_BASES[self._behaviour.id_base](number)

    def bind(self, link: Link, pdu: Pdu) -> None:
        """Answer a bind: taken, or refused for what the Behaviour says."""
        system_id = pdu.fields["system_id"]
        status = self._judge(system_id, pdu.fields["password"])
        if status:
            self.counters.binds_refused[status] += 1
            link.session.respond(pdu, status)
            self._tell("bind refused", system_id, 1)
            return
        version = self._behaviour.interface_version
        tlvs = [] if version <= WITHOUT_TLVS else [(Tag.SC_INTERFACE_VERSION, bytes([version]))]
        link.session.respond(pdu, tlvs=tlvs, system_id=SYSTEM_ID)
        link.system_id = system_id
        link.mailbox = self._mailboxes.setdefault(system_id, Mailbox())
        if link.session.state in RECEIVES:
            link.mailbox.join(link)
        self.counters.bound += 1
        self.counters.binds += 1
        self._tell("bound", system_id, 1)

    def _judge(self, system_id: str, password: str) -> int:
        behaviour = self._behaviour
        bound = sum(link.system_id == system_id for link in self.links)
        checks = (
            (behaviour.bind_status > 0, behaviour.bind_status),
            (behaviour.system_id not in (None, system_id), Status.ESME_RINVSYSID),
            (behaviour.password not in (None, password), Status.ESME_RINVPASWD),
            (0 < behaviour.max_binds <= bound, Status.ESME_RALYBND),
        )
        return next((int(status) for refused, status in checks if refused), 0)

    def joined(self, link: Link) -> None:
        """A connection has begun."""
        self.links.append(link)
        self._gone.clear()
        if self.stalled:
            link.stall()
        if self._server is None:
            link.transport.abort()

    def left(self, link: Link) -> None:
        """A connection has ended."""
        self.links.remove(link)
        if not self.links:
            self._gone.set()
        if link.mailbox is not None:
            self.counters.bound -= 1
            link.mailbox.leave(link, link.unacknowledged.values())
            self._tell("unbound", link.system_id, 1)

    def remember(self, pdu: Pdu) -> None:
        """Keep a submit_sm, and count it if it is a new one."""
        self.submits.append(pdu)
        fields = pdu.fields
        self._unique.add(hash((fields["destination_addr"], fields["esm_class"], content_of(pdu))))
        self.counters.unique = len(self._unique)

    def took(self, system_id: str, count: int) -> None:
        """So many submit_sm came in."""
        self.counters.submits += count
        self._tell("submit_sm", system_id, count)

    def answered(self, system_id: str, count: int) -> None:
        """So many submit_sm_resp went out."""
        self.counters.responses += count
        self._tell("submit_sm_resp", system_id, count)

    def refused(self, system_id: str, status: int) -> None:
        """A submit_sm is refused."""
        self.counters.refused[status] += 1
        self._tell("refused", system_id, 1)

    def sent(self, system_id: str, count: int) -> None:
        """So many receipts went out."""
        self.counters.receipts += count
        self._tell("receipt", system_id, count)

    def acknowledged(self, system_id: str, status: int, count: int) -> None:
        """So many receipts were answered with this command_status."""
        self.counters.acknowledged[status] += count
        self._tell("acknowledged", system_id, count)

    def _tell(self, kind: str, system_id: str, count: int) -> None:
        if self._on_event is not None:
            self._on_event(kind, system_id, count)
        if self._waiters:
            for condition, waiter in self._waiters:
                if not waiter.done() and condition(self.counters):
                    waiter.set_result(None)
            self._waiters = [found for found in self._waiters if not found[1].done()]
