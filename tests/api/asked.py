"""What a body or a query asks for, read as the application reads it."""

from typing import Any

from heliograph.api.reports import QUERY
from heliograph.api.sending import SEND
from heliograph.api.submissions import to_submission
from heliograph.flows.submission import Submission
from heliograph.web.decoding import Findings
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits
from heliograph.web.negotiation import media_of
from heliograph.web.query import read_query
from heliograph.web.xml import read_xml


def parse_send(body: bytes, content_type: str, limits: Limits, now: int) -> Submission:
    """The submission in a body of a send. Raises BadRequest."""
    findings = Findings()
    if media_of(content_type) == "application/xml":
        request = read_xml(SEND, body, limits, findings)
    else:
        request = SEND.read_json(body, limits, findings)
    submission = to_submission(request, limits, now, findings)
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
