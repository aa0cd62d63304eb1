"""What customers are answered, in JSON and in XML."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from heliograph import sites
from heliograph.accounts.gate import TooManyLogins
from heliograph.api.endpoints import ENDPOINTS
from heliograph.api.era import FIRST, FIRST_MULTI, SECOND, THIRD, Era
from heliograph.api.shapes import render_sent, render_third
from heliograph.flows.errors import Overloaded, Unconfirmed
from heliograph.flows.submission import Accepted, Answer
from heliograph.store.errors import StoreUnavailable
from heliograph.web import openapi
from heliograph.web.endpoint import encode
from heliograph.web.errors import (
    TABLE,
    BadRequest,
    Conflict,
    Disconnected,
    Forbidden,
    HeadTooLarge,
    NotFound,
    RequestTimeout,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnsupportedMedia,
    envelope,
    refusal,
)

SENT_ON = {
    "groupId": 1,
    "groupName": "PENDING",
    "id": 7,
    "name": "PENDING_ENROUTE",
    "description": "Message sent to next instance",
}
WAITS = {
    "groupId": 1,
    "groupName": "PENDING",
    "id": 26,
    "name": "PENDING_ACCEPTED",
    "description": "Pending Accepted",
}
TAKEN = WAITS | {"description": "Message sent to next instance"}
MISSING = {
    "groupId": 5,
    "groupName": "REJECTED",
    "id": 51,
    "name": "MISSING_TO",
    "description": "Missing destination.",
    "action": "Check to parameter.",
}
AT_ONCE = Answer("41793026727", "m", None, False, 2)
HELD = Answer("41793026727", "m", None, True, 2)
UNCOUNTED = Answer("41793026727", "m", None, False, None)
UNCOUNTED_HELD = Answer("41793026727", "m", None, True, None)
REFUSED = Answer(None, None, 51)
REFUSED_WITH_ID = Answer("x", "m", 52)

ANSWERS = [
    (FIRST, AT_ONCE, {"to": "41793026727", "status": SENT_ON, "smsCount": 2, "messageId": "m"}),
    (FIRST, HELD, {"to": "41793026727", "status": WAITS, "messageId": "m"}),
    (FIRST, REFUSED, {"status": MISSING}),
    (FIRST_MULTI, AT_ONCE, {"to": "41793026727", "status": SENT_ON, "smsCount": 2, "messageId": "m"}),
    (SECOND, UNCOUNTED, {"to": "41793026727", "status": TAKEN, "messageId": "m"}),
    (SECOND, UNCOUNTED_HELD, {"to": "41793026727", "status": TAKEN, "messageId": "m"}),
    (SECOND, AT_ONCE, {"to": "41793026727", "status": TAKEN, "smsCount": 2, "messageId": "m"}),
    (SECOND, HELD, {"to": "41793026727", "status": TAKEN, "smsCount": 2, "messageId": "m"}),
    (SECOND, REFUSED, {"status": MISSING}),
    (THIRD, UNCOUNTED, {"destination": "41793026727", "status": TAKEN, "messageId": "m"}),
    (THIRD, HELD, {"destination": "41793026727", "status": TAKEN, "messageId": "m", "details": {"messageCount": 2}}),
    (THIRD, REFUSED, {"status": MISSING}),
]


def sent(accepted: Accepted, era: Era) -> Any:
    response = render_third(accepted, era) if era is THIRD else render_sent(accepted, era)
    return json.loads(encode(response, "application/json", "smsResponse"))


@pytest.mark.parametrize(("era", "answer", "expected"), ANSWERS)
def test_each_destination_is_answered_by_the_rules_of_its_era(era: Era, answer: Answer, expected: Any) -> None:
    assert sent(Accepted([answer], None, False, False), era)["messages"] == [expected]


def test_a_refused_destination_is_echoed_with_its_id_and_without_a_count() -> None:
    [entry] = sent(Accepted([REFUSED_WITH_ID], None, False, False), FIRST)["messages"]
    assert (entry["to"], entry["messageId"], entry["status"]["id"]) == ("x", "m", 52)
    assert "smsCount" not in entry


def test_destinations_are_answered_in_the_order_of_the_request() -> None:
    entries = sent(Accepted([AT_ONCE, REFUSED, HELD], "b", False, False), FIRST)["messages"]
    assert [entry["status"]["id"] for entry in entries] == [7, 51, 26]


BULKS = [
    (FIRST, [AT_ONCE], False, False, False),
    (FIRST, [AT_ONCE], True, False, True),
    (FIRST, [AT_ONCE], False, True, True),
    (FIRST, [AT_ONCE, AT_ONCE], False, False, True),
    (FIRST_MULTI, [AT_ONCE], False, False, True),
    (SECOND, [AT_ONCE], False, False, True),
    (THIRD, [AT_ONCE], False, False, True),
]


@pytest.mark.parametrize(("era", "answers", "scheduled", "named", "shown"), BULKS)
def test_the_bulk_is_shown_by_the_rule_of_its_era(
    era: Era, answers: list[Answer], scheduled: bool, named: bool, shown: bool
) -> None:
    assert ("bulkId" in sent(Accepted(answers, "b", scheduled, named), era)) is shown


def test_whoever_tracks_is_told_his_key() -> None:
    assert sent(Accepted([AT_ONCE], None, False, False, "key"), FIRST)["trackingProcessKey"] == "key"
    assert "trackingProcessKey" not in sent(Accepted([AT_ONCE], None, False, False), FIRST)


def test_an_answer_in_xml_says_what_the_one_in_json_says() -> None:
    response = render_sent(Accepted([AT_ONCE, REFUSED_WITH_ID], "b<", False, True), FIRST)
    root = ElementTree.fromstring(encode(response, "application/xml", "smsResponse"))
    assert (root.tag, root.findtext("bulkId")) == ("smsResponse", "b<")
    assert [one.findtext("status/id") for one in root.findall("messages/message")] == ["7", "52"]
    assert root.findtext("messages/message/smsCount") == "2"
    assert root.findtext("messages/message/status/groupName") == "PENDING"


NOT_DONE = "Service unavailable: nothing of this request was done"
NOT_KNOWN = "Service unavailable: it is not known whether this request was, or will be, done"
REFUSALS = [
    (BadRequest({}), 400, "BAD_REQUEST", "Bad request"),
    (Disconnected(), 400, "BAD_REQUEST", "Bad request"),
    (Unauthorized(), 401, "UNAUTHORIZED", "Invalid login details"),
    (Forbidden(), 403, "FORBIDDEN", "Forbidden"),
    (NotFound("Bulk not found"), 404, "NOT_FOUND", "Bulk not found"),
    (RequestTimeout(), 408, "REQUEST_TIMEOUT", "Request timeout"),
    (TooLarge(), 413, "PAYLOAD_TOO_LARGE", "Payload too large"),
    (UnsupportedMedia({}), 415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type"),
    (Conflict("other body"), 422, "UNPROCESSABLE_ENTITY", "other body"),
    (TooManyRequests(3), 429, "TOO_MANY_REQUESTS", "Too many requests"),
    (TooManyLogins(), 429, "TOO_MANY_REQUESTS", "Too many requests"),
    (HeadTooLarge(), 431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request header fields too large"),
    (KeyError("secret"), 500, "GENERAL_ERROR", "Something went wrong. Please contact support."),
    (Overloaded("busy"), 503, "SERVICE_UNAVAILABLE", NOT_DONE),
    (Unconfirmed("late"), 503, "SERVICE_UNAVAILABLE", NOT_KNOWN),
    (StoreUnavailable("gone"), 503, "SERVICE_UNAVAILABLE", "Service unavailable"),
]


@pytest.mark.parametrize(("raised", "status", "message_id", "text"), REFUSALS)
def test_every_refusal_has_its_status_and_the_one_envelope(
    raised: Exception, status: int, message_id: str, text: str
) -> None:
    assert refusal(raised).status == status
    body = json.loads(envelope(raised, "application/json"))
    assert body == {"requestError": {"serviceException": {"messageId": message_id, "text": text}}}


@pytest.mark.parametrize(("raised", "status", "message_id", "text"), REFUSALS)
def test_the_third_generation_has_an_envelope_of_its_own(
    raised: Exception, status: int, message_id: str, text: str
) -> None:
    body = json.loads(envelope(raised, "application/json", "/sms/3/reports"))
    assert list(body) == ["errorCode", "description", "action", "violations", "resources"]
    assert (body["errorCode"], body["violations"], body["resources"]) == (f"E{status}", [], [])
    assert body["description"] and body["action"]


def test_bad_fields_are_violations_in_the_third_generation() -> None:
    raised = BadRequest({"messages[0].sender": ["one", "two"]})
    body = json.loads(envelope(raised, "application/json", "/sms/3/messages"))
    root = ElementTree.fromstring(envelope(raised, "application/xml", "/sms/3/messages"))
    told = [{"property": "messages[0].sender", "violation": text} for text in ("one", "two")]
    assert body["violations"] == told
    assert root.tag == "ApiError"
    assert [one.findtext("violation") for one in root.findall("violations/violation")] == ["one", "two"]


def test_bad_fields_are_told_in_xml_too_though_a_path_is_no_name() -> None:
    raised = BadRequest({"messages[0].to": ["one", "two"], "bulkId": ["three"]})
    root = ElementTree.fromstring(envelope(raised, "application/xml"))
    told = root.findall("requestError/serviceException/validationErrors/validationError")
    assert root.tag == "ApiException"
    assert [(one.findtext("property"), one.findtext("violation")) for one in told] == [
        ("messages[0].to", "one"),
        ("messages[0].to", "two"),
        ("bulkId", "three"),
    ]


def test_the_description_of_the_api_refers_to_nothing_that_it_lacks() -> None:
    text = json.dumps(sites.document())
    document = json.loads(text)
    schemas = document["components"]["schemas"]
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schemas)
    assert {"SendRequest", "SentResponse", "ReportsShape", "StatusShape"} <= names


def test_the_description_of_the_api_has_the_names_that_customers_write() -> None:
    schemas = openapi.document(ENDPOINTS)["components"]["schemas"]
    assert {"bulkId", "messages", "sendingSpeedLimit"} < set(schemas["SendRequest"]["properties"])
    assert {"from", "notifyUrl", "deliveryTimeWindow", "callbackData"} < set(schemas["MessageShape"]["properties"])
    assert {"hex", "dataCoding", "esmClass"} == set(schemas["BinaryShape"]["properties"])


def test_the_description_of_the_api_knows_every_refusal_of_a_send() -> None:
    told = set(openapi.document(ENDPOINTS)["paths"]["/sms/1/binary/advanced"]["post"]["responses"])
    assert {str(row.status) for row in TABLE.values()} - told == {"404", "405", "409", "431"}
