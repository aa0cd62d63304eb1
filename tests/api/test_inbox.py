"""GET of inbound messages: what is asked, and how it is answered in JSON and in XML."""

from __future__ import annotations

import json
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from api.wire import Client

PULL, LOGS = "/sms/1/inbox/reports", "/sms/1/inbox/logs"
EMPTY = {"results": [], "messageCount": 0, "pendingMessageCount": 0}
WITHIN = 15.0  # seconds


def logged(client: Client, to: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.request("GET", f"{LOGS}?to={to}").json["results"]
    return found


def deliver(client: Client, to: str, count: int) -> None:
    """So many messages come in for a number that no other test uses; back when the account has them. Nothing else is
    unread."""
    while client.request("GET", f"{PULL}?limit=1000").json["results"]:
        pass
    one = {"binary": {"hex": b"!reply".hex()}, "from": to, "destinations": [{"to": "41793026727"}] * count}
    assert client.request("POST", "/sms/1/binary/advanced", json.dumps({"messages": [one]})).status == 200
    end = time.monotonic() + WITHIN
    while len(logged(client, to)) < count:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_unread_messages_are_given_once_and_counted(client: Client) -> None:
    deliver(client, "11111", 3)

    first = client.request("GET", f"{PULL}?limit=2").json
    second = client.request("GET", f"{PULL}?limit=0").json  # moved to 1

    assert (first["messageCount"], first["pendingMessageCount"], len(first["results"])) == (2, 1, 2)
    assert (second["messageCount"], second["pendingMessageCount"]) == (1, 0)
    ids = [one["messageId"] for one in (*first["results"], *second["results"])]
    assert len(set(ids)) == 3 and ids == sorted(ids, key=int)
    assert client.request("GET", PULL).json == EMPTY
    assert [one["messageId"] for one in logged(client, "11111")] == ids[::-1]


@pytest.mark.parametrize(
    ("to", "name"), [("22221", "applicationId"), ("22222", "entityId"), ("22223", "campaignReferenceId")]
)
def test_no_inbound_message_has_a_mark_and_none_is_taken_by_asking_for_one(client: Client, to: str, name: str) -> None:
    deliver(client, to, 1)

    assert client.request("GET", f"{PULL}?{name}=x").json == EMPTY
    assert client.request("GET", f"{PULL}?{name}=").json["messageCount"] == 1


def test_answers_may_be_in_xml(client: Client) -> None:
    deliver(client, "33333", 1)

    log = client.request("GET", f"{LOGS}?to=%2B33333", Accept="application/xml")
    pull = client.request("GET", PULL, Accept="application/xml")

    for reply in (log, pull):
        root = ElementTree.fromstring(reply.body)
        assert (reply.headers["content-type"].partition(";")[0], root.tag) == ("application/xml", "reportResponse")
        assert root.findtext("results/result/text") == "Hello back"
        assert root.findtext("results/result/to") == "33333"
    assert ElementTree.fromstring(pull.body).findtext("messageCount") == "1"
    assert ElementTree.fromstring(log.body).findtext("results/result/keyword") == ""


@pytest.mark.parametrize("query", ["limit=many", "receivedSince=yesterday", "receivedUntil=2021-08-25"])
def test_what_cannot_be_read_is_a_400(client: Client, query: str) -> None:
    reply = client.request("GET", f"{LOGS}?{query}")

    assert (reply.status, [*reply.refusal["validationErrors"]]) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize("path", [PULL, LOGS])
def test_nobody_reads_without_a_key(client: Client, path: str) -> None:
    assert client.request("GET", path, Authorization=None).status == 401
