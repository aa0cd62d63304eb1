"""What links bring is kept apart by the connection that it came by."""

from __future__ import annotations

import asyncio
from typing import Any

from flows.house import TurnedClock, an_smsc, until
from heliograph.flows.inbox import Inbox
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command, Status
from heliograph.smpp.pdu import Pdu
from heliograph.smsc.pool import Pool


def test_an_answer_keeps_its_connection_when_the_link_has_another_before_it_is_settled() -> None:
    async def main() -> None:
        simulator, clock, inbox = Simulator(Behaviour(receipts=False)), TurnedClock(), Inbox()
        await simulator.start()
        pool = Pool([an_smsc(simulator.port)], inbox, clock)
        [link] = pool.places["north"].links
        running = asyncio.create_task(pool.run())
        async with asyncio.timeout(30):
            await until(lambda: link.is_bound)
            token: Any = ("job", 1)
            fields = {"destination_addr": "41793026727", "short_message": b"!status=0x04"}
            link.submit([Pdu(Command.SUBMIT_SM, fields=fields)], [token])
            await inbox.settle.wait()
            simulator.drop_links()
            while link.connection == 1 or not link.is_bound:
                clock.turn(0.25)
                await asyncio.sleep(0.001)

            [(settled, pdu, connection, _)] = inbox.take_answers().answers
            assert (settled, pdu.status, connection) == (token, Status.ESME_RINVBNDSTS, 1)
            link.drop("the session is in the wrong state", connection=connection)
            assert link.is_bound
            pool.stop()
            await running
        await simulator.stop()

    asyncio.run(main())
