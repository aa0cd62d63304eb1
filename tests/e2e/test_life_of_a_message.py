"""The life of a message over real sockets: HTTP in, SMPP out, the receipt back, the report out."""

import re
from typing import Any
from xml.etree import ElementTree

import apsw
import pytest

import vectors
from e2e.conftest import Living
from e2e.gateway import SEND, SEND_V2, TO, House, instant, message, named, until

HELLO = "Test message."
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
DELIVERED = {
    "groupId": 3,
    "groupName": "DELIVERED",
    "id": 5,
    "name": "DELIVERED_TO_HANDSET",
    "description": "Message delivered to handset",
}
NO_ERROR = {
    "groupId": 0,
    "groupName": "OK",
    "id": 0,
    "name": "NO_ERROR",
    "description": "No Error",
    "permanent": False,
}


def test_a_message_is_sent_and_its_report_is_pushed(live: Living) -> None:
    async def body(h: House) -> None:
        one = message(text=HELLO, destinations=named(TO, "m-1"), notifyUrl=h.sink.url(), callbackData="order 7")
        reply = await h.customer.send(one)
        [entry] = reply.messages
        assert (entry["to"], entry["messageId"], entry["smsCount"]) == (TO, "m-1", 1)
        assert (entry["status"]["id"], entry["status"]["name"]) == (7, "PENDING_ENROUTE")
        assert "bulkId" not in reply.json

        [submit] = await h.submitted(1)
        assert (submit.fields["source_addr"], submit.fields["destination_addr"]) == ("SMSC", TO)
        assert submit.fields["short_message"] == HELLO.encode()
        assert (submit.fields["data_coding"], submit.fields["esm_class"]) == (0, 0)
        assert submit.fields["registered_delivery"] == 1

        [report] = await h.told(1)
        sent_at, done_at = report.pop("sentAt"), report.pop("doneAt")
        assert DATE.fullmatch(sent_at) and DATE.fullmatch(done_at) and sent_at <= done_at
        assert report == {
            "messageId": "m-1",
            "to": TO,
            "from": "SMSC",
            "smsCount": 1,
            "price": {"pricePerMessage": 0.0, "currency": "EUR"},
            "callbackData": "order 7",
            "status": DELIVERED,
            "error": NO_ERROR,
        }
        assert b'"pricePerMessage":0.0' in h.sink.posts[0].body
        await until(lambda: h.gateway.watch.pushed_reports == 1)
        assert await h.customer.pull() == []

    live(body)


def test_a_text_of_the_third_generation_is_cut_sent_and_pushed_as_that_generation_has_it(live: Living) -> None:
    async def body(h: House) -> None:
        one = {
            "sender": "SMSC",
            "destinations": [{"to": TO, "messageId": "m-1"}],
            "content": {"text": "\u4e2d" * 71},
            "options": {"platform": {"entityId": "shop"}},
            "webhooks": {"delivery": {"url": h.sink.url()}, "callbackData": "order 7"},
        }
        asked = {"messages": [one], "options": {"includeSmsCountInResponse": True}}
        reply = await h.customer.request("POST", "/sms/3/messages", asked)
        assert reply.messages[0]["details"] == {"messageCount": 2}

        submits = await h.submitted(2)
        assert b"".join(one.fields["short_message"][6:] for one in submits).decode("utf-16-be") == "\u4e2d" * 71

        [report] = await h.told(1)
        assert {report.pop("bulkId")} == {reply.json["bulkId"]}
        assert report.pop("sentAt") <= report.pop("doneAt")
        assert report == {
            "messageId": "m-1",
            "to": TO,
            "sender": "SMSC",
            "messageCount": 2,
            "price": {"pricePerMessage": 0.0, "currency": "EUR"},
            "callbackData": "order 7",
            "platform": {"entityId": "shop"},
            "status": DELIVERED,
            "error": NO_ERROR,
        }

    live(body)


