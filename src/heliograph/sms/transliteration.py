"""Characters outside the GSM alphabet written with those inside it, so that a text needs no UCS2.

Rule 1: a character of the default alphabet or its extension is never changed.
Rule 2: what a table does not name stays, and forces UCS2: nothing becomes a question mark, and nothing is lost.
Rule 3: a letter that becomes several stands in capitals where its neighbours do: Жук is Zhuk, ЖУК is ZHUK.
Rule 4: a text is composed first (NFC), so that an accent is the same however it was typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from heliograph.sms import gsm7, letters


class _Table(msgspec.Struct, frozen=True):
    """What letters become; `folds` is whether all other characters lose their accents and their typography."""

    letters: Mapping[str, str]
    folds: bool = False


def transliterate(text: str, name: str) -> str:
    """`text` by the table `name`, one of `TRANSLITERATIONS`.

    Raises:
        KeyError: there is no such table.
    """
    table = _TABLES[name]
    if gsm7.is_encodable(text):
        return text
    composed = unicodedata.normalize("NFC", text) if table.letters or table.folds else text
    said = _OUTSIDE.sub(lambda found: _say(found, table), composed)
    return _MARKED.sub("", said) if table.folds else said


def _say(found: re.Match[str], table: _Table) -> str:
    character = found[0]
    said = table.letters.get(character)
    if said is None:
        said = _fold(character) if table.folds else character
    return said.upper() if len(said) > 1 and character.isupper() and _is_in_capitals(found) else said


def _is_in_capitals(found: re.Match[str]) -> bool:
    """Whether a letter stands among capitals: the next one decides, and where there is none, the one before."""
    start, end = found.span()
    following, before = found.string[end : end + 1], found.string[max(start - 1, 0) : start]
    return following.isupper() or (not following.islower() and before.isupper())


def _fold(character: str) -> str:
    """`character` without its accents (NFKD) or its typography; itself where the GSM alphabet cannot say it so."""
    said = _FOLDED.get(character)
    if said is not None:
        return said
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", character))
    plain = "".join(_FOLDED.get(one, one) for one in plain)
    return plain if plain and gsm7.is_encodable(plain) else character


def _with_capitals(rows: Mapping[str, str]) -> dict[str, str]:
    return {letter.upper(): said.capitalize() for letter, said in rows.items()} | dict(rows)


def _latin(alphabets: Iterable[str]) -> dict[str, str]:
    """What the letters of these alphabets become that the GSM alphabet lacks, and their capitals."""
    both = {case for letter in "".join(alphabets) for case in (letter, letter.upper())}
    return {letter: _fold(letter) for letter in both if not gsm7.is_encodable(letter)}


def _greek() -> dict[str, str]:
    """What every Greek letter becomes, with any marks and in either case."""
    said = {}
    for letter in map(chr, (*range(0x0370, 0x0400), *range(0x1F00, 0x2000))):
        bare = _MARKS.sub("", unicodedata.normalize("NFD", letter)).lower()
        if bare in letters.GREEK:
            said[letter] = letters.GREEK[bare]
    return said


_INSIDE: Final = re.escape("".join(sorted(gsm7.PLAIN.characters)))
_OUTSIDE: Final = re.compile(f"[^{_INSIDE}]")
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_MARKED: Final = re.compile(f"(?<=[{_INSIDE}]){_MARKS.pattern}")

_FOLDED: Final = _with_capitals(letters.MARKED) | letters.SIGNS

_CYRILLIC: Final = _with_capitals(letters.CYRILLIC)
_GREEK: Final = _greek()

_TABLES: Final[dict[str, _Table]] = {
    "NONE": _Table({}),
    "GREEK": _Table(_GREEK),
    "CYRILLIC": _Table(_CYRILLIC),
    "SERBIAN_CYRILLIC": _Table(_with_capitals(letters.SERBIAN)),
    "BULGARIAN_CYRILLIC": _Table(_with_capitals(letters.BULGARIAN)),
    **{name: _Table(_latin(alphabet)) for name, alphabet in letters.LATIN.items()},
    "NON_UNICODE": _Table({}, folds=True),
    "ALL": _Table(_GREEK | _CYRILLIC, folds=True),
}
TRANSLITERATIONS: Final = frozenset(_TABLES)
