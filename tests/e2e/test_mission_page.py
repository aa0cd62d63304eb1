"""The page that this product set out from: its request as it stands and made whole, and its nine ways of sending."""

import asyncio
import json
from typing import Any

import pytest

import vectors
from e2e.conftest import Living
from e2e.gateway import SEND, SEND_V2, Dial, House, until

TEXT_PATH = "/sms/1/text/advanced"
WEDNESDAY = 1_629_900_000_000  # 2021-08-25T14:00:00Z: the page's window is open, its sendAt still to come
WHOLE = vectors.BY_ID["C02"]["input"]["hex"]  # the 184 octets that the page's second sample leaves out

BODY = """\
{
  "bulkId": "BULK-ID-123-xyz",
  "messages": [
    {
      "binary": {
        "dataCoding": 0,
        "esmClass": 0,
        "hex": "54 65 73 74 20 6d 65 73 73 61 67 65 2e"
      },
      "callbackData": "DLR callback data",
      "destinations": [
        {
          "messageId": "MESSAGE-ID-123-xyz",
          "to": "41793026727"
        },
        {
          "to": "41793026834"
        }
      ],
      "from": "SMSC",
      "intermediateReport": true,
      "notifyContentType": "application/json",
      "notifyUrl": "https://www.example.com/sms/advanced",
      "validityPeriod": 720
    },
    {
      "binary": {
        "dataCoding": 0,
        "esmClass": 0,
        "hex": "41 20 6C 6F 6E 67 20 74 …20 45 6D 70 69 72 65 2E"
      },
      "deliveryTimeWindow": {
        "days": [
          "MONDAY",
          "TUESDAY",
          "WEDNESDAY",
          "THURSDAY",
          "FRIDAY",
          "SATURDAY",
          "SUNDAY"
        ],
        "from": {
          "hour": 6,
          "minute": 0
        },
        "to": {
          "hour": 15,
          "minute": 30
        }
      },
      "destinations": [
        {
          "to": "41793026700"
        }
      ],
      "from": "41793026700",
      "sendAt": "2021-08-25T16:00:00.000+0000"
    }
  ]
}"""


def whole(**changes: Any) -> dict[str, Any]:
    """The page's request with all of its second message; `changes` are made to both messages."""
    request: dict[str, Any] = json.loads(BODY)
    request["messages"][1]["binary"]["hex"] = WHOLE
    for message in request["messages"]:
        message.update(changes)
    return request


def test_the_request_as_it_stands_is_refused_for_the_ellipsis_and_nothing_is_sent(live: Living) -> None:
    async def body(h: House) -> None:
        reply = await h.customer.request("POST", SEND, BODY.encode())
        assert (reply.status, reply.refusal["messageId"], reply.refusal["text"]) == (400, "BAD_REQUEST", "Bad request")
        assert list(reply.refusal["validationErrors"]) == ["messages[1].binary.hex"]
        await h.is_idle()
        assert len(h.submits) == 1

    live(body)


def test_the_request_made_whole_is_three_messages_that_are_all_reported(live: Living) -> None:
    async def body(h: House) -> None:
        request = whole(notifyUrl=h.sink.url("/sms/advanced"))
        reply = await h.customer.request("POST", SEND, request)
        first, second, third = reply.messages
        assert reply.json["bulkId"] == "BULK-ID-123-xyz"
        assert [m["to"] for m in reply.messages] == ["41793026727", "41793026834", "41793026700"]
        assert [m["status"]["id"] for m in reply.messages] == [7, 7, 26]
        assert [m.get("smsCount") for m in reply.messages] == [1, 1, None]
        assert first["messageId"] == "MESSAGE-ID-123-xyz"

        # The third waits for its sendAt, at four, and then for its window, at six in the morning.
        await h.told(2)
        h.dial.turn(2 * 3600 + 60)
        await h.is_idle()
        assert len(h.submits) == 3
        h.dial.turn(14 * 3600)
        reports = {report["messageId"]: report for report in await h.told(3)}
        assert set(reports) == {m["messageId"] for m in (first, second, third)}
        assert all(r["status"]["name"] == "DELIVERED_TO_HANDSET" for r in reports.values())
        assert {r["bulkId"] for r in reports.values()} == {"BULK-ID-123-xyz"}
        assert [reports[m["messageId"]]["smsCount"] for m in (first, second, third)] == [1, 1, 2]
        assert reports[first["messageId"]]["callbackData"] == "DLR callback data"
        _check_the_wire([s for s in h.submits if s.fields["destination_addr"] != "41790009999"])

    quiet = "enquire_link_seconds = 9000000\ninactivity_seconds = 9000001"
    live(body, dial=Dial(WEDNESDAY), smsc=quiet)


