"""A stream is cut into PDUs wherever the network cut it, or it is given up."""

import random

import pytest

import vectors
from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import Pdu, decode, encode
from heliograph.smpp.session import Closed, Requested, Role, Session, State, Timing
from heliograph.smpp.stream import Stream

CASES = vectors.of_kind("stream")
BIND = Pdu(Command.BIND_TRANSCEIVER, 0, 1, {"system_id": "esme"})


def chunks(octets: bytes, cuts: int | list[int] | None) -> list[bytes]:
    if cuts is None:
        return [octets]
    if isinstance(cuts, int):
        return [octets[at : at + cuts] for at in range(0, len(octets), cuts)]
    return [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]


def bound_smsc() -> Session:
    session = Session(Role.SMSC, 0.0)
    [asked] = session.receive(encode(BIND), 0.0)
    session.respond(asked.pdu)
    session.take_output()
    return session


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_stream_is_read_as_the_standard_says(case):
    session, events = bound_smsc(), []
    for chunk in chunks(bytes.fromhex(case["hex"]), case["chunks"]):
        events += session.receive(chunk, 0.0)
    output = session.take_output()
    if isinstance(case["expect"], str):
        assert output.hex() == case["expect"].split()[-1]
        assert isinstance(events[-1], Closed)
        assert session.state is State.CLOSED
    else:
        handed_on = [Command(event.pdu.command).name.lower() for event in events if isinstance(event, Requested)]
        answered = ["enquire_link"] if output and decode(output).command == Command.ENQUIRE_LINK_RESP else []
        assert handed_on + answered == case["expect"]


def test_octets_may_come_one_at_a_time():
    pdus = [bytes.fromhex(case["hex"]) for case in vectors.of_kind("pdu")]
    stream, found = Stream(66_560), []
    for octet in b"".join(pdus):
        found += stream.cut(bytes([octet]), 0.0)
    assert found == pdus
    assert stream.waiting_since is None


def test_octets_may_be_cut_anywhere():
    dice = random.Random(7)
    pdus = [bytes.fromhex(case["hex"]) for case in vectors.of_kind("pdu")]
    whole = b"".join(pdus)
    for _ in range(50):
        stream, found = Stream(66_560), []
        for chunk in chunks(whole, sorted(dice.sample(range(len(whole)), 40))):
            found += stream.cut(chunk, 0.0)
        assert found == pdus


@pytest.mark.parametrize("length", [0, 15, 66_561, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_stream_after_what_was_whole(length):
    stream, whole = Stream(66_560), encode(BIND)
    assert stream.cut(whole + length.to_bytes(4, "big"), 0.0) == [whole]
    assert str(length) in stream.broken


def test_the_largest_pdu_fits():
    largest = Pdu(Command.SUBMIT_SM, 0, 1, {}, [(0x0424, bytes(65_535))])
    stream = Stream(66_560)
    assert [len(found) for found in stream.cut(encode(largest), 0.0)] == [len(encode(largest))]


def test_a_pdu_that_is_not_completed_ends_the_session():
    session = bound_smsc()
    octets = encode(Pdu(Command.SUBMIT_SM, 0, 2))
    assert session.receive(octets + octets[:3], 100.0) != []
    assert session.receive(octets[3:20], 105.0) == []
    assert session.next_tick() == 110.0
    assert session.tick(109.9) == []
    assert session.tick(110.0) == [Closed("a PDU was not completed")]


def test_the_clock_of_an_incomplete_pdu_starts_with_its_first_octet():
    session = bound_smsc()
    octets = encode(Pdu(Command.SUBMIT_SM, 0, 2))
    for now in range(20):  # each octet of a PDU completes one and begins the next
        session.receive(octets[-1:] + octets[:-1] if now else octets[:-1], float(now))
        assert session.tick(float(now)) == []
    assert session.next_tick() == 29.0


def test_a_session_that_ended_reads_nothing_more():
    session = Session(Role.SMSC, 0.0, timing=Timing(bind_within=1.0))
    assert session.tick(1.0) == [Closed("no bind in time")]
    assert session.receive(encode(BIND), 2.0) == []
    assert session.take_output() == b""
    assert session.next_tick() == float("inf")
