"""One HTTP request on its way in: its body is read when somebody wants it, within limits, and never before.

Rule 1: a request can be refused before its body has arrived; then the answer closes the connection.
Rule 2: such an answer is followed by a short time of reading on, so that a peer who is still sending gets to read it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from heliograph.web.errors import BadRequest, Disconnected, Encoded, TooLarge
from heliograph.web.limits import Limits

Event = dict[str, Any]
LINGER_SECONDS: Final = 2.0
LINGER_OCTETS: Final = 64 * 1024 * 1024
_FIRST: Final = {"type": "http.request", "body": b"", "more_body": True}
# What leaves a body as it is.
_CODINGS: Final = {b"content-encoding": (b"", b"identity"), b"transfer-encoding": (b"chunked",)}
_BODY_HEADERS: Final = (b"content-length", b"transfer-encoding")
# Of two, a proxy may have gone by the one, and we would go by the other.
_SINGLE: Final = ("Authorization", "Content-Type", "Idempotency-Key")


class Exchange:
    """Stands between the server and the application for one request."""

    __slots__ = ("_peer_receive", "_peer_send", "_scope", "_started", "_unread")

    def __init__(
        self, scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._scope = scope
        self._peer_receive = receive
        self._peer_send = send
        self._unread: bool | None = None  # None: nobody has looked yet
        self._started = False

    @property
    def peer(self) -> str:
        """The address of whoever asks, as the connection has it."""
        client = self._scope.get("client")
        return client[0] if client else ""

    def require_single(self, headers: Mapping[bytes, bytes]) -> None:
        """`headers` are those of the request by their names. Raises BadRequest where one counts that came twice."""
        if len(headers) == len(self._scope["headers"]):
            return
        given = Counter(name for name, _ in self._scope["headers"])
        twice = {name: ["must be given once"] for name in _SINGLE if given[name.lower().encode()] > 1}
        if twice:
            raise BadRequest(twice)

    async def receive(self) -> Event:
        """For the application, which asks once before it looks at the request: it shall not wait for the body."""
        if self._started:
            return await self._peer_receive()
        self._started = True
        return _FIRST

    async def body(self, limits: Limits) -> bytes:
        """The whole body.

        Raises:
            TooLarge: it is longer than `limits.body` octets, or says that it will be.
            Encoded: it says that it is compressed.
            Disconnected: the peer went away before it was complete, or was sent away by the server's clock.
        """
        if self._announced() > limits.body:
            raise TooLarge
        chunks: list[bytes] = []
        room = limits.body
        while self._unread is not False:
            chunks.append(await self._chunk())
            room -= len(chunks[-1])
            if room < 0:
                raise TooLarge
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _announced(self) -> int:
        """How many octets the head says that there are. Raises Encoded."""
        octets = 0
        for name, value in self._scope["headers"]:
            if name == b"content-length":
                octets = int(value)
            elif name in _CODINGS and value.strip().lower() not in _CODINGS[name]:
                raise Encoded(name.decode().title())
        return octets

    async def _chunk(self) -> bytes:
        event = await self._peer_receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        self._unread = bool(event.get("more_body", False))
        chunk: bytes = event.get("body", b"")
        return chunk

    async def send(self, event: Event) -> None:
        """For the application: what it answers goes out, and closes the connection when the body was not read."""
        if self._unread is None:
            # Many clients say of a POST without a body that it has 0 octets.
            self._unread = any(
                name in _BODY_HEADERS and value.strip(b"0") != b"" for name, value in self._scope["headers"]
            )
        if not self._unread:
            await self._peer_send(event)
        elif event["type"] == "http.response.start":
            headers = [pair for pair in event.get("headers", ()) if pair[0] != b"connection"]
            await self._peer_send({**event, "headers": [*headers, (b"connection", b"close")]})
        else:
            await self._peer_send({**event, "more_body": True})
            await self._linger()
            await self._peer_send({"type": "http.response.body", "body": b"", "more_body": False})

    async def reply(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A whole answer at once; where nothing is in its way it is one write, which costs half of two."""
        cycle: Any = getattr(self._peer_send, "__self__", None)
        ready = type(cycle) is RequestResponseCycle and not (cycle.disconnected or cycle.flow.write_paused)
        if self._unread is not False or not ready:
            await self.send({"type": "http.response.start", "status": status, "headers": headers})
            await self.send({"type": "http.response.body", "body": body})
            return
        lines = [b"%b: %b\r\n" % pair for pair in (*cycle.default_headers, *headers)]
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        cycle.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    async def _linger(self) -> None:
        room = LINGER_OCTETS
        with contextlib.suppress(TimeoutError, Disconnected):
            async with asyncio.timeout(LINGER_SECONDS):
                while self._unread and room > 0:
                    room -= len(await self._chunk())
