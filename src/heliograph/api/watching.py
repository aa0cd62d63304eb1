"""What those who watch over the gateway ask, without a key: whether it lives, whether it is ready, its figures."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from heliograph.api.parts import Parts
from heliograph.web import page
from heliograph.web.endpoint import Call, Endpoint, Login, Reply
from heliograph.web.negotiation import CONTENT_TYPES
from heliograph.webhooks.formats import JSON

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def _told(value: Any, status: int = 200) -> Reply:
    return Reply(octets=msgspec.json.encode(value), content_type=CONTENT_TYPES[JSON], status=status)


async def _live(parts: Parts, _: Call) -> Reply:
    return _told(parts.health.live())


async def _ready(parts: Parts, _: Call) -> Reply:
    ready, state = await parts.health.ready()
    return _told(state, 200 if ready else 503)


async def _metrics(parts: Parts, _: Call) -> Reply:
    return Reply(octets=parts.health.metrics(), content_type=_METRICS_TYPE)


async def _document(parts: Parts, _: Call) -> Reply:
    return Reply(octets=parts.document, content_type=CONTENT_TYPES[JSON])


async def _page(parts: Parts, _: Call) -> Reply:
    return Reply(octets=parts.page, content_type=page.CONTENT_TYPE, headers=page.HEADERS)


def _watch(path: str, summary: str, answer: Any, media: str = JSON, refusals: tuple[int, ...] = ()) -> Endpoint[Parts]:
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        answer=answer,
        login=Login.NONE,
        head=True,
        media=media,
        refusals=refusals,
    )


ENDPOINTS: Final = (
    _watch("/health", "The process answers", _live),
    _watch("/ready", "Requests can be accepted and stored", _ready, refusals=(503,)),
    _watch("/metrics", "Metrics for Prometheus", _metrics, media="text/plain"),
    _watch("/openapi.json", "This document", _document),
    _watch("/docs", "This document as a page for people", _page, media="text/html"),
)
