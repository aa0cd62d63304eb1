"""Reports over real sockets: pulled once, as asked."""

import json
from xml.etree import ElementTree

from api.wire import Client, Gateway

GOOD = json.dumps({"messages": [{"binary": {"hex": "41"}, "destinations": [{"to": "41793026727"}]}]})
SEND = "/sms/1/binary/advanced"


def test_reports_cannot_be_lost_to_a_head_request(client: Client, server: Gateway) -> None:
    assert client.request("POST", SEND, GOOD).status == 200
    server.reported()
    assert client.request("HEAD", "/sms/1/reports").status == 405
    assert len(client.request("GET", "/sms/1/reports").json["results"]) == 1


def test_reports_are_pulled_once_and_as_asked(client: Client, server: Gateway) -> None:
    three = {"bulkId": "b c", "messages": [{"binary": {"hex": "41"}, "to": ["41793026727"] * 3}]}
    ids = {one["messageId"] for one in client.request("POST", SEND, json.dumps(three)).json["messages"]}
    client.request("POST", SEND, GOOD)
    server.reported()
    pulled = [client.request("GET", "/sms/1/reports?limit=2&bulkId=b%20c&messageId=").json["results"] for _ in range(3)]
    assert [len(results) for results in pulled] == [2, 1, 0]
    assert {one["messageId"] for results in pulled for one in results} == ids
    assert len(client.request("GET", "/sms/1/reports/").json["results"]) == 1
    assert client.request("GET", "/sms/1/reports").body == b'{"results":[]}'


def test_reports_are_pulled_as_xml(client: Client, server: Gateway) -> None:
    [sent] = client.request("POST", SEND, GOOD).json["messages"]
    server.reported()
    root = ElementTree.fromstring(client.request("GET", "/sms/1/reports", Accept="application/xml").body)
    assert (root.tag, root.findtext("results/result/messageId")) == ("reportResponse", sent["messageId"])


def test_a_bad_query_is_a_bad_request(client: Client) -> None:
    reply = client.request("GET", "/sms/1/reports?limit=many&bulkId=%00")
    assert set(reply.refusal["validationErrors"]) == {"limit", "bulkId"}
