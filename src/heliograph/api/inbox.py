"""GET of inbound messages: the unread ones, each given once, so that there is no HEAD; and their log."""

from __future__ import annotations

from typing import Any, Final

from heliograph.api import scope
from heliograph.api.page import LIMIT
from heliograph.api.parts import Parts
from heliograph.sms.address import bare
from heliograph.store.inbound import InboundQuery
from heliograph.web.endpoint import Call, Endpoint
from heliograph.web.query import Parameter
from heliograph.webhooks.formats import INBOUND_ROOT, inbound_log, inbox
from heliograph.webhooks.shapes import InboundLogShape, InboxShape

MARKS: Final = ("applicationId", "entityId", "campaignReferenceId")
PULL: Final = (LIMIT, *(Parameter(name=name, text="No inbound message has any: none is given") for name in MARKS))
LOG: Final = (
    Parameter(name="to", text="Messages to this number alone"),
    Parameter(name="receivedSince", text="Messages received then or later", kind="instant"),
    Parameter(name="receivedUntil", text="Messages received then or before", kind="instant"),
    LIMIT,
    Parameter(name="keyword", text="Messages with this keyword alone, in capitals or small letters"),
)


async def _pull(parts: Parts, call: Call) -> Any:
    if any(call.values[name] is not None for name in MARKS):
        return inbox([], 0)
    found = await parts.inbox.collect(call.account, call.values["limit"])
    return inbox(found.messages, found.unread)


async def _log(parts: Parts, call: Call) -> Any:
    asked = call.values
    given = {
        "since": asked["receivedSince"],
        "until": asked["receivedUntil"],
        "recipient": None if asked["to"] is None else bare(asked["to"].strip()),
        "keyword": None if asked["keyword"] is None else asked["keyword"].upper(),
    }
    query = InboundQuery(asked["limit"], **{name: value for name, value in given.items() if value is not None})
    return inbound_log(await parts.inbox.log(call.account, query))


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/sms/1/inbox/reports",
        summary="Inbound messages that were not given yet: each is given once",
        answer=_pull,
        reply=InboxShape,
        root=INBOUND_ROOT,
        query=PULL,
        scopes=scope.INBOUND,
    ),
    Endpoint(
        method="GET",
        path="/sms/1/inbox/logs",
        summary="The latest inbound messages, given before or not",
        answer=_log,
        reply=InboundLogShape,
        root=INBOUND_ROOT,
        query=LOG,
        scopes=scope.INBOUND,
    ),
)
