"""Dialects: every deviation that is known changes what is sent or read, and nothing else does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import vectors
from heliograph.smpp.constants import Command, Tag
from heliograph.smpp.pdu import Pdu, decode, encode
from heliograph.sms.concatenation import Place
from heliograph.sms.message import Inbound, Receipt
from heliograph.smsc.dialect import Dialect, Segment, read_delivery, to_submit_sm

NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z
SEGMENT = Segment(
    sender="Heliograph",
    recipient="41793026727",
    data_coding=0,
    esm_class=0,
    user_data=b"hello",
    validity=43_200,
    expires_at=NOW + 43_200_000,
    intermediate=False,
)
TEXT = "id:{id} sub:001 dlvrd:001 submit date:2609211410 done date:2609211411 stat:{stat} err:{err} text:hello"


def sent(dialect: Dialect | None = None, *, without_validity: bool = False, **changes: Any) -> dict[str, Any]:
    """The fields of the submit_sm, after a journey over the wire."""
    segment = msgspec.structs.replace(SEGMENT, **changes)
    pdu = to_submit_sm(segment, dialect or Dialect(), without_validity=without_validity)
    return decode(encode(pdu, 1)).fields


def test_the_plain_submit_sm() -> None:
    fields = sent()

    assert (fields["source_addr_ton"], fields["source_addr_npi"], fields["source_addr"]) == (5, 0, "Heliograph")
    assert (fields["dest_addr_ton"], fields["dest_addr_npi"], fields["destination_addr"]) == (1, 1, "41793026727")
    assert (fields["esm_class"], fields["data_coding"], fields["registered_delivery"]) == (0, 0, 1)
    assert (fields["service_type"], fields["protocol_id"], fields["short_message"]) == ("", 0, b"hello")
    assert fields["validity_period"] == "000000120000000R"
    assert fields["schedule_delivery_time"] == ""


@pytest.mark.parametrize(
    ("sender", "ton", "npi", "address"),
    [("", 0, 0, ""), ("12345", 3, 0, "12345"), ("41793026727", 1, 1, "41793026727"), ("+4179302", 1, 1, "4179302")],
)
def test_the_form_of_a_sender_tells_its_type(sender: str, ton: int, npi: int, address: str) -> None:
    fields = sent(sender=sender)

    assert (fields["source_addr_ton"], fields["source_addr_npi"], fields["source_addr"]) == (ton, npi, address)


# Every field that changes what is sent: a dialect, what is submitted, and what the wire then says.
SENT: dict[str, tuple[Dialect, dict[str, Any], dict[str, Any]]] = {
    "validity_format": (Dialect(validity_format="absolute"), {}, {"validity_period": "260922021320000+"}),
    "mode_bits": (Dialect(mode_bits=3), {}, {"esm_class": 3}),
    "service_type": (Dialect(service_type="CMT"), {}, {"service_type": "CMT"}),
    "protocol_id": (Dialect(protocol_id=0x7F), {}, {"protocol_id": 0x7F}),
    "source_ton": (Dialect(source_ton=0), {}, {"source_addr_ton": 0, "source_addr_npi": 0}),
    "source_npi": (Dialect(source_npi=9), {}, {"source_addr_ton": 5, "source_addr_npi": 9}),
    "dest_ton": (Dialect(dest_ton=2), {}, {"dest_addr_ton": 2}),
    "dest_npi": (Dialect(dest_npi=0), {}, {"dest_addr_npi": 0}),
    "receipts": (Dialect(receipts="none"), {"intermediate": True}, {"registered_delivery": 0}),
    "intermediate": (Dialect(intermediate=False), {"intermediate": True}, {"registered_delivery": 1}),
}


@pytest.mark.parametrize("name", SENT)
def test_a_field_changes_what_is_sent(name: str) -> None:
    dialect, changes, expected = SENT[name]

    fields, plain = sent(dialect, **changes), sent(**changes)

    assert {field: fields[field] for field in expected} == expected
    assert fields != plain
    assert {field for field in fields if fields[field] != plain[field]} <= set(expected)


def test_mode_bits_are_for_those_who_gave_none() -> None:
    dialect = Dialect(mode_bits=3)

    assert sent(dialect, esm_class=0x41)["esm_class"] == 0x41
    assert sent(dialect, esm_class=0x40)["esm_class"] == 0x43


def test_validity_can_be_left_out() -> None:
    assert sent(Dialect(validity_format="none"))["validity_period"] == ""
    assert sent(without_validity=True)["validity_period"] == ""


@pytest.mark.parametrize("left", [60, 59, 3, 1, 0, -5])
@pytest.mark.parametrize(("written", "period"), [("relative", "000000000100000R"), ("absolute", "260921141420000+")])
def test_validity_is_a_minute_at_least(left: int, written: str, period: str) -> None:
    dialect = msgspec.convert({"validity_format": written}, Dialect)

    assert sent(dialect, validity=left, expires_at=NOW + left * 1000)["validity_period"] == period


def test_intermediate_notifications_are_asked_for() -> None:
    assert sent(intermediate=True)["registered_delivery"] == 0x11


def a_deliver_sm(text: str, *tlvs: tuple[int, bytes], **fields: Any) -> Pdu:
    plain = {"source_addr": "41793026727", "destination_addr": "Heliograph", "esm_class": 4}
    return Pdu(Command.DELIVER_SM, fields=plain | {"short_message": text.encode()} | fields, tlvs=list(tlvs))


def a_text(id_: str = "a1", stat: str = "DELIVRD", err: str = "000") -> str:
    return TEXT.format(id=id_, stat=stat, err=err)


def read(pdu: Pdu, dialect: Dialect | None = None) -> Any:
    return read_delivery(pdu, "north", dialect or Dialect(), NOW)


def test_the_plain_receipt() -> None:
    found = read(a_deliver_sm(a_text()))

    assert found == Receipt(smsc="north", keys=("a1",), final=True, status=5, error=0, note=None, at=NOW)


def test_an_inbound_message_is_kept_as_it_came() -> None:
    pdu = a_deliver_sm("", esm_class=0x40, data_coding=8, short_message=b"\x05\x00\x03\x01\x02\x01\x00a")

    inbound = Inbound("north", "41793026727", "Heliograph", 8, 0x40, pdu.fields["short_message"], NOW)
    assert read(pdu) == msgspec.structs.replace(inbound, place=Place(1, 2, 1, 8))


SAR = [(Tag.SAR_MSG_REF_NUM, b"\x01\x02"), (Tag.SAR_TOTAL_SEGMENTS, b"\x03"), (Tag.SAR_SEGMENT_SEQNUM, b"\x02")]


def test_one_part_of_one_is_a_message_without_a_header() -> None:
    found = read(a_deliver_sm("", esm_class=0x40, short_message=bytes.fromhex("050003070101") + b"text"))

    assert isinstance(found, Inbound)
    assert (found.body, found.esm_class, found.place) == (b"text", 0, None)


@pytest.mark.parametrize(
    ("header", "tlvs", "place"),
    [
        ("", SAR, Place(0x0102, 3, 2, 0)),
        ("050003070201", SAR, Place(7, 2, 1, 8)),  # the phone's own counts
        ("06050415810000", SAR, Place(0x0102, 3, 2, 0)),
        ("050003070101", [], None),  # one of one
        ("", [SAR[0], (Tag.SAR_TOTAL_SEGMENTS, b"\x01"), (Tag.SAR_SEGMENT_SEQNUM, b"\x01")], None),
        ("", SAR[:2], None),
    ],
)
def test_a_part_says_where_it_belongs_in_its_header_or_in_tlvs(
    header: str, tlvs: list[tuple[int, bytes]], place: Place | None
) -> None:
    pdu = a_deliver_sm("", esm_class=0x40 if header else 0, short_message=bytes.fromhex(header) + b"text")
    pdu.tlvs.extend(tlvs)

    found = read(pdu)

    assert isinstance(found, Inbound)
    assert found.place == place


def test_an_inbound_message_may_come_in_the_payload() -> None:
    pdu = a_deliver_sm("", (Tag.MESSAGE_PAYLOAD, b"long"), esm_class=0)

    assert read(pdu).body == b"long"


def test_a_receipt_that_names_no_message_is_of_no_use() -> None:
    assert read(a_deliver_sm("stat:DELIVRD err:000")) is None


BASES: list[tuple[Dialect, str, str | None, tuple[str, ...]]] = [  # a number has one key, whatever its base
    (Dialect(), "0A", None, ("0a",)),
    (Dialect(text_id_base="dec"), "10", None, ("Na",)),
    (Dialect(text_id_base="hex"), "A", None, ("Na",)),
    (Dialect(text_id_base="dec", tlv_id_base="hex"), "10", "A", ("Na",)),
    (Dialect(text_id_base="dec"), "10", "A", ("a", "Na")),
]


@pytest.mark.parametrize(("dialect", "text_id", "tlv_id", "keys"), BASES)
def test_ids_are_read_in_the_base_of_their_place(
    dialect: Dialect, text_id: str, tlv_id: str | None, keys: tuple[str, ...]
) -> None:
    tlvs = [] if tlv_id is None else [(int(Tag.RECEIPTED_MESSAGE_ID), tlv_id.encode())]

    assert read(a_deliver_sm(a_text(text_id), *tlvs), dialect).keys == keys


def test_a_receipt_without_its_flag_is_known_by_its_text_where_the_dialect_says_so() -> None:
    pdu = a_deliver_sm(a_text(), esm_class=0)

    assert isinstance(read(pdu), Inbound)
    assert isinstance(read(pdu, Dialect(receipts_without_flag=True)), Receipt)


def test_acceptd_is_the_end_where_the_dialect_says_so() -> None:
    pdu = a_deliver_sm(a_text(stat="ACCEPTD"))

    assert (read(pdu).final, read(pdu).status) == (False, 3)
    final = read(pdu, Dialect(acceptd_final=True))
    assert (final.final, final.status, final.error) == (True, 2, 0)


WORDS: list[tuple[Dialect, str, tuple[bool, int, int]]] = [
    (Dialect(), "FAILED", (False, 3, 0)),
    (Dialect(states={"FAILED": "UNDELIV"}), "FAILED", (True, 9, 32)),
    (Dialect(states={"failed": "UNDELIV"}), "Failed", (True, 9, 32)),
    (Dialect(states={"FAILED": "UNDELIV"}), "DELIVRD", (True, 5, 0)),
    (Dialect(states={"FAILED": "UNDELIV"}), "SENT", (False, 3, 0)),
    (Dialect(states={"UNDELIV": "ENROUTE"}), "UNDELIV", (False, 3, 0)),
    (Dialect(states={"SENT": "ACCEPTD"}), "SENT", (False, 3, 0)),
    (Dialect(states={"SENT": "ACCEPTD"}, acceptd_final=True), "SENT", (True, 2, 0)),
    (Dialect(states={"SENT": "ENROUTE"}, acceptd_final=True), "ACCEPTD", (True, 2, 0)),
]


@pytest.mark.parametrize(("dialect", "stat", "meaning"), WORDS)
def test_a_word_means_what_the_dialect_says(dialect: Dialect, stat: str, meaning: tuple[bool, int, int]) -> None:
    found = read(a_deliver_sm(a_text(stat=stat)), dialect)

    assert (found.final, found.status, found.error) == meaning


def test_a_word_of_the_dialect_makes_a_receipt_where_no_flag_does() -> None:
    pdu = a_deliver_sm(a_text(stat="FAILED"), esm_class=0)

    assert isinstance(read(pdu, Dialect(receipts_without_flag=True)), Inbound)
    assert isinstance(read(pdu, Dialect(receipts_without_flag=True, states={"FAILED": "UNDELIV"})), Receipt)


@pytest.mark.parametrize(
    ("dialect", "err", "error", "note"),
    [
        (Dialect(), "027", 32, None),
        (Dialect(err_is_gsm=True), "027", 27, None),
        (Dialect(err_is_gsm=True), "000", 32, None),
        (Dialect(err_is_gsm=True), "x27", 32, None),
        (Dialect(err_is_gsm=True), "1" * 5000, 32, None),
        (Dialect(err_is_gsm=True), "999", 255, "Unknown error (operator code 999)"),
        (Dialect(err_map={"21b": 27}), "21b", 27, None),
        (Dialect(err_map={"027": 1}, err_is_gsm=True), "027", 1, None),
    ],
)
def test_the_error_of_a_failure_is_what_the_dialect_makes_of_it(
    dialect: Dialect, err: str, error: int, note: str | None
) -> None:
    found = read(a_deliver_sm(a_text(stat="UNDELIV", err=err)), dialect)

    assert (found.status, found.error, found.note) == (9, error, note)


def test_a_delivered_message_has_no_error_whatever_the_text_says() -> None:
    assert read(a_deliver_sm(a_text(err="027")), Dialect(err_is_gsm=True)).error == 0


@pytest.mark.parametrize("code", [b"\x03\x00\x1b", b"027"])
def test_the_code_of_a_gsm_network_beats_the_text(code: bytes) -> None:
    pdu = a_deliver_sm(a_text(stat="UNDELIV", err="001"), (Tag.NETWORK_ERROR_CODE, code))

    assert read(pdu, Dialect(err_is_gsm=True, err_map={"001": 5})).error == 27


@pytest.mark.parametrize("code", ["030000", "0800d5", "010005", "303030", "03"])
def test_a_code_that_names_no_error_of_gsm_leaves_the_text_to_the_dialect(code: str) -> None:
    pdu = a_deliver_sm(a_text(stat="UNDELIV", err="213"), (Tag.NETWORK_ERROR_CODE, bytes.fromhex(code)))

    assert read(pdu).error == 32
    assert read(pdu, Dialect(err_map={"213": 1})).error == 1
    assert read(pdu, Dialect(err_is_gsm=True)).note == "Unknown error (operator code 213)"


@pytest.mark.parametrize(
    ("zone", "at"), [("UTC", NOW - 140_000), ("Asia/Kolkata", NOW - 140_000 - 19_800_000), ("America/New_York", NOW)]
)
def test_the_clock_of_an_smsc_is_believed_where_the_dialect_says_so(zone: str, at: int) -> None:
    pdu = a_deliver_sm(a_text())

    assert read(pdu, Dialect(receipt_tz=zone)).at == NOW
    assert read(pdu, Dialect(receipt_tz=zone, trust_done_date=True)).at == at  # and never later than now


READ = {
    "resp_id_base", "text_id_base", "tlv_id_base", "receipts_without_flag", "acceptd_final", "err_is_gsm", "err_map",
    "trust_done_date", "receipt_tz", "wide_reference", "states",
}  # fmt: skip


def test_every_field_has_a_test() -> None:
    assert set(SENT) | READ == set(Dialect.__struct_fields__)


# Submits that others decode; None: with exactly these octets, else with a receipt asked for, which we always do.
VECTORS = {name: None for name in ("B01", "B02", "B03", "B05", "B06", "B07")} | {
    name: 1 for name in ("B12", "B13", "B14", "B19", "B22", "B23", "B24")
}


@pytest.mark.parametrize("name", VECTORS)
def test_what_others_decode_is_what_is_sent(name: str) -> None:
    wanted = decode(bytes.fromhex(vectors.BY_ID[name]["hex"]))
    if VECTORS[name] is not None:
        wanted.fields["registered_delivery"] = VECTORS[name]
    fields = wanted.fields
    period = fields["validity_period"]
    dialect = Dialect(validity_format="relative" if period.endswith("R") else "absolute" if period else "none")

    pdu = to_submit_sm(
        Segment(
            sender=fields["source_addr"],
            recipient=fields["destination_addr"],
            data_coding=fields["data_coding"],
            esm_class=fields["esm_class"],
            user_data=fields["short_message"],
            validity=720 * 60,
            expires_at=1_629_950_400_000,  # 2021-08-26T04:00:00Z
            intermediate=fields["registered_delivery"] == 0x11,
        ),
        dialect,
    )

    assert encode(pdu, wanted.sequence).hex() == encode(wanted, wanted.sequence).hex()
