"""The links of a text: found, replaced by short ones before the text is encoded, and made each recipient's own (pure).

Rule 1: outside its links a text stays what it is.
Rule 2: all codes have one length and no character that any alphabet of an SMS lacks or writes in another number of
octets: whatever codes stand in a body, it is cut into the same segments.
Rule 3: only http and https are links, and only with a host; nothing else is ever replaced, kept or followed.
"""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

CODE_LENGTH: Final = 11  # 65 random bits: with a hundred million links, 500 thousand million guesses find one
MAX_URL: Final = 2000  # characters; a longer one stays as it is
MAX_TEXT: Final = 16_000  # characters; a longer text stays as it is, and is too long for an SMS

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CODE: Final = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}")
_BEGINS: Final = re.compile(r"(?<![A-Za-z0-9+.-])https?://", re.IGNORECASE | re.ASCII)
_IN_URL: Final = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")  # RFC 3986 §2
_BEHIND: Final = frozenset(".,:;!?'*")  # ends a sentence, not a URL
_BRACKETS: Final = {")": "(", "]": "["}
_UCS2: Final = 0x08


class Shortened(msgspec.Struct, frozen=True):
    """A text with short links, and what each of their codes stands for."""

    text: str
    urls: tuple[str, ...]
    codes: tuple[str, ...]


class ShortLinks(msgspec.Struct, frozen=True):
    """The short links of a body: `codes` stand in it, for `urls`, at `places`: (octet, number of the code).

    width: octets a character. personal: each recipient is to have codes of his own.
    """

    urls: tuple[str, ...]
    codes: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    width: int
    personal: bool


def find(text: str) -> list[tuple[int, int]]:
    """Where the links of a text begin and end, in their order.

    A link ends before a blank, a quote, an angle bracket or punctuation outside ASCII; punctuation that ends it, and a
    bracket that was not opened in it, are the sentence's.
    """
    found = []
    position = 0
    while (begin := _BEGINS.search(text, position)) is not None:
        position = end = _run(text, begin.end())
        if end - begin.start() <= MAX_URL:
            end = _trimmed(text, begin.end(), end)
            if _has_host(text[begin.start() : end]):
                found.append((begin.start(), end))
    return found


def _run(text: str, position: int) -> int:
    """Where the characters that a URL may have end."""
    while position < len(text):
        character = text[position]
        if character not in _IN_URL and (character.isascii() or unicodedata.category(character)[0] not in "LMN"):
            break
        position += 1
    return position


def _trimmed(text: str, start: int, end: int) -> int:
    """Where a URL ends whose sentence may go on."""
    spare = {closing: text.count(closing, start, end) - text.count(opening, start, end)
             for closing, opening in _BRACKETS.items()}  # fmt: skip
    while end > start:
        last = text[end - 1]
        if spare.get(last, 0) > 0:
            spare[last] -= 1
        elif last not in _BEHIND:
            break
        end -= 1
    return end


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and host is not None and host.isascii()


def shorten(text: str, base: str, *, without_scheme: bool = False) -> Shortened | None:
    """The text with each link replaced by `base`, a slash and a code, one for each URL; None: there is no link."""
    places = find(text) if len(text) <= MAX_TEXT else []
    if not places:
        return None
    prefix = (base.partition("://")[2] if without_scheme else base) + "/"
    codes: dict[str, str] = {}
    pieces = []
    position = 0
    for begin, end in places:
        code = codes.get(text[begin:end]) or codes.setdefault(text[begin:end], new_code())
        pieces += [text[position:begin], prefix, code]
        position = end
    return Shortened("".join([*pieces, text[position:]]), tuple(codes), tuple(codes.values()))


def new_code() -> str:
    """A code that nobody can guess."""
    number = secrets.randbelow(len(_DIGITS) ** CODE_LENGTH)
    digits = []
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)


def is_code(text: str) -> bool:
    """Whether it has the form of a code."""
    return _CODE.fullmatch(text) is not None


def locate(short: Shortened, body: bytes, data_coding: int, *, personal: bool) -> ShortLinks:
    """Where the codes stand in the body of the text, as `sms.text` has encoded it."""
    wide = data_coding == _UCS2
    places = []
    for number, code in enumerate(short.codes):
        octets = _octets(code, 2 if wide else 1)
        at = body.find(octets)
        while at >= 0:
            places.append((at, number))
            at = body.find(octets, at + len(octets))
    return ShortLinks(short.urls, short.codes, tuple(sorted(places)), 2 if wide else 1, personal)


def write(links: ShortLinks, body: bytes, codes: tuple[str, ...]) -> bytes:
    """The body with these codes in the place of its own."""
    written = bytearray(body)
    for at, number in links.places:
        octets = _octets(codes[number], links.width)
        written[at : at + len(octets)] = octets
    return bytes(written)


def _octets(code: str, width: int) -> bytes:
    """In septets a digit or a letter is what it is in ASCII, with every national table, too (TS 23.038 §6.2.1)."""
    return code.encode("ascii" if width == 1 else "utf-16-be")


def location(url: str) -> str:
    """The URL as a header has it: in ASCII."""
    return quote(url, safe="".join(_IN_URL))
