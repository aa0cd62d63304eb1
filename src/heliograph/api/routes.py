"""Every path, who may call it, and how what was raised leaves: the HTTP API as one ASGI application."""

from __future__ import annotations

import re
from typing import Any, Final

import falcon
import falcon.asgi
import msgspec
import structlog

from heliograph.api import openapi, shapes
from heliograph.api.errors import TooManyRequests, Unauthorized, UnsupportedMedia, envelope, refusal
from heliograph.api.exchange import Exchange
from heliograph.api.parts import Account, Parts
from heliograph.flows.errors import Overloaded
from heliograph.webhooks.formats import JSON, XML

Request = falcon.asgi.Request
Response = falcon.asgi.Response

_log = structlog.get_logger("heliograph.api")

_EXCHANGE: Final = "heliograph.exchange"
_CONTENT_TYPES: Final = {JSON: "application/json;charset=UTF-8", XML: "application/xml;charset=UTF-8"}
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ALLOWED_HEADERS: Final = "Authorization, Content-Type, Accept, X-Requested-With"
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*")
_QUALITY: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)


class Gateway(falcon.asgi.App[Request, Response]):
    """The application, with an Exchange around each request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # type: ignore[override]
        """One request, as ASGI has it."""
        if scope["type"] == "http":
            scope[_EXCHANGE] = exchange = Exchange(scope, receive, send)
            receive, send = exchange.receive, exchange.send
        await super().__call__(scope, receive, send)


class _Sending:
    """POST of messages."""

    def __init__(self, parts: Parts, era: str) -> None:
        self._parts = parts
        self._era = era

    async def on_post(self, req: Request, resp: Response) -> None:
        parts = self._parts
        account = await _admit(parts, req)
        media = shapes.media_of(req.content_type)
        if media is None:
            raise UnsupportedMedia
        body = await req.scope[_EXCHANGE].body(parts.limits)
        submission = shapes.parse_send(body, media, parts.limits, self._era, parts.now())
        accepted = await parts.acceptor.accept(account, submission)
        wanted = _wanted(req)
        _write(resp, shapes.encode_sent(shapes.render_sent(accepted, self._era), wanted), wanted)


class _Reports:
    """GET of reports: each is given once, so there is no HEAD."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def on_get(self, req: Request, resp: Response) -> None:
        account = await _admit(self._parts, req)
        query = shapes.parse_report_query(req.params)
        reports = await self._parts.reports.pull(account, query)
        wanted = _wanted(req)
        _write(resp, shapes.encode_reports(reports, wanted), wanted)


class _Live:
    """GET /health: the process answers."""

    def __init__(self, parts: Parts) -> None:
        self._health = parts.health

    async def on_get(self, req: Request, resp: Response) -> None:
        _write(resp, msgspec.json.encode(self._health.live()), JSON)

    on_head = on_get


class _Ready:
    """GET /ready: 200 when requests can be accepted and stored, else 503."""

    def __init__(self, parts: Parts) -> None:
        self._health = parts.health

    async def on_get(self, req: Request, resp: Response) -> None:
        ready, state = await self._health.ready()
        resp.status = 200 if ready else 503
        _write(resp, msgspec.json.encode(state), JSON)

    on_head = on_get


class _Metrics:
    """GET /metrics, as Prometheus reads it."""

    def __init__(self, parts: Parts) -> None:
        self._health = parts.health

    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = _METRICS_TYPE
        resp.data = self._health.metrics()

    on_head = on_get


class _Document:
    """GET /openapi.json: this very API, described."""

    def __init__(self) -> None:
        self._octets = msgspec.json.encode(openapi.document())

    async def on_get(self, req: Request, resp: Response) -> None:
        _write(resp, self._octets, JSON)

    on_head = on_get


class _Cors:
    """Lets programs in browsers call: any origin, and no cookies."""

    async def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        resp.set_header("access-control-allow-origin", "*")
        if req.method == "OPTIONS":
            wanted = req.get_header("Access-Control-Request-Headers") or ""
            resp.set_header("access-control-allow-methods", resp.get_header("allow") or "GET, POST, OPTIONS")
            resp.set_header(
                "access-control-allow-headers", wanted if _HEADER_NAMES.fullmatch(wanted) else _ALLOWED_HEADERS
            )
            resp.set_header("access-control-max-age", "86400")


def build(parts: Parts) -> Gateway:
    """The application: every path of the API, ready to be served."""
    app = Gateway(middleware=[_Cors()])
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(Exception, _refuse)
    app.add_error_handler(falcon.HTTPError, _refuse)
    v1, v2 = _Sending(parts, "v1"), _Sending(parts, "v2")
    for path, resource in (
        ("/sms/1/binary/advanced", v1),
        ("/sms/1/text/advanced", v1),
        ("/sms/2/binary/advanced", v2),
        ("/sms/1/reports", _Reports(parts)),
        ("/health", _Live(parts)),
        ("/ready", _Ready(parts)),
        ("/metrics", _Metrics(parts)),
        ("/openapi.json", _Document()),
    ):
        app.add_route(path, resource)
    return app


async def _admit(parts: Parts, req: Request) -> Account:
    account = await parts.gate.authenticate(req.get_header("Authorization"))
    if account is None:
        raise Unauthorized
    return account


def _write(resp: Response, octets: bytes, media: str) -> None:
    resp.content_type = _CONTENT_TYPES[media]
    resp.data = octets


async def _refuse(req: Request, resp: Response, raised: Exception, params: dict[str, Any], **_: object) -> None:
    row = refusal(raised)
    if row.status == 500:
        _log.error("request failed", method=req.method, template=req.uri_template, **_place(raised))
    media = _wanted(req)
    resp.status = row.status
    if isinstance(raised, falcon.HTTPError) and raised.headers:
        resp.set_headers(raised.headers)
    if isinstance(raised, TooManyRequests | Overloaded):
        resp.set_header("retry-after", str(raised.retry_after))
        resp.set_header("access-control-expose-headers", "Retry-After")
    if row.status == 401:
        resp.set_header("www-authenticate", "App")
    if row.closes:
        resp.set_header("connection", "close")
    _write(resp, envelope(raised, media), media)


def _place(raised: BaseException) -> dict[str, str]:
    """What failed and where, without a word of what was said: a message may stand in it."""
    trace = raised.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return {"error": type(raised).__name__, "place": place}


def _wanted(req: Request) -> str:
    """JSON, unless the Accept header likes XML better."""
    accept = req.get_header("Accept")
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
    media = shapes.media_of(media_range) if media_range else None
    return () if media is None else (media,)
