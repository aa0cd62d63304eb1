"""POST of messages: every message passes through here, so it is answered before the router is asked.

What the router does for others (headers, refusals, CORS) is done by the same tables, for half of the cost; where a
path is not spelt exactly as in the table, the router still finds its way here.
"""

from __future__ import annotations

from typing import Any, Final

from heliograph.api import shapes
from heliograph.api.errors import Unauthorized, UnsupportedMedia, refuse
from heliograph.api.exchange import Exchange
from heliograph.api.negotiation import CONTENT_TYPES, wanted_media
from heliograph.api.parts import Account, Parts

CORS: Final = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"Retry-After")]
_MEDIA: Final = "must be application/json or application/xml"
_TYPES: Final = {media: (b"content-type", text.encode()) for media, text in CONTENT_TYPES.items()}


class Sending:
    """The endpoint of one era of the API, "v1" or "v2"."""

    def __init__(self, parts: Parts, era: str) -> None:
        self._parts = parts
        self._era = era

    async def answer(
        self, authorization: str | None, content_type: str | None, wanted: str, exchange: Exchange
    ) -> bytes:
        """What a 200 says, once everything is stored. Raises whatever `api.errors` has a row for."""
        parts = self._parts
        account = await admit(parts, authorization)
        media = shapes.media_of(content_type)
        if media is None:
            raise UnsupportedMedia({"Content-Type": [_MEDIA]})
        body = await exchange.body(parts.limits)
        submission = shapes.parse_send(body, media, parts.limits, self._era, parts.now())
        accepted = await parts.acceptor.accept(account, submission)
        return shapes.encode_sent(shapes.render_sent(accepted, self._era), wanted)

    async def serve(self, scope: dict[str, Any], exchange: Exchange) -> None:
        """Answer a whole request, as ASGI has it."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        wanted = wanted_media(_text(headers.get(b"accept")))
        status, more = 200, CORS
        try:
            authorization, content_type = headers.get(b"authorization"), headers.get(b"content-type")
            octets = await self.answer(_text(authorization), _text(content_type), wanted, exchange)
        except Exception as raised:  # every one has a row in the table of api.errors, and is logged there
            status, named, octets = refuse(raised, wanted, scope["path"])
            more = [*CORS, *((name.encode(), value.encode()) for name, value in named.items())]
        length = (b"content-length", b"%d" % len(octets))
        await exchange.reply(status, [_TYPES[wanted], length, *more], octets)


async def admit(parts: Parts, authorization: str | None) -> Account:
    """Whose request it is. Raises Unauthorized."""
    account = await parts.gate.authenticate(authorization)
    if account is None:
        raise Unauthorized
    return account


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
