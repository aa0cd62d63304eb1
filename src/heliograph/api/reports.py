"""GET of reports: each is given once, so there is no HEAD."""

from __future__ import annotations

from functools import partial
from typing import Final

from heliograph.api import era, scope
from heliograph.api.era import Era
from heliograph.api.page import LIMIT
from heliograph.api.parts import Parts
from heliograph.api.submissions import MAX_BULK_ID, MAX_MESSAGE_ID
from heliograph.flows.submission import ReportQuery
from heliograph.web.endpoint import Call, Endpoint, Reply
from heliograph.web.negotiation import CONTENT_TYPES
from heliograph.web.query import Parameter
from heliograph.webhooks.formats import FORMATS
from heliograph.webhooks.shapes import ReportsShape, ThirdReportsShape

QUERY: Final = (
    Parameter(name="bulkId", text="Reports of this bulk alone; cut at 100 characters", clip=MAX_BULK_ID),
    Parameter(name="messageId", text="The report of this message alone; cut at 200 characters", clip=MAX_MESSAGE_ID),
    LIMIT,
    Parameter(name="applicationId", text="Reports of this application alone"),
    Parameter(name="entityId", text="Reports of this entity alone"),
    Parameter(name="campaignReferenceId", text="Reports of this campaign alone"),
)


async def _pull(rules: Era, parts: Parts, call: Call) -> Reply:
    asked = call.values
    query = ReportQuery(
        asked["limit"],
        asked["bulkId"],
        asked["messageId"],
        asked["entityId"],
        asked["applicationId"],
        asked["campaignReferenceId"],
    )
    reports = await parts.reports.pull(call.account, query)
    return Reply(octets=FORMATS[rules.reports, call.wanted](reports), content_type=CONTENT_TYPES[call.wanted])


def _row(path: str, rules: Era, shape: type) -> Endpoint[Parts]:
    return Endpoint(
        method="GET",
        path=path,
        summary="Reports that were not given yet: each is given once, by whichever path",
        answer=partial(_pull, rules),
        reply=shape,
        query=QUERY,
        scopes=scope.SEND,
    )


ENDPOINTS: Final = (
    _row("/sms/1/reports", era.FIRST, ReportsShape),
    _row("/sms/3/reports", era.THIRD, ThirdReportsShape),
)
