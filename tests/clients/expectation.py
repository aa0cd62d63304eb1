"""What every visit must have come to, whatever the client: who was sent what, and how clients say the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from clients.conftest import Visit
from clients.environment import CLIENTS

TEXTS = [f"4179300000{n}" for n in range(1, 7)]
TEXT_IDS = ["text-1", None, "text-2", "text-3", "text-4", "text-5"]
BINARIES = [f"4179300001{n}" for n in range(1, 5)]
BINARY_IDS = ["binary-1", None, "binary-2", "binary-3"]

# What the third generation calls otherwise than those before it.
NAMES = {"sender": "from", "destination": "to", "messageCount": "smsCount"}

# How a client says that a request was refused with 400, with 401 and with 404.
REFUSALS = {
    "python_3.py": ("ApiException", "UnauthorizedException", "NotFoundException"),
    "python_4.py": ("BadRequestException", "UnauthorizedException", "NotFoundException"),
    "python_6.py": ("BadRequestException", "UnauthorizedException", "NotFoundException"),
    "sdk.py": ("SMSResponseError", "SMSResponseError", "SMSResponseError"),
    "sdk.mjs": ("AxiosError", "AxiosError", "AxiosError"),
}
COUNTS_SEGMENTS = {"python_4.py", "python_6.py", "sdk.mjs"}  # the others cannot ask for it, or cannot read it
HAS_NO_FROM = {"sdk.py"}  # in its models of a report and a log
HAS_NO_TEXT = {"sdk.py"}  # in its model of a log


def only(*programs: str) -> pytest.MarkDecorator:
    """The clients of these programs."""
    chosen = [client for client in CLIENTS if client.program in programs]
    assert len(chosen) == len(programs)
    return pytest.mark.parametrize("visit", chosen, ids=[client.name for client in chosen], indirect=True)


every = only(*REFUSALS)


def plain(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of any generation, by the names of the earlier ones."""
    inner = entry.get("content", {}) | entry.get("details", {})
    return {NAMES.get(name, name): value for name, value in (entry | inner).items()}


def check_accepted(answer: dict[str, Any], bulk_id: str, to: Sequence[str], ids: Sequence[str | None]) -> None:
    """Each recipient in its turn, under the id that was given or a number as a text, is accepted."""
    messages = [plain(message) for message in answer["messages"]]
    assert answer["bulkId"] == bulk_id
    assert [message["to"] for message in messages] == list(to)
    for message, given in zip(messages, ids, strict=True):
        status = message["status"]
        assert message["messageId"] == given or (given is None and message["messageId"].isdecimal())
        assert (status["id"], status["name"], status["groupId"]) == (26, "PENDING_ACCEPTED", 1)
        assert (status["groupName"], status["description"]) == ("PENDING", "Message sent to next instance")


def check_delivered(visit: Visit, entry: dict[str, Any], bulk_id: str, count: int, sender: str | None) -> None:
    """All that a report, or a log, says of a message that the handset has."""
    given, status, error = plain(entry), entry["status"], entry["error"]
    assert (given["bulkId"], given["smsCount"]) == (bulk_id, count)
    assert given.get("from") == (None if visit.program in HAS_NO_FROM else sender)
    assert given["price"] == {"pricePerMessage": 0, "currency": "EUR"}
    assert (status["id"], status["name"], status["groupName"]) == (5, "DELIVERED_TO_HANDSET", "DELIVERED")
    assert (error["id"], error["name"], error["groupName"], error["permanent"]) == (0, "NO_ERROR", "OK", False)
    since, until = (datetime.fromisoformat(visit.asked[name]) for name in ("since", "until"))
    assert since < datetime.fromisoformat(given["sentAt"]) <= datetime.fromisoformat(given["doneAt"]) < until


def sent_to(visit: Visit, recipient: str) -> list[dict[str, Any]]:
    return [fields for fields in visit.submits if fields["destination_addr"] == recipient]


def octets_of(visit: Visit, recipient: str) -> tuple[int, int, bytes]:
    """esm_class, data_coding and short_message of the only segment that a recipient was sent."""
    [fields] = sent_to(visit, recipient)
    return fields["esm_class"], fields["data_coding"], fields["short_message"]


def hours(span: str) -> float:
    """A relative validity_period of less than a month (SMPP 3.4 §7.1.1.2)."""
    assert span.startswith("0000") and span.endswith("000R")
    return int(span[4:6]) * 24 + int(span[6:8]) + int(span[8:10]) / 60 + int(span[10:12]) / 3600


def refusal(told: dict[str, Any]) -> dict[str, Any]:
    """What a client read of a refusal in the envelope of the first two generations."""
    found: dict[str, Any] = told["told"]["requestError"]["serviceException"]
    return found
