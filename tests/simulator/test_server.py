"""The simulated SMSC over real sockets: binds, ids, receipts, links."""

import asyncio

import pytest

from heliograph.simulator.behaviour import ID_BASES, Behaviour
from heliograph.simulator.server import NobodyBound, Simulator
from heliograph.smpp.constants import Command, MessageState, Tag
from heliograph.smpp.pdu import Pdu, encode
from heliograph.smpp.session import Bound
from simulator.esme import Scene, a_submit_sm, play


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [("one", "secret", 0), ("one", "wrong", 0x0E), ("two", "secret", 0x0F)],
)
def test_only_the_right_credentials_may_bind(system_id: str, password: str, status: int) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.connect()

        assert await esme.bind("trx", system_id, password) == status
        assert scene.simulator.counters.bound == (status == 0)
        assert sum(scene.simulator.counters.binds_refused.values()) == (status != 0)

    play(body, system_id="one", password="secret")


def test_without_credentials_anybody_may_bind_in_any_way() -> None:
    async def body(scene: Scene) -> None:
        for kind in ("tx", "rx", "trx"):
            await scene.bound(kind, system_id=kind)

        assert scene.simulator.counters.bound == 3

    play(body)


def test_binds_beyond_the_limit_are_refused_until_one_ends() -> None:
    async def body(scene: Scene) -> None:
        first, second = await scene.bound(), await scene.connect()

        assert await second.bind() == 0x05

        first.session.unbind(first.loop.time())
        first.flush()
        await scene.simulator.until(lambda counters: counters.bound == 0)
        assert first.closed == ["unbound by us"]
        await scene.bound()

    play(body, max_binds=1)


def test_every_bind_can_be_refused() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.connect()

        assert await esme.bind() == 0x0D

    play(body, bind_status=0x0D)


@pytest.mark.parametrize(("version", "tlv"), [(0x34, b"\x34"), (0x33, None)])
def test_the_bind_resp_names_the_version_unless_it_is_too_old(version: int, tlv: bytes | None) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()

        assert esme.of(Bound)[0].pdu.tlv(Tag.SC_INTERFACE_VERSION) == tlv

    play(body, interface_version=version)


@pytest.mark.parametrize("base", ID_BASES)
def test_ids_are_unique_also_after_a_restart_and_receipts_repeat_them(base: str) -> None:
    seen: set[str] = set()

    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        answers = await esme.answers_to(*[a_submit_sm()] * 300)
        ids = {pdu.fields["message_id"] for pdu in answers}
        receipts = await esme.receipts_of(300)

        assert len(ids) == 300
        assert {receipt.text.id for receipt in receipts} == ids
        assert not ids & seen
        seen.update(ids)

    play(body, id_base=base)
    play(body, id_base=base)


def test_counters_tell_what_happened_and_keep_what_was_sent() -> None:
    events: list[tuple[str, str, int]] = []

    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(a_submit_sm("a"), a_submit_sm("b"), a_submit_sm("b"), a_submit_sm("b", to="4179"))
        counters = scene.simulator.counters
        await scene.simulator.until(lambda counters: counters.acknowledged[0] == 4)

        assert (counters.submits, counters.unique, counters.responses, counters.receipts) == (4, 3, 4, 4)
        assert counters.refused.total() == 0
        assert [pdu.fields["short_message"] for pdu in scene.simulator.submits] == [b"a", b"b", b"b", b"b"]
        assert scene.simulator.pending == 0

    play(body, keep=True, on_event=lambda kind, system_id, count: events.append((kind, system_id, count)))
    totals = {kind: sum(count for found, _, count in events if found == kind) for kind, _, _ in events}
    assert totals == {"bound": 1, "submit_sm": 4, "submit_sm_resp": 4, "receipt": 4, "acknowledged": 4, "unbound": 1}
    assert {system_id for _, system_id, _ in events} == {"one"}


def test_nothing_is_kept_of_finished_messages() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.submit(*[a_submit_sm()] * 500)
        await scene.simulator.until(lambda counters: counters.acknowledged[0] == 500)

        [link] = scene.simulator.links
        assert (scene.simulator.pending, len(link.unacknowledged), scene.simulator.submits) == (0, 0, [])

    play(body, receipt_delay=0.01)


