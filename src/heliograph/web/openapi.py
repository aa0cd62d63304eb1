"""The description of this API, made from the very rows that answer: OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec

from heliograph.accounts.gate import TooManyLogins
from heliograph.accounts.scopes import allows
from heliograph.flows.errors import Overloaded
from heliograph.web.decoding import Body
from heliograph.web.endpoint import Endpoint, Login
from heliograph.web.errors import TABLE, ApiErrorShape, ExceptionShape, TooManyRequests, is_third
from heliograph.web.negotiation import FORM
from heliograph.webhooks.formats import JSON, XML
from heliograph.webhooks.shapes import ErrorShape, PriceShape, StatusShape

_REF: Final = "#/components/schemas/{name}"
# What stands in answers as octets that were made before: nothing else would tell of their shapes.
_INNER: Final = (StatusShape, ErrorShape, PriceShape)
_TEXTS: Final = {row.status: row.text for row in TABLE.values()}
_WAITING: Final = (TooManyLogins, TooManyRequests, Overloaded)
_RETRY: Final = {refusal.status for kind, refusal in TABLE.items() if kind in _WAITING}
_BODY: Final = "In UTF-8 and not compressed: 415 where a Content-Encoding other than identity is given"
_LOGINS: Final[dict[Login, list[dict[str, list[str]]]]] = {
    Login.HEADER: [{"key": []}, {"token": []}, {"password": []}, {"session": []}],
    Login.QUERY: [{"key": []}, {"token": []}, {"password": []}, {"session": []}, {}],  # or by two names of its query
    Login.NONE: [],
}
_OF_PEOPLE: Final = {"password", "session"}  # which never administer
_SCHEMES: Final = {
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word App, a blank and the key",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "Of POST /auth/1/oauth2/token"},
    "password": {"type": "http", "scheme": "basic"},
    "session": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word IBSSO, a blank and the token of POST /auth/1/session",
    },
}
_OWN: Final = (400, 401)
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 visible characters; the same key and request get the first answer, nothing is sent twice",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_IN_PATH: Final = re.compile(r"\{(\w+)\}")


def document(endpoints: Sequence[Endpoint[Any]]) -> dict[str, Any]:
    """The whole document, in plain values."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    _, schemas = msgspec.json.schema_components(list(dict.fromkeys(_shapes(endpoints))), ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Heliograph", "version": version("heliograph"), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


def _shapes(endpoints: Sequence[Endpoint[Any]]) -> Iterable[type]:
    for endpoint in endpoints:
        if endpoint.body is not None:
            yield endpoint.body.shape
        if endpoint.reply is not None:
            yield endpoint.reply
        if endpoint.refusal is not None:
            yield endpoint.refusal
    yield from (*_INNER, ExceptionShape, ApiErrorShape)


def _operation(endpoint: Endpoint[Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": endpoint.summary, "security": _security(endpoint)}
    if endpoint.scopes:
        operation["description"] = f"A key needs one of the scopes {', '.join(sorted(endpoint.scopes))}"
    parameters = [*_in_path(endpoint), *_in_query(endpoint), *([_ONCE] if endpoint.once else [])]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {"description": _BODY, "required": True, "content": _taken(endpoint.body)}
    content = {endpoint.media: {}} if endpoint.media else {} if endpoint.reply is None else _content(endpoint.reply)
    done = {"description": "What was asked for", **({"content": content} if content else {})}
    operation["responses"] = {
        str(endpoint.status): done,
        **{str(status): _refused(endpoint, status) for status in sorted(endpoint.refusals)},
    }
    return operation


def _security(endpoint: Endpoint[Any]) -> list[dict[str, list[str]]]:
    """A password opens what needs no scope by name."""
    logins = _LOGINS[endpoint.login]
    return logins if allows(None, endpoint.scopes) else [login for login in logins if not _OF_PEOPLE & login.keys()]


def _content(shape: type) -> dict[str, Any]:
    schema = {"schema": {"$ref": _REF.format(name=shape.__name__)}}
    return {JSON: schema, XML: schema}


def _taken(body: Body[Any]) -> dict[str, Any]:
    content = _content(body.shape)
    return {FORM: content[JSON], **content} if body.form else content


def _in_path(endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(endpoint.path)
    ]


def _in_query(endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "in": "query", "description": row.text, "required": row.required, "schema": row.schema()}
        for row in endpoint.query
    ]


def _refused(endpoint: Endpoint[Any], status: int) -> dict[str, Any]:
    if endpoint.media is not None:
        return {"description": _TEXTS[status]}
    shape = ApiErrorShape if is_third(endpoint.path) else ExceptionShape
    content = _content(shape)
    if endpoint.refusal is not None and status in _OWN:
        own = {"$ref": _REF.format(name=endpoint.refusal.__name__)}
        content = {media: {"schema": {"anyOf": [own, one["schema"]]}} for media, one in content.items()}
    response: dict[str, Any] = {"description": _TEXTS[status], "content": content}
    if status in _RETRY:
        seconds = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
        response["headers"] = {"Retry-After": seconds}
    return response
