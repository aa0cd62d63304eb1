"""What customers are answered, in JSON and in XML."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from heliograph.api.era import FIRST, FIRST_MULTI, SECOND, THIRD, Era
from heliograph.api.shapes import render_sent, render_third
from heliograph.flows.submission import Accepted, Answer
from heliograph.web.endpoint import encode

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
