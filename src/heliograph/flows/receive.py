"""What SMSCs deliver: receipts and inbound messages are stored, and acknowledged after the commit.

Rule 1: what cannot be stored now is to come again (ESME_RX_T_APPN).
Rule 2: what the database refuses for what it holds, or we cannot read for a reason nobody foresaw, is not to come again
(ESME_RX_R_APPN): it would fail again, for ever, and hold up what comes behind it. Nothing else is refused with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.flows.inbox import Delivered, Inbox
from heliograph.flows.rounds import Rounds
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import Pdu
from heliograph.sms.message import Inbound, Receipt
from heliograph.smsc.dialect import read_delivery
from heliograph.smsc.link import Link
from heliograph.smsc.pool import Pool
from heliograph.store.errors import StoreUnavailable, Unstorable
from heliograph.store.interface import Store
from heliograph.store.settling import Delivery

LOG = structlog.get_logger(__name__)
CARRIERS = (Command.DELIVER_SM, Command.DATA_SM)


class Unreadable(Exception):
    """A delivery that made our own reading fail; the text is the kind of error."""


class Receiver(Rounds):
    """One for all links; each round takes all that came, and acknowledges it together."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        inbox: Inbox,
        keys: KeyMaker,
        clock: Clock,
        watch: Watch,
        told: Callable[[], None],
        came: Callable[[], None],
    ) -> None:
        super().__init__(inbox.receive)
        self._store = store
        self._pool = pool
        self._inbox = inbox
        self._clock = clock
        self._watch = watch
        self._keys = keys
        self._told = told  # reports may have become due
        self._came = came  # inbound messages may have

    async def _round(self) -> None:
        deliveries = self._inbox.take_deliveries()
        if not deliveries:
            return
        now = self._clock.now()
        receipts: list[Receipt] = []
        inbound: list[Inbound] = []
        try:
            for link, _, pdus in deliveries:
                self._read(link, pdus, now, receipts, inbound)
            status = await self._keep(Delivery(now, receipts, inbound))
        except (Unreadable, Unstorable):
            await self._one_by_one(deliveries, now)
            return
        for link, connection, pdus in deliveries:
            link.acknowledge(pdus, status, connection=connection)

    async def _keep(self, delivery: Delivery) -> int:
        """The command_status of the responses. Raises Unstorable."""
        try:
            matched = await self._store.receive(delivery)
        except StoreUnavailable as error:
            LOG.warning("cannot store what was delivered, the SMSC is to try again", problem=str(error))
            return Status.ESME_RX_T_APPN
        self._watch.received(delivery.receipts, matched.inbound, matched.applied, matched.kept, matched.late)
        self._told()
        if delivery.inbound:
            self._came()
        return Status.ESME_ROK

    async def _one_by_one(self, deliveries: Sequence[Delivered], now: int) -> None:
        """Something in there is refused: each PDU is committed, or not, by itself, and has a status of its own."""
        for link, connection, pdus in deliveries:
            statuses = await asyncio.gather(*[self._keep_one(link, pdu, now) for pdu in pdus])
            for pdu, status in zip(pdus, statuses, strict=True):
                link.acknowledge([pdu], status, connection=connection)

    async def _keep_one(self, link: Link, pdu: Pdu, now: int) -> int:
        receipts: list[Receipt] = []
        inbound: list[Inbound] = []
        try:
            self._read(link, [pdu], now, receipts, inbound)
            return await self._keep(Delivery(now, receipts, inbound))
        except (Unreadable, Unstorable) as error:
            problem = "cannot be read" if isinstance(error, Unreadable) else "is refused by the store"
            what = "receipt" if receipts else "inbound message" if inbound else "delivery"
            LOG.error(f"a delivery {problem}, and is lost", link=link.binding.name,
                      sequence=pdu.sequence, what=what, problem=str(error))  # fmt: skip
            return Status.ESME_RX_R_APPN

    def _read(self, link: Link, pdus: Sequence[Pdu], now: int, receipts: list[Receipt], inbound: list[Inbound]) -> None:
        smsc = link.binding.smsc
        dialect = self._pool.places[smsc].smsc.dialect
        for pdu in pdus:
            if pdu.command not in CARRIERS:
                continue  # alert_notification: nothing waits for it here
            try:
                found = read_delivery(pdu, smsc, dialect, now)
            except Exception as error:  # it is not to end the gateway, at each delivery anew
                raise Unreadable(type(error).__name__) from error
            if isinstance(found, Receipt):
                receipts.append(found)
            elif found is not None:
                inbound.append(msgspec.structs.replace(found, key=self._keys.make(now)))
            else:
                LOG.warning("receipt without an id", link=link.binding.name)
