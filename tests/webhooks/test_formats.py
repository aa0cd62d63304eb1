"""The bodies that tell a customer what became of his messages."""

import json
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.sms.codes import ERROR, STATUS
from heliograph.sms.message import CLICK, INBOUND, Click, InboundMessage, Options, Report
from heliograph.webhooks import xml
from heliograph.webhooks.formats import ALONE, FORMATS, inbound_log, inbox

JSON, XML = ("v1", "application/json"), ("v1", "application/xml")
FULL = Report(
    account=1,
    message_id="m",
    bulk_id="b",
    sender="SMSC",
    recipient="41793026727",
    segments=2,
    sent_at=1_629_900_000_000,
    done_at=1_629_900_001_500,
    status=5,
    error=0,
    note=None,
    options=Options(callback_data="c", entity_id="e", application_id="a", campaign_reference_id="r"),
    price=0.05,
    currency="USD",
)
BARE = Report(1, "m", None, "", "41793026727", 1, None, 1_629_900_000_000, 15, 4100, None, Options())
FULL_JSON = {
    "bulkId": "b",
    "messageId": "m",
    "to": "41793026727",
    "from": "SMSC",
    "sentAt": "2021-08-25T14:00:00.000+0000",
    "doneAt": "2021-08-25T14:00:01.500+0000",
    "smsCount": 2,
    "callbackData": "c",
    "price": {"pricePerMessage": 0.05, "currency": "USD"},
    "status": {
        "groupId": 3,
        "groupName": "DELIVERED",
        "id": 5,
        "name": "DELIVERED_TO_HANDSET",
        "description": "Message delivered to handset",
    },
    "error": {
        "groupId": 0,
        "groupName": "OK",
        "id": 0,
        "name": "NO_ERROR",
        "description": "No Error",
        "permanent": ERROR[0].permanent,
    },
    "entityId": "e",
    "applicationId": "a",
    "campaignReferenceId": "r",
}


def results(*reports: Report) -> list[dict[str, Any]]:
    body = json.loads(FORMATS[JSON](reports))
    assert list(body) == ["results"]
    told: list[dict[str, Any]] = body["results"]
    return told


def test_a_report_tells_everything_that_is_known() -> None:
    assert results(FULL) == [FULL_JSON]


def test_what_is_not_known_is_left_out_and_never_null() -> None:
    [told] = results(BARE)
    assert set(told) == {"messageId", "to", "doneAt", "smsCount", "price", "status", "error"}
    assert b"null" not in FORMATS[JSON]([BARE])


def test_no_reports_are_an_empty_list() -> None:
    assert FORMATS[JSON]([]) == b'{"results":[]}'
    assert ElementTree.fromstring(FORMATS[XML]([])).find("results") is not None


def test_a_price_is_a_double_even_when_it_is_nothing() -> None:
    assert b'"pricePerMessage":0.0' in FORMATS[JSON]([BARE])


def test_a_note_says_more_than_the_errors_own_words() -> None:
    report = Report(1, "m", None, "", "4", 1, None, 0, 4, 4100, "stat:REJECTD err:069", Options())
    [told] = results(report)
    assert told["error"]["description"] == "stat:REJECTD err:069"
    assert told["error"]["id"] == 4100


@pytest.mark.parametrize("status", STATUS)
def test_every_status_can_be_told(status: int) -> None:
    [told] = results(Report(1, "m", None, "", "4", 1, None, 0, status, 0, None, Options()))
    assert told["status"]["id"] == status
    assert told["status"]["description"]
    assert ("action" in told["status"]) is bool(STATUS[status].action)


@pytest.mark.parametrize("error", ERROR)
def test_every_error_can_be_told(error: int) -> None:
    [told] = results(Report(1, "m", None, "", "4", 1, None, 0, 9, error, None, Options()))
    assert set(told["error"]) == {"groupId", "groupName", "id", "name", "description", "permanent"}


def test_xml_says_what_json_says() -> None:
    root = ElementTree.fromstring(FORMATS[XML]([FULL, BARE]))
    first, second = root.findall("results/result")
    assert root.tag == "reportResponse"
    assert {one.tag: one.text for one in first if not len(one)} == {
        name: str(value) for name, value in FULL_JSON.items() if not isinstance(value, dict)
    }
    assert first.findtext("error/permanent") in ("true", "false")
    assert second.find("bulkId") is None


THIRD_JSON = {
    name: value for name, value in FULL_JSON.items() if name not in ("from", "smsCount", "entityId", "applicationId")
}
THIRD_JSON |= {"sender": "SMSC", "messageCount": 2, "platform": {"entityId": "e", "applicationId": "a"}}


def test_the_third_generation_has_names_of_its_own_for_the_same() -> None:
    told = json.loads(FORMATS["v3", "application/json"]([FULL, BARE]))["results"]
    assert told[0] == THIRD_JSON
    assert set(told[1]) == {"messageId", "to", "doneAt", "messageCount", "price", "status", "error"}
    assert FORMATS["v3", "application/json"]([]) == b'{"results":[]}'


