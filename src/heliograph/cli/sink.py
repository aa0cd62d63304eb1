"""A customer's server for webhooks: takes every POST with 200, and hands on its body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
LENGTH = b"content-length:"
END_OF_HEAD = b"\r\n\r\n"

OnBody = Callable[[bytes], None]


class Sink:
    """Listens on a free port of this machine, from `start` to `stop`."""

    def __init__(self, on_body: OnBody) -> None:
        self.url = ""
        self.connections: set[asyncio.Transport] = set()
        self.on_body = on_body
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; `url` is what a notifyUrl may be."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/reports"

    async def stop(self) -> None:
        """End every connection and listen no more."""
        if self._server is None:
            return
        self._server.close()
        for transport in list(self.connections):
            transport.abort()
        await self._server.wait_closed()
        self._server = None


class _Connection(asyncio.Protocol):
    """One client that keeps to HTTP/1.1 and says how long its bodies are; any other is cut off."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._pending = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The client is there."""
        self._transport = transport
        self._sink.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._sink.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        octets = self._pending + data if self._pending else data
        while (end := octets.find(END_OF_HEAD)) >= 0:
            length = _length(octets[:end])
            if length is None:
                self._transport.abort()
                return
            begin = end + len(END_OF_HEAD)
            if len(octets) < begin + length:
                break
            self._sink.on_body(octets[begin : begin + length])
            self._transport.write(ANSWER)
            octets = octets[begin + length :]
        self._pending = octets


def _length(head: bytes) -> int | None:
    """The Content-Length of a request; None: it has none that can be read."""
    _, found, rest = head.lower().partition(LENGTH)
    digits = rest.partition(b"\r\n")[0].strip()
    return int(digits) if found and digits.isdigit() else None
