"""The ASGI application around endpoints: finds the row, reads what it takes, and writes what it gives or refuses.

Rule 1: a path that is spelt exactly as in its row is answered without asking the router, which costs as much as the
rest of the request; whatever is spelt otherwise (a slash more, names in the path, other methods) finds its way by it.
Rule 2: all that a handler raises leaves by the one table of `web.errors`.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, Generic

import falcon
import falcon.asgi

from heliograph.accounts.scopes import allows
from heliograph.web.decoding import Findings
from heliograph.web.endpoint import ONCE, Account, Call, Endpoint, Gate, Login, P, Reply, encode
from heliograph.web.errors import Forbidden, Unauthorized, UnsupportedMedia, refuse
from heliograph.web.exchange import Exchange
from heliograph.web.limits import Limits
from heliograph.web.negotiation import CONTENT_TYPES, FORM, is_form, media_of, wanted_media
from heliograph.web.query import CREDENTIALS, read_query
from heliograph.web.throttle import Throttle
from heliograph.web.xml import SLICE, read_xml
from heliograph.webhooks.formats import XML

Request = falcon.asgi.Request
Response = falcon.asgi.Response

_EXCHANGE: Final = "heliograph.exchange"
_MEDIA: Final = "must be application/json or application/xml"
_CORS: Final = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"Retry-After")]
_ALLOWED_HEADERS: Final = "Authorization, Content-Type, Accept, Idempotency-Key, X-Requested-With"
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Site(Generic[P]):
    """Rows, and what their handlers work with."""

    endpoints: Sequence[Endpoint[P]]
    parts: P


class Served(Generic[P]):
    """One endpoint, ready to answer."""

    def __init__(self, endpoint: Endpoint[P], parts: P, gate: Gate, limits: Limits, throttle: Throttle) -> None:
        self.endpoint = endpoint
        self._parts = parts
        self._gate = gate
        self._limits = limits
        self._throttle = throttle

    async def reply(self, call: Call, exchange: Exchange) -> Reply:
        """The answer: what the handler gives, or how it is refused."""
        endpoint = self.endpoint
        try:
            exchange.require_single(call.headers)
            if endpoint.login is not Login.NONE:
                await self._admit(call)
            elif endpoint.quota is not None:
                self._throttle.take(exchange.peer, endpoint.quota)
            if endpoint.query:
                call.read(endpoint.query)
            if endpoint.body is not None:
                await self._read(call, exchange)
            if not endpoint.judges:
                call.check()
            value = await endpoint.answer(self._parts, call)
        except Exception as raised:  # every one has a row in the table of web.errors, and is logged there
            status, headers, octets = refuse(raised, call.wanted, endpoint.path)
            return Reply(octets=octets, content_type=CONTENT_TYPES[call.wanted], status=status, headers=headers)
        if isinstance(value, Reply):
            return value
        octets, content_type = encode(value, call.wanted, endpoint.root), CONTENT_TYPES[call.wanted]
        return Reply(octets=octets, content_type=content_type, status=endpoint.status, headers=endpoint.headers)

    async def _admit(self, call: Call) -> None:
        """Raises Unauthorized, TooManyRequests, Forbidden."""
        account = call.account = await self._login(call)
        if account is None:
            raise Unauthorized
        if account.settings.rate_limit:
            self._throttle.take_of(account.id, account.settings.rate_limit)
        if not allows(account.scopes, self.endpoint.scopes):
            raise Forbidden
        if self.endpoint.quota is not None:
            self._throttle.take(account.id, self.endpoint.quota)

    def _login(self, call: Call) -> Awaitable[Account | None]:
        authorization = call.header(b"authorization")
        if authorization is None and self.endpoint.login is Login.QUERY:
            given = read_query(CREDENTIALS, call.query, Findings())
            return self._gate.authenticate_query(given["username"] or "", given["password"] or "")
        return self._gate.authenticate(authorization)

    async def _read(self, call: Call, exchange: Exchange) -> None:
        assert self.endpoint.body is not None
        content_type, body = call.header(b"content-type"), self.endpoint.body
        media = FORM if body.form and is_form(content_type) else media_of(content_type)
        if media is None:
            raise UnsupportedMedia({"Content-Type": [_MEDIA + (f" or {FORM}" if body.form else "")]})
        octets = await exchange.body(self._limits)
        if self.endpoint.once and ONCE in call.headers:
            call.octets = octets
        if media == XML:
            reading = partial(read_xml, body, octets, self._limits, call.findings)
            call.body = await asyncio.to_thread(reading) if len(octets) > SLICE else reading()
        elif media == FORM:
            call.body = body.read_form(octets, call.findings)
        else:
            call.body = body.read_json(octets, self._limits, call.findings)


class Application(falcon.asgi.App[Request, Response]):
    """The application, with an Exchange around each request."""

    direct: dict[tuple[str, str], Served[Any]]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # type: ignore[override]
        """One request, as ASGI has it."""
        if scope["type"] == "http":
            exchange = Exchange(scope, receive, send)
            served = self.direct.get((scope["method"], scope["path"]))
            if served is not None:
                await _serve(served, scope, exchange)
                return
            scope[_EXCHANGE] = exchange
            receive, send = exchange.receive, exchange.send
        await super().__call__(scope, receive, send)


async def _serve(served: Served[Any], scope: dict[str, Any], exchange: Exchange) -> None:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    accept = headers.get(b"accept")
    wanted = wanted_media(None if accept is None else accept.decode("latin-1"))
    reply = await served.reply(Call(wanted, headers, scope["query_string"].decode("latin-1"), {}), exchange)
    head = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", b"%d" % len(reply.octets)),
        *_CORS,
        *((name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()),
    ]
    await exchange.reply(reply.status, head, reply.octets)


class _Cors:
    """Lets programs in browsers call: any origin, and no cookies."""

    async def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        for name, value in _CORS:
            resp.set_header(name.decode(), value.decode())
        if req.method == "OPTIONS":
            wanted = req.get_header("Access-Control-Request-Headers") or ""
            resp.set_header("access-control-allow-methods", resp.get_header("allow") or "GET, POST, OPTIONS")
            resp.set_header(
                "access-control-allow-headers", wanted if _HEADER_NAMES.fullmatch(wanted) else _ALLOWED_HEADERS
            )
            resp.set_header("access-control-max-age", "86400")


def build(sites: Iterable[Site[Any]], gate: Gate, limits: Limits, throttle: Throttle) -> Application:
    """The application: every row of every site, ready to be served."""
    app = Application(middleware=[_Cors()])
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(Exception, _refuse)
    app.add_error_handler(falcon.HTTPError, _refuse)
    rows = [Served(endpoint, site.parts, gate, limits, throttle) for site in sites for endpoint in site.endpoints]
    app.direct = {(row.endpoint.method, row.endpoint.path): row for row in rows if "{" not in row.endpoint.path}
    resources: dict[str, SimpleNamespace] = defaultdict(SimpleNamespace)
    for row in rows:
        methods = (row.endpoint.method, "HEAD") if row.endpoint.head else (row.endpoint.method,)
        for method in methods:
            setattr(resources[row.endpoint.route], f"on_{method.lower()}", _responder(row))
    for route, resource in resources.items():
        app.add_route(route, resource)
    return app


def _responder(served: Served[Any]) -> Callable[..., Awaitable[None]]:
    async def respond(req: Request, resp: Response, **path: str) -> None:
        headers = dict(req.scope["headers"])
        call = Call(wanted_media(req.get_header("Accept")), headers, req.query_string, path)
        reply = await served.reply(call, req.scope[_EXCHANGE])
        resp.status, resp.content_type, resp.data = reply.status, reply.content_type, reply.octets
        resp.set_headers(dict(reply.headers))

    return respond


async def _refuse(req: Request, resp: Response, raised: Exception, params: dict[str, Any], **_: object) -> None:
    media = wanted_media(req.get_header("Accept"))
    resp.status, headers, octets = refuse(raised, media, req.path)
    resp.set_headers(headers)
    resp.content_type, resp.data = CONTENT_TYPES[media], octets
