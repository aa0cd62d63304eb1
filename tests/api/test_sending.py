"""Sends over real sockets: one handler for every path, and an answer for every destination."""

import json
from urllib.parse import quote

import pytest

from api.wire import Client, Gateway

GOOD = json.dumps({"messages": [{"binary": {"hex": "41"}, "destinations": [{"to": "41793026727"}]}]})
SENDS = ["/sms/1/binary/advanced", "/sms/1/text/advanced", "/sms/2/binary/advanced"]
SEND = SENDS[0]


@pytest.mark.parametrize("path", SENDS)
def test_one_handler_answers_on_every_path_of_sending(client: Client, server: Gateway, path: str) -> None:
    reply = client.request("POST", path, GOOD)

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    [entry] = reply.json["messages"]
    assert (entry["to"], entry["status"]["id"]) == ("41793026727", 26 if "/2/" in path else 7)
    assert server.sent(1)[0]["short_message"] == b"A"


def test_destinations_are_answered_in_order_and_bad_ones_in_a_200(client: Client) -> None:
    destinations = [{"to": "41793026727"}, {}, {"to": "41793026728", "messageId": "the third"}]
    body = {"bulkId": "b", "messages": [{"binary": {"hex": "41"}, "destinations": destinations}]}
    reply = client.request("POST", SEND, json.dumps(body))
    assert reply.status == 200
    assert reply.json["bulkId"] == "b"
    assert [one["status"]["name"] for one in reply.json["messages"]] == [
        "PENDING_ENROUTE",
        "MISSING_TO",
        "PENDING_ENROUTE",
    ]
    assert reply.json["messages"][2]["messageId"] == "the third"


def test_a_long_message_id_is_cut_everywhere_alike(client: Client, server: Gateway) -> None:
    long, cut = "é" * 250, "é" * 200
    destinations = [{"to": "41793026727", "messageId": long}, {"to": "41793026731", "messageId": cut + "x"}]
    body = json.dumps({"messages": [{"binary": {"hex": "41"}, "destinations": destinations}]})
    sent = client.request("POST", SEND, body).json["messages"]
    assert [(one["messageId"], one["status"]["name"]) for one in sent] == [
        (cut, "PENDING_ENROUTE"),
        (cut, "REJECTED_DUPLICATE_MESSAGE_ID"),
    ]
    server.reported()
    [report] = client.request("GET", f"/sms/1/reports?messageId={quote(long)}").json["results"]
    assert report["messageId"] == cut
