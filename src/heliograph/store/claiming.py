"""Claiming: what is due in the lanes, and the commit that says that a submit_sm may now leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

import msgspec

from heliograph.sms.message import LaneState, SegmentState
from heliograph.store.errors import EpochEnded
from heliograph.store.script import Fetch, Row, Run, Script

PRIORITY = 0
LANES_AT_A_TIME = 32  # and no more accounts


class Candidate(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message whose time has come; still anybody's until it is claimed."""

    lane: int
    due: int
    key: int
    account: int
    sender: str
    recipient: str
    body: bytes
    data_coding: int
    esm_class: int
    segments: int
    created_at: int
    expires_at: int
    open_hours: bytes | None
    reference: int | None
    intermediate: bool
    event: int | None  # of its last claim: whoever claims it now must have seen what came of that one
    waiting: tuple[int, ...]  # the parts that are still to be submitted, ascending
    begun: bool  # a part of it was submitted
    attempts: int  # the most that one of its parts was refused
    unanswered: int  # the most that an answer to one of its parts was lost
    pace: int | None  # microseconds between two segments of its lane
    allowed_at: int  # microseconds: its lane sends no segment before
    prepaid: bool = False  # a part of a balance is reserved for it


class Taking(msgspec.Struct, frozen=True, array_like=True):
    """One message to claim for an SMSC: `now_parts` go at once, the others of `parts` follow on the same link."""

    key: int
    lane: int
    smsc: str
    parts: tuple[int, ...]
    now_parts: int
    pair: int | None  # sender and recipient, hashed, when it still needs a concatenation reference
    first: bool  # it was QUEUED; False: it is ours already, and these are further parts of it
    lane_allowed_at: int | None  # microseconds; None leaves the lane's pace alone
    before: int | None = None  # the event of the claim before this one, as it was seen


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """Proof of a committed claim."""

    key: int
    event: int  # its place in the order of claims and receipts
    reference: int | None  # newly allotted, else None


class Look(msgspec.Struct, frozen=True, array_like=True):
    """What is due. `stale` lanes were to be looked at and had nothing: what waited in them expired, ended or moved."""

    candidates: list[Candidate] = []
    stale: list[int] = []


