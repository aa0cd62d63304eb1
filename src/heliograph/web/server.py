"""The HTTP server around the application: uvicorn with uvloop's transports and httptools.

Rule 1: a head arrives within its time and its size, and a body within its time, or the connection is closed with 408
or 431. A request that arrives at once costs no clock.
Rule 2: signals are none of the server's business: whoever runs it says when to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from heliograph.web.application import Application
from heliograph.web.errors import BadRequest, HeadTooLarge, RequestTimeout, envelope, refusal
from heliograph.web.limits import Limits
from heliograph.webhooks.formats import JSON

BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 60
GRACE_SECONDS: Final = 10
_NAME: Final = [("server", "heliograph")]
_MALFORMED: Final = {"request": ["is no HTTP/1.1: its first line, a header or a length is malformed"]}


class _Config(uvicorn.Config):
    def __init__(self, app: Application, limits: Limits) -> None:
        super().__init__(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",  # what strangers send is not worth a line
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=_NAME,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self.limits = limits


class _Protocol(HttpToolsProtocol):
    """uvicorn's connection, with a clock and a measure on the head of every request."""

    config: _Config

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = self.config.limits
        self._head_octets = 0
        self._piece = 0
        self._in_head = True
        self._finished = False  # a request was completed by the octets just fed
        self._raised: Exception = BadRequest(_MALFORMED)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock of the first head."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whoever has said all, and still listens, is answered; a request that is not whole has nobody behind it."""
        if self.cycle is None or self.cycle.response_complete or not self._in_head:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; whoever has begun a head, or sends blanks in place of one, has a deadline."""
        self._finished = False
        self._piece = len(data)
        if self._in_head:
            self._head_octets += len(data)
        super().data_received(data)
        if self._in_head and not self._finished and not self.transport.is_closing():
            if self._head_octets > self._limits.header_octets:
                self._refuse(HeadTooLarge())
            elif self._deadline is None:
                self._start_clock()
        elif not self._in_head and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._limits.body_seconds, self._late_body)

    def on_headers_complete(self) -> None:
        """Stops the clock, and refuses what came in one piece and is too long."""
        self._stop_clock()
        self._in_head = False
        if max(self._head_octets, self._piece) > self._limits.header_octets:
            octets = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if octets > self._limits.header_octets:
                self._raised = HeadTooLarge()
                raise self._raised
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next octets are a new head."""
        super().on_message_complete()
        self._stop_clock()
        self._in_head = True
        self._finished = True
        self._head_octets = 0

    def send_400_response(self, msg: str) -> None:
        """What the parser does not take is refused in our own words."""
        self._refuse(self._raised)

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(self._limits.header_seconds, self._late)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._start_clock()  # the answer to an earlier request is still on its way
        elif self._head_octets:
            self._refuse(RequestTimeout())
        else:
            self.transport.close()  # never said a word: there is nothing to answer

    def _late_body(self) -> None:
        self._deadline = None
        if self.cycle is not None and self.cycle.response_started:
            self.transport.close()  # it is answered already, and reading on was a courtesy
        else:
            self._refuse(RequestTimeout())

    def _refuse(self, raised: Exception) -> None:
        """An answer outside the application, and the end of the connection."""
        self._stop_clock()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = envelope(raised, JSON)
            head = (
                b"content-type: application/json;charset=UTF-8\r\naccess-control-allow-origin: *\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            )
            self.transport.write(STATUS_LINE[refusal(raised).status] + head + body)
        self.transport.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One listening address. `bind`, then `serve` in a task of the caller's; `stop` makes `serve` return."""

    def __init__(self, app: Application, limits: Limits) -> None:
        self._server = _Server(_Config(app, limits))
        self._socket: socket.socket | None = None

    def bind(self, host: str, port: int) -> int:
        """Listen, and say on which port: with port 0 the system chooses one. Raises OSError when it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        bound: int = self._socket.getsockname()[1]
        return bound

    async def serve(self) -> None:
        """Answer requests until `stop`; then take no new ones, and wait up to 10 s for those that are under way."""
        assert self._socket is not None, "bind comes before serve"
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            for server in getattr(self._server, "servers", ()):  # where a failing part cancels us, nobody else does
                server.close()
            self._socket.close()

    def stop(self) -> None:
        """Make `serve` return."""
        self._server.should_exit = True
