"""Receipts in every dialect, and what they never are taken for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from heliograph.smpp import receipt_text
from heliograph.smpp.constants import Command, MessageState, Tag
from heliograph.smpp.pdu import Pdu, decode
from heliograph.smpp.receipt import MEANINGS, STATES, Meaning, ReceiptText, is_receipt, parse, read

RECEIPTS = [case for case in vectors.of_kind("receipt") if case["expect"]["receipt"]]
GROUPS = {row["id"]: row["groupId"] for row in vectors.TABLES["status"]}
TYPICAL = "id:{id} sub:001 dlvrd:001 submit date:2108251600 done date:2108251602 stat:{stat} err:{err} text:{text}"


def deliver(text: str, esm_class: int = 4, tlvs: list[tuple[int, bytes]] | None = None) -> Pdu:
    fields = {"esm_class": esm_class, "data_coding": 0, "short_message": text.encode("latin-1")}
    return Pdu(Command.DELIVER_SM, 0, 1, fields, tlvs or [])


def written(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize("case", RECEIPTS, ids=lambda case: case["id"])
def test_a_receipt_of_any_dialect_says_what_its_smsc_meant(case):
    receipt = read(decode(bytes.fromhex(case["hex"])))
    error = None
    if receipt.network_code is not None:
        error = {"type": receipt.network_type, "code": receipt.network_code}
    assert {
        "receipt": True,
        "intermediate": receipt.intermediate,
        "final": receipt.final,
        "state": receipt.state.name,
        "groupId": GROUPS[receipt.status_id],
        "statusId": receipt.status_id,
        "errorId": receipt.error_id,
        "id_text": receipt.text.id,
        "id_tlv": receipt.id_tlv,
        "stat": receipt.text.stat,
        "message_state": receipt.message_state,
        "err": receipt.text.err,
        "submit_date": written(receipt.text.submit_date),
        "done_date": written(receipt.text.done_date),
        "network_error": error,
        "sub": receipt.text.sub,
        "dlvrd": receipt.text.dlvrd,
        "text": receipt.text.text,
    } == case["expect"]


def test_what_a_subscriber_types_is_no_receipt():
    case = vectors.BY_ID["E27"]
    for without_flag in (False, True):
        assert read(decode(bytes.fromhex(case["hex"])), receipts_without_flag=without_flag) is None


def test_a_receipt_without_its_flag_is_one_where_the_dialect_says_so():
    pdu = deliver(TYPICAL.format(id="7", stat="DELIVRD", err="0", text=""), esm_class=0)
    assert not is_receipt(pdu)
    assert is_receipt(pdu, receipts_without_flag=True)
    assert not is_receipt(deliver("id:7 stat:DELIVRD", esm_class=0), receipts_without_flag=True)


def test_the_two_tlvs_of_a_receipt_make_one_without_a_flag():
    tlvs = [(int(Tag.RECEIPTED_MESSAGE_ID), b"7ABCDEF"), (int(Tag.MESSAGE_STATE), b"\x02")]
    receipt = read(deliver("", 0, tlvs))
    assert (receipt.ids, receipt.state, receipt.final) == ((("tlv", "7ABCDEF"),), MessageState.DELIVERED, True)
    assert read(deliver("", 0, tlvs[:1])) is None


@pytest.mark.parametrize("esm_class", [0x08, 0x10, 0x18])
def test_acknowledgements_of_people_and_handsets_are_no_receipts(esm_class):
    assert read(deliver(TYPICAL.format(id="7", stat="DELIVRD", err="0", text=""), esm_class)) is None


@pytest.mark.parametrize("esm_class", [0x07, 0x44, 0xC7])
def test_mode_and_feature_bits_of_a_receipt_mean_nothing(esm_class):
    assert read(deliver("id:7 stat:DELIVRD", esm_class)).state is MessageState.DELIVERED


@pytest.mark.parametrize("value", [b"7ABCDEF", b"7ABCDEF\0", b"7ABCDEF\0\0\0", b" 7ABCDEF\0junk"])
def test_an_id_in_a_tlv_ends_at_its_nul_if_it_has_one(value):
    assert read(deliver("", tlvs=[(Tag.RECEIPTED_MESSAGE_ID, value)])).id_tlv == "7ABCDEF"


def test_an_id_of_both_places_is_tried_as_the_tlv_has_it_first():
    receipt = read(deliver("id:59113978 stat:DELIVRD", tlvs=[(Tag.RECEIPTED_MESSAGE_ID, b"38601fa")]))
    assert receipt.ids == (("tlv", "38601fa"), ("text", "59113978"))


def test_a_receipt_without_any_id_says_so():
    assert read(deliver("stat:DELIVRD")).ids == ()


@pytest.mark.parametrize(
    ("word", "state", "final", "status_id", "error_id"),
    [
        ("DELIVRD", "DELIVERED", True, 5, 0),
        ("delivered", "DELIVERED", True, 5, 0),
        ("EXPIRED", "EXPIRED", True, 15, 4101),
        ("DELETED", "DELETED", True, 9, 4100),
        ("UNDELIV", "UNDELIVERABLE", True, 9, 32),
        ("ACCEPTD", "ACCEPTED", False, 3, 0),
        ("BUFFRED", "ENROUTE", False, 3, 0),
        ("UNKNOWN", "UNKNOWN", True, 29, 255),
        ("REJECTD", "REJECTED", True, 4, 255),
        ("SMS_REJECTED_BY_PEER", "REJECTED", True, 4, 255),
        ("GOBBLED", "UNKNOWN", False, 3, 0),
    ],
)
def test_each_word_has_its_meaning(word, state, final, status_id, error_id):
    receipt = read(deliver(f"id:7 stat:{word} err:001"))
    assert (receipt.state.name, receipt.final, receipt.status_id, receipt.error_id) == (
        state,
        final,
        status_id,
        error_id,
    )


def test_the_dialect_says_what_its_own_words_mean():
    words = {
        "GOBBLED": MEANINGS[MessageState.EXPIRED],
        "ACCEPTED": Meaning(MessageState.ACCEPTED, True, 2, 0),
    }
    assert read(deliver("id:7 stat:gobbled"), words=words).status_id == 15
    assert read(deliver("id:7 stat:ACCEPTD"), words=words).final
    assert read(deliver("id:7", tlvs=[(Tag.MESSAGE_STATE, b"\x06")]), words=words).status_id == 2


def test_the_state_of_the_tlv_is_believed_before_the_word():
    assert read(deliver("id:7 stat:DELIVRD", tlvs=[(Tag.MESSAGE_STATE, b"\x05")])).state is MessageState.UNDELIVERABLE
    assert read(deliver("id:7 stat:DELIVRD", tlvs=[(Tag.MESSAGE_STATE, b"\x07")])).state is MessageState.DELIVERED
    assert read(deliver("id:7 stat:DELIVRD", tlvs=[(Tag.MESSAGE_STATE, b"\x63")])).state is MessageState.DELIVERED
    assert read(deliver("id:7 stat:DELIVRD", tlvs=[(Tag.MESSAGE_STATE, b"")])).state is MessageState.DELIVERED
    unknown = read(deliver("id:7 stat:GOBBLED", tlvs=[(Tag.MESSAGE_STATE, b"\x07")]))
    assert (unknown.state, unknown.final) == (MessageState.UNKNOWN, True)
    assert read(deliver("id:7")).state is MessageState.UNKNOWN


def test_an_intermediate_notification_is_never_final():
    receipt = read(deliver("id:7 stat:UNDELIV err:027", 0x20))
    assert (receipt.intermediate, receipt.final, receipt.status_id) == (True, False, 3)


@pytest.mark.parametrize(
    ("value", "error_id"),
    [(b"\x03\x00\x1b", 27), (b"\x03\x00\x00", 32), (b"\x08\x00\x1b", 32), (b"034", 34), (b"000", 32), (b"\x03", 32)],
)
def test_only_a_gsm_code_of_the_network_replaces_the_error(value, error_id):
    assert read(deliver("id:7 stat:UNDELIV", tlvs=[(Tag.NETWORK_ERROR_CODE, value)])).error_id == error_id


def test_what_was_delivered_has_no_error():
    assert read(deliver("id:7 stat:DELIVRD", tlvs=[(Tag.NETWORK_ERROR_CODE, b"\x03\x00\x1b")])).error_id == 0


def test_the_words_of_the_message_write_no_receipt():
    parsed = parse("id:1 sub:001 dlvrd:000 stat:UNDELIV err:034 text:id:9 stat:DELIVRD err:000")
    assert (parsed.id, parsed.stat, parsed.err) == ("1", "UNDELIV", "034")
    assert parse("id:1 UNDELIV text:stat:DELIVRD").stat == "UNDELIV"
    assert parse("paid:1 stat:DELIVRD").id is None


def test_separators_and_blanks_are_read_like_spaces():
    expected = ReceiptText(id="1", sub=1, stat="DELIVRD", err="", text="Hi, you")
    assert parse("id : 1;sub:001,STAT: DELIVRD ; err: text: Hi, you\0") == expected
    assert parse("id:1 DELIVRD sub:001 err: Text: Hi, you") == expected


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("2108251600", "2021-08-25T16:00:00"),
        ("210825160001", "2021-08-25T16:00:01"),
        ("20210825160001", "2021-08-25T16:00:01"),
        ("0000000000", None),
        ("2102301600", None),
        ("2108252400", None),
        ("21082516", None),
        ("٢١٠٨٢٥١٦٠٠", None),
        ("2108251a00", None),
        ("", None),
    ],
)
def test_a_date_that_makes_no_sense_is_no_date(digits, expected):
    assert written(receipt_text.parse_date(digits)) == expected


PIECES = (
    "id: ID: sub: dlvrd: stat: err: text: Text: submit done date: 7 001 2108251600 0000000000 DELIVRD UNDELIV x 21b"
)
SOUP = st.lists(st.sampled_from([*PIECES.split(), "submit date:", "done date:", *" \n,;:\0é"])).map("".join)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(SOUP | st.text(max_size=60))
def test_any_text_can_be_read(text):
    parsed = parse(text)
    assert parsed.stat is None or parsed.stat.strip() == parsed.stat


WORDS = st.from_regex(r"[0-9A-Za-z-]{1,20}", fullmatch=True)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    id=WORDS,
    stat=st.sampled_from(sorted(STATES)),
    err=st.from_regex("[0-9a-zA-Z]{1,4}", fullmatch=True),
    text=SOUP | st.text(max_size=30),
)
def test_the_short_way_reads_what_the_long_way_reads(id, stat, err, text):
    whole = TYPICAL.format(id=id, stat=stat, err=err, text=text)
    assert parse(whole) == receipt_text._parse_labels(whole)