def test_a_report_may_be_pushed_as_xml(live: Living) -> None:
    async def body(h: House) -> None:
        one = message(destinations=named(TO, "m<1>"), notifyUrl=h.sink.url("/x"), notifyContentType="application/xml")
        await h.customer.send(one, bulkId="b&1")
        [post] = await until(lambda: h.sink.posts)
        root = ElementTree.fromstring(post.body)
        assert (post.path, post.content_type, root.tag) == ("/x", "application/xml", "reportResponse")
        [result] = root.findall("results/result")
        assert (result.findtext("messageId"), result.findtext("bulkId")) == ("m<1>", "b&1")
        assert result.findtext("status/name") == "DELIVERED_TO_HANDSET"
        assert result.findtext("price/pricePerMessage") == "0.0"

    live(body)


def test_a_report_without_a_url_waits_and_is_pulled_once(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(destinations=named(TO, "a")), message(destinations=named(TO, "b")), bulkId="bulk")
        await h.customer.send(message(destinations=named(TO, "c")))
        await until(lambda: h.gateway.watch.receipts["applied"] == 3)
        assert [r["messageId"] for r in await h.customer.pull("?messageId=c")] == ["c"]
        [one] = await h.customer.pull("?bulkId=bulk&limit=1")
        [other] = await h.customer.pull()
        assert {one["messageId"], other["messageId"]} == {"a", "b"}
        assert all((report["bulkId"], report["status"]) == ("bulk", DELIVERED) for report in (one, other))
        assert await h.customer.pull() == []

    live(body)


def test_whoever_wants_no_report_gets_none(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(notify=False, notifyUrl=h.sink.url()))
        await h.customer.send(message(destinations=named(TO, "after"), notifyUrl=h.sink.url()))
        assert [r["messageId"] for r in await h.told(1)] == ["after"]
        assert await h.customer.pull() == []

    live(body)


BULKS: list[tuple[str, list[dict[str, Any]], dict[str, Any], bool]] = [
    (SEND, [message()], {}, False),
    (SEND, [message()], {"bulkId": "own"}, True),
    (SEND, [message(TO, "41793026728")], {}, True),
    (SEND, [message(), message()], {}, True),
    (SEND, [message(sendAt="2021-08-25T16:00:00.000+0000")], {}, True),
    (SEND_V2, [message()], {}, True),
    (SEND_V2, [message()], {"bulkId": "own"}, True),
]


def test_answer_and_report_name_the_bulk_by_the_same_rule(live: Living) -> None:
    async def body(h: House) -> None:
        for path, messages, more, named_bulk in BULKS:
            reply = await h.customer.send(*messages, path=path, **more)
            bulk = reply.json.get("bulkId")
            assert (bulk is not None) is named_bulk, (path, messages, more)
            assert bulk == more.get("bulkId", bulk)
            for report in await h.customer.pulled(len(reply.messages)):
                assert report.get("bulkId") == bulk

    live(body)


def test_destinations_are_answered_and_sent_in_the_order_of_the_request(live: Living) -> None:
    async def body(h: House) -> None:
        recipients = [f"4179300{number:04}" for number in range(200)]
        reply = await h.customer.send(message(*recipients[:150]), message(*recipients[150:]))
        assert [entry["to"] for entry in reply.messages] == recipients
        assert len({entry["messageId"] for entry in reply.messages}) == 200
        assert all(entry["messageId"].isdigit() for entry in reply.messages)
        assert [s.fields["destination_addr"] for s in await h.submitted(200)] == recipients
        reports = await h.customer.pulled(200)
        assert {r["messageId"] for r in reports} == {entry["messageId"] for entry in reply.messages}

    live(body, smsc="window = 50")


def test_the_two_generations_answer_with_their_own_numbers(live: Living) -> None:
    async def body(h: House) -> None:
        later = instant(h.dial.now() + 3_600_000)
        answers = {}
        for path in (SEND, SEND_V2):
            reply = await h.customer.send(message(), message(sendAt=later), path=path)
            answers[path] = [
                (e["status"]["id"], e["status"]["name"], e["status"]["description"], e.get("smsCount"))
                for e in reply.messages
            ]
        sent_on = "Message sent to next instance"
        held = (26, "PENDING_ACCEPTED", "Pending Accepted", None)
        assert answers[SEND] == [(7, "PENDING_ENROUTE", sent_on, 1), held]
        assert answers[SEND_V2] == [(26, "PENDING_ACCEPTED", sent_on, None)] * 2

    live(body)


