"""The application over real sockets, as customers' programs use it."""

import base64
import gzip
import json
from typing import Any
from xml.etree import ElementTree

import pytest

from api.wire import Client, Gateway, request
from e2e.gateway import no_room
from heliograph.accounts import gate

GOOD = json.dumps({"messages": [{"binary": {"hex": "41"}, "destinations": [{"to": "41793026727"}]}]})
XML = (
    "<request><messages><message><binary><hex>41</hex></binary><destinations><destination><to>41793026727</to>"
    "</destination></destinations></message></messages></request>"
)
SEND = "/sms/1/binary/advanced"


CLIENTS: list[dict[str, Any]] = [
    {"Content_Type": "application/json; charset=utf-8"},
    {"Content_Type": "Application/JSON;charset=UTF-8"},
    {"Content_Type": None},
    {"Accept": None},
    {"Accept": "*/*"},
    {"Accept": "application/json, text/plain, */*"},
    {"Accept": "text/html"},
    {"Accept": ";;q=,,"},
    {"Authorization": "APP 0123456789abcdef"},
    {"Authorization": "app 0123456789abcdef"},
    {"Accept_Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"},
    {"Expect": "100-continue", "Content_Length": str(len(GOOD))},
    {"Cookie": "a=b", "Origin": "https://shop.example"},
]


@pytest.mark.parametrize("headers", CLIENTS, ids=str)
def test_what_real_clients_send_is_taken(client: Client, headers: dict[str, str | None]) -> None:
    client.send(request("POST", SEND, GOOD, **headers))
    reply = client.reply()
    if reply.status == 100:
        reply = client.reply()
    assert reply.status == 200
    assert reply.json["messages"][0]["status"]["id"] == 7


@pytest.mark.parametrize(
    "target", [SEND + "/", "http://gateway.example:8080" + SEND, SEND + "?utm=1", "/sms/1/%62inary/advanced"]
)
def test_targets_that_real_clients_write_are_the_same_target(client: Client, target: str) -> None:
    assert client.request("POST", target, GOOD).status == 200


def test_a_chunked_body_is_a_body(client: Client) -> None:
    chunks = [GOOD[at : at + 7].encode() for at in range(0, len(GOOD), 7)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    head = request("POST", SEND, Transfer_Encoding="chunked", Content_Type="application/json")
    assert client.send(head + body).reply().status == 200


def test_a_request_may_come_one_octet_at_a_time(client: Client) -> None:
    for octet in request("POST", SEND, GOOD):
        client.send(bytes([octet]))
    assert client.reply().status == 200


def test_a_connection_serves_many_requests_and_pipelined_ones_in_order(client: Client) -> None:
    ids = [str(number) for number in range(20)]
    bodies = [GOOD.replace('"to"', f'"messageId": "{one}", "to"') for one in ids]
    client.send(b"".join(request("POST", SEND, body) for body in bodies))
    assert [client.reply().json["messages"][0]["messageId"] for _ in ids] == ids


def test_http_1_0_is_answered_and_closed(client: Client) -> None:
    reply = client.send(request("POST", SEND, GOOD).replace(b"HTTP/1.1", b"HTTP/1.0")).reply()
    assert reply.status == 200
    assert client.is_closed()


def test_xml_in_and_xml_out_are_chosen_each_by_its_own_header(client: Client) -> None:
    assert client.request("POST", SEND, XML, Content_Type="text/xml").json["messages"][0]["to"] == "41793026727"
    reply = client.request("POST", SEND, GOOD, Accept="application/xml")
    assert reply.headers["content-type"] == "application/xml;charset=UTF-8"
    assert ElementTree.fromstring(reply.body).findtext("messages/message/to") == "41793026727"
    refused = client.request("POST", SEND, "{}", Accept="application/json;q=0.5, text/xml")
    assert ElementTree.fromstring(refused.body).findtext("requestError/serviceException/messageId") == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/xml, application/json", "json"),
        ("application/xml;q=0.9, */*;q=0.8", "xml"),
        ("application/xml;q=0.9, */*", "json"),
        ("application/xml;q=0", "json"),
        ("APPLICATION/XML", "xml"),
    ],
)
def test_the_answer_is_json_unless_xml_is_liked_better(client: Client, accept: str, media: str) -> None:
    assert media in client.request("GET", "/sms/1/reports", Accept=accept).headers["content-type"]


def test_a_bad_request_names_every_field_and_stores_nothing(client: Client, server: Gateway) -> None:
    body = {"messages": [{"binary": {"hex": "4"}, "destinations": []}, {"text": "hello", "to": 5}]}
    reply = client.request("POST", SEND, json.dumps(body))
    assert reply.status == 400
    assert (reply.refusal["messageId"], reply.refusal["text"]) == ("BAD_REQUEST", "Bad request")
    assert set(reply.refusal["validationErrors"]) == {
        "messages[0].binary.hex",
        "messages[0].destinations",
        "messages[1].to",
    }
    assert server.accepted == 0