@pytest.mark.parametrize("registered_delivery", [0, 2, 0x10])
def test_no_receipt_comes_that_was_not_asked_for(registered_delivery: int) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        await esme.answers_to(a_submit_sm(registered_delivery=registered_delivery))
        await esme.answers_to(a_submit_sm(to="4179"))

        [receipt] = await esme.receipts_of(1)
        assert receipt.text.id == esme.answers[1].fields["message_id"]

    play(body)


def test_receipts_go_to_the_receivers_of_the_same_system_id_in_turn() -> None:
    async def body(scene: Scene) -> None:
        sender, other = await scene.bound("tx"), await scene.bound("rx", "two")
        receivers = [await scene.bound("rx"), await scene.bound("rx")]

        await sender.answers_to(*[a_submit_sm()] * 100)
        for _ in range(10):
            await sender.answers_to(a_submit_sm())
        await scene.simulator.until(lambda counters: counters.acknowledged[0] == 110)

        assert [len(esme.requests) for esme in (*receivers, sender, other)] == [55, 55, 0, 0]

    play(body)


def test_receipts_are_kept_while_no_receiver_is_bound() -> None:
    async def body(scene: Scene) -> None:
        sender = await scene.bound("tx")
        await sender.answers_to(*[a_submit_sm()] * 3)
        assert scene.simulator.pending == 3

        receiver = await scene.bound("rx")

        assert len(await receiver.receipts_of(3)) == 3

    play(body)


def test_receipts_that_were_not_acknowledged_come_again_on_the_next_link() -> None:
    async def body(scene: Scene) -> None:
        first = await scene.bound()
        first.acknowledging = False
        await first.answers_to(a_submit_sm())
        await first.receipts_of(1)
        scene.simulator.drop_links()
        await first.until(lambda esme: esme.gone)

        second = await scene.bound()

        assert await second.receipts_of(1) == first.receipts

    play(body)


def test_a_receipt_refused_for_the_moment_comes_again() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.statuses = [0x64]
        await esme.answers_to(a_submit_sm())

        first, second = await esme.receipts_of(2)
        await scene.simulator.until(lambda counters: counters.acknowledged == {0x64: 1, 0: 1})
        assert first == second

    play(body, redeliver_after=0.01)


def test_no_more_receipts_are_out_than_the_window_takes() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.acknowledging = False
        await esme.answers_to(*[a_submit_sm()] * 50)
        await esme.receipts_of(7)
        assert len(esme.receipts) == 7
        assert scene.simulator.pending == 50

        esme.acknowledging = True
        esme.session.respond_many(esme.requests)
        esme.flush()

        assert len(await esme.receipts_of(50)) == 50

    play(body, window=7)


def test_a_deliver_sm_reaches_a_receiver_and_its_status_comes_back() -> None:
    async def body(scene: Scene) -> None:
        with pytest.raises(NobodyBound):
            scene.simulator.deliver(short_message=b"hello")
        esme = await scene.bound("rx")
        esme.statuses = [0, 0x64]

        first = scene.simulator.deliver(source_addr="4179", destination_addr="100", short_message=b"STOP")
        second = scene.simulator.deliver(command=Command.DATA_SM, system_id="one", tlvs=[(0x0424, b"STOP")])

        assert (await first, await second) == (0, 0x64)
        assert [pdu.fields.get("short_message") for pdu in esme.requests] == [b"STOP", None]
        with pytest.raises(NobodyBound):
            scene.simulator.deliver(system_id="two")

    play(body)


def test_receivers_take_turns_at_deliver_sm() -> None:
    async def body(scene: Scene) -> None:
        esmes = [await scene.bound("rx"), await scene.bound("trx")]

        for _ in range(4):
            assert await scene.simulator.deliver(short_message=b"hello") == 0

        assert [len(esme.requests) for esme in esmes] == [2, 2]

    play(body)


