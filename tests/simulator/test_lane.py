"""The fast lane and the ordinary way come to the same octets."""

from typing import Any

import pytest

import vectors
from heliograph.simulator.behaviour import ID_BASES, Behaviour
from heliograph.simulator.lane import Lane
from heliograph.simulator.plan import Plan
from heliograph.simulator.taking import receipts, response
from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import decode, encode
from simulator.esme import a_submit_sm

WALL = 1_629_907_200.0
NUMBER = 1_234_567_890_123_456_789


def lane(**behaviour: Any) -> Lane:
    made = Lane(Behaviour(**behaviour))
    made.at(WALL)
    return made


BEHAVIOURS: list[dict[str, Any]] = [
    {},
    {"id_base": "dec", "receipt_id_base": "hex"},
    {"state": "UNDELIV", "err": "27"},
    {"receipt_delay": 3600.0},
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"short_message": b""},
        {"short_message": bytes(range(1, 160))},
        {"short_message": b"%b %s 100%"},
        {"data_coding": 8, "short_message": "hé".encode("utf-16-be")},
        {"esm_class": 0x40, "short_message": bytes.fromhex("050003010201") + b"hello"},
        {"validity_period": "000000120000000R", "service_type": "CMT"},
        {"registered_delivery": 0},
        {"registered_delivery": 2},
        {"source_addr": ""},
    ],
)
def test_the_fast_lane_writes_what_the_ordinary_way_writes(fields: dict[str, Any], behaviour: dict[str, Any]) -> None:
    octets = encode(a_submit_sm(**fields), 7)
    pdu, told = decode(octets), Behaviour(**behaviour)
    plan = Plan(word=told.state, err=told.err, delay=told.receipt_delay)

    taken = lane(**behaviour).take(b"xx" + octets + b"yy", 2, 2 + len(octets), 7, NUMBER)

    assert taken is not None
    assert taken[0] == response(pdu, plan, ID_BASES[told.id_base](NUMBER))
    assert [taken[1]] == (receipts(pdu, plan, told, NUMBER, WALL).final or [b""])


@pytest.mark.parametrize(
    "octets",
    [
        encode(a_submit_sm("!drop"), 1),
        encode(a_submit_sm("!drop".encode("utf-16-be"), data_coding=8), 1),
        encode(a_submit_sm(bytes.fromhex("050003010201") + b"!drop", esm_class=0x40), 1),
        encode(a_submit_sm(), 1)[:-1],
        encode(a_submit_sm(), 1) + b"\0",
        encode(a_submit_sm(), 1) + bytes.fromhex("020400020001"),
        encode(a_submit_sm(validity_period="000000120000000R"), 1).replace(b"000R", b"00R"),
    ],
)
def test_what_is_not_ordinary_is_left_to_the_session(octets: bytes) -> None:
    assert lane().take(octets, 0, len(octets), 1, NUMBER) is None


def test_the_fast_lane_takes_no_submit_sm_that_the_codec_refuses() -> None:
    cases = [case for case in vectors.of_kind("pdu") if bytes.fromhex(case["hex"])[4:8] == b"\0\0\0\4"]
    for case in cases:
        octets = bytes.fromhex(case["hex"])
        taken = lane().take(octets, 0, len(octets), 1, NUMBER)
        if taken is not None:
            assert decode(taken[0]).command == Command.SUBMIT_SM_RESP
            assert decode(octets).command == Command.SUBMIT_SM
    assert len(cases) > 10
