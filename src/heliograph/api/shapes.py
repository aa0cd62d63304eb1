"""Public JSON and XML to our values, and our values back: what the endpoints read and write.

The names that customers see stand in this package's shapes and in `webhooks.formats`, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from heliograph.api.errors import BadRequest
from heliograph.api.parts import Limits
from heliograph.api.requests import Findings, SendRequest, decode_json
from heliograph.api.submissions import MAX_BULK_ID, MAX_MESSAGE_ID, REPORTS, to_submission
from heliograph.api.xml import decode_xml
from heliograph.flows.submission import Accepted, Answer, ReportQuery, Submission
from heliograph.sms.codes import STATUS
from heliograph.webhooks import xml
from heliograph.webhooks.formats import FORMATS, JSON, STATUS_JSON, XML, StatusJson, status_json

MAX_REPORTS: Final = 1000
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
_ESCAPED_NUL: Final = b"\\u0000"
_SENT_ON: Final = STATUS_JSON[7]
_WAITS: Final = STATUS_JSON[26]
_TAKEN: Final = status_json(STATUS[26], STATUS[7].description)


class SentShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What became of one destination; `sms_count` is how many segments it takes."""

    status: StatusJson
    to: str | None = None
    sms_count: int | None = None
    message_id: str | None = None


class SentResponse(msgspec.Struct, rename="camel", omit_defaults=True):
    """The answer to a send: one entry a destination, in the order of the request."""

    messages: list[SentShape]
    bulk_id: str | None = None


def media_of(content_type: str | None) -> str | None:
    """JSON or XML, by a Content-Type as it came, parameters and all; none is JSON. None: neither of them."""
    return _MEDIA.get((content_type or JSON).partition(";")[0].strip().lower())


_MEDIA: Final = {JSON: JSON, "text/json": JSON, XML: XML, "text/xml": XML, "": JSON}


def parse_send(body: bytes, content_type: str, limits: Limits, era: str, now: int) -> Submission:
    """What the customer asks for. `era` is "v1" or "v2": they read alike; `now` is UTC milliseconds.

    Raises:
        BadRequest: with every bad field at once, at most 50, as path to sentences: `messages[1].binary.hex`.
    """
    findings = Findings()
    decode = decode_xml if media_of(content_type) == XML else decode_json
    request = decode(body, limits, findings)
    submission = to_submission(request, limits, now, findings, always_bulk=era != "v1")
    if _ESCAPED_NUL in body:
        _find_nul(request, findings)
    if findings.errors:
        raise BadRequest(findings.errors)
    return submission


def _find_nul(request: SendRequest, findings: Findings) -> None:
    """No store keeps U+0000 in a text. A `to` that has one is refused like any other that is no number."""
    waiting: list[tuple[str, Any]] = [("", msgspec.to_builtins(request))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{path}.{name}" if path else name, member) for name, member in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", member) for index, member in enumerate(value))
        elif isinstance(value, str) and "\0" in value and not path.rpartition(".")[2].startswith("to"):
            findings.add(path, "must not hold U+0000")


def render_sent(accepted: Accepted, era: str) -> SentResponse:
    """The answer to a send, ready for the JSON encoder: statuses, counts and the bulk's id by the rules of `era`."""
    held, sent_on = (_WAITS, _SENT_ON) if era == "v1" else (_TAKEN, _TAKEN)
    counted = era == "v1"
    shown = era != "v1" or accepted.bulk_given or accepted.scheduled or len(accepted.answers) > 1
    return SentResponse(
        [
            SentShape(sent_on, one.to, one.segments if counted else None, one.message_id)
            if one.refused is None and not one.held
            else _exception(one, held)
            for one in accepted.answers
        ],
        accepted.bulk_id if shown else None,
    )


def _exception(answer: Answer, held: msgspec.Raw) -> SentShape:
    """A destination that was refused, or that waits."""
    status = held if answer.refused is None else STATUS_JSON[answer.refused]
    return SentShape(status, answer.to, None, answer.message_id)


def encode_sent(response: SentResponse, media: str) -> bytes:
    """The octets of an answer to a send: `media` is JSON or XML."""
    octets = msgspec.json.encode(response)
    return xml.render("smsResponse", msgspec.json.decode(octets)) if media == XML else octets


def encode_reports(reports: list[Any], media: str) -> bytes:
    """The octets of a pull of reports: `media` is JSON or XML."""
    return FORMATS[REPORTS, media](reports)


def parse_report_query(given: Mapping[str, str | list[str]]) -> ReportQuery:
    """Which reports are asked for. Of a name given twice the last counts; an empty value is an absent one, and an id is
    cut as it was when the message was sent.

    Raises:
        BadRequest: `limit` is no number, or an id holds U+0000. A limit outside 1..1000 is moved to its nearest end.
    """
    query = {name: value[-1] if isinstance(value, list) else value for name, value in given.items()}
    findings = Findings()
    for name, value in query.items():
        if "\0" in value:
            findings.add(name, "must not hold U+0000")
    text = query.get("limit") or "50"
    if not _NUMBER.fullmatch(text):
        findings.add("limit", "must be an integer")
    if findings.errors:
        raise BadRequest(findings.errors)
    return ReportQuery(
        min(max(int(text), 1), MAX_REPORTS),
        query.get("bulkId", "")[:MAX_BULK_ID] or None,
        query.get("messageId", "")[:MAX_MESSAGE_ID] or None,
        query.get("entityId") or None,
        query.get("applicationId") or None,
        query.get("campaignReferenceId") or None,
    )
