"""The GSM 7-bit alphabet against foreign tables."""

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from heliograph.sms import gsm7

DEFAULT_TABLES = [case for case in vectors.of_kind("codec") if case["single"] == 0 and case["lock"] == 0]
CODES = {gsm7.decode(bytes((code,))): code for code in range(128) if code != gsm7.ESC}
ALPHABET = [*CODES, *"\f^{}\\[~]|€"]


@pytest.mark.parametrize("case", DEFAULT_TABLES, ids=lambda case: case["id"])
def test_text_is_encoded_and_read_as_others_do(case):
    octets = bytes.fromhex(case["unpacked"])
    assert gsm7.encode(case["text"]) == octets
    assert gsm7.decode(octets) == case["text"]
    assert gsm7.is_encodable(case["text"])


@pytest.mark.parametrize("case", vectors.of_kind("codec_fail"), ids=lambda case: case["id"])
def test_a_character_outside_is_an_error_and_never_a_question_mark(case):
    for character in case["samples"]:
        assert not gsm7.is_encodable(f"ab{character}")
        with pytest.raises(gsm7.UnencodableError) as refusal:
            gsm7.encode(f"ab{character}")
        assert (refusal.value.character, refusal.value.position) == (character, 2)


def test_the_alphabet_has_137_characters_and_no_escape():
    assert len(set(ALPHABET)) == 137
    assert not gsm7.is_encodable("\x1b")


def test_an_escape_without_partner_is_shown_as_a_phone_shows_it():
    assert gsm7.decode(bytes.fromhex("61 1b61 1b")) == "aa "
    assert gsm7.decode(bytes.fromhex("1b1b 65")) == " e"
    assert gsm7.decode(bytes.fromhex("1b00 1b0d")) == "@\r"


def test_an_octet_that_is_no_septet_is_shown_as_unreadable():
    assert gsm7.decode(b"a\x80\x1b\xffb") == "a\ufffd\ufffdb"


def test_every_character_has_the_code_that_others_give_it():
    codec = gsm0338.Codec()
    for character in map(chr, (code for code in range(0x10000) if code != gsm7.ESC)):
        try:
            theirs = codec.encode(character)[0]
        except UnicodeError:
            theirs = None
        ours = gsm7.encode(character) if gsm7.is_encodable(character) else None
        assert ours == theirs, f"{character!a}"


@given(st.text(st.sampled_from(ALPHABET)))
def test_text_of_the_alphabet_comes_back(text):
    assert gsm7.decode(gsm7.encode(text)) == text


@given(st.text())
def test_any_text_is_encodable_or_refused(text):
    try:
        septets = gsm7.encode(text)
    except gsm7.UnencodableError:
        assert not gsm7.is_encodable(text)
    else:
        assert gsm7.is_encodable(text)
        assert max(septets, default=0) < 0x80


@given(st.binary())
def test_any_octets_can_be_shown(octets):
    gsm7.decode(octets)
