"""Each fault of the simulated SMSC, as an ESME sees it over a real socket."""

import asyncio

import pytest

from heliograph.simulator.dialects import DIALECTS
from heliograph.smpp.constants import Command, MessageState
from heliograph.smpp.pdu import Pdu, encode
from heliograph.smpp.session import Answered, Requested
from simulator.esme import Esme, Scene, a_submit_sm, play


def kinds(esme: Esme) -> list[str]:
    """What came, in order: answers and requests."""
    return [type(event).__name__ for event in esme.seen if isinstance(event, (Answered, Requested))]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_travels(name: str) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        [answer] = await esme.answers_to(a_submit_sm("hello"))

        [receipt] = await esme.receipts_of(1)

        assert receipt.state is MessageState.UNDELIVERABLE
        if name != "two-ids":
            assert answer.fields["message_id"] in {found for _, found in receipt.ids}

    play(body, dialect=name, state="UNDELIV", err="027")


@pytest.mark.parametrize("word", ["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNKNOWN", "ACCEPTD"])
def test_a_state_can_be_had_by_behaviour_and_by_order(word: str) -> None:
    async def by_behaviour(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm())
        assert (await esme.receipts_of(1))[0].text.stat == word

    async def by_order(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm(f"!receipt={word} err=21b dialect=long-err"))
        [receipt] = await esme.receipts_of(1)
        assert (receipt.text.stat, receipt.text.err) == (word, "021b")

    play(by_behaviour, state=word)
    play(by_order)


def test_a_text_is_refused_twice_and_then_taken() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()

        answers = [(await esme.answers_to(a_submit_sm("!status=0x58 times=2")))[0].status for _ in range(3)]

        assert answers == [0x58, 0x58, 0]
        assert len(await esme.receipts_of(1)) == 1

    play(body)


def test_what_is_above_the_throttle_is_refused() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()

        answers = await esme.answers_to(*[a_submit_sm()] * 20)

        assert [pdu.status for pdu in answers].count(0x58) >= 14

    play(body, throttle=5)


def test_the_receipt_can_come_before_the_answer() -> None:
    async def by_behaviour(scene: Scene) -> None:
        esme = await scene.bound()
        await esme.answers_to(a_submit_sm())
        assert kinds(esme) == ["Requested", "Answered"]

    async def by_order(scene: Scene) -> None:
        esme = await scene.bound()
        await esme.answers_to(a_submit_sm("!receiptfirst late=0.02"))
        assert kinds(esme) == ["Requested", "Answered"]

    play(by_behaviour, receipts_first=True)
    play(by_order)


def test_with_no_delay_the_answer_still_comes_before_the_receipt() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        for text in ("hello", "!duplicates=0"):
            await esme.answers_to(a_submit_sm(text))
        await esme.receipts_of(2)

        assert kinds(esme) == ["Answered", "Requested"] * 2

    play(body)


@pytest.mark.parametrize(("text", "behaviour"), [("!noanswer", {}), ("hello", {"no_answer": True})])
def test_an_answer_can_fail_to_come(text: str, behaviour: dict[str, bool]) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm(text), Pdu(0x03))
        await esme.until(lambda esme: esme.answers)

        assert [pdu.command for pdu in esme.answers] == [0x80000003]
        assert esme.session.outstanding == 1
        assert esme.receipts == []

    play(body, **behaviour)


@pytest.mark.parametrize(("text", "behaviour"), [("!late=0.05", {}), ("hello", {"resp_delay": 0.05})])
def test_an_answer_can_be_late_and_its_receipt_follows_it(text: str, behaviour: dict[str, float]) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        start = esme.loop.time()
        await esme.answers_to(a_submit_sm(text))

        assert esme.loop.time() - start >= 0.04
        await esme.receipts_of(1)
        assert kinds(esme) == ["Answered", "Requested"]

    play(body, **behaviour)


@pytest.mark.parametrize(
    ("garbage", "status"),
    [("nack", 3), ("nack-length", 2), ("length", None), ("noise", None), ("stranger", None), ("body", 0)],
)
def test_an_answer_can_be_garbage(garbage: str, status: int | None) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm(f"!garbage={garbage}"))
        await esme.until(lambda esme: esme.answers or esme.closed or esme.session.dropped)

        assert [pdu.status for pdu in esme.answers] == ([] if status is None else [status])
        assert bool(esme.closed) is (garbage in ("length", "noise"))
        assert esme.receipts == []

    play(body)


