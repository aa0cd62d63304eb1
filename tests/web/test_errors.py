"""How requests are refused, in JSON and in XML, in the envelope of each generation."""

import json
from xml.etree import ElementTree

import falcon
import pytest

from heliograph.accounts.errors import NameTaken, NoSuchAccount, NoSuchKey, ReferenceTaken
from heliograph.accounts.gate import TooManyLogins
from heliograph.flows.errors import NoSuchBulk, NoSuchMessage, Overloaded, Unconfirmed
from heliograph.store.errors import StoreUnavailable
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

NOT_DONE = "Service unavailable: nothing of this request was done"
NOT_KNOWN = "Service unavailable: it is not known whether this request was, or will be, done"
REFUSALS = [
    (BadRequest({}), 400, "BAD_REQUEST", "Bad request"),
    (falcon.HTTPBadRequest(), 400, "BAD_REQUEST", "Bad request"),
    (Disconnected(), 400, "BAD_REQUEST", "Bad request"),
    (Unauthorized(), 401, "UNAUTHORIZED", "Invalid login details"),
    (Forbidden(), 403, "FORBIDDEN", "Forbidden"),
    (NotFound("No such thing"), 404, "NOT_FOUND", "No such thing"),
    (NoSuchAccount("nobody"), 404, "NOT_FOUND", "nobody"),
    (NoSuchKey("no key"), 404, "NOT_FOUND", "no key"),
    (NoSuchBulk(), 404, "NOT_FOUND", "Bulk not found"),
    (NoSuchMessage(), 404, "NOT_FOUND", "Message not found, or not tracked"),
    (falcon.HTTPNotFound(), 404, "NOT_FOUND", "Not found"),
    (falcon.HTTPRouteNotFound(), 404, "NOT_FOUND", "Not found"),
    (falcon.HTTPMethodNotAllowed(["GET"]), 405, "METHOD_NOT_ALLOWED", "Method not allowed"),
    (NameTaken("taken"), 409, "CONFLICT", "taken"),
    (RequestTimeout(), 408, "REQUEST_TIMEOUT", "Request timeout"),
    (TooLarge(), 413, "PAYLOAD_TOO_LARGE", "Payload too large"),
    (UnsupportedMedia({}), 415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type"),
    (Conflict("other body"), 422, "UNPROCESSABLE_ENTITY", "other body"),
    (ReferenceTaken("other amount"), 422, "UNPROCESSABLE_ENTITY", "other amount"),
    (TooManyRequests(3), 429, "TOO_MANY_REQUESTS", "Too many requests"),
    (TooManyLogins(), 429, "TOO_MANY_REQUESTS", "Too many requests"),
    (HeadTooLarge(), 431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request header fields too large"),
    (KeyError("secret"), 500, "GENERAL_ERROR", "Something went wrong. Please contact support."),
    (Overloaded("busy"), 503, "SERVICE_UNAVAILABLE", NOT_DONE),
    (Unconfirmed("late"), 503, "SERVICE_UNAVAILABLE", NOT_KNOWN),
    (StoreUnavailable("gone"), 503, "SERVICE_UNAVAILABLE", "Service unavailable"),
]


def test_no_row_of_the_table_is_forgotten_here() -> None:
    named = {type(raised) for raised, *_ in REFUSALS}
    assert TABLE.keys() - {Exception} <= named


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
