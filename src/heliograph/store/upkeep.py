"""Upkeep: what time alone causes, what a start finds, and what is old enough to go. All of it in slices."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from heliograph.sms.message import MessageState
from heliograph.sms.verdict import DLR_UNKNOWN, EXPIRED, NOT_SENT, Verdict
from heliograph.store.accepting import id_digest
from heliograph.store.claiming import LANES_AT_A_TIME, Move, move, refresh
from heliograph.store.epoch import check_epoch
from heliograph.store.finishing import finish
from heliograph.store.limiting import HOUR
from heliograph.store.script import Fetch, Row, Run, Script, day_of

SLICE = 500
CANCELED = 4100
VALIDITY_EXPIRED = 4101
NO_RESPONSE = 502


def expire(now: int, grace: int, since: int) -> Script[int]:
    """Finish messages whose time is over; how many. `grace` (milliseconds) is how long a receipt may still come.

    QUEUED ones are looked for from `since` on, because others of that time may be waiting for their receipts.
    """
    total = 0
    for state, after, before in (
        (MessageState.QUEUED, since, now),
        (MessageState.TAKEN, 0, now - grace),
        (MessageState.HELD, 0, now - grace),
    ):
        params = {"state": state, "after": after, "before": before, "most": SLICE}
        rows = yield Fetch("expiring", params=params)
        yield from finish([_expired(row, state, now) for row in rows], now)
        total += len(rows)
    return total


def _expired(row: Row, state: MessageState, now: int) -> Verdict:
    key, sent, unanswered, prepaid = row
    status, error = EXPIRED, VALIDITY_EXPIRED
    if unanswered:
        error = NO_RESPONSE
    elif not sent:
        error = CANCELED
    elif state is MessageState.TAKEN:
        status = DLR_UNKNOWN
    return Verdict(key, status, error, None, now, bool(prepaid))


def finish_canceled(now: int) -> Script[int]:
    """Finish a slice of what waits in canceled lanes; how many messages.

    What an SMSC has, or may have, keeps waiting for its receipt and its end, and is found here when it comes back to be
    sent again. Of what had begun nobody can say that it was not sent: it ends as if its validity ended now.
    """
    lanes = yield Fetch("canceled_lanes", params={"most": LANES_AT_A_TIME})
    yield Fetch("lock_lanes", sorted(lanes))
    total = 0
    for [lane] in lanes:
        rows = yield Fetch("canceled_messages", params={"lane": lane, "most": SLICE - total})
        yield from finish([_canceled(row, now) for row in rows], now)
        total += len(rows)
        if total == SLICE:
            break
        yield Run("rest_lane", params={"lane": lane, "now": now})
    return total


def _canceled(row: Row, now: int) -> Verdict:
    key, sent, unanswered, prepaid = row
    if sent or unanswered:
        return _expired(row, MessageState.QUEUED, now)
    return Verdict(key, NOT_SENT, CANCELED, None, now, bool(prepaid))


class Orphan(msgspec.Struct, frozen=True):
    """A segment that a process which is gone was about to submit, or had submitted and saw no answer to."""

    message: int
    part: int
    state: int
    smsc: str
    unanswered: int
    account: int
    message_state: int


class Adopted(msgspec.Struct, frozen=True):
    """What becomes of an orphan: its segment's new state, and its message's."""

    orphan: Orphan
    state: int
    unanswered: int
    message_state: int


def begin_epoch(node: str, now: int) -> Script[int]:
    """A new epoch; every claim that is not of it has nobody behind it."""
    [[epoch]] = yield Fetch("begin_epoch", params={"node": node, "now": now})
    yield Run("end_epochs", params={"epoch": epoch, "now": now})
    number: int = epoch
    return number


def orphans(epoch: int) -> Script[list[Orphan]]:
    """A slice of what ended epochs had claimed; all segments of a message come in one slice."""
    rows = yield Fetch("orphans", params={"epoch": epoch, "most": SLICE})
    return [Orphan(*row) for row in rows]


def adopt(epoch: int, now: int, adopted: Sequence[Adopted]) -> Script[None]:
    """Settle orphans, by what the policies say. Raises EpochEnded."""
    yield from check_epoch(epoch)
    segments = [(a.orphan.message, a.orphan.part, a.state, a.unanswered) for a in adopted]
    states: dict[int, int] = {}
    for a in adopted:
        if a.orphan.message_state == MessageState.TAKEN:
            # One held part holds the message: to send the others would not make it readable.
            states[a.orphan.message] = max(states.get(a.orphan.message, 0), a.message_state)
    yield Run("adopt_segments", segments, {"epoch": epoch})
    yield from move([Move(key, state, now) for key, state in states.items()], now)


def retire(now: int, keep: int, keep_receipts: int) -> Script[int]:
    """Forget a slice of what is older than `keep` (reports that nobody pulled, inbound messages, histories) and
    `keep_receipts` (ids of segments, unknown receipts, references), in milliseconds, tokens and answers to repeated
    requests that have expired, and what was counted of floods an hour ago; how many rows went.

    A lane is found by its messages for as long as they may be open, and by its bulkId for as long as their reports may
    wait after that: it is kept for both together, and so is a conversion, which may be told of while its message is
    open. `keep_receipts` is no shorter than a message is open. Nobody looks into a paused lane to see that all of it
    has expired, so that is done here.
    """
    old = {"before": now - keep, "most": SLICE}
    older = {"before": now - keep_receipts, "most": SLICE}
    oldest = {"before": now - keep_receipts - keep, "most": SLICE}
    gone: int = yield Run("old_answers", params={"now": now, "most": SLICE})
    resting = [lane for [lane] in (yield Fetch("resting_lanes", params=old))]
    yield from refresh(resting, now)
    gone += len(resting)
    for query, params in (  # what others lock, too, in the order of locks; then what nobody waits for
        ("old_lanes", oldest),
        ("old_inbound", old),
        ("old_receipt_keys", older),
        ("old_pulls", old),
        ("old_conversions", oldest),
        ("old_references", older),
        ("old_tokens", {"now": now, "most": SLICE}),
        ("old_floods", {"before": now - HOUR, "most": SLICE}),
    ):
        gone += yield Run(query, params=params)
    days = yield Fetch("old_days", params={"before": day_of(now - keep)})
    for day, asked in days:
        went: int = yield from _retire_day(day, asked)
        if went:  # none: it has reports that wait, and is passed over
            return gone + went
    return gone


def _retire_day(day: int, asked: int) -> Script[int]:
    """A slice of an old day; 0: reports of it wait. All reports are read for that once: later slices read what came
    since, because a settlement that waited for the store is of the day on which it was made up."""
    [[waiting]] = yield Fetch("reported_days", params={"day": day, "after": asked})
    if waiting:
        return 0
    yield Run("day_asked", params={"day": day})
    rows = yield Fetch("aged_ids", params={"most": SLICE}, day=day)
    if not rows:
        yield Run("drop_history", day=day)
        yield Run("drop_history_day", params={"day": day})
        return 1
    yield Run("forget_ids", [(account, id_digest(name), key) for key, account, name in rows if name is not None])
    yield Run("forget_history", [(key,) for key, _, _ in rows], day=day)
    return len(rows)


def touch(epoch: int, now: int) -> Script[None]:
    """Show that this process can still write. Raises EpochEnded."""
    yield from check_epoch(epoch)
    yield Run("touch_epoch", params={"epoch": epoch, "now": now})
