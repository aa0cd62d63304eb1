"""A text as the body that says it, and a body as the text that a phone shows (pure).

Rule 1: nothing is replaced. A text goes in the GSM alphabet where that has every character, else with a national
table where one was asked for, else in UTF-16BE; what none of them can say is `Unsayable`.
Rule 2: the segments of a text are those that `sms.segments` cuts, and no others are counted here.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from heliograph.sms import gsm7, national, segments, udh
from heliograph.sms.coding import Alphabet, alphabet
from heliograph.sms.transliteration import transliterate

AUTODETECT: Final = "AUTODETECT"
NONE: Final = "NONE"

_TABLES: Final = {"TR": national.TURKISH, "ES": national.SPANISH, "PT": national.PORTUGUESE}
LANGUAGES: Final = frozenset((*_TABLES, AUTODETECT, NONE))

_GSM: Final = 0x00
_UCS2: Final = 0x08
_UDHI: Final = 0x40

# U+0000 is the end of a text for many phones and SMSCs; a surrogate without its partner is no character.
_UNSAYABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Unsayable(ValueError):
    """A text that no alphabet of an SMS can say exactly; `sentence` says why, without quoting it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Language(msgspec.Struct, frozen=True):
    """The national tables that a text may use.

    `code` is one of `LANGUAGES`. `single` and `locking` are the shifts that the customer permits. Without a flag, TR,
    ES and PT permit the single shift, and AUTODETECT both shifts of each. ES has no locking shift: whatever is
    permitted, its single one is meant.
    """

    code: str
    single: bool = False
    locking: bool = False


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A body with its data_coding and esm_class, with a UDH where that has 0x40, and the text that a phone shows."""

    body: bytes
    data_coding: int
    esm_class: int
    text: str


class Preview(msgspec.Struct, frozen=True, gc=False):
    """The text that a phone shows, how many segments it takes, and how many more characters the last has room for."""

    text: str
    segments: int
    remaining: int


def encode(text: str, language: Language | None = None, transliteration: str | None = None) -> Encoded:
    """The body of `text`, after `transliteration`, one of `TRANSLITERATIONS`.

    With a language it is the one of the fewest segments, and among those the one that asks the least of a phone:
    the GSM alphabet, a single shift, a locking shift, both, UCS2. AUTODETECT leaves alone what is GSM already.

    Raises:
        Unsayable: with U+0000 or half a surrogate pair in it.
        KeyError: there is no such language or transliteration.
    """
    _refuse_unsayable(text)
    said = text if transliteration is None else transliterate(text, transliteration)
    pairs = _pairs(language) if language else ()
    is_plain = gsm7.is_encodable(said)
    if is_plain and (not pairs or (language and language.code == AUTODETECT)):
        return _in_septets(said)
    if not pairs:
        return _in_ucs2(said)
    plain = [_in_septets(said)] if is_plain else []
    shifted = [_in_septets(said, *pair) for pair in pairs if national.tables(*pair).is_encodable(said)]
    return min((*plain, *shifted, _in_ucs2(said)), key=_length)


def preview(text: str, language: Language | None = None, transliteration: str | None = None) -> Preview:
    """What `encode` makes of `text`, before it is sent.

    What remains is in septets or units of UTF-16, as the last segment has them left; what earlier ones lose where a
    character must not be parted is gone. A character behind ESC takes two, but one that a single shift adds counts
    one, as the public API counts it: with such, less than what is told may fit.

    Raises:
        Unsayable, KeyError: as `encode`.
        segments.Uncuttable: with 25, over 25 segments or 4,000 octets.
    """
    encoded = encode(text, language, transliteration)
    fill = segments.fill(encoded.body, encoded.data_coding, encoded.esm_class)
    remaining = fill.left // 2 if encoded.data_coding == _UCS2 else fill.left + _shifted(fill.last)
    return Preview(encoded.text, fill.segments, remaining)


def decode(body: bytes, data_coding: int, esm_class: int) -> str | None:
    """The text that a phone shows of a body, or of one segment of it; None where it is no text.

    data_coding and esm_class are 0..255. With bit 0x40 of `esm_class` the body begins with a UDH, which is not shown,
    and whose national tables count. No text are octets without a known alphabet, compressed text, and a body whose UDH
    is broken. What an alphabet does not have is U+FFFD.
    """
    elements: Sequence[udh.Element] = ()
    if esm_class & _UDHI:
        try:
            elements, body = udh.parse(body)
        except udh.InvalidUdh:
            return None
    if data_coding in _CODECS:
        return body.decode(_CODECS[data_coding], "replace")
    coding = alphabet(data_coding)
    if coding is Alphabet.OCTETS or _is_compressed(data_coding):
        return None
    if coding is Alphabet.UCS2:
        return body.decode("utf-16-be", "replace")
    return national.announced(elements).decode(body)


# SMPP v3.4 §5.2.19. What Japanese phones sent by 5, 0x0A and 0x0D differs from SMSC to SMSC.
_CODECS: Final = {0x01: "ascii", 0x03: "latin-1", 0x06: "iso8859-5", 0x07: "iso8859-8", 0x0E: "euc-kr"}

_EXTENSION: Final = tuple(bytes((gsm7.ESC, septet)) for septet in gsm7.EXTENSION)


def _shifted(septets: bytes) -> int:
    """How many characters of a single shift's own there are among `septets` that `encode` made."""
    return septets.count(gsm7.ESC) - sum(map(septets.count, _EXTENSION))


