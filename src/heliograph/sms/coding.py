"""What data_coding says about an alphabet and a class, and hexadecimal text as octets.

data_coding is one octet with two lists behind it: below 0x10 SMPP's own, above it the GSM data coding
scheme (TS 23.038 §4) as it stands. Everything here is a table of 256 rows, made once.
"""

from enum import Enum
from typing import Final


class Alphabet(Enum):
    """What one octet of a body counts for: a septet of its own, an octet, or half a unit of UTF-16BE."""

    SEPTETS = "septets"
    OCTETS = "octets"
    UCS2 = "ucs2"


# SMPP v3.4 §5.2.19: 0 is the SMSC's default alphabet and 1 is IA5, both seven bits wide on the air; 8 is UCS2.
# Latin-1, JIS, Cyrillic, Hebrew and the other language codings travel as octets, and so does what is reserved.
_SMPP: Final = {0x00: Alphabet.SEPTETS, 0x01: Alphabet.SEPTETS, 0x08: Alphabet.UCS2}

# Bits 3 and 2 of the general and the auto-deletion groups, 0x10..0x7F; 11 is reserved.
_GENERAL: Final = (Alphabet.SEPTETS, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.OCTETS)

# The upper half by its first hex digit: 8 to B reserved, C to E message waiting.
_WAITING: Final = {0xC: Alphabet.SEPTETS, 0xD: Alphabet.SEPTETS, 0xE: Alphabet.UCS2}


def _alphabet(data_coding: int) -> Alphabet:
    if data_coding < 0x10:
        return _SMPP.get(data_coding, Alphabet.OCTETS)
    if data_coding < 0x80:
        return _GENERAL[data_coding >> 2 & 3]
    if data_coding < 0xF0:
        return _WAITING.get(data_coding >> 4, Alphabet.OCTETS)
    return Alphabet.OCTETS if data_coding & 0x04 else Alphabet.SEPTETS


def _has_class(data_coding: int) -> bool:
    """Whether bits 1 and 0 are a message class: 0xF0..0xFF, and the general groups with bit 4 set."""
    return data_coding >= 0xF0 or (data_coding < 0x80 and bool(data_coding & 0x10))


_ALPHABETS: Final = tuple(map(_alphabet, range(256)))

_FLASH: Final[dict[int, int]] = {
    **{data_coding: data_coding & ~3 for data_coding in range(256) if _has_class(data_coding)},
    0x00: 0x10,
    0x02: 0x14,
    0x04: 0x14,
    0x08: 0x18,
}


def alphabet(data_coding: int) -> Alphabet:
    """The alphabet that `data_coding`, 0..255, names; what is reserved counts in octets."""
    return _ALPHABETS[data_coding]


def flash(data_coding: int) -> int | None:
    """The data_coding of the same alphabet with class 0, shown at once; None where there is no such value."""
    return _FLASH.get(data_coding)


def parse_hex(text: str) -> bytes:
    """The octets that `text` spells, two digits each, either case.

    Blanks, tabs and line ends may stand anywhere but between the two digits of one octet.

    Raises:
        ValueError: with a sentence for the caller, when it is not so, or there is no octet at all.
    """
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        raise ValueError(_hex_problem(text)) from None
    if not octets or "\v" in text or "\f" in text:  # the two other blanks that fromhex skips
        raise ValueError(_hex_problem(text))
    return octets


_HEX_TEXT: Final = frozenset("0123456789abcdefABCDEF \t\r\n")


def _hex_problem(text: str) -> str:
    for position, character in enumerate(text, 1):
        if character not in _HEX_TEXT:
            return f"must be hexadecimal: character {position} is {character!a}"
    if not text.strip():
        return "must hold at least one octet in hexadecimal"
    return "must be whole octets: each group of hexadecimal digits needs an even number of them"