def test_a_platform_holds_what_was_given_of_it() -> None:
    report = Report(1, "m", None, "", "4", 1, None, 0, 5, 0, None, Options(application_id="a"))
    [told] = json.loads(FORMATS["v3", "application/json"]([report]))["results"]
    assert told["platform"] == {"applicationId": "a"}


def test_xml_of_the_third_generation_says_what_its_json_says() -> None:
    root = ElementTree.fromstring(FORMATS["v3", "application/xml"]([FULL]))
    assert root.tag == "DeliveryReports"
    assert root.findtext("results/result/messageCount") == "2"
    assert root.findtext("results/result/platform/entityId") == "e"


@given(st.text())
def test_any_text_makes_a_well_formed_document(text: str) -> None:
    root = ElementTree.fromstring(xml.render("r", {"a": text, "b": [text, None]}))
    kept = root.findtext("a") or ""
    assert len(kept) == len(text)
    assert all(one == other or one == "\ufffd" for one, other in zip(kept, text, strict=True))


def an_inbound(body: bytes = b"join  now", **changes: Any) -> InboundMessage:
    plain: dict[str, Any] = {"account": 1, "message_id": "7", "sender": "41790000000", "recipient": "12345"}
    plain |= {"data_coding": 0, "esm_class": 0, "segments": 2, "keyword": "", "received_at": 1_629_900_000_000}
    return InboundMessage(body=body, options=Options(shape=INBOUND), **plain | changes)


INBOUND_JSON = {
    "messageId": "7",
    "from": "41790000000",
    "to": "12345",
    "text": "join  now",
    "cleanText": "join  now",
    "receivedAt": "2021-08-25T14:00:00.000+0000",
    "smsCount": 2,
    "price": {"pricePerMessage": 0.0, "currency": "EUR"},
}


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (an_inbound(), {}),
        (an_inbound(keyword="JOIN"), {"keyword": "JOIN", "cleanText": "now"}),
        (an_inbound("Ж".encode("utf-16-be"), data_coding=8), {"text": "Ж", "cleanText": "Ж"}),
        (an_inbound(b"\x01\xff", data_coding=4), {"text": "", "cleanText": "", "binary": ("01 FF", 4, 0)}),
        (an_inbound(b"\x09", esm_class=0x40), {"text": "", "cleanText": "", "binary": ("09", 0, 0x40)}),
        (an_inbound(b""), {"text": "", "cleanText": ""}),
        (an_inbound(price=0.02, currency="CHF"), {"price": {"pricePerMessage": 0.02, "currency": "CHF"}}),
    ],
)
def test_an_inbound_message_has_its_text_or_its_octets(message: InboundMessage, changes: dict[str, Any]) -> None:
    expected = INBOUND_JSON | changes
    if "binary" in changes:
        expected["binary"] = dict(zip(("hex", "dataCoding", "esmClass"), changes["binary"], strict=True))

    pushed = json.loads(FORMATS[INBOUND, "application/json"]([message]))
    logged = msgspec.to_builtins(inbound_log([message]))["results"]

    assert pushed == {"results": [expected], "messageCount": 1, "pendingMessageCount": 0}
    assert inbox([message], 5).pending_message_count == 5
    del expected["price"]
    assert logged == [{"keyword": ""} | expected]


def test_an_inbound_message_in_xml_is_well_formed_whatever_its_text() -> None:
    message = an_inbound(b"a < b & c\x0d\x1b\x65", keyword="A")

    root = ElementTree.fromstring(FORMATS[INBOUND, "application/xml"]([message]))

    assert root.tag == "reportResponse"
    assert root.findtext("results/result/cleanText") == "< b & c\r€"
    assert root.findtext("messageCount") == "1"


def test_a_click_has_the_names_of_the_public_api_and_a_time_of_its_own() -> None:
    click = Click(1, "m", "b", "41793026727", "https://a.example/ß", 1_629_900_000_000, 1_629_900_001_500, FULL.options)

    assert json.loads(FORMATS[CLICK, "application/json"]([click])) == {
        "notificationType": "CLICKED",
        "url": "https://a.example/ß",
        "recipient": "41793026727",
        "sendDateTime": 1_629_900_000_000,
        "messageId": "m",
        "clickedAt": "2021-08-25T14:00:01.500+0000",
        "bulkId": "b",
        "callbackData": "c",
        "applicationId": "a",
        "entityId": "e",
    }
    bare = msgspec.structs.replace(click, bulk_id=None, options=Options())
    assert set(json.loads(FORMATS[CLICK, "application/json"]([bare]))) == {
        "notificationType", "url", "recipient", "sendDateTime", "messageId", "clickedAt",
    }  # fmt: skip
    assert CLICK in ALONE
