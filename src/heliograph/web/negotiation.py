"""JSON or XML: what a body is written in, and an answer."""

from __future__ import annotations

import re
from typing import Final

from heliograph.webhooks.formats import JSON, XML

FORM: Final = "application/x-www-form-urlencoded"
CONTENT_TYPES: Final = {JSON: "application/json;charset=UTF-8", XML: "application/xml;charset=UTF-8"}
_QUALITY: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def media_of(content_type: str | None) -> str | None:
    """JSON or XML, by a Content-Type as it came, parameters and all; none is JSON. None: neither of them."""
    return _MEDIA.get((content_type or JSON).partition(";")[0].strip().lower())


_MEDIA: Final = {JSON: JSON, "text/json": JSON, XML: XML, "text/xml": XML, "": JSON}


def is_form(content_type: str | None) -> bool:
    """Whether a Content-Type as it came names a form."""
    return (content_type or "").partition(";")[0].strip().lower() == FORM


def wanted_media(accept: str | None) -> str:
    """JSON, unless the Accept header likes XML better."""
    if accept is None or "xml" not in accept.lower():
        return JSON
    qualities = {JSON: 0.0, XML: 0.0}
    for item in accept.lower().split(","):
        quality = _QUALITY.search(item)
        for media in _matches(item.partition(";")[0].strip()):
            qualities[media] = max(qualities[media], float(quality[1]) if quality else 1.0)
    return XML if qualities[XML] > qualities[JSON] else JSON


def _matches(media_range: str) -> tuple[str, ...]:
    """Which of ours a media range names; one that names both decides nothing, but keeps JSON acceptable."""
    if media_range in ("*/*", "application/*"):
        return (JSON,)
    media = media_of(media_range) if media_range else None
    return () if media is None else (media,)
