"""Every path, who may call it, and how what was raised leaves: the HTTP API as one ASGI application."""

from __future__ import annotations

import re
from typing import Any, Final

import falcon
import falcon.asgi
import msgspec

from heliograph.api import openapi, shapes
from heliograph.api.errors import refuse
from heliograph.api.exchange import Exchange
from heliograph.api.negotiation import CONTENT_TYPES, wanted_media
from heliograph.api.parts import Parts
from heliograph.api.sending import CORS, Sending, admit
from heliograph.webhooks.formats import JSON

Request = falcon.asgi.Request
Response = falcon.asgi.Response

_EXCHANGE: Final = "heliograph.exchange"
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ALLOWED_HEADERS: Final = "Authorization, Content-Type, Accept, X-Requested-With"
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*")


class Gateway(falcon.asgi.App[Request, Response]):
    """The application, with an Exchange around each request; `posts` are answered without asking the router."""

    posts: dict[str, Sending]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # type: ignore[override]
        """One request, as ASGI has it."""
        if scope["type"] == "http":
            exchange = Exchange(scope, receive, send)
            if scope["method"] == "POST" and scope["path"] in self.posts:
                await self.posts[scope["path"]].serve(scope, exchange)
                return
            scope[_EXCHANGE] = exchange
            receive, send = exchange.receive, exchange.send
        await super().__call__(scope, receive, send)


class _Messages:
    """POST of messages, where the path is not spelt exactly as below."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    async def on_post(self, req: Request, resp: Response) -> None:
        wanted = wanted_media(req.get_header("Accept"))
        authorization = req.get_header("Authorization")
        octets = await self._sending.answer(authorization, req.content_type, wanted, req.scope[_EXCHANGE])
        _write(resp, octets, wanted)


class _Reports:
    """GET of reports: each is given once, so there is no HEAD."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def on_get(self, req: Request, resp: Response) -> None:
        account = await admit(self._parts, req.get_header("Authorization"))
        query = shapes.parse_report_query(req.params)
        reports = await self._parts.reports.pull(account, query)
        wanted = wanted_media(req.get_header("Accept"))
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
        for name, value in CORS:
            resp.set_header(name.decode(), value.decode())
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
    v1, v2 = Sending(parts, "v1"), Sending(parts, "v2")
    app.posts = {"/sms/1/binary/advanced": v1, "/sms/1/text/advanced": v1, "/sms/2/binary/advanced": v2}
    for path, sending in app.posts.items():
        app.add_route(path, _Messages(sending))
    for path, resource in (
        ("/sms/1/reports", _Reports(parts)),
        ("/health", _Live(parts)),
        ("/ready", _Ready(parts)),
        ("/metrics", _Metrics(parts)),
        ("/openapi.json", _Document()),
    ):
        app.add_route(path, resource)
    return app


def _write(resp: Response, octets: bytes, media: str) -> None:
    resp.content_type = CONTENT_TYPES[media]
    resp.data = octets


async def _refuse(req: Request, resp: Response, raised: Exception, params: dict[str, Any], **_: object) -> None:
    media = wanted_media(req.get_header("Accept"))
    resp.status, headers, octets = refuse(raised, media, req.uri_template or "")
    resp.set_headers(headers)
    _write(resp, octets, media)
