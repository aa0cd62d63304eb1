"""What a body or a query asks for, read as the application reads it."""

from typing import Any

from heliograph.api import envelope, era
from heliograph.api.by_query import FIRST_QUERY, THIRD_QUERY, from_query
from heliograph.api.era import Era
from heliograph.api.reading import Reading
from heliograph.api.reports import QUERY
from heliograph.api.sending import ENVELOPE, MULTI, SEND, SINGLE
from heliograph.api.submissions import to_single, to_submission
from heliograph.flows.submission import Submission
from heliograph.web.decoding import Findings
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits
from heliograph.web.negotiation import media_of
from heliograph.web.query import read_query
from heliograph.web.xml import read_xml

# What a request is read by, and what makes a submission of it.
READERS: dict[str, Any] = {
    "v1": (SEND, to_submission, era.FIRST),
    "v2": (SEND, to_submission, era.SECOND),
    "multi": (SEND, MULTI, era.FIRST_MULTI),
    "single": (SINGLE, to_single, era.FIRST),
    "v3": (ENVELOPE, envelope.to_submission, era.THIRD),
}
QUERIES: dict[str, tuple[Any, Era]] = {"v1": (FIRST_QUERY, era.FIRST), "v3": (THIRD_QUERY, era.THIRD)}


def parse_send(body: bytes, content_type: str, limits: Limits, now: int, kind: str = "v1") -> Submission:
    """The submission in a body of a send. Raises BadRequest."""
    reader, read, rules = READERS[kind]
    findings = Findings()
    if media_of(content_type) == "application/xml":
        request = read_xml(reader, body, limits, findings)
    else:
        request = reader.read_json(body, limits, findings)
    submission: Submission = read(request, Reading(rules, limits, now, findings))
    _check(findings)
    return submission


def parse_query_send(query: str, kind: str, limits: Limits, now: int) -> Submission:
    """The submission in the query of a send. Raises BadRequest."""
    rows, rules = QUERIES[kind]
    findings = Findings()
    submission = from_query(read_query(rows, query, findings), Reading(rules, limits, now, findings))
    _check(findings)
    return submission


def report_query(query: str) -> dict[str, Any]:
    """What a query of reports asks for. Raises BadRequest."""
    findings = Findings()
    values = read_query(QUERY, query, findings)
    _check(findings)
    return values


def _check(findings: Findings) -> None:
    if findings.errors:
        raise BadRequest(findings.errors)
