"""What the outcomes of its segments mean for a message (pure)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

DELIVERED_TO_OPERATOR = 2
REJECTED_OPERATOR = 4
DELIVERED_TO_HANDSET = 5
NOT_DELIVERED = 9
EXPIRED = 15
DLR_UNKNOWN = 29
NOT_SENT = 31

DELIVERED = frozenset({DELIVERED_TO_OPERATOR, DELIVERED_TO_HANDSET})
# When several segments are known to have failed, the first of these speaks for the message.
PRECEDENCE = {REJECTED_OPERATOR: 0, NOT_DELIVERED: 1, EXPIRED: 2, DLR_UNKNOWN: 3}


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """How one segment ended: ids of `sms.codes`, and when (UTC milliseconds)."""

    status: int
    error: int
    note: str | None
    done_at: int


class Verdict(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How a message ended."""

    key: int
    status: int
    error: int
    note: str | None
    done_at: int
    prepaid: bool = False  # a part of a balance is reserved for it


def summarize(key: int, total: int, outcomes: Sequence[Outcome]) -> Verdict | None:
    """The verdict on a message of `total` segments, given those that are final; None while it is open.

    One failed segment decides at once, because the message can no longer be read; success takes them all.
    """
    failed = [outcome for outcome in outcomes if outcome.status not in DELIVERED]
    if failed:
        worst = min(failed, key=lambda outcome: (PRECEDENCE.get(outcome.status, 1), outcome.done_at))
        return Verdict(key, worst.status, worst.error, worst.note, worst.done_at)
    if len(outcomes) < total:
        return None
    last = max(outcomes, key=lambda outcome: outcome.done_at)
    return Verdict(key, min(outcome.status for outcome in outcomes), last.error, last.note, last.done_at)
