"""GET of logs: what is known of messages now, newest first, as often as one likes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from heliograph.api import scope
from heliograph.api.page import LIMIT
from heliograph.api.parts import Parts
from heliograph.api.submissions import MAX_BULK_ID, MAX_MESSAGE_ID
from heliograph.flows.logs import parse_cursor
from heliograph.flows.submission import LogSearch
from heliograph.sms.message import Log
from heliograph.sms.schedule import render_instant
from heliograph.sms.text import decode
from heliograph.web.endpoint import READING, Call, Endpoint
from heliograph.web.query import Parameter
from heliograph.web.throttle import Quota
from heliograph.webhooks.formats import STATUS_JSON, error_json, platform, price_json
from heliograph.webhooks.shapes import ErrorJson, PlatformShape, PriceJson, StatusJson

MAX_IDS: Final = 2048  # characters of a list of ids
STATUSES: Final = ("ACCEPTED", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED")


class LogShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What is known of one message; `text` is there where it was sent as a text, `done_at` where it has ended."""

    message_id: str
    to: str
    sent_at: str
    price: PriceJson
    status: StatusJson
    error: ErrorJson
    bulk_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    text: str | None = None
    done_at: str | None = None
    sms_count: int | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None


class LogsShape(msgspec.Struct):
    """Logs, newest first."""

    results: list[LogShape]


class ContentShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """What was sent: a text, or octets in `hex` with their `data_coding` and `esm_class`."""

    text: str | None = None
    hex: str | None = None
    data_coding: int | None = None
    esm_class: int | None = None


class ThirdLogShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What is known of one message, in the third generation."""

    message_id: str
    destination: str
    sent_at: str
    price: PriceJson
    status: StatusJson
    error: ErrorJson
    content: ContentShape
    bulk_id: str | None = None
    sender: str | None = None
    done_at: str | None = None
    message_count: int | None = None
    platform: PlatformShape | None = None
    campaign_reference_id: str | None = None


class CursorShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """How to ask for the next page; without `next_cursor` there is none."""

    limit: int
    next_cursor: str | None = None


class ThirdLogsShape(msgspec.Struct, omit_defaults=True):
    """Logs, newest first; `cursor` where one was asked for."""

    results: list[ThirdLogShape]
    cursor: CursorShape | None = None


def _ids(name: str, text: str, clip: int) -> Parameter:
    return Parameter(name=name, text=f"{text}; all together at most {MAX_IDS} characters", many=True, clip=clip)


_SHARED: Final = (
    _ids("bulkId", "Messages of these bulks", MAX_BULK_ID),
    _ids("messageId", "These messages", MAX_MESSAGE_ID),
    Parameter(name="generalStatus", text="Messages whose status is of this group", one_of=STATUSES),
    Parameter(name="sentSince", text="Messages sent then or later", kind="instant"),
    Parameter(name="sentUntil", text="Messages sent then or before", kind="instant"),
    LIMIT,
    Parameter(name="mcc", text="A mobile country code: no message is known to have one, so none is given"),
    Parameter(name="mnc", text="A mobile network code; needs mcc"),
    Parameter(name="applicationId", text="Messages of this application"),
    Parameter(name="entityId", text="Messages of this entity"),
    _ids("campaignReferenceId", "Messages of these campaigns", 255),
)
FIRST: Final = (
    Parameter(name="from", text="Messages of this sender"),
    Parameter(name="to", text="Messages to this number"),
    *_SHARED,
)
THIRD: Final = (
    Parameter(name="sender", text="Messages of this sender"),
    Parameter(name="destination", text="Messages to this number"),
    *_SHARED,
    Parameter(name="useCursor", text="Whether the answer has a cursor", kind="boolean", default=False),
    Parameter(name="cursor", text="Where to go on: the nextCursor of the page before"),
)


def _search(call: Call, sender: str, recipient: str) -> LogSearch:
    """What is asked for; raises BadRequest."""
    asked, findings = call.values, call.findings
    for name in ("bulkId", "messageId", "campaignReferenceId"):
        if len(",".join(asked[name])) > MAX_IDS:
            findings.add(name, f"must not be longer than {MAX_IDS} characters, all ids together")
    if asked["mnc"] is not None and asked["mcc"] is None:
        findings.add("mnc", "needs mcc")
    cursor = None
    if asked.get("cursor") is not None:
        try:
            cursor = parse_cursor(asked["cursor"])
        except ValueError as problem:
            findings.add("cursor", str(problem))
    call.check()
    return LogSearch(
        limit=asked["limit"],
        since=asked["sentSince"],
        until=asked["sentUntil"],
        sender=asked[sender],
        recipient=asked[recipient],
        bulk_ids=tuple(asked["bulkId"]),
        message_ids=tuple(asked["messageId"]),
        general_status=asked["generalStatus"],
        by_network=asked["mcc"] is not None,
        entity_id=asked["entityId"],
        application_id=asked["applicationId"],
        campaign_reference_ids=tuple(asked["campaignReferenceId"]),
        cursor=cursor,
    )


async def _first(parts: Parts, call: Call) -> LogsShape:
    page = await parts.logs.search(call.account, _search(call, "from", "to"))
    return LogsShape([_shown(log) for log in page.logs])


async def _third(parts: Parts, call: Call) -> ThirdLogsShape:
    search = _search(call, "sender", "destination")
    page = await parts.logs.search(call.account, search)
    wanted = call.values["useCursor"] or search.cursor is not None
    cursor = CursorShape(search.limit, page.next_cursor) if wanted else None
    return ThirdLogsShape([_shown_third(log) for log in page.logs], cursor)


def _shown(log: Log) -> LogShape:
    options = log.options
    return LogShape(
        message_id=log.message_id,
        to=log.recipient,
        sent_at=render_instant(log.at),
        price=price_json(log.price, log.currency),
        status=STATUS_JSON[log.status],
        error=error_json(log.error, log.note),
        bulk_id=log.bulk_id,
        from_=log.sender or None,
        text=_text(log),
        done_at=None if log.done_at is None else render_instant(log.done_at),
        sms_count=log.segments or None,
        entity_id=options.entity_id,
        application_id=options.application_id,
        campaign_reference_id=options.campaign_reference_id,
    )


def _shown_third(log: Log) -> ThirdLogShape:
    options = log.options
    return ThirdLogShape(
        message_id=log.message_id,
        destination=log.recipient,
        sent_at=render_instant(log.at),
        price=price_json(log.price, log.currency),
        status=STATUS_JSON[log.status],
        error=error_json(log.error, log.note),
        content=_content(log),
        bulk_id=log.bulk_id,
        sender=log.sender or None,
        done_at=None if log.done_at is None else render_instant(log.done_at),
        message_count=log.segments or None,
        platform=platform(options),
        campaign_reference_id=options.campaign_reference_id,
    )


def _text(log: Log) -> str | None:
    return _decoded(log.body, log.data_coding, log.esm_class) if log.options.text else None


def _content(log: Log) -> ContentShape:
    text = _text(log)
    if text is not None:
        return ContentShape(text)
    return ContentShape(None, log.body.hex(" "), log.data_coding, log.esm_class)


@lru_cache(maxsize=256)  # the same text to many is one text
def _decoded(body: bytes, data_coding: int, esm_class: int) -> str | None:
    return decode(body, data_coding, esm_class)


def _row(path: str, answer: Any, reply: type, root: str, query: tuple[Parameter, ...]) -> Endpoint[Parts]:
    return Endpoint(
        method="GET",
        path=path,
        summary="What is known of messages now, newest first, as often as one likes",
        answer=answer,
        reply=reply,
        root=root,
        query=query,
        scopes=scope.LOGS,
        quota=Quota.LOGS,
        refusals=READING,
        judges=True,
        head=True,
    )


ENDPOINTS: Final = (
    _row("/sms/1/logs", _first, LogsShape, "smsLogsResponse", FIRST),
    _row("/sms/3/logs", _third, ThirdLogsShape, "LogResponse", THIRD),
)
