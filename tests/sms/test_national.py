"""The national tables against foreign ones, and the elements of a UDH that choose them."""

import gsm0338
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from heliograph.sms import gsm7, national, udh

CASES = [case for case in vectors.of_kind("codec") if case["single"] or case["lock"]]
PAIRS = [(single, locking) for single in (0, 1, 2, 3) for locking in (0, 1, 3)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_text_is_encoded_and_read_as_others_do(case):
    tables, octets = national.tables(case["single"], case["lock"]), bytes.fromhex(case["unpacked"])

    assert tables.encode(case["text"]) == octets
    assert tables.decode(octets) == case["text"]
    assert tables.is_encodable(case["text"])
    assert not gsm7.is_encodable(case["text"])


def test_the_spanish_single_shift_is_that_of_others():
    theirs = gsm0338.Codec(single_shift_decode_map=gsm0338.SINGLE_SHIFT_CHARACTER_SET_SPANISH)
    ours = national.tables(national.SPANISH, 0)

    for character in ours.characters:
        assert ours.encode(character) == theirs.encode(character)[0]
    assert len(ours.characters) == 137 + 9


@pytest.mark.parametrize(
    ("single", "locking", "both"),
    [(1, 0, ""), (2, 0, ""), (3, 0, "ΦΓΩΠΨΣΘ"), (0, 1, "€"), (0, 3, "^\\€|~"), (1, 1, "€ĞğİıŞşç")],
)
def test_a_table_repeats_no_character_but_those_of_the_standard(single, locking, both):
    behind = len(gsm7.EXTENSION) + len(national.SINGLE.get(single, ()))

    assert len(national.tables(single, locking).characters) == 127 + behind - len(both)


@pytest.mark.parametrize("locking", national.LOCKING)
def test_a_locking_shift_differs_from_the_default_table_where_the_standard_says(locking):
    codes = {
        national.TURKISH: "0407 0b0c1c1d 40 60",
        national.PORTUGUESE: "0406070809 0b0c0e0f 12131415161718191a 1c1d1e 24 40 5b5c5d 60 7b7c7d",
    }

    assert len(national.LOCKING[locking]) == 128
    differing = [code for code in range(128) if national.LOCKING[locking][code] != gsm7.DEFAULT[code]]
    assert bytes(differing) == bytes.fromhex(codes[locking])


def test_a_character_of_both_tables_takes_one_septet():
    assert national.tables(1, 0).encode("ğ€") == bytes.fromhex("1b67 1b65")
    assert national.tables(1, 1).encode("ğ€") == bytes.fromhex("0c 04")


def test_a_code_that_no_extension_has_is_read_by_the_table_in_place():
    assert national.tables(2, 3).decode(bytes.fromhex("1b40 1b0c 1b75")) == "|ôú"
    assert gsm7.decode(bytes.fromhex("1b0c 1b75")) == "øu"


@pytest.mark.parametrize("identifier", [2, 4, 13, 14, 255])
def test_a_table_that_a_phone_does_not_know_is_the_default_one(identifier):
    assert national.tables(0, identifier) is national.tables(0, 0)
    assert national.tables(identifier if identifier > 3 else 0, 0).decode(b"\x1be`") == "€¿"


def test_the_last_of_several_shifts_counts():
    elements = [udh.Element(0x24, b"\x01"), udh.Element(0x25, b"\x03"), udh.Element(0x24, b"\x03")]

    assert national.announced(elements) is national.tables(3, 3)
    assert national.announced([udh.Element(0x24, b""), udh.Element(0x25, b"\x01\x01")]) is national.tables(0, 0)
    assert national.announced([udh.Element(0x05, b"\x01")]) is national.tables(0, 0)


@pytest.mark.parametrize(("single", "locking"), PAIRS)
def test_what_is_announced_is_what_a_phone_uses(single, locking):
    elements = national.shifts(single, locking)

    assert national.announced(elements) is national.tables(single, locking)
    assert [element.data for element in elements] == [bytes((one,)) for one in (single, locking) if one]


@given(st.data(), st.sampled_from(PAIRS))
@settings(derandomize=True, database=None, deadline=None)
def test_text_of_a_table_comes_back(data, pair):
    tables = national.tables(*pair)
    text = data.draw(st.text(st.sampled_from(sorted(tables.characters))))

    assert tables.decode(tables.encode(text)) == text