@pytest.mark.parametrize("authorization", [None, "", "App", "App wrong", "Basic 0123456789abcdef", "Bearer x", "\xff"])
def test_nobody_comes_in_without_the_right_key(client: Client, server: Gateway, authorization: str | None) -> None:
    for method, path, body in (("POST", SEND, GOOD), ("GET", "/sms/1/reports", None)):
        reply = client.request(method, path, body, Authorization=authorization)
        assert (reply.status, reply.refusal["text"]) == (401, "Invalid login details")
        assert "www-authenticate" in reply.headers
        client = Client(server.port) if reply.headers.get("connection") == "close" else client
    assert server.accepted == 0
    client.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "message_id"),
    [
        ("GET", "/", 404, "NOT_FOUND"),
        ("POST", "/sms/1/binary", 404, "NOT_FOUND"),
        ("GET", "/sms/1/binary/advanced", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/sms/1/reports", 405, "METHOD_NOT_ALLOWED"),
        ("PROPFIND", "/health", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_what_is_not_there_is_said_in_the_envelope(
    client: Client, method: str, path: str, status: int, message_id: str
) -> None:
    reply = client.request(method, path)
    assert (reply.status, reply.refusal["messageId"]) == (status, message_id)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert status != 405 or "allow" in reply.headers


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "x"]
)
def test_a_body_that_is_neither_json_nor_xml_is_refused(client: Client, content_type: str) -> None:
    reply = client.request("POST", SEND, GOOD, Content_Type=content_type)
    assert (reply.status, reply.refusal["messageId"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert reply.refusal["validationErrors"] == {"Content-Type": ["must be application/json or application/xml"]}


ENCODED = {"must be absent: send the body as it is, not compressed or encoded otherwise"}


@pytest.mark.parametrize("path", [SEND, SEND + "/"])  # the second is found by the router
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "x"])
@pytest.mark.parametrize("content_type", ["application/json", "application/xml"])
def test_a_compressed_body_is_refused_with_what_to_do(
    client: Client, server: Gateway, path: str, coding: str, content_type: str
) -> None:
    body = gzip.compress(GOOD.encode())
    reply = client.request("POST", path, body, Content_Encoding=coding, Content_Type=content_type)
    assert (reply.status, reply.refusal["messageId"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert reply.refusal["validationErrors"] == {"Content-Encoding": list(ENCODED)}
    assert reply.headers["accept-encoding"] == "identity"
    assert server.accepted == 0


@pytest.mark.parametrize("path", [SEND, SEND + "/"])
def test_a_compressed_body_is_refused_in_xml_too(client: Client, path: str) -> None:
    reply = client.request("POST", path, gzip.compress(XML.encode()), Content_Encoding="gzip", Accept="application/xml")
    found = ElementTree.fromstring(reply.body).find("requestError/serviceException/validationErrors/validationError")
    assert reply.status == 415
    assert found is not None
    assert (found.findtext("property"), {found.findtext("violation")}) == ("Content-Encoding", ENCODED)


@pytest.mark.parametrize("path", [SEND, SEND + "/"])
@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_that_says_it_is_plain_is_read(client: Client, path: str, coding: str) -> None:
    assert client.request("POST", path, GOOD, Content_Encoding=coding).status == 200


def test_no_second_header_hides_that_a_body_is_compressed(client: Client) -> None:
    head = request("POST", SEND, GOOD, Content_Encoding="gzip\r\nContent-Encoding: identity")
    assert client.send(head).reply().status == 415


def test_a_transfer_coding_that_nobody_here_reads_is_refused(client: Client) -> None:
    client.send(request("POST", SEND, Transfer_Encoding="gzip, chunked") + b"1\r\n{\r\n0\r\n\r\n")
    reply = client.reply()
    assert reply.status == 415
    assert reply.refusal["validationErrors"] == {"Transfer-Encoding": list(ENCODED)}


def test_a_gateway_without_room_takes_nothing_and_says_when_to_come_again(client: Client, server: Gateway) -> None:
    with no_room(server.store):
        reply = client.request("POST", SEND, GOOD)
        assert (reply.status, reply.refusal["messageId"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(reply.headers["retry-after"]) >= 1
        assert client.request("GET", "/ready").status == 503
        assert client.request("GET", "/health").status == 200
    assert server.accepted == 0
    assert client.request("POST", SEND, GOOD).status == 200
    assert client.request("GET", "/ready").status == 200


def test_more_passwords_than_can_be_verified_are_to_come_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WAITING_LIMIT", 0)  # one is too many; the limit itself is tested with the gate
    login = base64.b64encode(b"acme:secret").decode()
    reply = client.request("GET", "/sms/1/reports", Authorization=f"Basic {login}")
    assert (reply.status, reply.refusal["messageId"]) == (429, "TOO_MANY_REQUESTS")
    assert reply.headers["retry-after"] == "1"
    assert client.request("GET", "/sms/1/reports").status == 200


def test_a_bug_is_a_500_that_gives_nothing_away_and_kills_nothing(
    client: Client, server: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    server.bugs.append(LookupError("a secret text"))
    reply = client.request("POST", SEND, GOOD)
    assert (reply.status, reply.refusal["messageId"]) == (500, "GENERAL_ERROR")
    assert b"secret" not in reply.body
    told = capsys.readouterr()
    assert "LookupError" in told.out + told.err
    assert "secret" not in told.out + told.err
    assert client.request("POST", SEND, GOOD).status == 200


def test_a_browser_may_ask_first_and_then_call(client: Client) -> None:
    asked = client.request(
        "OPTIONS",
        SEND,
        Authorization=None,
        Origin="https://shop.example",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization,content-type,x-own",
    )
    assert asked.status in (200, 204)
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"] == "authorization,content-type,x-own"
    assert "access-control-allow-credentials" not in asked.headers
    assert client.request("POST", SEND, GOOD).headers["access-control-allow-origin"] == "*"


def test_a_preflight_that_asks_for_nonsense_is_told_the_usual(client: Client) -> None:
    asked = client.request("OPTIONS", SEND, Access_Control_Request_Headers="a: b")
    assert "Authorization" in asked.headers["access-control-allow-headers"]
