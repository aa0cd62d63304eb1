"""The codec against foreign decoders' cases, against itself, and against octets nobody should send."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from heliograph.smpp.constants import RESPONSE, STATUS_CLASS, TLV_SIZES, Command, RetryClass, Tag, classify
from heliograph.smpp.fields import FIELDS, Field, Kind
from heliograph.smpp.pdu import FramingError, Pdu, PduError, Unreadable, acknowledge, decode, encode

PDUS = vectors.of_kind("pdu")
HEADER_NAMES = {"command", "command_status", "sequence_number", "tlvs", "sm_length", "number_of_dests", "no_unsuccess"}
SUBMIT_SM = {"source_addr": "SMSC", "destination_addr": "41793026727", "short_message": b"hello"}


def from_vector(fields: dict[str, Any]) -> Pdu:
    values = {name: value for name, value in fields.items() if name not in HEADER_NAMES}
    if "short_message" in values:
        values["short_message"] = bytes.fromhex(values["short_message"])
    tlvs = [(int(tag, 16), bytes.fromhex(value)) for tag, value in fields.get("tlvs", {}).items()]
    return Pdu(Command[fields["command"].upper()], fields["command_status"], fields["sequence_number"], values, tlvs)


@pytest.mark.parametrize("case", PDUS, ids=lambda case: case["id"])
def test_a_pdu_is_read_as_foreign_decoders_read_it(case):
    read, expected = decode(bytes.fromhex(case["hex"])), from_vector(case["fields"])
    assert (read.command, read.status, read.sequence) == (expected.command, expected.status, expected.sequence)
    assert read.fields | expected.fields == read.fields
    if "tlvs" in case["fields"]:
        assert read.tlvs == expected.tlvs
    if "sm_length" in case["fields"]:
        assert len(read.fields["short_message"]) == case["fields"]["sm_length"]
    if "number_of_dests" in case["fields"]:
        assert len(read.fields["dest_addresses"]) == case["fields"]["number_of_dests"]


@pytest.mark.parametrize("case", PDUS, ids=lambda case: case["id"])
def test_a_pdu_that_was_read_is_written_with_the_same_octets(case):
    octets = bytes.fromhex(case["hex"])
    assert encode(decode(octets)) == octets


@pytest.mark.parametrize("case", [case for case in PDUS if len(case["fields"]) > 18], ids=lambda case: case["id"])
def test_the_fields_alone_give_the_octets(case):
    assert encode(from_vector(case["fields"])).hex() == case["hex"]


@pytest.mark.parametrize("kind", ["receipt", "stream"])
def test_whole_pdus_of_other_cases_are_written_as_they_were_read(kind):
    for case in vectors.of_kind(kind):
        octets = bytes.fromhex(case["hex"])
        if len(octets) >= 16 and int.from_bytes(octets[:4], "big") == len(octets):
            assert encode(decode(octets)) == octets, case["id"]


def latin1(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=most)


ADDRESS = {"dest_addr_ton": st.integers(0, 255), "dest_addr_npi": st.integers(0, 255), "destination_addr": latin1(20)}
DESTINATION = st.one_of(
    st.fixed_dictionaries({"dest_flag": st.just(1), **ADDRESS}),
    st.fixed_dictionaries({"dest_flag": st.just(2), "dl_name": latin1(20)}),
)
REFUSED = st.fixed_dictionaries({**ADDRESS, "error_status_code": st.integers(0, 2**32 - 1)})


def values_of(field: Field) -> st.SearchStrategy[Any]:
    match field.kind:
        case Kind.TEXT:
            return latin1(field.size - 1)
        case Kind.TIME:
            return st.sampled_from(["", "000000120000000R", "210825160000000+"])
        case Kind.OCTET:
            return st.integers(0, 255)
        case Kind.MESSAGE:
            return st.binary(max_size=254)
        case Kind.DESTINATIONS:
            return st.lists(DESTINATION, min_size=1, max_size=4)
        case Kind.UNSUCCESS:
            return st.lists(REFUSED, max_size=4)


TLVS = st.lists(
    st.tuples(st.sampled_from([0x1400, 0x3FFF, int(Tag.MESSAGE_PAYLOAD)]), st.binary(max_size=80)), max_size=3
)


@pytest.mark.parametrize("command", FIELDS, ids=lambda command: Command(command).name)
def test_every_row_of_the_table_reads_what_it_wrote(command):
    fields = st.fixed_dictionaries({field.name: values_of(field) for field in FIELDS[command]})

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(fields=fields, tlvs=TLVS, status=st.sampled_from([0, 0, 0x45]), sequence=st.integers(0, 2**32 - 1))
    def round_trip(fields, tlvs, status, sequence):
        pdu = Pdu(int(command), status, sequence, fields, tlvs)
        assert decode(encode(pdu)) == pdu

    round_trip()


def test_fields_that_nobody_sets_are_empty_on_the_wire():
    read = decode(encode(Pdu(Command.SUBMIT_SM, 0, 1, SUBMIT_SM)))
    assert read.fields == {field.name: field.default for field in FIELDS[Command.SUBMIT_SM]} | SUBMIT_SM


@pytest.mark.parametrize(
    "changes",
    [
        {"source_addr": "123456789012345678901"},
        {"source_addr": "a\0b"},
        {"source_addr": "€"},
        {"source_addr": b"bytes"},
        {"source_addr": None},
        {"validity_period": "00000012000000R"},
        {"validity_period": "000000120000000R0"},
        {"esm_class": 256},
        {"esm_class": -1},
        {"data_coding": 400},
        {"short_message": b"x" * 255},
        {"short_message": "text"},
        {"service_type": "TOOLONG"},
        {"no_such_field": 1},
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused_and_never_cut(changes):
    everything = {field.name: field.default for field in FIELDS[Command.SUBMIT_SM]}
    for fields in (SUBMIT_SM | changes, everything | changes):
        with pytest.raises(PduError):
            encode(Pdu(Command.SUBMIT_SM, 0, 1, fields))


@pytest.mark.parametrize(
    "pdu",
    [
        Pdu(Command.SUBMIT_SM, tlvs=[(Tag.SAR_MSG_REF_NUM, b"123")]),
        Pdu(Command.SUBMIT_SM, tlvs=[(0x1400, bytes(65_536))]),
        Pdu(Command.SUBMIT_SM, tlvs=[(0x10000, b"")]),
        Pdu(Command.SUBMIT_SM, sequence=2**32),
        Pdu(Command.SUBMIT_MULTI, fields={"dest_addresses": []}),
        Pdu(Command.SUBMIT_MULTI, fields={"dest_addresses": [{"dest_flag": 2, "dl_name": "x" * 21}]}),
        Pdu(0x99),
    ],
    ids=lambda pdu: f"{pdu.command:#x}",
)
def test_what_no_pdu_can_say_is_refused(pdu):
    with pytest.raises(PduError):
        encode(pdu)


def test_the_reason_names_the_field():
    with pytest.raises(PduError, match="destination_addr: 21 characters, at most 20"):
        encode(Pdu(Command.SUBMIT_SM, fields={"destination_addr": "4" * 21}))


def header(command: int, body: bytes, status: int = 0) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in (16 + len(body), command, status, 7)) + body


WHOLE = encode(Pdu(Command.DELIVER_SM, 0, 7, SUBMIT_SM, [(Tag.MESSAGE_STATE, b"\x02")]))[16:]


@pytest.mark.parametrize("length", [n for n in range(len(WHOLE)) if n != len(WHOLE) - 5])
def test_a_pdu_that_was_cut_anywhere_is_malformed(length):
    with pytest.raises(Unreadable) as caught:
        decode(header(Command.DELIVER_SM, WHOLE[:length]))
    assert (caught.value.command, caught.value.sequence) == (Command.DELIVER_SM, 7)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (WHOLE[:-11] + b"\xff" + WHOLE[-10:], 0x01),  # sm_length past the end
        (WHOLE + b"\x04", 0xC0),  # one octet of a TLV
        (WHOLE + b"\x04\x24\x00\x05abcd", 0xC0),  # a TLV past the end
        (WHOLE[:-5].replace(b"\0", b"\1"), 0x02),  # no string ends
    ],
)
def test_a_malformed_body_says_what_to_answer(body, status):
    with pytest.raises(Unreadable) as caught:
        decode(header(Command.DELIVER_SM, body))
    assert caught.value.status == status


def test_a_request_that_nobody_knows_is_told_from_a_broken_one():
    with pytest.raises(Unreadable) as caught:
        decode(header(0x99, b"whatever"))
    assert caught.value.status == 0x03


@pytest.mark.parametrize("octets", [b"", bytes(15), header(0x15, b"")[:-1], header(0x15, b"") + b"\0"])
def test_octets_that_are_not_one_pdu_are_a_framing_error(octets):
    with pytest.raises(FramingError):
        decode(octets)


@pytest.mark.parametrize("body", [b"", b"\0", b"12ab\0", b"no end", b"\x04\x25\0\1\2"])
def test_the_body_of_a_refusal_is_never_a_reason_to_refuse_it(body):
    read = decode(header(Command.SUBMIT_SM_RESP, body, status=0x45))
    assert (read.status, read.sequence) == (0x45, 7)


def test_a_submit_sm_resp_without_a_body_has_an_empty_id():
    assert decode(header(Command.SUBMIT_SM_RESP, b"")).fields == {"message_id": ""}


def test_an_acknowledgement_is_the_response_without_an_id():
    for command in (Command.DELIVER_SM, Command.DATA_SM):
        octets = acknowledge(Pdu(command, 0, 99))
        assert octets == encode(Pdu(command | RESPONSE, 0, 99))


def test_the_first_of_several_tlvs_counts():
    pdu = Pdu(Command.DELIVER_SM, tlvs=[(5, b"a"), (6, b"b"), (6, b"c")])
    assert (pdu.tlv(6), pdu.tlv(7)) == (b"b", None)


def test_a_string_longer_than_its_field_is_read_whole():
    read = decode(header(Command.SUBMIT_SM_RESP, b"x" * 200 + b"\0"))
    assert read.fields == {"message_id": "x" * 200}


def mutations(seed: int, count: int) -> Any:
    dice = random.Random(seed)
    originals = [bytes.fromhex(case["hex"]) for case in PDUS + vectors.of_kind("receipt")]
    for _ in range(count):
        octets = bytearray(dice.choice(originals))
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(16, len(octets)) if len(octets) > 16 else 15
            match dice.randrange(4):
                case 0:
                    octets[at] = dice.randrange(256)
                case 1:
                    del octets[at:]
                case 2:
                    octets[at:at] = dice.randbytes(dice.randint(1, 4))
                case _:
                    octets[4:8] = dice.choice(list(FIELDS)).to_bytes(4, "big")
            if len(octets) < 16:
                octets += bytes(16 - len(octets))
        octets[:4] = len(octets).to_bytes(4, "big")
        yield bytes(octets)


def fits(pdu: Pdu) -> bool:
    """Whether a PDU that was read could also be sent: strings may come in longer than they may go out."""
    try:
        encode(pdu)
    except PduError as error:
        assert "fit" in str(error) or "a time has" in str(error)
        return False
    return True


def test_mutilated_pdus_are_refused_or_mean_the_same_when_they_are_written_again():
    refused = accepted = 0
    for octets in mutations(seed=20, count=100_000):
        try:
            pdu = decode(octets)
        except Unreadable:
            refused += 1
            continue
        if fits(pdu):
            accepted += 1
            assert decode(encode(pdu)) == pdu
    assert refused > 10_000
    assert accepted > 10_000


def test_every_command_status_has_its_row():
    table = {
        int(row["code"], 16): (row["name"], row["class"], row["statusId"], row["errorId"])
        for row in vectors.TABLES["command_status"]
    }
    assert {status: tuple(row) for status, row in STATUS_CLASS.items()} == table


def test_a_status_nobody_named_is_final_unless_a_vendor_made_it():
    assert classify(0x22).retry_class is RetryClass.REJECT
    assert classify(0x4A1).retry_class is RetryClass.RETRY_FEW
    assert classify(0x4A1)[2:] == (4, 255)


def test_every_tag_has_its_sizes():
    table = {int(row["tag"], 16): (row["name"].upper(), (row["min"], row["max"])) for row in vectors.TABLES["tlv"]}
    assert {int(tag): (tag.name, TLV_SIZES[tag]) for tag in Tag} == table
