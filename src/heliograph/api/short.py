"""Short links: whoever has one is sent on to where it leads; nobody logs in, and no query is read.

Rule 1: only what the store has under a code is gone to: no part of a URL ever comes from the request.
Rule 2: a program that asks by HEAD, to show where a link leads, has not followed it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from heliograph.api.parts import Parts
from heliograph.sms.short_link import location
from heliograph.web import page
from heliograph.web.endpoint import Call, Endpoint, Login, Reply

_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer", **page.HEADERS}
_GONE: Final = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8">'
    b'<meta name="viewport" content="width=device-width, initial-scale=1"><title>No such link</title></head>'
    b"<body><h1>No such link</h1><p>This short link does not exist, or it has expired.</p></body></html>"
)


def _led(url: str | None) -> Reply:
    if url is None:
        return Reply(octets=_GONE, content_type=page.CONTENT_TYPE, status=404, headers=_HEADERS)
    headers = {**_HEADERS, "location": location(url)}
    return Reply(octets=b"", content_type=page.CONTENT_TYPE, status=302, headers=headers)


async def _follow(parts: Parts, call: Call) -> Reply:
    return _led(await parts.follower.follow(call.path["code"]))


async def _look(parts: Parts, call: Call) -> Reply:
    return _led(await parts.follower.find(call.path["code"]))


def _row(method: str, base: str, answer: Callable[[Parts, Call], Awaitable[Reply]]) -> Endpoint[Parts]:
    path = urlsplit(base).path + "/{code}"
    return Endpoint(method=method, path=path, summary="Go where a short link leads", answer=answer, login=Login.NONE)


def endpoints(base: str | None) -> tuple[Endpoint[Parts], ...]:
    """The rows of the short links that begin with `base`, on any host; None: there are none.

    They are no part of the API's description.
    """
    return () if base is None else (_row("GET", base, _follow), _row("HEAD", base, _look))