def test_a_stalled_smsc_says_nothing_and_goes_on_where_it_stopped() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        await esme.answers_to(a_submit_sm("!late=0.02"))
        esme.submit(a_submit_sm("!late=0.02"))
        await scene.simulator.until(lambda counters: counters.submits == 2)
        scene.simulator.stall()
        esme.submit(a_submit_sm())
        await asyncio.sleep(0.05)
        assert len(esme.answers) == 1

        scene.simulator.resume()

        await esme.until(lambda esme: len(esme.answers) == 3 and len(esme.receipts) == 3)

    play(body)


def test_a_stalled_smsc_keeps_its_receipts_and_new_links_wait() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        scene.simulator.stall()
        scene.simulator.links[0].mailbox.put([encode(Pdu(Command.DELIVER_SM))])  # type: ignore[union-attr]
        other = await scene.connect()
        binding = asyncio.create_task(other.bind())
        await asyncio.sleep(0.03)
        assert (esme.requests, binding.done(), scene.simulator.pending) == ([], False, 1)

        scene.simulator.resume()

        assert await binding == 0
        await scene.simulator.until(lambda counters: counters.acknowledged[0] == 1)

    play(body)


def test_links_are_dropped_and_the_smsc_comes_back_on_the_same_port() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        port = scene.simulator.port

        await scene.simulator.stop()
        await esme.until(lambda esme: esme.gone)
        with pytest.raises(OSError):
            await scene.connect()
        await scene.simulator.start()

        assert scene.simulator.port == port
        await scene.bound()

    play(body)


def test_octets_cut_anywhere_are_understood() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        esme.acknowledging = False  # nothing may come between the pieces
        esme.session.request([a_submit_sm()] * 3, [1, 2, 3], esme.loop.time())
        octets = esme.session.take_output()
        for at in range(0, len(octets), 5):
            esme.transport.write(octets[at : at + 5])
            await asyncio.sleep(0)

        assert len(await esme.receipts_of(3)) == 3

    play(body)


def test_data_sm_and_message_payload_are_taken_like_a_submit_sm() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        fields = {"source_addr": "1", "destination_addr": "2", "registered_delivery": 1}
        payload = [(int(Tag.MESSAGE_PAYLOAD), b"!receipt=EXPIRED")]

        await esme.answers_to(
            Pdu(Command.DATA_SM, 0, 0, fields, payload), Pdu(Command.SUBMIT_SM, 0, 0, fields, payload)
        )

        states = [receipt.state for receipt in await esme.receipts_of(2)]
        assert states == [MessageState.EXPIRED] * 2

    play(body)


@pytest.mark.parametrize(
    ("command", "status"),
    [(Command.QUERY_SM, 0x67), (Command.CANCEL_SM, 0x11), (Command.REPLACE_SM, 0x13)],
)
def test_operations_on_messages_it_does_not_keep_are_refused(command: int, status: int) -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()

        [answer] = await esme.answers_to(Pdu(command))

        assert answer.status == status

    play(body)


def test_a_behaviour_may_change_while_links_are_bound() -> None:
    async def body(scene: Scene) -> None:
        esme = await scene.bound()
        scene.simulator.behaviour = Behaviour(refuse_every=1, refuse_status=0x58)

        [answer] = await esme.answers_to(a_submit_sm())

        assert answer.status == 0x58
        assert scene.simulator.counters.refused == {0x58: 1}

    play(body)


def test_a_submit_sm_without_a_bind_is_refused_and_a_broken_stream_is_closed() -> None:
    async def body(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection(scene.simulator.host, scene.simulator.port)
        writer.write(encode(a_submit_sm(), 7) + bytes.fromhex("00000008"))

        octets = await reader.read()

        assert octets[:16] == bytes.fromhex("00000010 80000004 00000004 00000007")
        assert octets[16:] == bytes.fromhex("00000010 80000000 00000002 00000000")
        writer.close()
        await writer.wait_closed()

    play(body)


def test_a_port_that_is_taken_is_an_error() -> None:
    async def body(scene: Scene) -> None:
        with pytest.raises(OSError):
            await Simulator(port=scene.simulator.port).start()

    play(body)
