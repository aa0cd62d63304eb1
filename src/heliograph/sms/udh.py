"""The user data header: a length octet, then information elements (TS 23.040 §9.2.3.24).

An element is read and written as it stands; what it means for cutting is a matter of `segments`.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

CONCATENATED_8: Final = 0x00
CONCATENATED_16: Final = 0x08


class InvalidUdh(ValueError):
    """The octets are no user data header; the text says why."""


class Element(msgspec.Struct, frozen=True):
    """One information element: its identifier, 0..255, and up to 253 octets of data."""

    identifier: int
    data: bytes


def parse(user_data: bytes) -> tuple[tuple[Element, ...], bytes]:
    """The elements at the head of `user_data`, and the octets after the header.

    Raises:
        InvalidUdh: there is no header, it is longer than the user data, or an element passes its end.
    """
    if not user_data:
        raise InvalidUdh("the user data is empty, so there is no header in it")
    end = user_data[0] + 1
    if end > len(user_data):
        raise InvalidUdh(f"the header should have {end} octets, the user data has {len(user_data)}")
    elements = []
    at = 1
    while at < end:
        if at + 1 == end:
            raise InvalidUdh("a single octet is left over at the end of the header")
        identifier, length = user_data[at], user_data[at + 1]
        at += 2 + length
        if at > end:
            raise InvalidUdh(f"information element 0x{identifier:02X} passes the end of the header")
        elements.append(Element(identifier, user_data[at - length : at]))
    return tuple(elements), user_data[end:]


def size(elements: Iterable[Element]) -> int:
    """The octets that a header of these elements takes, its length octet included."""
    return 1 + sum(2 + len(element.data) for element in elements)


def build(elements: Iterable[Element]) -> bytes:
    """A header of these elements, in their order, its length octet first.

    Raises:
        InvalidUdh: it would be longer than its length octet can say, 255.
    """
    octets = b"".join(bytes((element.identifier, len(element.data))) + element.data for element in elements)
    if len(octets) > 255:
        raise InvalidUdh(f"a header of {len(octets)} octets is longer than 255")
    return bytes((len(octets),)) + octets


def concatenation(reference: int, total: int, sequence: int, *, wide: bool) -> Element:
    """The element that says which segment of how many this is; `wide` has a reference of 16 bits, else of 8.

    A reference that is too big for its octets wraps round.
    """
    if wide:
        return Element(CONCATENATED_16, (reference & 0xFFFF).to_bytes(2) + bytes((total, sequence)))
    return Element(CONCATENATED_8, bytes((reference & 0xFF, total, sequence)))