def test_every_kth_answer_can_be_garbage() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()

        answers = await esme.answers_to(*[a_submit_sm()] * 4)

        assert [pdu.status for pdu in answers] == [0, 3, 0, 3]

    play(body, garbage_every=2, garbage="nack")


def test_a_link_is_dropped_by_count_and_by_order() -> None:
    async def by_count(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(*[a_submit_sm(registered_delivery=0)] * 5)
        await esme.until(lambda esme: esme.gone)
        assert scene.simulator.counters.submits == 3
        assert len(esme.session.lost()) >= 3

    async def by_order(scene: Scene) -> None:
        text = a_submit_sm("!drop times=1")
        first = await scene.bound()
        first.submit(text)
        await first.until(lambda esme: esme.gone)
        [answer] = await (await scene.bound()).answers_to(text)
        assert answer.status == 0

    play(by_count, drop_after=3)
    play(by_order)


def test_receipts_can_be_doubled_or_left_out() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        [_, doubled] = await esme.answers_to(a_submit_sm("!noreceipt"), a_submit_sm("!duplicates"))

        receipts = await esme.receipts_of(2)

        assert [receipt.text.id for receipt in receipts] == [doubled.fields["message_id"]] * 2

    async def never(scene: Scene) -> None:
        esme = await scene.bound()
        await esme.answers_to(a_submit_sm(), a_submit_sm("!receipt=EXPIRED"))
        assert scene.simulator.pending == scene.simulator.counters.receipts == 0

    play(body)
    play(never, receipts=False)


@pytest.mark.parametrize(
    ("order", "texts"),
    [
        ("!reply noreceipt", [(0, b"Hello back")]),
        ("!reply=2 noreceipt", [(0x40, b"\5\0\3%c\2\1Part 1 of 2. "), (0x40, b"\5\0\3%c\2\2Part 2 of 2. ")]),
        ("!reply status=8", []),
    ],
)
def test_an_inbound_message_can_be_ordered(order: str, texts: list[tuple[int, bytes]]) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        number = scene.simulator.number & 0xFF
        await esme.answers_to(a_submit_sm(order))
        await esme.until(lambda esme: len(esme.of(Requested)) >= len(texts))

        fields = [event.pdu.fields for event in esme.of(Requested)]
        assert [(f["esm_class"], f["short_message"]) for f in fields] == [
            (esm_class, text % number if esm_class else text) for esm_class, text in texts
        ]
        assert {(f["source_addr"], f["destination_addr"]) for f in fields} <= {("41793026727", "Heliograph")}
        await scene.simulator.until(lambda counters: counters.acknowledged[0] == len(texts))
        assert scene.simulator.pending == 0

    play(body)


@pytest.mark.parametrize(("registered_delivery", "flags"), [(0x11, [True, False]), (0x01, [False]), (0x10, [True])])
def test_an_intermediate_notification_comes_first_where_it_was_asked_for(
    registered_delivery: int, flags: list[bool]
) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm("!intermediate", registered_delivery=registered_delivery))
        await esme.receipts_of(len(flags))
        await esme.answers_to(a_submit_sm("!noreceipt"))

        assert [receipt.intermediate for receipt in esme.receipts] == flags

    play(body)


def test_an_enquire_link_is_answered_unless_it_is_to_be_ignored() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.session.tick(esme.loop.time() + 31)
        esme.flush()
        await esme.answers_to(a_submit_sm())

        reasons = [event.reason for event in esme.session.tick(esme.loop.time() + 45)]  # type: ignore[union-attr]
        assert reasons == expected

    expected: list[str] = ["enquire_link was not answered"]
    play(body, ignore_enquire=True)
    expected = []
    play(body)


def test_the_smsc_sends_enquire_link_after_silence() -> None:
    async def body(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection(scene.simulator.host, scene.simulator.port)
        writer.write(encode(Pdu(Command.BIND_TRANSCEIVER, 0, 1, {"system_id": "one"})))
        octets = await asyncio.wait_for(reader.readuntil(bytes.fromhex("00000015 00000000")), 5)

        assert octets[4:12] == bytes.fromhex("80000009 00000000")
        writer.close()
        await writer.wait_closed()

    play(body, enquire_after=0.03)


def test_raw_octets_reach_every_link() -> None:
    async def body(scene: Scene) -> None:
        esmes = [await scene.bound(), await scene.bound()]

        scene.simulator.send_raw(bytes.fromhex("00000003"))

        for esme in esmes:
            await esme.until(lambda esme: esme.closed == ["command_length 3"])

    play(body)
