"""Long messages as they come in: which part of which message a piece is, and the whole of its parts (pure).

Rule 1: an element with a total or a number of 0, or a number above the total, is ignored (TS 23.040 §9.2.3.24.1).
Rule 2: a whole begins with what its first part has in its header beside the concatenation, ports for example.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from heliograph.sms import udh

UDHI: Final = 0x40  # esm_class
_WIDTHS: Final = {udh.CONCATENATED_8: 8, udh.CONCATENATED_16: 16}
_TLVS: Final = 0  # in the place of a width: the reference stood in TLVs


class Place(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a part belongs: the number-th, from 1, of `total` parts, up to 255, that share a reference.

    width: bits of the reference, 8 or 16; 0: it came in TLVs, and none of those with a header is of the same message.
    """

    reference: int
    total: int
    number: int
    width: int


class Piece(msgspec.Struct, frozen=True, gc=False):
    """The octets of a part or a whole; they begin with a UDH where esm_class has 0x40."""

    body: bytes
    esm_class: int


def place_of(piece: Piece) -> Place | None:
    """The place that the header of a piece says; None: it is a whole message, or its header is none."""
    for element in _opened(piece)[0]:
        width = _WIDTHS.get(element.identifier)
        if width is not None and len(element.data) == width // 8 + 2:
            total, number = element.data[-2:]
            return _valid(Place(int.from_bytes(element.data[:-2]), total, number, width))
    return None


def place_in_tlvs(reference: bytes | None, total: bytes | None, number: bytes | None) -> Place | None:
    """The place that sar_msg_ref_num, sar_total_segments and sar_segment_seqnum say (SMPP v3.4 §5.3.2.22 to 24)."""
    if not (reference and total and number):
        return None
    return _valid(Place(int.from_bytes(reference[:2]), total[0], number[0], _TLVS))


def join(pieces: Iterable[Piece]) -> Piece:
    """The whole of one part or more, given in their order; a part whose header is none is taken as it stands."""
    opened = [(piece, *_opened(piece)) for piece in pieces]
    first, elements, _ = opened[0]
    kept = [element for element in elements if element.identifier not in _WIDTHS]
    octets = b"".join(payload for _, _, payload in opened)
    if not kept:
        broken = first.esm_class & UDHI and not elements and first.body == opened[0][2]
        return Piece(octets, first.esm_class if broken else first.esm_class & ~UDHI)
    return Piece(udh.build(kept) + octets, first.esm_class)


def _opened(piece: Piece) -> tuple[tuple[udh.Element, ...], bytes]:
    """The elements of the header and the octets behind it."""
    if piece.esm_class & UDHI:
        try:
            return udh.parse(piece.body)
        except udh.InvalidUdh:
            pass
    return (), piece.body


def _valid(place: Place) -> Place | None:
    return place if 0 < place.number <= place.total else None