def test_intermediate_reports_are_pushed_before_the_last_one_and_never_pulled(live: Living) -> None:
    async def body(h: House) -> None:
        wanting = {"intermediateReport": True, "notifyUrl": h.sink.url()}
        await h.customer.send(message(text="!intermediate delay=0.2", destinations=named(TO, "m"), **wanting))
        first, last = await h.told(2)
        assert (first["messageId"], first["status"]["groupName"], first["error"]["id"]) == ("m", "PENDING", 27)
        assert (last["messageId"], last["status"]) == ("m", DELIVERED)
        assert h.submits[0].fields["registered_delivery"] == 0x11
        assert await h.customer.pull() == []

    live(body, dialect="err_is_gsm = true")


def test_an_intermediate_report_and_the_last_one_may_come_in_one_read(live: Living) -> None:
    async def body(h: House) -> None:
        wanting = {"intermediateReport": True, "notifyUrl": h.sink.url()}
        await h.customer.send(message(text="!intermediate delay=0.2", **wanting))
        await until(lambda: h.gateway.watch.sent_segments["north"] == 1)
        h.simulator.stall()
        await until(lambda: h.simulator.pending == 2)
        h.simulator.resume()
        first, last = await h.told(2)
        assert (first["status"]["groupName"], last["status"]) == ("PENDING", DELIVERED)

    live(body)


def test_every_vector_of_segmentation_goes_over_the_wire_as_it_says(live: Living) -> None:
    async def body(h: House) -> None:
        for case in vectors.of_kind("split"):
            given, before = case["input"], len(h.submits)
            binary = {key: given[key] for key in ("hex", "dataCoding", "esmClass")}
            [entry] = (await h.customer.send(message(binary=binary))).messages
            assert entry["smsCount"] == case["smsCount"], case["id"]
            submits = (await h.submitted(before + case["smsCount"]))[before:]
            parts = [vectors.BY_ID[part]["fields"] for part in case["parts"]]
            assert [s.fields["esm_class"] & 0x40 for s in submits] == [p["esm_class"] & 0x40 for p in parts], case["id"]
            assert _joined(submits) == given["hex"], case["id"]
            assert len({(s.fields["source_addr"], s.fields["destination_addr"]) for s in submits}) == 1
        reports = await h.customer.pulled(len(vectors.of_kind("split")))
        assert [r["smsCount"] for r in reports] == [case["smsCount"] for case in vectors.of_kind("split")]

    live(body, dialect="wide_reference = true")


def _joined(submits: list[Any]) -> str:
    """What the handset makes of the segments: the body as hex, behind the UDH that the customer gave, if any."""
    if len(submits) == 1:
        return str(submits[0].fields["short_message"].hex())
    content, others, references = b"", b"", set()
    for number, submit in enumerate(submits, 1):
        octets = submit.fields["short_message"]
        header, rest = octets[1 : 1 + octets[0]], b""
        while header:
            element, header = header[: 2 + header[1]], header[2 + header[1] :]
            if element[0] == 8:
                assert (element[4], element[5]) == (len(submits), number)
                references.add(element[2:4])
            else:
                rest += element
        others, content = others or rest, content + octets[1 + octets[0] :]
    assert len(references) == 1
    return ((bytes([len(others)]) + others if others else b"") + content).hex()


def test_flash_and_class_reach_the_wire(live: Living) -> None:
    async def body(h: House) -> None:
        for number, (data_coding, wanted) in enumerate(((0, 0x10), (8, 0x18), (4, 0x14), (0xF5, 0xF4)), 1):
            await h.customer.send(message(text="AB", flash=True, binary={"dataCoding": data_coding}))
            assert (await h.submitted(number))[-1].fields["data_coding"] == wanted

    live(body)


