"""What a message says, as the body that carries it: a text is encoded here, and octets are read from their digits."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api.reading import ABSENT, Reading
from heliograph.api.requests import LanguageShape
from heliograph.sms import short_link
from heliograph.sms import text as texts
from heliograph.sms.coding import flash, parse_hex
from heliograph.sms.message import UrlOptions
from heliograph.sms.segments import MAX_OCTETS
from heliograph.sms.short_link import ShortLinks
from heliograph.sms.text import Language, Unsayable
from heliograph.sms.transliteration import TRANSLITERATIONS

LANGUAGES: Final = ("TR", "ES", "PT", texts.AUTODETECT, texts.NONE)
SCRIPTS: Final = tuple(sorted(TRANSLITERATIONS))


class Content(msgspec.Struct, frozen=True, gc=False):
    """A body, its data_coding and esm_class, 0 to 255, whether it was made from a text, and its short links."""

    body: bytes
    data_coding: int
    esm_class: int
    text: bool
    short_links: ShortLinks | None = None


NOTHING: Final = Content(b"", 0, 0, text=False)


def read_binary(hex_: str | None, data_coding: int | None, esm_class: int | None, at: str, reading: Reading) -> Content:
    """The octets that stand at `at`."""
    try:
        body = parse_hex(hex_ or "")
    except ValueError as problem:
        reading.findings.add(f"{at}hex", str(problem))
        body = b""
    return Content(
        body,
        _octet(data_coding, f"{at}dataCoding", reading),
        _octet(esm_class, f"{at}esmClass", reading),
        text=False,
    )


def _octet(value: int | None, path: str, reading: Reading) -> int:
    if value is None:
        return 0
    if not 0 <= value <= 255:
        reading.findings.add(path, "must be from 0 to 255")
        return 0
    return value


def read_text(
    text: str,
    language: str | LanguageShape | None,
    transliteration: str | None,
    at: str,
    reading: Reading,
    url_options: UrlOptions | None = None,
) -> Content:
    """The text that stands at `at`, with short links where `url_options` ask for them, encoded."""
    short = None
    if url_options is not None and url_options.shorten and reading.short_base is not None:
        short = short_link.shorten(text, reading.short_base, without_scheme=url_options.remove_protocol)
        text = text if short is None else short.text
    spoken = read_language(language, f"{at}language", LANGUAGES, reading)
    written = read_transliteration(transliteration, f"{at}transliteration", reading)
    if len(text) > MAX_OCTETS:  # too long for every alphabet: no more work is done for it
        spoken = written = None
    try:
        encoded = texts.encode(text, spoken, written)
    except Unsayable as problem:
        reading.findings.add(f"{at}text", problem.sentence)
        return NOTHING
    links = None
    if short is not None and url_options is not None:
        # Codes of his own are of no use for a recipient of whose clicks nobody is told.
        personal = url_options.track_clicks and url_options.tracking_url is not None
        links = short_link.locate(short, encoded.body, encoded.data_coding, personal=personal)
    return Content(encoded.body, encoded.data_coding, encoded.esm_class, text=True, short_links=links)


def read_language(
    given: str | LanguageShape | None, path: str, allowed: tuple[str, ...], reading: Reading
) -> Language | None:
    """The language that stands at `path`, as an object or by its code alone; None where none was given."""
    if given is None or isinstance(given, str):
        known = not given or reading.choose(path, given, allowed)
        return Language(given) if given and known else None
    single, locking = bool(given.single_shift), bool(given.locking_shift)
    if not given.language_code:
        if single or locking:
            reading.findings.add(f"{path}.languageCode", ABSENT)
        return None
    if not reading.choose(f"{path}.languageCode", given.language_code, allowed):
        return None
    return Language(given.language_code, single, locking)


def read_transliteration(given: str | None, path: str, reading: Reading) -> str | None:
    """The name of the transliteration that stands at `path`; None where none was given."""
    return given if given and reading.choose(path, given, SCRIPTS) else None


def flashing(content: Content, path: str, reading: Reading) -> Content:
    """The same, to be shown at once; `path` is blamed where its data_coding has no such class."""
    data_coding = flash(content.data_coding)
    if data_coding is None:
        reading.findings.add(path, f"dataCoding {content.data_coding} has no class: it cannot be a flash message")
        return content
    return msgspec.structs.replace(content, data_coding=data_coding)
