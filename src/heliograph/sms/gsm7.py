"""The GSM 7-bit default alphabet and its extension table, unpacked: one octet a septet (TS 23.038 §6.2.1).

Nothing is replaced on the way out: a character that is in neither table is an error, and the caller chooses
UCS2. The functions know the default tables; `Tables` are any others (`sms.national`).
"""

import codecs
import re
from collections.abc import Mapping
from typing import Final, cast

ESC: Final = 0x1B

DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

EXTENSION: Final = {
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

_ESCAPE: Final = re.compile("\x1b(.?)", re.DOTALL)


class UnencodableError(ValueError):
    """A character outside the alphabet: `character`, and `position`, which counts from 0."""

    def __init__(self, character: str, position: int) -> None:
        super().__init__(f"character {position + 1}, {character!a}, is not in the GSM 7-bit alphabet")
        self.character = character
        self.position = position


class Tables:
    """A table of 128 septets, ESC among them, and the table of those that stand behind ESC.

    A character that both have is written without ESC.
    """

    def __init__(self, default: str, extension: Mapping[int, str]) -> None:
        octets = {ord(character): bytes((ESC, septet)) for septet, character in extension.items()}
        octets |= {ord(character): bytes((septet,)) for septet, character in enumerate(default) if septet != ESC}
        self.characters = frozenset(map(chr, octets))
        self._default = default
        # The encoder takes octets as well as numbers for a character; its declared type knows the numbers only.
        self._encoding = cast(dict[int, int], octets)
        # What follows ESC is read by the default table; where the extension has nothing, that is what a phone shows.
        self._escaped = {default[septet]: character for septet, character in extension.items()}
        self._escaped |= {"\x1b": " ", "": " "}

    def is_encodable(self, text: str) -> bool:
        """Whether `encode` takes every character of `text`."""
        return self.characters.issuperset(text)

    def encode(self, text: str) -> bytes:
        """The septets of `text`, one an octet; a character of the extension table is two, ESC and its code.

        Raises:
            UnencodableError: a character is in neither table.
        """
        try:
            return codecs.charmap_encode(text, "strict", self._encoding)[0]
        except UnicodeEncodeError as problem:
            raise UnencodableError(text[problem.start], problem.start) from None

    def decode(self, octets: bytes) -> str:
        """The text of unpacked septets, as a phone shows it; it never fails.

        After ESC a code that the extension table does not have is the default table's character, and a lone ESC is
        a blank. An octet above 0x7F is no septet and becomes U+FFFD. Each septet or pair of ESC and another is one
        character.
        """
        text = codecs.charmap_decode(octets, "replace", self._default)[0]
        if "\x1b" not in text:
            return text
        return _ESCAPE.sub(lambda pair: self._escaped.get(pair[1], pair[1]), text)


PLAIN: Final = Tables(DEFAULT, EXTENSION)

is_encodable: Final = PLAIN.is_encodable
encode: Final = PLAIN.encode
decode: Final = PLAIN.decode