def _check_the_wire(submits: list[Any]) -> None:
    texts = [submit.fields["short_message"] for submit in submits]
    assert texts[:2] == [b"Test message."] * 2
    assert [octets[:2] for octets in texts[2:]] == [b"\x05\x00"] * 2
    assert b"".join(octets[6:] for octets in texts[2:]).hex() == WHOLE
    assert [submit.fields["registered_delivery"] for submit in submits] == [0x11, 0x11, 1, 1]
    assert [submit.fields["source_addr"] for submit in submits] == ["SMSC", "SMSC", "41793026700", "41793026700"]


# Each row is one sample of the page: its path, and what its library adds to the request.
SAMPLES: list[tuple[str, str, dict[str, str]]] = [
    ("curl", TEXT_PATH, {"User-Agent": "curl/8.5.0", "Accept": "application/json"}),
    ("node", SEND, {"Accept": "application/json", "Transfer-Encoding": "chunked", "Content-Type": ""}),
    ("ruby", TEXT_PATH, {"Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "Connection": "close"}),
    ("python", SEND_V2, {"Accept-Encoding": "identity"}),
    ("php", TEXT_PATH, {"Accept-Encoding": "deflate, gzip, br, zstd", "Accept": "application/json"}),
    ("c#", TEXT_PATH, {"Accept": "application/json, text/json, text/x-json, text/javascript, application/xml"}),
    ("java", TEXT_PATH, {"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "gzip"}),
    ("go", TEXT_PATH, {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}),
    ("jquery", TEXT_PATH, {"Origin": "https://shop.example", "Accept": "*/*"}),
    ("absolute form", "http://gateway.example:8080" + SEND, {"Accept": ""}),
]


def _octets(path: str, body: bytes, key: str, headers: dict[str, str]) -> bytes:
    """The request as it goes over the wire; a header without a value is left out."""
    given = {"Host": "gateway.example", "Authorization": f"App {key}", "Content-Type": "application/json"} | headers
    if given.get("Transfer-Encoding") == "chunked":
        pieces = [body[at : at + 500] for at in range(0, len(body), 500)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        given["Content-Length"] = str(len(body))
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _answer(port: int, octets: bytes) -> tuple[int, dict[str, str], Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(octets)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_sample_of_the_page_is_understood(live: Living, ascii_only: bool) -> None:
    async def body(h: House) -> None:
        for number, (name, path, headers) in enumerate(SAMPLES):
            for hexadecimal, wanted in (("A …B", 400), (WHOLE, 200)):
                request = whole()
                request["messages"][1]["binary"]["hex"] = hexadecimal
                request["messages"][0]["destinations"][0]["messageId"] = f"m-{number}"
                text = json.dumps(request, ensure_ascii=ascii_only).encode()
                octets = _octets(path, text, h.customer.key, headers)
                status, answered, answer = await _answer(h.gateway.port, octets)
                assert status == wanted, (name, answer)
                assert answered["access-control-allow-origin"] == "*"
                assert answered["content-type"].startswith("application/json")
            assert [m["to"] for m in answer["messages"]] == ["41793026727", "41793026834", "41793026700"], name
        await until(lambda: len(h.submits) >= 2 * len(SAMPLES))

    live(body)


def test_a_browser_asks_before_it_sends(live: Living) -> None:
    async def body(h: House) -> None:
        asking = {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        asked = await h.customer.request("OPTIONS", TEXT_PATH, **asking)
        assert asked.status in (200, 204)
        assert asked.headers["access-control-allow-origin"] == "*"
        assert "POST" in asked.headers["access-control-allow-methods"]
        allowed = asked.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed and "content-type" in allowed

    live(body)


def test_without_a_key_the_page_promises_a_401(live: Living) -> None:
    async def body(h: House) -> None:
        for authorization in ("", "{authorization}", "App nobody"):
            reply = await h.customer.request("POST", SEND, whole(), Authorization=authorization)
            assert (reply.status, reply.refusal["messageId"]) == (401, "UNAUTHORIZED")
            assert reply.refusal["text"] == "Invalid login details"

    live(body)
