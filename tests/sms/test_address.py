"""Recipients and senders, as customers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.sms.address import BadAddress, recipient, sender, source_addr, ton_npi


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("41793026727", "41793026727"),
        ("12345", "12345"),
        ("123456789012345", "123456789012345"),
        ("+41793026727", "41793026727"),
        ("0041793026727", "41793026727"),
        ("+41 (79) 302-67-27", "41793026727"),
        (" 00 41 79 302 67 27 ", "41793026727"),
        ("(+41) 793026727", "41793026727"),
        ("0793026727", "0793026727"),
        ("00123456789012345", "123456789012345"),
    ],
)
def test_a_recipient_is_cleaned_to_digits(text, number):
    assert recipient(text) == number


@pytest.mark.parametrize(
    ("text", "status_id"),
    [
        (None, 51),
        ("", 51),
        ("   ", 52),
        ("+", 52),
        ("00", 52),
        ("abc", 52),
        ("41793026727x", 52),
        ("++41793026727", 52),
        ("41+793026727", 52),
        ("41.793.026.727", 52),
        ("\u0664\u0661\u0667\u0669\u0663\u0660", 52),
        ("4179302672\u00b2", 52),
        ("1" * 65, 52),
        ("1234", 8),
        ("+1234", 8),
        ("001234", 8),
        ("1234567890123456", 8),
        ("1" * 64, 8),
    ],
)
def test_a_bad_recipient_is_refused_with_its_status(text, status_id):
    with pytest.raises(BadAddress) as refusal:
        recipient(text)
    assert refusal.value.status_id == status_id
    assert refusal.value.sentence == str(refusal.value) != ""


@given(st.text(st.sampled_from("0123456789+-() x"), max_size=70))
def test_a_cleaned_recipient_is_5_to_15_digits(text):
    try:
        number = recipient(text)
    except BadAddress as refusal:
        assert refusal.status_id in (51, 52, 8)
    else:
        assert number.isdecimal()
        assert 5 <= len(number) <= 15


@pytest.mark.parametrize("text", [None, ""])
def test_an_absent_sender_is_left_to_the_account(text):
    assert sender(text) == ""
    assert ton_npi("") == (0, 0)


@pytest.mark.parametrize(
    ("text", "ton", "npi", "wire"),
    [
        ("123", 3, 0, "123"),
        ("12345678", 3, 0, "12345678"),
        ("123456789", 1, 1, "123456789"),
        ("447860099299", 1, 1, "447860099299"),
        ("123456789012345", 1, 1, "123456789012345"),
        ("+4478600", 1, 1, "4478600"),
        ("+447860099299", 1, 1, "447860099299"),
        ("A", 5, 0, "A"),
        ("InfoSMS", 5, 0, "InfoSMS"),
        ("Shop 24 now", 5, 0, "Shop 24 now"),
        ("Grüße", 5, 0, "Grüße"),
        ("+Plus", 5, 0, "+Plus"),
        ("\u20ac\u20ac\u20ac\u20ac\u20aca", 5, 0, "\x1be\x1be\x1be\x1be\x1bea"),
    ],
)
def test_a_sender_is_kept_as_written_and_typed_by_its_shape(text, ton, npi, wire):
    assert sender(text) == text
    assert ton_npi(text) == (ton, npi)
    assert source_addr(text) == wire


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "12",
        "1234567890123456",
        "+123456",
        "+1234567890123456",
        "TwelveLetter",
        "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac",
        "a@b",
        "Привет",
        "`",
        "\u0664\u0661\u0667",
    ],
)
def test_any_other_sender_is_refused(text):
    with pytest.raises(BadAddress) as refusal:
        sender(text)
    assert refusal.value.status_id == 11


def test_a_lone_plus_sign_is_a_character_like_others():
    assert sender("+") == "+"
    assert ton_npi("+") == (5, 0)


@pytest.mark.parametrize(("text", "wire"), [("ΔΩ", "\x10\x15"), ("€uro", "\x1beuro"), ("Ärger", "Ärger"), ("", "")])
def test_a_sender_beyond_latin_1_goes_in_the_codes_of_the_gsm_alphabet(text: str, wire: str) -> None:
    assert source_addr(sender(text)) == wire


def test_a_sender_with_a_line_end_is_refused() -> None:
    with pytest.raises(BadAddress) as raised:
        sender("ACME\nInc")
    assert raised.value.status_id == 11
