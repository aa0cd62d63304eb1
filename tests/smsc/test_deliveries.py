"""What SMSCs deliver, as foreign decoders judged it: which segment a receipt names, and what it says of it."""

from __future__ import annotations

from typing import Any

import pytest

import vectors
from heliograph.smpp.constants import Command, Tag
from heliograph.smpp.message_id import key
from heliograph.smpp.pdu import Pdu, decode, encode
from heliograph.sms.codes import ERROR, STATUS
from heliograph.sms.message import Inbound, Receipt
from heliograph.smsc.dialect import Dialect, read_delivery
from still import BEGIN as NOW

TEXT = "id:{} sub:001 dlvrd:001 submit date:2108251600 done date:2108251600 stat:{} err:{} text:hi"
ID, STATE, NETWORK = int(Tag.RECEIPTED_MESSAGE_ID), int(Tag.MESSAGE_STATE), int(Tag.NETWORK_ERROR_CODE)
PORTS = bytes.fromhex("0605041582000001020304")  # a UDH with ports, and four octets


def received(text: str, dialect: Dialect, *tlvs: tuple[int, bytes]) -> Receipt:
    pdu = Pdu(Command.DELIVER_SM, 0, 1, {"esm_class": 4, "short_message": text.encode("latin-1")}, list(tlvs))
    found = read_delivery(decode(encode(pdu)), "north", dialect, NOW)
    assert isinstance(found, Receipt)
    return found


@pytest.mark.parametrize("case", vectors.of_kind("receipt"), ids=lambda case: case["id"])
def test_a_receipt_of_any_dialect_says_what_became_of_which_segment(case: dict[str, Any]) -> None:
    found = read_delivery(decode(bytes.fromhex(case["hex"])), "north", Dialect(), NOW)
    expect = case["expect"]
    if not expect["receipt"]:
        assert isinstance(found, Inbound)
        return

    assert isinstance(found, Receipt)
    ids = [id_ for id_ in (expect["id_tlv"], expect["id_text"]) if id_ is not None]
    assert found.keys == tuple(dict.fromkeys(key(id_, "text") for id_ in ids))
    assert (found.smsc, found.final, found.status) == ("north", expect["final"], expect["statusId"])
    assert (found.error, found.note, found.at) == (expect["errorId"], None, NOW)
    assert found.status in STATUS
    assert found.error in ERROR


@pytest.mark.parametrize("case", vectors.of_kind("msgid"), ids=lambda case: case["id"])
@pytest.mark.parametrize("place", ["text", "tlv"])
def test_the_id_of_a_receipt_is_compared_as_both_sides_write_it(case: dict[str, Any], place: str) -> None:
    dialect = Dialect(resp_id_base=case["resp_base"], **{f"{place}_id_base": case["dlr_base"]})
    if place == "text":
        found = received(TEXT.format(case["dlr"], "DELIVRD", "000"), dialect)
    else:
        found = received("", dialect, (ID, case["dlr"].encode() + b"\0"), (STATE, b"\x02"))

    assert (key(case["resp"], dialect.resp_id_base) in found.keys) is case["match"]


def test_one_id_in_two_places_and_two_bases_is_one_key() -> None:
    pdu = decode(bytes.fromhex(vectors.BY_ID["E04"]["hex"]))
    bases = Dialect(text_id_base="dec", tlv_id_base="hex")

    plain, read = (read_delivery(pdu, "north", dialect, NOW) for dialect in (Dialect(), bases))

    assert isinstance(plain, Receipt)
    assert isinstance(read, Receipt)
    assert plain.keys == ("38601fa", "0059113978")  # the TLV is likelier
    assert read.keys == (key("38601fa", "hex"),)


def test_acceptd_in_the_tlv_alone_is_the_end_where_the_dialect_says_so() -> None:
    plain, final = (received("", Dialect(acceptd_final=one), (ID, b"7\0"), (STATE, b"\x06")) for one in (False, True))

    assert (plain.final, plain.status) == (False, 3)
    assert (final.final, final.status) == (True, 2)


@pytest.mark.parametrize(
    ("octets", "error", "note"),
    [
        (b"\x03\x00\x1b", 27, None),
        (b"\x03\x01\x78", 255, "Unknown error (operator code 376)"),
        (b"027", 27, None),
        (b"\x01\x00\x1b", 32, None),  # not of GSM
        (b"\x03\x00\x00", 32, None),
    ],
)
def test_the_networks_own_error_is_told_and_one_that_nobody_knows_in_words(
    octets: bytes, error: int, note: str | None
) -> None:
    for dialect in (Dialect(), Dialect(err_is_gsm=True)):
        found = received(TEXT.format("7", "UNDELIV", "000"), dialect, (NETWORK, octets))
        assert (found.error, found.note) == (error, note)


@pytest.mark.parametrize("command", [Command.DELIVER_SM, Command.DATA_SM])
@pytest.mark.parametrize("in_payload", [False, True])
def test_what_is_no_receipt_is_an_inbound_message_with_its_udh(command: int, in_payload: bool) -> None:
    fields = {"source_addr": "41793026727", "destination_addr": "12345", "esm_class": 0x40, "data_coding": 4}
    tlvs = [(int(Tag.MESSAGE_PAYLOAD), PORTS)] if in_payload or command == Command.DATA_SM else []
    pdu = Pdu(command, 0, 1, fields | ({} if tlvs else {"short_message": PORTS}), tlvs)

    found = read_delivery(decode(encode(pdu)), "north", Dialect(), NOW)

    assert found == Inbound("north", "41793026727", "12345", 4, 0x40, PORTS, NOW)
