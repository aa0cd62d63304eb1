"""Bulks: how one stands, and what is said of all of it at once. A bulk is a lane, and its state is one row.

Rule 1: a bulk is looked at without counting: an index says whether anything of it is live.
Rule 2: its lane is locked before it is judged, so that no claim comes in between.
Rule 3: a lone message whose bulkId is its key waits among others of its account. It gets a lane of its own when
something is first said of it; who had seen it in the other lane cannot claim it any more.
"""

from __future__ import annotations

import msgspec

from heliograph.sms.message import BulkStatus, LaneState
from heliograph.sms.schedule import MAX_VALIDITY_MINUTES, Window, plan
from heliograph.sms.verdict import EXPIRED
from heliograph.store.reporting import as_key
from heliograph.store.script import Fetch, Run, Script

MINUTE = 60_000  # milliseconds
UNSENT = (EXPIRED, 4100)  # status and error of what expired before any SMSC took it
DECODE_WINDOW = msgspec.msgpack.Decoder(Window).decode


class Bulk(msgspec.Struct, frozen=True):
    """How a bulk stands."""

    state: LaneState
    begun: bool  # something of it was claimed
    single: bool  # it came as one message object in one request
    send_at: int  # UTC milliseconds; when it was accepted, if it was to leave at once
    validity_minutes: int | None
    live: bool  # something of it has no final report

    @property
    def status(self) -> BulkStatus:
        """In the words of the API."""
        if self.state is LaneState.CANCELED:
            return BulkStatus.CANCELED
        if not self.live:
            return BulkStatus.FINISHED if self.begun else BulkStatus.FAILED
        if self.state is LaneState.PAUSED:
            return BulkStatus.PAUSED
        return BulkStatus.PROCESSING if self.begun else BulkStatus.PENDING

    @property
    def movable(self) -> bool:
        """Whether all of it can be given another time."""
        return self.single and self.status is BulkStatus.PENDING


def find(account: int, name: str) -> Script[Bulk | None]:
    """How a bulk stands; None: the account has no such bulk, or it is forgotten."""
    lane = yield from _lane_of(account, name)
    if lane is not None:
        return (yield from _read(lane))
    lone = yield from _lone(account, name)
    return lone if lone is not None else (yield from _ended(account, name))


def set_state(account: int, name: str, state: LaneState, now: int) -> Script[Bulk | None]:
    """Open, pause or cancel a bulk, unless it is over; how it stands then. What waits is not touched."""
    lane = yield from _own_lane(account, name, now)
    if lane is None:
        return (yield from find(account, name))
    bulk = yield from _read(lane)
    if bulk is None or bulk.state is state or not bulk.live:
        return bulk
    yield Run("set_lane_state", params={"lane": lane, "state": state})
    return (yield from _read(lane))


def reschedule(account: int, name: str, send_at: int, now: int) -> Script[Bulk | None]:
    """Give a bulk another time, if it is `movable`; how it stands then.

    Its messages are due, and expire, as if they had been accepted now with this time: they are of one message object,
    so what one of them says of hours and validity holds for all. What has expired meanwhile stays so.
    """
    lane = yield from _own_lane(account, name, now)
    if lane is None:
        return (yield from find(account, name))
    bulk = yield from _read(lane)
    if bulk is None or not bulk.movable:
        return bulk
    waiting = yield Fetch("bulk_hours", params={"lane": lane, "now": now})
    if not waiting:
        return msgspec.structs.replace(bulk, live=False)
    [[open_hours]] = waiting
    window = DECODE_WINDOW(open_hours) if open_hours else None
    planned = plan(now, send_at, window, bulk.validity_minutes)
    times = {"due": planned.due, "expires_at": planned.expires_at if planned.opens else now, "now": now}
    yield Run("reschedule_messages", params={"lane": lane, **times})
    links = {"account": account, "name": name, "due": planned.due, "since": times["expires_at"]}
    yield Run("reschedule_short_links", params=links)
    yield Run("reschedule_lane", params={"lane": lane, "send_at": max(now, send_at), "due": planned.due})
    return (yield from _read(lane))


def _lane_of(account: int, name: str) -> Script[int | None]:
    """The lane of a bulkId: the one that is in use, or else the one that was canceled last."""
    lanes = (yield Fetch("find_lanes", params={"account": account, "name": name})) if name else []
    latest: tuple[bool, int] | None = max(((state != LaneState.CANCELED, lane) for lane, state in lanes), default=None)
    return None if latest is None else latest[1]


def _own_lane(account: int, name: str, now: int) -> Script[int | None]:
    """The same, locked; a lone message gets one."""
    lane = yield from _lane_of(account, name)
    if lane is None:
        yield from _part(account, name, now)
        lane = yield from _lane_of(account, name)
    if lane is not None:
        yield Fetch("lock_lanes", [(lane,)])
    return lane


def _part(account: int, name: str, now: int) -> Script[None]:
    """Part a lone message from the others of its lane, which is locked before it is seen whether it was claimed."""
    key = as_key(name)
    asked = {"key": key, "account": account, "name": name}
    for lane, _, created_at, expires_at in (yield Fetch("lone_message", params=asked)) if key is not None else []:
        yield Fetch("lock_lanes", [(lane,)])
        validity = _validity(created_at, expires_at)
        yield Run("open_lone_lane", params={"key": key, "validity": validity, "now": now})
        yield Run("enter_lone_lane", params={"key": key})


def _validity(created_at: int, expires_at: int) -> int | None:
    """What a message that was sent at once asked for, in minutes; None: it did not say.

    A validity counts from the acceptance, and the 48 hours of those that say nothing from the opening of their hours.
    """
    minutes = (expires_at - created_at) // MINUTE
    return minutes if minutes < MAX_VALIDITY_MINUTES else None


def _read(lane: int) -> Script[Bulk | None]:
    rows = yield Fetch("bulk_of", params={"lane": lane})
    for state, begun, single, send_at, validity, live in rows:
        return Bulk(LaneState(state), bool(begun), bool(single), send_at, validity, bool(live))
    return None


def _lone(account: int, name: str) -> Script[Bulk | None]:
    """A message of which nothing was said yet: its lane is open."""
    key = as_key(name)
    asked = {"key": key, "account": account, "name": name}
    for _, begun, created_at, expires_at in (yield Fetch("lone_message", params=asked)) if key is not None else []:
        validity = _validity(created_at, expires_at)
        return Bulk(LaneState.OPEN, bool(begun), True, created_at, validity, live=True)
    return None


def _ended(account: int, name: str) -> Script[Bulk | None]:
    """A lone message that is history."""
    key = as_key(name)
    if key is None:
        return None
    asked = {"account": account, "name": name}
    for [day] in (yield Fetch("history_days")):
        for created_at, status, error in (yield Fetch("lone_history", [(key,)], asked, day)):
            return Bulk(LaneState.OPEN, (status, error) != UNSENT, True, created_at, None, live=False)
    return None
