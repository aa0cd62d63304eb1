"""The API over real sockets, as customers' programs use it."""

from api.wire import Client, a_report
from typing import Any as Gateway

BODY = '{"messages":[{"binary":{"hex":"41"},"destinations":[{"to":"41793026727"}]}]}'


def test_a_binary_message_is_accepted(client: Client, server: Gateway) -> None:
    reply = client.request("POST", "/sms/1/binary/advanced", BODY)
    print(reply)
    assert reply.status == 200
    print(client.request("POST", "/sms/1/binary/advanced", BODY.replace('"41"', '"4"')))
    print(client.request("GET", "/sms/1/reports"))
    print(client.request("GET", "/nope"))
    print(client.request("OPTIONS", "/sms/1/reports"))
    print(client.request("GET", "/openapi.json"))
    print(client.request("GET", "/sms/1/reports", Authorization=None))
    print(client.request("GET", "/sms/1/reports?bulkId=\xff"))
