"""One key for every spelling of an SMSC's id, and no key for two ids."""

import pytest

import vectors
from heliograph.smpp.message_id import key


@pytest.mark.parametrize("case", vectors.of_kind("msgid"), ids=lambda case: case["id"])
def test_an_id_is_known_again_in_its_receipt(case):
    assert (key(case["resp"], case["resp_base"]) == key(case["dlr"], case["dlr_base"])) is case["match"]


def test_a_text_keeps_its_zeros_and_loses_its_case():
    assert key(" 00AB\0", "text") == "00ab"
    assert key("0123", "text") != key("123", "text")


@pytest.mark.parametrize("base", ["dec", "hex"])
@pytest.mark.parametrize("text", ["", "12-34", "0x12", "1_0", "١٢", "+5", "g", "9" * 256])
def test_what_is_no_number_of_the_base_is_a_text(base, text):
    assert key(text, base) == text.casefold()


def test_no_text_has_the_key_of_a_number():
    number = key("255", "dec")
    assert number == key("00FF", "hex")
    assert key(number, "text") != number
    assert key(number, "hex") != number


def test_a_number_may_have_any_number_of_digits():
    assert key("0" * 20 + "4062581461565934000241", "dec") == key(f"{4062581461565934000241:X}", "hex")


def test_a_base_nobody_knows_is_an_error():
    with pytest.raises(KeyError):
        key("1", "oct")
