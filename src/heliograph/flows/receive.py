"""What SMSCs deliver: receipts and inbound messages are stored, and acknowledged after the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from heliograph.clock import Clock
from heliograph.flows.inbox import Delivered, Inbox
from heliograph.observe import Watch
from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import Pdu
from heliograph.sms.message import Inbound, Receipt
from heliograph.smsc.dialect import read_delivery
from heliograph.smsc.link import Link
from heliograph.smsc.pool import Pool
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store
from heliograph.store.settling import Delivery

LOG = structlog.get_logger(__name__)
CARRIERS = (Command.DELIVER_SM, Command.DATA_SM)


class Receiver:
    """One for all links; each round takes all that came, and acknowledges it together."""

    def __init__(
        self, store: Store, pool: Pool, inbox: Inbox, clock: Clock, watch: Watch, told: Callable[[], None]
    ) -> None:
        self._store = store
        self._pool = pool
        self._inbox = inbox
        self._clock = clock
        self._watch = watch
        self._told = told  # reports may have become due
        self._stopping = False

    async def run(self) -> None:
        """Receive until `stop`, and then what is still there."""
        while True:
            await self._inbox.receive.wait()
            self._inbox.receive.clear()
            await self._receive(self._inbox.take_deliveries())
            if self._stopping and not self._inbox.receive.is_set():
                return

    def stop(self) -> None:
        """Store what has come, and end."""
        self._stopping = True
        self._inbox.receive.set()

    async def _receive(self, deliveries: list[Delivered]) -> None:
        if not deliveries:
            return
        now = self._clock.now()
        receipts: list[Receipt] = []
        inbound: list[Inbound] = []
        for link, _, pdus in deliveries:
            self._read(link, pdus, now, receipts, inbound)
        status = 0
        try:
            matched = await self._store.receive(Delivery(now, receipts, inbound))
            self._watch.received(receipts, len(inbound), matched.applied, matched.kept, matched.late)
            self._told()
        except StoreUnavailable as error:
            LOG.warning("cannot store what was delivered, the SMSC is to try again", problem=str(error))
            status = int(Status.ESME_RX_T_APPN)
        for link, connection, pdus in deliveries:
            link.acknowledge(pdus, status, connection=connection)

    def _read(self, link: Link, pdus: Sequence[Pdu], now: int, receipts: list[Receipt], inbound: list[Inbound]) -> None:
        smsc = link.binding.smsc
        dialect = self._pool.places[smsc].smsc.dialect
        for pdu in pdus:
            if pdu.command not in CARRIERS:
                continue  # alert_notification: nothing waits for it here
            found = read_delivery(pdu, smsc, dialect, now)
            if isinstance(found, Receipt):
                receipts.append(found)
            elif found is not None:
                inbound.append(found)
            else:
                LOG.warning("receipt without an id", link=link.binding.name)
