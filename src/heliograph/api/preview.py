"""POST of a text that is not sent: what a phone would show, and how many segments that takes."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api import era, scope
from heliograph.api.content import read_language, read_transliteration
from heliograph.api.parts import Parts
from heliograph.api.reading import ABSENT, Reading
from heliograph.sms import text as texts
from heliograph.sms.segments import MAX_OCTETS, Uncuttable
from heliograph.sms.text import Language, Unsayable
from heliograph.web.decoding import Body, Findings
from heliograph.web.endpoint import CHANGING, Call, Endpoint

_LANGUAGES: Final = ("TR", "ES", "PT", texts.AUTODETECT)


class PreviewRequest(msgspec.Struct, rename="camel"):
    """A text, and how it would be sent."""

    text: str | None = None
    language_code: str | None = None
    transliteration: str | None = None


class LanguageCodeShape(msgspec.Struct, rename="camel"):
    """Whose national tables are used."""

    language_code: str


class ConfigurationShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """How a preview was made; nothing in it: without any of it."""

    language: LanguageCodeShape | None = None
    transliteration: str | None = None


class PreviewShape(msgspec.Struct, rename="camel"):
    """What a phone shows, in how many segments, and how many characters fit into the last one still."""

    text_preview: str
    message_count: int
    characters_remaining: int
    configuration: ConfigurationShape


class PreviewResponse(msgspec.Struct, rename="camel"):
    """The text as it is, and then as it was asked for."""

    original_text: str
    previews: list[PreviewShape]


async def _preview(parts: Parts, call: Call) -> PreviewResponse:
    request: PreviewRequest = call.body
    reading = Reading(era.FIRST, parts.limits, parts.now(), call.findings)
    language = read_language(request.language_code, "languageCode", _LANGUAGES, reading)
    transliteration = read_transliteration(request.transliteration, "transliteration", reading)
    text = request.text or ""
    if not text:
        call.findings.add("text", ABSENT)
    reading.measure("", "text", text, MAX_OCTETS)
    call.check()
    previews = [_shape(text, None, None, call.findings)]
    if language is not None or transliteration is not None:
        previews.append(_shape(text, language, transliteration, call.findings))
    call.check()
    return PreviewResponse(text, [one for one in previews if one is not None])


def _shape(
    text: str, language: Language | None, transliteration: str | None, findings: Findings
) -> PreviewShape | None:
    try:
        made = texts.preview(text, language, transliteration)
    except (Unsayable, Uncuttable) as problem:
        findings.add("text", problem.sentence)
        return None
    asked = ConfigurationShape(None if language is None else LanguageCodeShape(language.code), transliteration)
    return PreviewShape(made.text, made.segments, made.remaining, asked)


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/sms/1/preview",
        summary="What a phone would show of a text, and how many segments that takes",
        answer=_preview,
        reply=PreviewResponse,
        root="PreviewResponse",
        body=Body(PreviewRequest),
        refusals=CHANGING,
        judges=True,
        scopes=scope.MANAGE,
    ),
)
