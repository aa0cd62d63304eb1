"""The description of this API, made from the very shapes that read and write it: OpenAPI 3.1."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

import msgspec

from heliograph.accounts.gate import TooManyLogins
from heliograph.api.errors import TABLE, ExceptionShape
from heliograph.api.requests import SendRequest
from heliograph.api.shapes import SentResponse
from heliograph.flows.errors import Overloaded
from heliograph.webhooks.formats import JSON, XML, ErrorShape, PriceShape, ReportsShape, StatusShape

_REF: Final = "#/components/schemas/{name}"
_SHAPES: Final = (SendRequest, SentResponse, ReportsShape, StatusShape, ErrorShape, PriceShape, ExceptionShape)
_SENDING: Final = (400, 401, 408, 413, 415, 429, 500, 503)
_PULLING: Final = (400, 401, 429, 500, 503)
_TEXTS: Final = {row.status: row.text for row in TABLE.values()}
_RETRY: Final = {refusal.status for kind, refusal in TABLE.items() if kind in (TooManyLogins, Overloaded)}
_SENDS: Final = {
    "/sms/1/binary/advanced": "Send binary messages",
    "/sms/1/text/advanced": "Send binary messages, by the path that text messages have",
    "/sms/2/binary/advanced": "Send binary messages, answered as the second generation is",
}
_BODY: Final = "In UTF-8 and not compressed: 415 where a Content-Encoding other than identity is given"
_QUERY: Final = (
    ("bulkId", "string", "Reports of this bulk alone; cut at 100 characters"),
    ("messageId", "string", "The report of this message alone; cut at 200 characters"),
    ("limit", "integer", "How many at most: 1 to 1000, 50 when absent"),
    ("applicationId", "string", "Reports of this application alone"),
    ("entityId", "string", "Reports of this entity alone"),
    ("campaignReferenceId", "string", "Reports of this campaign alone"),
)
_WATCHES: Final = (
    ("/health", "The process answers", JSON, (200,)),
    ("/ready", "Requests can be accepted and stored", JSON, (200, 503)),
    ("/metrics", "Metrics for Prometheus", "text/plain", (200,)),
    ("/openapi.json", "This document", JSON, (200,)),
)


def document() -> dict[str, Any]:
    """The whole document, in plain values."""
    _, schemas = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Heliograph", "version": version("heliograph"), "license": {"name": "Apache-2.0"}},
        "paths": {
            **{path: {"post": _send(summary)} for path, summary in _SENDS.items()},
            "/sms/1/reports": {"get": _pull()},
            **{path: {"get": _watch(*row)} for path, *row in _WATCHES},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "The word App, a blank and the key",
                },
                "password": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _content(shape: type) -> dict[str, Any]:
    schema = {"schema": {"$ref": _REF.format(name=shape.__name__)}}
    return {JSON: schema, XML: schema}


def _send(summary: str) -> dict[str, Any]:
    body = {"description": _BODY, "required": True, "content": _content(SendRequest)}
    return {"summary": summary, "security": _security(), "requestBody": body, **_responses(SentResponse, _SENDING)}


def _pull() -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "description": text, "schema": {"type": kind}} for name, kind, text in _QUERY
    ]
    summary = "Reports that were not given yet: each is given once"
    return {"summary": summary, "security": _security(), "parameters": parameters, **_responses(ReportsShape, _PULLING)}


def _watch(summary: str, media: str, statuses: tuple[int, ...]) -> dict[str, Any]:
    responses = {str(status): {"description": summary if status == 200 else "Not yet"} for status in statuses}
    return {"summary": summary, "responses": {key: {**row, "content": {media: {}}} for key, row in responses.items()}}


def _security() -> list[dict[str, list[str]]]:
    return [{"key": []}, {"password": []}]


def _responses(shape: type, refusals: tuple[int, ...]) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": "What was asked for", "content": _content(shape)}}
    for status in refusals:
        responses[str(status)] = {"description": _TEXTS[status], "content": _content(ExceptionShape)}
        if status in _RETRY:
            seconds = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
            responses[str(status)]["headers"] = {"Retry-After": seconds}
    return {"responses": responses}
