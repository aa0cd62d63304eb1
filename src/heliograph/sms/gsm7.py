"""The GSM 7-bit default alphabet and its extension table, unpacked: one octet a septet (TS 23.038 §6.2.1).

Nothing is replaced on the way out: a character that is in neither table is an error, and the caller chooses
UCS2. National tables are not here.
"""

import codecs
import re
from typing import Final, cast

ESC: Final = 0x1B

_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_OCTETS: Final = {
    **{ord(character): bytes((septet,)) for septet, character in enumerate(_DEFAULT) if septet != ESC},
    **{ord(character): bytes((ESC, septet)) for septet, character in _EXTENSION.items()},
}
_CHARACTERS: Final = frozenset(map(chr, _OCTETS))

# The encoder takes octets as well as numbers for a character; its declared type knows the numbers only.
_ENCODING: Final = cast(dict[int, int], _OCTETS)

# What follows ESC is read as the default table has it; where the extension has nothing, that is what a phone shows.
_ESCAPED: Final = {_DEFAULT[septet]: character for septet, character in _EXTENSION.items()} | {"\x1b": " ", "": " "}
_ESCAPE: Final = re.compile("\x1b(.?)", re.DOTALL)


class UnencodableError(ValueError):
    """A character outside the alphabet: `character`, and `position`, which counts from 0."""

    def __init__(self, character: str, position: int) -> None:
        super().__init__(f"character {position + 1}, {character!a}, is not in the GSM 7-bit alphabet")
        self.character = character
        self.position = position


def is_encodable(text: str) -> bool:
    """Whether `encode` takes every character of `text`."""
    return _CHARACTERS.issuperset(text)


def encode(text: str) -> bytes:
    """The septets of `text`, one an octet; a character of the extension table is two, ESC and its code.

    Raises:
        UnencodableError: a character is in neither table.
    """
    try:
        return codecs.charmap_encode(text, "strict", _ENCODING)[0]
    except UnicodeEncodeError as problem:
        raise UnencodableError(text[problem.start], problem.start) from None


def decode(octets: bytes) -> str:
    """The text of unpacked septets, as a phone shows it; it never fails.

    After ESC a code that the extension table does not have is the default table's character, and a lone ESC is
    a blank. An octet above 0x7F is no septet and becomes U+FFFD.
    """
    text = codecs.charmap_decode(octets, "replace", _DEFAULT)[0]
    if "\x1b" not in text:
        return text
    return _ESCAPE.sub(lambda pair: _ESCAPED.get(pair[1], pair[1]), text)
