"""User data headers, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.sms.udh import Element, InvalidUdh, build, concatenation, parse, size

ELEMENTS = st.lists(st.builds(Element, st.integers(0, 255), st.binary(max_size=20)), max_size=10)


@given(ELEMENTS, st.binary(max_size=20))
def test_a_header_reads_what_it_wrote(elements, body):
    assert parse(build(elements) + body) == (tuple(elements), body)
    assert size(elements) == len(build(elements))


@given(st.binary(max_size=40))
def test_octets_are_a_header_or_refused(octets):
    try:
        elements, body = parse(octets)
    except InvalidUdh:
        return
    assert build(elements) + body == octets


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        ("", "is empty"),
        ("05 0003", "should have 6 octets"),
        ("04 0003 7f02 01", "element 0x00 passes the end"),
        ("06 0003 7f02 01 00 41", "single octet"),
    ],
)
def test_a_header_that_does_not_add_up_is_refused(octets, sentence):
    with pytest.raises(InvalidUdh, match=sentence):
        parse(bytes.fromhex(octets))


def test_a_header_longer_than_its_length_octet_is_refused():
    with pytest.raises(InvalidUdh):
        build([Element(0x70, bytes(127)), Element(0x70, bytes(126))])


def test_a_reference_wraps_round_in_its_octets():
    assert concatenation(0x1234, 3, 2, wide=False) == Element(0x00, bytes.fromhex("34 03 02"))
    assert concatenation(0x51234, 3, 2, wide=True) == Element(0x08, bytes.fromhex("1234 03 02"))
