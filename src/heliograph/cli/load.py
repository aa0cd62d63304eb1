"""Load on a gateway: requests written beforehand, a few connections that never rest, and the times of the answers.

It is lean, because it shares the machine with what it measures: no HTTP library, nothing parsed in vain.
"""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

PATH: Final = "/sms/1/binary/advanced"
FIRST: Final = 41_790_000_000_000  # the recipient of message 0; each has its own
PENDING: Final = b'"groupId":1,'
DELIVERED: Final = 3  # a group of statuses
LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
END_OF_HEAD: Final = b"\r\n\r\n"
OK: Final = b"HTTP/1.1 200 "


def requests(port: int, key: str, notify_url: str, numbers: range, destinations: int) -> list[bytes]:
    """HTTP requests that send a message to each of the numbers, so many `destinations` a request."""
    steps = range(numbers.start, numbers.stop, destinations)
    return [_request(port, key, notify_url, range(start, min(start + destinations, numbers.stop))) for start in steps]


def _request(port: int, key: str, notify_url: str, numbers: range) -> bytes:
    message = {
        "from": "Heliograph",
        "destinations": [{"to": str(FIRST + number)} for number in numbers],
        "binary": {"hex": "54 65 73 74 20 6d 65 73 73 61 67 65 2e", "dataCoding": 0, "esmClass": 0},
        "notifyUrl": notify_url,
        "notifyContentType": "application/json",
        "callbackData": "DLR callback data",
        "validityPeriod": 720,
    }
    body = msgspec.json.encode({"messages": [message]})
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: App {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Sends requests, each once, over `connections`; `run` ends when all are answered or a connection is lost."""

    def __init__(self, requests: list[bytes], connections: int) -> None:
        self.accepted = 0  # messages
        self.seconds = array("d")  # from each request to its answer
        self.refusal = ""  # the first answer that was not 200
        self.begun = self.ended = 0.0  # on the clock of time.perf_counter
        self._total = len(requests)
        self._left = iter(requests)
        self._connections = min(connections, len(requests))

    async def run(self, port: int) -> None:
        """Send all to this port of this machine. OSError where it does not listen."""
        loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = loop.create_future()
        clients = [_Client(self) for _ in range(self._connections)]
        for client in clients:
            await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
        self.begun = time.perf_counter()
        for client in clients:
            client.go_on()
        try:
            await self._done
        finally:
            self.ended = time.perf_counter()
            for client in clients:
                client.transport.close()

    def next(self) -> bytes | None:
        """The next request; None: there is none."""
        return next(self._left, None)

    def answered(self, head: bytes, body: bytes, seconds: float) -> None:
        """An answer is complete."""
        self.seconds.append(seconds)
        if head.startswith(OK):
            self.accepted += body.count(PENDING)
        elif not self.refusal:
            self.refusal = body.decode(errors="replace")
        if len(self.seconds) == self._total:
            self.end()

    def end(self) -> None:
        """Nothing more will come."""
        if not self._done.done():
            self._done.set_result(None)


class _Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._pending = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Connected; `go_on` begins."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """What was on its way is not answered any more."""
        self._load.end()

    def go_on(self) -> None:
        """Send the next request, if there is one."""
        request = self._load.next()
        if request is not None:
            self._sent = time.perf_counter()
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read on until the answer is complete."""
        octets = self._pending = self._pending + data if self._pending else data
        end = octets.find(END_OF_HEAD)
        found = LENGTH.search(octets, 0, end + 2) if end >= 0 else None
        if found is None or len(octets) < end + 4 + int(found[1]):
            return
        self._pending = b""
        self._load.answered(octets[:end], octets[end + 4 :], time.perf_counter() - self._sent)
        self.go_on()


class _Status(msgspec.Struct, rename="camel"):
    group_id: int


class _Report(msgspec.Struct):
    to: str
    status: _Status


class _Reports(msgspec.Struct):
    results: list[_Report]


class Reports:
    """What the webhook was told: who was reported, how often, and when the last of those expected came."""

    def __init__(self) -> None:
        self.count = 0
        self.undelivered = 0
        self.last = 0.0  # on the clock of time.perf_counter
        self.complete = asyncio.Event()
        self._seen = bytearray()
        self._until = 0
        self._decode: Callable[[bytes], _Reports] = msgspec.json.Decoder(_Reports).decode

    def expect(self, messages: int) -> None:
        """So many messages more, numbered from where those before ended, are to be reported: then it is `complete`."""
        self._seen.extend(bytes(messages))
        self._until += messages
        self.complete.clear()

    def take(self, body: bytes) -> None:
        """One POST."""
        seen = self._seen
        results = self._decode(body).results
        for report in results:
            number = int(report.to) - FIRST
            seen[number] = min(seen[number] + 1, 255)
            if report.status.group_id != DELIVERED:
                self.undelivered += 1
        self.count += len(results)
        self.last = time.perf_counter()
        if self.count >= self._until:
            self.complete.set()

    def amiss(self) -> Iterator[str]:
        """What is wrong, in sentences, when nothing more is to come."""
        missing, doubled = self._seen.count(0), len(self._seen) - self._seen.count(0) - self._seen.count(1)
        for count, sentence in (
            (missing, "were never reported"),
            (doubled, "were reported more than once"),
            (self.undelivered, "were reported as not delivered"),
        ):
            if count:
                yield f"{count:,} of {len(self._seen):,} messages {sentence}"
