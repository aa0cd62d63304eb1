"""A customer's program that is nothing but a socket, and a report that may be told."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from heliograph.sms.message import Options, Report

NOW = 1_629_900_000_000  # 2021-08-25T14:00:00Z, a Wednesday
KEY = "App 0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running one: its port, and the desk behind it."""

    port: int
    desk: Any


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
        return self.json["requestError"]["serviceException"]


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


def a_report(number: int = 1, **changes: Any) -> Report:
    values: dict[str, Any] = {
        "account": 1,
        "message_id": f"m-{number}",
        "bulk_id": None,
        "sender": "SMSC",
        "recipient": "41793026727",
        "segments": 1,
        "sent_at": NOW,
        "done_at": NOW + 1500,
        "status": 5,
        "error": 0,
        "note": None,
        "options": Options(),
    }
    return Report(**(values | changes))
