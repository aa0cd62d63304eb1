"""Which part of which message a piece is, and the whole of its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.sms.concatenation import UDHI, Piece, Place, join, place_in_tlvs, place_of
from heliograph.sms.segments import cut
from heliograph.sms.text import decode, encode

EIGHT = bytes.fromhex("050003 2A 03 02".replace(" ", ""))
SIXTEEN = bytes.fromhex("0608040102 03 01".replace(" ", ""))
PORTS = bytes.fromhex("06050415810000")


@pytest.mark.parametrize(
    ("body", "esm_class", "place"),
    [
        (EIGHT + b"x", UDHI, Place(0x2A, 3, 2, 8)),
        (SIXTEEN + b"x", UDHI | 0x80, Place(0x0102, 3, 1, 16)),
        (EIGHT + b"x", 0, None),  # text that looks like a header
        (PORTS + b"x", UDHI, None),
        (bytes.fromhex("0B0504158100000003070201") + b"x", UDHI, Place(7, 2, 1, 8)),  # behind the ports
        (bytes.fromhex("050003070001") + b"x", UDHI, None),  # a total of 0
        (bytes.fromhex("050003070200") + b"x", UDHI, None),  # the part 0
        (bytes.fromhex("050003070203") + b"x", UDHI, None),  # part 3 of 2
        (bytes.fromhex("0400020703") + b"x", UDHI, None),  # an octet is lacking
        (b"\xff", UDHI, None),  # no header
        (b"", UDHI, None),
    ],
)
def test_a_header_says_where_a_part_belongs(body: bytes, esm_class: int, place: Place | None) -> None:
    assert place_of(Piece(body, esm_class)) == place


@pytest.mark.parametrize(
    ("tlvs", "place"),
    [
        ((b"\x01\x02", b"\x03", b"\x02"), Place(0x0102, 3, 2, 0)),
        ((b"\x01\x02", b"\x03", None), None),
        ((None, b"\x03", b"\x02"), None),
        ((b"\x01\x02", b"\x03", b"\x04"), None),
        ((b"\x01\x02", b"", b"\x01"), None),
    ],
)
def test_tlvs_say_where_a_part_belongs(tlvs: tuple[bytes | None, ...], place: Place | None) -> None:
    assert place_in_tlvs(*tlvs) == place


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([Piece(EIGHT + b"one ", UDHI), Piece(EIGHT + b"two", UDHI)], Piece(b"one two", 0)),
        ([Piece(b"one ", 0), Piece(b"two", 0)], Piece(b"one two", 0)),
        ([Piece(EIGHT + b"x", UDHI | 0x80)], Piece(b"x", 0x80)),  # the reply path stays
        (
            [Piece(bytes.fromhex("0B0504158100000003070201") + b"a", UDHI), Piece(EIGHT + b"b", UDHI)],
            Piece(PORTS + b"ab", UDHI),
        ),
        ([Piece(b"\xffx", UDHI)], Piece(b"\xffx", UDHI)),  # a header that is none stands as it is
    ],
)
def test_parts_are_joined_behind_what_their_first_header_has_beside_the_concatenation(
    pieces: list[Piece], whole: Piece
) -> None:
    assert join(pieces) == whole


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=600), st.booleans()
)
def test_what_is_cut_is_joined_to_the_same_text(text: str, wide: bool) -> None:
    said = encode(text)
    parts = cut(said.body, said.data_coding, said.esm_class, reference=77, wide=wide)
    pieces = [Piece(part.user_data, part.esm_class) for part in parts]

    whole = join(pieces)

    assert decode(whole.body, said.data_coding, whole.esm_class) == text
    if len(parts) > 1:
        total, width = len(parts), 16 if wide else 8
        assert [place_of(piece) for piece in pieces] == [Place(77, total, n + 1, width) for n in range(total)]


@given(st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 255))
def test_whatever_comes_can_be_joined_and_read(pieces: list[tuple[bytes, int]], data_coding: int) -> None:
    whole = join([Piece(*piece) for piece in pieces])

    text = decode(whole.body, data_coding, whole.esm_class)

    assert text is None or text.encode() is not None