def _is_compressed(data_coding: int) -> bool:
    """Bit 5 of the general groups, 0x10..0x7F (TS 23.038 §4)."""
    return data_coding < 0x80 and bool(data_coding & 0x20)


def _refuse_unsayable(text: str) -> None:
    unsayable = _UNSAYABLE.search(text)
    if unsayable:
        number, character = unsayable.start() + 1, unsayable[0]
        why = "which ends a text for many phones" if character == "\0" else "which is half a surrogate pair"
        raise Unsayable(f"character {number} is U+{ord(character):04X}, {why}")


@cache
def _pairs(language: Language) -> tuple[tuple[int, int], ...]:
    """The single and locking shifts that `language` permits; what asks the least of a phone comes first."""
    if language.code == NONE:
        return ()
    detects = language.code == AUTODETECT
    unsaid = not (language.single or language.locking)
    pairs: list[tuple[int, int]] = []
    for table in _TABLES.values() if detects else (_TABLES[language.code],):
        has_locking = table in national.LOCKING
        single = table if language.single or unsaid or not (has_locking or detects) else 0
        locking = table if has_locking and (language.locking or (unsaid and detects)) else 0
        pairs += {(single, 0), (0, locking), (single, locking)} - {(0, 0)}
    return tuple(sorted(pairs, key=_demand))


def _demand(pair: tuple[int, int]) -> tuple[bool, bool, int]:
    """The order of pairs. Where a phone lacks the table, a single shift's ğ is shown as g, a locking shift's as ø."""
    single, locking = pair
    return locking > 0, single > 0, single or locking


def _in_septets(text: str, single: int = 0, locking: int = 0) -> Encoded:
    septets = national.tables(single, locking).encode(text)
    elements = national.shifts(single, locking)
    if not elements:
        return Encoded(septets, _GSM, 0, text)
    return Encoded(udh.build(elements) + septets, _GSM, _UDHI, text)


def _in_ucs2(text: str) -> Encoded:
    return Encoded(text.encode("utf-16-be"), _UCS2, 0, text)


def _length(encoded: Encoded) -> int:
    """How many segments it takes; more than there may be, where it is too long."""
    try:
        return segments.count(encoded.body, encoded.data_coding, encoded.esm_class)
    except segments.Uncuttable:
        return segments.MAX_PARTS + 1
