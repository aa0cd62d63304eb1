"""A customer's program that is nothing but a socket, and the gateway that it talks to."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.gateway import WITHIN, House
from heliograph.observe import Watch
from heliograph.web.limits import Limits

NOW = 1_629_900_000_000  # 2021-08-25T14:00:00Z, a Wednesday
KEY = "App 0123456789abcdef"
PASSWORD = "a password & more"
LIMITS = Limits(body=200_000, header_seconds=0.2, body_seconds=0.2)  # of the gateway of these tests


@dataclass
class Gateway:
    """A running one, and what became of the messages that the test at hand has sent."""

    port: int
    house: House
    watch: Watch
    bugs: list[Exception]  # the next of them strikes when a request was accepted
    store: Path
    waiting: int = 0  # messages that leave too late for any test

    def remember(self) -> None:
        """A test begins here."""
        self._accepted = self.watch.accepted_messages
        self._submits = len(self.house.submits)

    @property
    def accepted(self) -> int:
        """Messages that were stored."""
        return self.watch.accepted_messages - self._accepted

    def sent(self, count: int) -> list[Any]:
        """Until the SMSC has so many submit_sm; what they say."""
        _until(lambda: len(self.house.submits) >= self._submits + count)
        return [submit.fields for submit in self.house.submits[self._submits :]]

    def reported(self) -> None:
        """Until every message that was ever accepted has its report."""
        _until(lambda: self.watch.receipts["applied"] == self.watch.accepted_messages - self.waiting)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, f"not in {WITHIN} s"
        time.sleep(0.002)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def refusal(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["requestError"]["serviceException"]
        return found


class Client:
    """One connection. It sends octets as they are given and reads one answer at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self.socket.makefile("rb")

    def send(self, octets: bytes) -> "Client":
        self.socket.sendall(octets)
        return self

    def reply(self, *, head: bool = False) -> Reply:
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head else int(headers.get("content-length", 0))
        return Reply(status, headers, self._file.read(length))

    def is_closed(self) -> bool:
        return self._file.read(1) == b""

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def request(self, method: str, target: str, body: bytes | str | None = None, **headers: str | None) -> Reply:
        return self.send(request(method, target, body, **headers)).reply(head=method == "HEAD")


def request(method: str, target: str, body: bytes | str | None = None, **headers: str | None) -> bytes:
    """A request as octets; a header None is left out, underscores in names are hyphens."""
    octets = body.encode() if isinstance(body, str) else body
    fields: dict[str, str | None] = {"Host": "gateway.example", "Authorization": KEY}
    if octets is not None:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(octets))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in fields.items() if value is not None),
    ]
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + (octets or b"")
