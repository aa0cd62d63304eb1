"""Bulks in their customers' hands: when they leave, and whether they may."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from heliograph.api import scope
from heliograph.api.parts import Parts
from heliograph.api.submissions import MAX_BULK_ID
from heliograph.flows.bulks import Schedule
from heliograph.flows.errors import BulkConflict
from heliograph.sms.schedule import parse_instant, render_instant
from heliograph.web.decoding import Body
from heliograph.web.endpoint import CHANGING, NOT_FOUND, READING, Call, Endpoint, Handler
from heliograph.web.errors import BadRequest
from heliograph.web.query import Parameter

STATUSES: Final = ("PENDING", "PAUSED", "PROCESSING", "CANCELED", "FINISHED", "FAILED")
_QUERY: Final = (Parameter(name="bulkId", text="Which bulk; cut at 100 characters", required=True, clip=MAX_BULK_ID),)
_ABSENT: Final = "must not be empty"


class BulkRequest(msgspec.Struct, rename="camel"):
    """When a bulk is to leave: a date and a time as `sendAt` has them, at most 180 days ahead."""

    send_at: str | None = None


class BulkResponse(msgspec.Struct, rename="camel"):
    """When a bulk leaves, or left."""

    bulk_id: str
    send_at: str


class UpdateStatusRequest(msgspec.Struct, rename="camel"):
    """PAUSED, CANCELED, or PENDING to let a paused bulk go on."""

    status: str | None = None


class BulkStatusResponse(msgspec.Struct, rename="camel"):
    """How a bulk stands: PENDING, PAUSED, PROCESSING, CANCELED, FINISHED or FAILED."""

    bulk_id: str
    status: str


async def _schedule(parts: Parts, call: Call) -> BulkResponse:
    return _shown(await parts.bulks.schedule(call.account, call.values["bulkId"]))


async def _reschedule(parts: Parts, call: Call) -> BulkResponse:
    send_at = _instant(call)
    call.check()
    try:
        return _shown(await parts.bulks.reschedule(call.account, call.values["bulkId"], send_at))
    except BulkConflict as problem:
        raise BadRequest({"sendAt": [str(problem)]}) from problem


def _instant(call: Call) -> int:
    """The sendAt of the body; what is wrong with it goes to the findings."""
    text = call.body.send_at
    if text is None:
        call.findings.add("sendAt", _ABSENT)
        return 0
    try:
        return parse_instant(text)
    except ValueError as problem:
        call.findings.add("sendAt", str(problem))
        return 0


def _shown(schedule: Schedule) -> BulkResponse:
    return BulkResponse(schedule.bulk_id, render_instant(schedule.send_at))


async def _status(parts: Parts, call: Call) -> BulkStatusResponse:
    bulk_id = call.values["bulkId"]
    return BulkStatusResponse(bulk_id, await parts.bulks.status(call.account, bulk_id))


async def _set_status(parts: Parts, call: Call) -> BulkStatusResponse:
    bulk_id, status = call.values["bulkId"], call.body.status
    if status not in STATUSES:
        call.findings.add("status", _ABSENT if not status else f"must be one of {', '.join(STATUSES)}")
    call.check()
    try:
        return BulkStatusResponse(bulk_id, await parts.bulks.set_status(call.account, bulk_id, status))
    except BulkConflict as problem:
        raise BadRequest({"status": [str(problem)]}) from problem


def _row(
    method: str,
    path: str,
    summary: str,
    answer: Handler[Parts],
    reply: type,
    *,
    body: Body[Any] | None = None,
    scopes: frozenset[str] = scope.MANAGE,
) -> Endpoint[Parts]:
    return Endpoint(
        method=method,
        path=path,
        summary=summary,
        answer=answer,
        reply=reply,
        root=reply.__name__,
        body=body,
        query=_QUERY,
        scopes=scopes,
        refusals=(*(READING if body is None else CHANGING), NOT_FOUND),
        judges=body is not None,
    )


_BULKS, _STATUS = "/sms/1/bulks", "/sms/1/bulks/status"
_TIME, _STATE = Body(BulkRequest), Body(UpdateStatusRequest)
ENDPOINTS: Final = (
    _row("GET", _BULKS, "When a bulk leaves, or left", _schedule, BulkResponse, scopes=scope.LOOK),
    _row("PUT", _BULKS, "Let a bulk that is PENDING leave at another time", _reschedule, BulkResponse, body=_TIME),
    _row("GET", _STATUS, "How a bulk stands", _status, BulkStatusResponse, scopes=scope.LOOK),
    _row("PUT", _STATUS, "Pause a bulk, let it go on, or cancel it", _set_status, BulkStatusResponse, body=_STATE),
)