def peek(now: int, most: int, after: int = 0) -> Script[Look]:
    """Messages that may leave at `now`, about `most` of them: accounts share them alike, and the lanes of an account,
    the longest-unserved first. The accounts' turns go by their numbers, and begin with the one behind `after`.

    What has expired is not among them, and wakes no lane: it waits for upkeep alone.
    """
    served = yield from _served(now, after)
    found: list[list[Row]] = []
    pace: dict[int, tuple[int | None, int]] = {}
    for mine in served:
        quota = max(1, -(-most // (len(served) * len(mine))))
        rows = yield Fetch("due_messages", [(lane[0],) for lane in mine], {"now": now, "most": quota})
        found.append(_in_turn(rows, [lane[0] for lane in mine]))
        pace |= {lane: (interval, allowed_at) for lane, interval, allowed_at, _ in mine}
    rows = _by_turns(found)
    parts = yield from _segments_of([row[2] for row in rows if row[14] is not None])
    candidates = [_candidate(row, parts.get(row[2], []), *pace[row[0]]) for row in rows]
    return Look(candidates, sorted(pace.keys() - {row[0] for row in rows}))


def _served(now: int, after: int) -> Script[list[list[Row]]]:
    """The due lanes of each account whose turn it is, the longest-unserved first: all of them where they are few."""
    params = {"priority": PRIORITY, "now": now, "most": LANES_AT_A_TIME + 1}
    lanes = yield Fetch("due_lanes", params=params)
    if len(lanes) > LANES_AT_A_TIME:
        params = {"priority": PRIORITY, "now": now, "after": after, "most": LANES_AT_A_TIME}
        lanes = yield Fetch("shared_lanes", params=params)
    accounts: dict[int, list[Row]] = defaultdict(list)
    for lane in lanes:
        accounts[lane[3]].append(lane)
    return [accounts[account] for account in sorted(accounts, key=lambda one: (one <= after, one))]


def _in_turn(rows: Sequence[Row], lanes: list[int]) -> list[Row]:
    """The messages of an account: the lanes as they come, what is in them by its time."""
    waiting: dict[int, list[Row]] = {lane: [] for lane in lanes}
    for row in sorted(rows, key=lambda row: (row[1], row[2])):
        waiting[row[0]].append(row)
    return _by_turns(waiting.values())


def _by_turns(lists: Iterable[list[Row]]) -> list[Row]:
    """One of each, then the next of each."""
    return [row for turn in zip_longest(*lists) for row in turn if row is not None]


def _segments_of(keys: list[int]) -> Script[dict[int, list[Row]]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in sorted((yield Fetch("segments_of", [(key,) for key in keys])), key=lambda row: row[1]):
        found[row[0]].append(row)
    return found


def _candidate(row: Row, parts: list[Row], pace: int | None, allowed_at: int) -> Candidate:
    waiting = tuple(range(1, row[9] + 1))
    if parts:
        waiting = tuple(part[1] for part in parts if part[2] == SegmentState.WAITING)
    lane, due, key, account, sender, recipient, body, data_coding, esm_class, segments, created_at, expires_at = row[
        :12
    ]
    return Candidate(
        lane=lane,
        due=due,
        key=key,
        account=account,
        sender=sender,
        recipient=recipient,
        body=body,
        data_coding=data_coding,
        esm_class=esm_class,
        segments=segments,
        created_at=created_at,
        expires_at=expires_at,
        open_hours=row[12] or None,
        reference=row[13],
        intermediate=bool(row[15]),
        event=row[14],
        waiting=waiting,
        begun=len(waiting) < len(parts),
        attempts=max((part[3] for part in parts), default=0),
        unanswered=max((part[4] for part in parts), default=0),
        pace=pace,
        allowed_at=allowed_at,
        prepaid=bool(row[16]),
    )


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """A batch of claims, with what they need to know about who claims."""

    epoch: int
    now: int
    seed: int  # from which a new pair's references start
    messages: list[Taking]


def claim(batch: Sequence[Taken]) -> Script[list[list[Claim]]]:
    """QUEUED becomes TAKEN. What somebody else took, cancelled or finished meanwhile is missing in the answer.

    Raises EpochEnded when another process serves by now: nobody would settle such a claim.
    """
    results = []
    for taken in batch:
        results.append((yield from _claim(taken)))
    return results


def _claim(taken: Taken) -> Script[list[Claim]]:
    found = yield Fetch("claim_event", params={"epoch": taken.epoch})
    if not found:
        raise EpochEnded
    [[event]] = found
    messages = yield from _win(taken, event)
    messages = yield from _still_ours(messages)
    rows = [
        (m.key, part, SegmentState.CLAIMED if n < m.now_parts else SegmentState.WAITING, m.smsc)
        for m in messages
        for n, part in enumerate(m.parts)
    ]
    yield Run("claim_segments", rows, {"epoch": taken.epoch, "event": event})
    references = yield from _allot_references([m for m in messages if m.pair is not None], taken)
    paced = {m.lane: m.lane_allowed_at for m in messages if m.lane_allowed_at is not None}
    yield Run("pace_lanes", list(paced.items()))
    lanes = sorted({m.lane for m in messages if m.first})
    yield Run("refresh_lanes", [(lane,) for lane in lanes], {"now": taken.now, "begun": 1})
    return [Claim(m.key, event, references.get(m.key)) for m in messages]


def _win(taken: Taken, event: int) -> Script[list[Taking]]:
    """Without messages that cannot be had any more. Their lanes are locked first, and so seen to be open until the
    commit: whoever closes one comes before this claim or after it."""
    first = [m for m in taken.messages if m.first]
    lanes = yield Fetch("lock_lanes", [(lane,) for lane in sorted({m.lane for m in first})])
    open_ = {lane for lane, state in lanes if state == LaneState.OPEN}
    seen = [(m.key, m.before, m.lane) for m in first if m.lane in open_]
    took = yield Run("take_messages", seen, {"event": event, "now": taken.now})
    if took == len(first):
        return taken.messages
    keys = [(key,) for key, _, _ in seen]
    won = {row[0] for row in (yield Fetch("taken_messages", keys, {"event": event}))}
    return [m for m in taken.messages if not m.first or m.key in won]


def _still_ours(messages: list[Taking]) -> Script[list[Taking]]:
    """Without further parts of messages that have ended since their first parts were claimed."""
    further = [(m.key,) for m in messages if not m.first]
    live = {row[0] for row in (yield Fetch("live_messages", further))}
    return [m for m in messages if m.first or m.key in live] if further else messages


def refresh(lanes: Sequence[int], now: int) -> Script[None]:
    """Say anew when these lanes are next to be looked at: behind those that were not served at `now`."""
    yield Fetch("lock_lanes", [(lane,) for lane in lanes])
    yield Run("refresh_lanes", [(lane,) for lane in lanes], {"now": now, "begun": 0})


def _allot_references(messages: list[Taking], taken: Taken) -> Script[dict[int, int]]:
    """One concatenation reference a message, the next of its sender and recipient (TS 23.040 §9.2.3.24.1)."""
    if not messages:
        return {}
    pairs = sorted({m.pair for m in messages if m.pair is not None})
    last = dict((yield Fetch("find_references", [(pair,) for pair in pairs])))
    references = {}
    for m in messages:
        assert m.pair is not None
        last[m.pair] = (last.get(m.pair, taken.seed ^ (m.pair & 0xFFFF)) + 1) & 0xFFFF
        references[m.key] = last[m.pair]
    yield Run("keep_references", [(pair, last[pair]) for pair in pairs], {"now": taken.now})
    yield Run("set_references", list(references.items()))
    return references


class Move(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message that goes back to its lane, or is held."""

    key: int
    state: int  # MessageState
    due: int


def move(moves: Sequence[Move], now: int) -> Script[None]:
    """Put messages where they are to wait, and wake the lanes of those that are QUEUED.

    One that comes back to its lane too late expires now, so that whoever looks for what has just expired finds it.
    """
    yield Run("move_messages", [(m.key, m.state, m.due) for m in moves], {"now": now})
    yield Run("wake_lanes", [(m.key, m.due) for m in moves if m.state == 0])
