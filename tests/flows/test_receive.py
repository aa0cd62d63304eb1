"""What SMSCs deliver, between a real link and a real store: when it is acknowledged, with what, and by which
connection."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import structlog

from flows.engines import Engine, OnPostgres
from heliograph.app import open_store
from heliograph.flows import receive
from heliograph.flows.inbox import Inbox
from heliograph.flows.receive import Receiver
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Command, Status, Tag
from heliograph.smpp.pdu import Pdu, encode
from heliograph.sms.message import Inbound, Receipt
from heliograph.smsc.dialect import read_delivery
from heliograph.smsc.pool import Pool
from smsc.scene import an_smsc, ended
from still import StillClock, until

OK, LATER, NEVER = Status.ESME_ROK, Status.ESME_RX_T_APPN, Status.ESME_RX_R_APPN
RECEIPT = 4  # esm_class
PING = encode(Pdu(Command.ENQUIRE_LINK, 0, 0x7FFF_0000))


@dataclass
class Desk:
    """A receiver; `deliver` sends an inbound message and gives the command_status of its response."""

    engine: Engine
    simulator: Simulator
    pool: Pool
    clock: StillClock
    receiver: Receiver
    watch: Watch
    told: list[int]
    came: list[int]

    def deliver(self, sender: str, text: bytes = b"hello", **fields: int) -> asyncio.Future[int]:
        plain = {"source_addr": sender, "destination_addr": "12345", "short_message": text}
        return self.simulator.deliver(**plain | fields)  # type: ignore[arg-type]

    async def read(self) -> None:
        """Until the gateway has read all that was delivered, and could have answered it."""
        for _ in range(3):
            session = self.simulator.links[0].session
            before = session.dropped
            self.simulator.send_raw(PING)  # is answered at once, and nobody waits for that answer
            await until(lambda session=session, before=before: session.dropped > before)  # type: ignore[misc]

    async def bound(self) -> None:
        while not self.pool.places["north"].bound:
            self.clock.turn(0.25)
            await asyncio.sleep(0.001)

    async def stored(self) -> list[str]:
        return [sender for (sender,) in await self.engine.rows("SELECT sender FROM inbound ORDER BY id")]


@asynccontextmanager
async def a_desk(engine: Engine, *, at_work: bool = True) -> AsyncIterator[Desk]:
    simulator, clock, inbox, watch, told, came = Simulator(), StillClock(), Inbox(), Watch(), [0], [0]
    await simulator.start()
    store = await open_store(engine.url, exclusive=True)
    pool = Pool([an_smsc(simulator.port)], inbox, clock)

    def tell() -> None:
        told[0] += 1

    def come() -> None:
        came[0] += 1

    receiver = Receiver(store, pool, inbox, KeyMaker(1), clock, watch, tell, come)
    links = asyncio.create_task(pool.run())
    working = asyncio.create_task(receiver.run()) if at_work else None
    desk = Desk(engine, simulator, pool, clock, receiver, watch, told, came)
    try:
        await desk.bound()
        yield desk
    finally:
        pool.stop()
        await ended(clock, links)
        receiver.stop()
        if working is not None:
            await working
        await store.close()
        await simulator.stop()


def play(engine: Engine, body: Callable[[Desk], Awaitable[None]], **options: bool) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), a_desk(engine, **options) as desk:
            await body(desk)

    asyncio.run(main())


def test_a_deliver_sm_is_answered_after_its_commit_and_not_before(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        async with engine.held():
            answer = desk.deliver("1")
            await desk.read()
            assert not answer.done()
            assert desk.told == [0]

        assert await answer == OK
        assert await desk.stored() == ["1"]
        assert (desk.told, desk.came, desk.watch.inbound_messages) == ([1], [1], 1)

    play(engine, body)


def test_what_came_meanwhile_is_stored_in_one_commit_and_each_is_answered(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        async with engine.held():
            first = desk.deliver("1")
            await desk.read()
            others = [desk.deliver(str(n)) for n in range(2, 7)]
            await desk.read()

        assert await asyncio.gather(first, *others) == [OK] * 6
        assert await desk.stored() == list("123456")
        assert desk.told == [2], "one commit for the first, and one for all that came while it was on its way"

    play(engine, body)


def test_what_cannot_be_stored_now_is_to_come_again(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        assert await desk.deliver("1") == OK
        async with engine.unavailable():
            answers = [desk.deliver("2", b"x" * 200) for _ in range(20)]
            assert await asyncio.gather(*answers) == [LATER] * 20
        assert desk.told == [1]

        async with asyncio.timeout(10):
            while await desk.deliver("3") != OK:
                pass
        assert await desk.stored() == ["1", "3"]

    play(engine, body)


def test_what_the_database_refuses_is_not_to_come_again_and_hurts_nothing_that_came_with_it(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await engine.refuse("inbound", "sender", "'666'")
        async with engine.held():
            first = desk.deliver("1")
            await desk.read()
            batch = [desk.deliver(sender, b"secret words") for sender in ("2", "666", "3")]
            await desk.read()

        with structlog.testing.capture_logs() as logs:
            assert await asyncio.gather(first, *batch) == [OK, OK, NEVER, OK]
        assert sorted(await desk.stored()) == ["1", "2", "3"]
        assert desk.watch.inbound_messages == 3
        [line] = [line for line in logs if line["log_level"] == "error"]
        assert (line["link"], line["what"]) == ("north/1", "inbound message")
        assert not {"666", "secret", "12345"} & set(str(line).replace("'", " ").split()), "no word of what it held"

        assert await desk.deliver("4") == OK

    play(engine, body)


def test_what_cannot_be_read_for_a_reason_nobody_foresaw_is_refused_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(pdu: Pdu, *more: Any) -> Receipt | Inbound | None:
        return read_delivery(pdu, *more) if pdu.fields["source_addr"] != "666" else int("x")  # type: ignore[return-value]

    monkeypatch.setattr(receive, "read_delivery", fails)

    async def body(desk: Desk) -> None:
        with structlog.testing.capture_logs() as logs:
            assert await asyncio.gather(*[desk.deliver(sender) for sender in ("1", "666", "2")]) == [OK, NEVER, OK]
        assert sorted(await desk.stored()) == ["1", "2"]
        assert [line["problem"] for line in logs if line["log_level"] == "error"] == ["ValueError"]

    play(engine, body)


def test_an_id_too_long_for_an_index_is_refused_alone(engine: Engine) -> None:
    chance = random.Random(1)
    long = "".join(chance.choice(string.ascii_lowercase) for _ in range(20_000))

    async def body(desk: Desk) -> None:
        payload = f"id:{long} stat:DELIVRD err:000".encode()
        answer = desk.simulator.deliver(esm_class=RECEIPT, tlvs=[(Tag.MESSAGE_PAYLOAD, payload)])
        good = desk.deliver("1")

        assert await answer == (NEVER if isinstance(engine, OnPostgres) else OK)
        assert await good == OK

    play(engine, body)


def test_text_that_the_encoding_of_a_database_cannot_hold_is_refused_alone(postgres_url: str) -> None:
    name = "of_central_europe"
    made = f"CREATE DATABASE {name} ENCODING 'LATIN2' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    engine = OnPostgres(postgres_url.replace("/postgres?", f"/{name}?"))

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute(statement)
        await connection.close()

    async def body(desk: Desk) -> None:
        answers = [desk.deliver(sender) for sender in ("á", "ñ", "é")]

        assert await asyncio.gather(*answers) == [OK, NEVER, OK]
        assert sorted(await desk.stored()) == ["á", "é"]

    asyncio.run(administer(made))
    try:
        play(engine, body)
    finally:
        asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


def test_an_answer_goes_to_the_connection_that_the_delivery_came_by_or_to_none(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await engine.refuse("inbound", "sender", "'666'")
        async with engine.held():
            lost = desk.deliver("666")
            await desk.read()
            desk.simulator.drop_links()
            await until(lambda: not desk.pool.places["north"].bound)
            await desk.bound()
            answer = desk.deliver("1")  # on the new connection, by the same sequence_number
            await desk.read()
            assert not answer.done()

        assert await answer == OK, "the status was meant for a delivery of the connection before"
        assert lost.cancelled()

    play(engine, body)


def test_a_receipt_that_names_no_message_is_acknowledged(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        assert await desk.deliver("1", b"stat:DELIVRD err:000", esm_class=RECEIPT) == OK
        assert await desk.stored() == []

    play(engine, body)


def test_what_came_before_the_end_is_stored_and_answered(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        answer = desk.deliver("1")
        await desk.read()
        assert not answer.done()

        desk.receiver.stop()
        await desk.receiver.run()

        assert await answer == OK
        assert await desk.stored() == ["1"]

    play(engine, body, at_work=False)
