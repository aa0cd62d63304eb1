"""Accepting: a request's messages, their lane and their ids, in the transaction that the 200 waits for.

Rule 1: what this transaction alone can know is judged in one order: an id that is known, a flood, the balance.
Rule 2: a request whose Idempotency-Key has been used leaves nothing behind.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from heliograph.sms.codes import REFUSAL_ERRORS
from heliograph.sms.message import NewMessage, NewShortLink, Refusal
from heliograph.store import idempotency, limiting
from heliograph.store.idempotency import Kept, Memo
from heliograph.store.limiting import AccountLimits, Reason
from heliograph.store.script import Fetch, Row, Run, Script, day_of

DUPLICATE_ID = 23
_DUPLICATE: Reason = (DUPLICATE_ID, REFUSAL_ERRORS[DUPLICATE_ID])
_KEPT = Kept()
NO_LANE = 0


class Acceptance(msgspec.Struct, frozen=True, array_like=True):
    """What one request leaves behind, should none of its ids be known."""

    account: int
    lane: int  # the key of the lane, if it does not exist yet
    lane_name: str  # the bulkId, or "" for what an account sends without one
    segment_interval: int | None  # microseconds; None leaves the lane's pace as it is
    messages: list[NewMessage]
    refused: list[Refusal] = []
    send_at: int | None = None  # when it is to leave, if not at once
    validity_minutes: int | None = None  # of the only message object
    single: bool = False  # it has one message object, so that another time can be given to all of it
    short_links: list[NewShortLink] = []
    limits: AccountLimits | None = None  # None: its account has none
    memo: Memo | None = None  # None: it has no Idempotency-Key


def id_digest(public_id: str) -> bytes:
    """The form in which an id is remembered: 16 octets, whatever its length."""
    return hashlib.blake2b(public_id.encode(), digest_size=16).digest()


def accept(batch: Sequence[Acceptance]) -> Script[list[Kept]]:
    """Store the messages of every request; for each, what was refused of it, or what a request before it was answered.

    What is refused is of no use but for the logs: it goes straight into the history of the day.
    """
    memos = [a.memo for a in batch]
    recalled, fresh = idempotency.NOTHING, batch
    if any(memos):
        recalled = yield from idempotency.recall(memos)
        fresh = [a for n, a in enumerate(batch) if n not in recalled.known and n not in recalled.followers]
    refused = yield from _refuse(fresh)
    lanes = yield from _open_lanes(fresh, refused)
    rows: list[Row] = []
    for a in fresh:
        lane = lanes.get((a.account, a.lane_name))
        rows += [(*msgspec.structs.astuple(m), lane) for m in a.messages if m.key not in refused]
    yield Run("add_messages", rows)
    if any([a.short_links for a in fresh]):
        yield Run("add_short_links", [row for a in fresh for row in _link_rows(a, refused)])
    if refused or any([a.refused for a in fresh]):
        yield from _keep_refusals(fresh, refused, lanes)
    results = [_kept(a, refused) for a in batch] if refused else [_KEPT] * len(batch)
    if not any(memos):
        return results
    return (yield from idempotency.answer(memos, recalled, results))


def _link_rows(a: Acceptance, refused: Mapping[int, Reason]) -> list[Row]:
    """Those whose message is stored; shared ones, where any message is."""
    messages = {m.key: m for m in a.messages if m.key not in refused}
    rows: list[Row] = []
    for one in a.short_links:
        if one.message is None and messages:
            bulk_id = next(iter(messages.values())).bulk_id
            rows.append((one.code, a.account, one.url, bulk_id, None, None, None, one.due, one.since))
        elif one.message in messages:
            m = messages[one.message]
            shown = m.public_id if m.public_id is not None else str(m.key)
            rows.append((one.code, a.account, one.url, m.bulk_id, shown, m.recipient, m.options, one.due, one.since))
    return rows


def _refuse(batch: Sequence[Acceptance]) -> Script[dict[int, Reason]]:
    """The messages that are refused here, by their keys."""
    named = [(m.account, id_digest(m.public_id), m.key) for a in batch for m in a.messages if m.public_id is not None]
    refused: dict[int, Reason] = {}
    if named and (yield Run("add_known_ids", named)) != len(named):
        refused = {row[0]: _DUPLICATE for row in (yield Fetch("find_known_ids", named))}
    limited = [(a.limits, [m for m in a.messages if m.key not in refused]) for a in batch if a.limits is not None]
    if limited:
        more = yield from limiting.judge(limited)
        yield Run("forget_ids", [row for row in named if row[2] in more])  # they may be used again
        refused |= more
    return refused


def _kept(a: Acceptance, refused: Mapping[int, Reason]) -> Kept:
    return Kept({m.key: refused[m.key][0] for m in a.messages if m.key in refused})


def _open_lanes(batch: Sequence[Acceptance], refused: Mapping[int, Reason]) -> Script[dict[tuple[int, str], int]]:
    lanes: dict[tuple[int, str], list[object]] = {}
    for a in batch:
        dues = [m.due for m in a.messages if m.key not in refused]
        if not dues:
            continue
        due, place = min(dues), (a.account, a.lane_name)
        created_at = a.messages[0].created_at
        send_at = created_at if a.send_at is None else a.send_at
        lane = lanes.get(place)
        if lane is None:
            single = int(a.single)
            lanes[place] = [a.lane, a.account, a.lane_name, 0, a.segment_interval, due, created_at, send_at,
                            a.validity_minutes, single]  # fmt: skip
            continue
        lane[4] = a.segment_interval if a.segment_interval is not None else lane[4]
        lane[5] = min(due, lane[5])  # type: ignore[call-overload]
        lane[7], lane[9] = send_at, 0
    opened = yield Fetch("open_lanes", list(lanes.values()))
    return {(account, name): lane for account, name, lane in opened}


def _keep_refusals(
    batch: Sequence[Acceptance], reasons: Mapping[int, Reason], lanes: dict[tuple[int, str], int]
) -> Script[None]:
    refused = [
        (a, [*a.refused, *[_refusal(m, reasons[m.key][0]) for m in a.messages if m.key in reasons]]) for a in batch
    ]
    missing: dict[tuple[int, str], Row] = {}
    for a, refusals in refused:
        place = (a.account, a.lane_name)
        if refusals and refusals[0].bulk_id and a.lane_name and place not in lanes:  # its bulkId is to find them
            missing[place] = (a.lane, *place, refusals[0].created_at)
    named = yield Fetch("name_lanes", list(missing.values()))
    lanes = lanes | {(account, name): lane for account, name, lane in named}
    days: dict[int, list[Row]] = defaultdict(list)
    for a, refusals in refused:
        lane = lanes.get((a.account, a.lane_name), NO_LANE)
        for r in refusals:
            error = reasons[r.key][1] if r.key in reasons else REFUSAL_ERRORS[r.status]
            row = (*msgspec.structs.astuple(r), lane, error)
            days[day_of(r.created_at)].append(row)
    for day, rows in days.items():
        yield Run("add_refusals", rows, day=day)


def _refusal(m: NewMessage, status: int) -> Refusal:
    return Refusal(
        m.key,
        m.account,
        m.public_id,
        m.bulk_id,
        m.sender,
        m.recipient,
        m.body,
        m.data_coding,
        m.esm_class,
        m.created_at,
        status,
        m.options,
    )
