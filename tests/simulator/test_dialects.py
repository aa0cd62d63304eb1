"""Every dialect says the same: the receipts that `smpp.receipt` reads out of them."""

import msgspec
import pytest

from heliograph.simulator.dialects import DIALECTS, Facts
from heliograph.smpp.constants import Command, MessageState
from heliograph.smpp.message_id import key
from heliograph.smpp.pdu import decode, encode
from heliograph.smpp.receipt import STATES, read

FACTS = Facts(
    number=0x38601FA,
    id="00000000038601fa",
    word="UNDELIV",
    err="027",
    submitted=1_629_907_200.0,
    done=1_629_907_320.0,
    source=(5, 0, "Heliograph"),
    destination=(1, 1, "41793026727"),
    words="hello stat:DELIVRD id",
)
FINAL_WORDS = ["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNKNOWN"]


@pytest.mark.parametrize("word", [*FINAL_WORDS, "ACCEPTD", "ENROUTE"])
@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_read_as_the_same_state_and_id(name: str, word: str) -> None:
    facts = msgspec.structs.replace(FACTS, word=word)

    receipt = read(decode(encode(DIALECTS[name](facts), 7)), receipts_without_flag=name == "no-flag")

    assert receipt is not None
    assert receipt.state is STATES[word]
    assert receipt.final is (word in FINAL_WORDS)
    if name == "two-ids":
        assert [key(found, base) for (_, found), base in zip(receipt.ids, ("hex", "dec"), strict=True)] == [
            key(facts.id, "hex")
        ] * 2
    else:
        assert {found for _, found in receipt.ids} == {facts.id}


@pytest.mark.parametrize("name", ["standard", "long-words", "upper-case", "ucs2", "payload"])
def test_a_word_of_the_smscs_own_stands_where_the_others_do(name: str) -> None:
    receipt = read(decode(encode(DIALECTS[name](msgspec.structs.replace(FACTS, word="FAILED")), 7)))

    assert receipt is not None
    assert (receipt.text.stat, receipt.final) == ("FAILED", False)


@pytest.mark.parametrize("name", [name for name in DIALECTS if not name.startswith("no-flag")])
def test_an_intermediate_notification_is_never_final(name: str) -> None:
    facts = msgspec.structs.replace(FACTS, word="BUFFRED", intermediate=True)

    receipt = read(decode(encode(DIALECTS[name](facts), 7)))

    assert receipt is not None
    assert (receipt.intermediate, receipt.final, receipt.state) == (True, False, MessageState.ENROUTE)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_receipt_comes_from_the_number_the_message_went_to(name: str) -> None:
    fields = DIALECTS[name](FACTS).fields

    assert (fields["source_addr"], fields["destination_addr"]) == ("41793026727", "Heliograph")


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_has_room_for_the_longest_id_and_state(name: str) -> None:
    facts = msgspec.structs.replace(FACTS, id="0" * 36, word=16 * "W", err="9999", words="x" * 20)

    assert encode(DIALECTS[name](facts), 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("standard", "{i} sub:001 dlvrd:000 submit date:2108251600 done date:2108251602 stat:UNDELIV err:027 text:{w}"),
        (
            "seconds",
            "{i} sub:001 dlvrd:000 submit date:210825160000 done date:210825160200 stat:UNDELIV err:027 Text:{w}",
        ),
        ("years", "{i} submit date:20210825160000 done date:20210825160200 stat:UNDELIV err:027"),
        ("bare-state", "{i} sub:001 dlvrd:000 submit date:2108251600 done date:2108251602 UNDELIV err:027"),
    ],
)
def test_a_dialect_writes_its_dates_and_words(name: str, text: str) -> None:
    written = DIALECTS[name](FACTS).fields["short_message"].decode("latin-1")

    assert written == text.format(i=f"id:{FACTS.id}", w=FACTS.words)


def test_dialects_without_text_use_what_they_are_named_for() -> None:
    assert DIALECTS["data-sm"](FACTS).command == Command.DATA_SM
    assert DIALECTS["payload"](FACTS).fields["short_message"] == b""
    assert DIALECTS["tlv-only"](FACTS).fields["short_message"] == b""
    assert DIALECTS["ucs2"](FACTS).fields["data_coding"] == 8
    assert DIALECTS["no-flag"](FACTS).fields["esm_class"] == 0
