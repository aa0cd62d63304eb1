"""data_coding against its list, and hexadecimal as customers write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from heliograph.sms.coding import Alphabet, alphabet, flash, parse_hex

NO_HEX = [case for case in vectors.of_kind("reject") if "http" in case]
SEPTETS = {
    0x00,
    0x01,
    *range(0x10, 0x14),
    *range(0x20, 0x24),
    *range(0xC0, 0xE0),
    *range(0xF0, 0xF4),
    *range(0xF8, 0xFC),
}
SEPTETS |= {high + low for high in (0x30, 0x40, 0x50, 0x60, 0x70) for low in range(4)}
UCS2 = {0x08, *range(0xE0, 0xF0), *(high + low for high in range(0x10, 0x80, 0x10) for low in range(8, 12))}


@pytest.mark.parametrize("data_coding", range(256))
def test_every_data_coding_names_an_alphabet(data_coding):
    expected = Alphabet.SEPTETS if data_coding in SEPTETS else Alphabet.UCS2 if data_coding in UCS2 else Alphabet.OCTETS
    assert alphabet(data_coding) is expected


@pytest.mark.parametrize(
    ("data_coding", "expected"),
    [(0, 0x10), (2, 0x14), (4, 0x14), (8, 0x18), (0x11, 0x10), (0x16, 0x14), (0x1A, 0x18), (0xF2, 0xF0), (0xF5, 0xF4)],
)
def test_flash_is_class_0_of_the_same_alphabet(data_coding, expected):
    assert flash(data_coding) == expected
    assert alphabet(expected) is alphabet(data_coding)


@pytest.mark.parametrize("data_coding", [1, 3, 5, 6, 0x0F, 0x20, 0x48, 0x80, 0xBF, 0xC0, 0xD8, 0xEF])
def test_what_can_have_no_class_cannot_flash(data_coding):
    assert flash(data_coding) is None


def test_whatever_flashes_twice_stays_as_it_is():
    values = [value for value in map(flash, range(256)) if value is not None]
    assert [flash(value) for value in values] == values


@pytest.mark.parametrize("text", ["41424344", "41 42 43 44", "4142 4344", " 41\t42\r\n43   44\n", "\t414243 44"])
def test_hex_may_be_grouped_in_whole_octets(text):
    assert parse_hex(text) == b"ABCD"


def test_hex_may_be_of_either_case():
    assert parse_hex("aB cD Ef") == b"\xab\xcd\xef"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold at least one octet in hexadecimal"),
        (" \t\r\n", "must hold at least one octet in hexadecimal"),
        ("4", "must be whole octets"),
        ("4 1", "must be whole octets"),
        ("414 243", "must be whole octets"),
        ("41 4", "must be whole octets"),
        ("41 4G", "character 5 is 'G'"),
        ("0x41", "character 2 is 'x'"),
        ("41\v42", r"character 3 is '\x0b'"),
        ("41\f", r"character 3 is '\x0c'"),
        ("\f", r"character 1 is '\x0c'"),
        ("41\u00a042", r"character 3 is '\xa0'"),
        ("41,42", "character 3 is ','"),
        ("\u0664\u0661", r"character 1 is '\u0664'"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ValueError) as refusal:
        parse_hex(text)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("case", NO_HEX, ids=lambda case: case["id"])
def test_a_body_that_is_no_hexadecimal_is_refused(case):
    text = case["input"]["hex"]
    [at] = [position for position, character in enumerate(text, 1) if not character.isascii()]
    with pytest.raises(ValueError) as refusal:
        parse_hex(text)
    assert f"character {at} is {text[at - 1]!a}" in str(refusal.value)


@given(st.binary(min_size=1), st.sampled_from(["", " ", "  ", "\t", "\n", "\r\n"]), st.booleans())
def test_octets_survive_being_written_in_hex(octets, between, upper):
    text = between.join(f"{octet:02X}" if upper else f"{octet:02x}" for octet in octets)
    assert parse_hex(between + text + between) == octets