OUTCOMES = [
    ("!receipt=UNDELIV err=001", 9, 2, 1),
    ("!receipt=EXPIRED", 15, 4, None),
    ("!receipt=REJECTD", 4, 2, None),
    ("!receipt=UNKNOWN", 29, 4, None),
    ("!status=0x0B", 4, 2, 1),
    ("!status=0x45 times=1", 5, 3, 0),
]


@pytest.mark.parametrize(("orders", "status", "group", "error"), OUTCOMES)
def test_what_the_smsc_says_is_what_the_customer_reads(
    live: Living, orders: str, status: int, group: int, error: int | None
) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(text=orders))
        if "times" in orders:
            await until(lambda: h.simulator.counters.refused[0x45] == 1)
            await until(lambda: h.gateway.watch.refused_segments.total() == 1)
            h.dial.turn(10)  # the next try is due
        [report] = await h.customer.pulled(1)
        assert (report["status"]["id"], report["status"]["groupId"]) == (status, group)
        assert error is None or report["error"]["id"] == error

    live(body, dialect="err_is_gsm = true")


def test_a_mobile_originated_message_is_stored_before_it_is_acknowledged(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        fields: dict[str, Any] = {
            "source_addr": TO,
            "destination_addr": "12345",
            "short_message": b"STOP",
            "data_coding": 0,
        }
        assert await h.simulator.deliver(**fields) == 0
        stored = apsw.Connection(h.url.removeprefix("sqlite://"), flags=apsw.SQLITE_OPEN_READONLY)
        rows = stored.execute("SELECT smsc, sender, recipient, body FROM inbound").fetchall()
        stored.close()
        assert rows == [("north", TO, "12345", b"STOP")]

    live(body)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    (message("", text="A"), 51, "MISSING_TO"),
    (message("not a number"), 52, "REJECTED_DESTINATION"),
    (message("123"), 8, "REJECTED_PREFIX_MISSING"),
    (message(**{"from": "far too long a sender"}), 11, "REJECTED_SOURCE"),
    (message(binary={"esmClass": 64, "hex": "FF"}), 24, "REJECTED_INVALID_UDH"),
    (message(text="A" * 4001), 25, "REJECTED_MESSAGE_TOO_LONG"),
    # What is wrong with the message counts before what is wrong with one of its destinations.
    (message("123", **{"from": "far too long a sender"}), 11, "REJECTED_SOURCE"),
    (message("", text="A" * 4001, **{"from": "far too long a sender"}), 25, "REJECTED_MESSAGE_TOO_LONG"),
]


def test_a_refused_destination_is_a_status_in_a_200_and_nothing_else_happens_to_it(live: Living) -> None:
    async def body(h: House) -> None:
        reply = await h.customer.send(*[one for one, _, _ in REFUSED], message(destinations=named(TO, "good")))
        found = [(e["status"]["id"], e["status"]["name"]) for e in reply.messages]
        assert found == [*((id_, name) for _, id_, name in REFUSED), (7, "PENDING_ENROUTE")]
        assert all("smsCount" not in e for e in reply.messages[:-1])
        [report] = await h.customer.pulled(1)
        assert (report["messageId"], len(h.submits)) == ("good", 1)

    live(body)


def test_an_id_is_taken_by_what_is_accepted_and_not_by_what_is_refused(live: Living) -> None:
    async def body(h: House) -> None:
        async def ids(*recipients: str) -> list[int]:
            sent = await h.customer.send(message(destinations=[named(to, "mine")[0] for to in recipients]))
            assert [e["messageId"] for e in sent.messages] == ["mine"] * len(recipients)
            return [e["status"]["id"] for e in sent.messages]

        assert await ids("123") == [8]
        assert await ids(TO, TO) == [7, 23]
        assert await ids(TO) == [23]
        await h.is_idle()
        assert len(h.submits) == 2

    live(body)


def test_without_a_route_every_destination_is_refused(live: Living) -> None:
    async def body(h: House) -> None:
        [entry] = (await h.customer.send(message())).messages
        assert (entry["status"]["id"], entry["status"]["name"]) == (19, "REJECTED_ROUTE_NOT_AVAILABLE")

    live(body, routed=False)
