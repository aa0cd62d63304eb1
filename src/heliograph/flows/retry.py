"""What an answer to a submit_sm means, and the lack of one (pure): classes of command_status, delays, policies."""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.smpp.constants import RetryClass, Status, classify
from heliograph.sms.message import MessageState, SegmentState

DELAYS = (5.0, 15.0, 45.0, 135.0, 300.0)  # seconds before each further try
SLOW_START = 30.0  # the first of them when the SMSC says that its queue is full
CROWDED = frozenset({Status.ESME_RMSGQFUL, Status.ESME_RSUBMITFAIL})  # also said where our window is too large for it
JITTER = 0.2
FEW = 3
REBOUND = 1.0  # seconds until a session that was in the wrong state may be bound again
REJECTED_OPERATOR = 4
UNKNOWN_ERROR = 255
INVALID_PDU = 4096


@dataclass(frozen=True, slots=True)
class Taken:
    """The SMSC has the segment."""


@dataclass(frozen=True, slots=True)
class Again:
    """To be submitted again, after `delay` seconds. `counted`: it was an attempt, and there are not endless ones."""

    delay: float
    counted: bool = True
    throttled: bool = False  # leave the whole SMSC alone for a while
    rebind: bool = False  # the session is in a state that neither side can want
    blamed: bool = False  # and this segment may be why
    without_validity: bool = False  # what was refused was our validity_period


@dataclass(frozen=True, slots=True)
class Refused:
    """Never to be submitted again; ids of `sms.codes`."""

    status: int
    error: int


Meaning = Taken | Again | Refused


def judge(
    status: int, attempts: int, chance: float, *, without_validity: bool, nacked: bool = False, sessions: int = 0
) -> Meaning:
    """What this command_status means for a segment that was refused `attempts` times before.

    `chance` (0 to 1) spreads the tries that are due together; `without_validity`: validity_period was left out already;
    `nacked`: it came as a generic_nack; `sessions`: how many have ended over this message already.
    """
    if status == 0:
        return Taken()
    row = classify(status)
    refused = Refused(row.status_id or REJECTED_OPERATOR, UNKNOWN_ERROR if row.error_id is None else row.error_id)
    match row.retry_class:
        case RetryClass.THROTTLE:
            return Again(0.0, counted=False, throttled=True)
        case RetryClass.SESSION if status == Status.ESME_RINVBNDSTS:
            return Again(REBOUND, counted=False, rebind=True)
        case RetryClass.SESSION if nacked and not sessions:  # the framing is lost, perhaps over this very message
            return Again(REBOUND, counted=False, rebind=True, blamed=True)
        case RetryClass.RETRY:
            return Again(_delay(status, attempts, chance))
        case RetryClass.RETRY_FEW if attempts < FEW:
            return Again(_delay(status, attempts, chance))
        case RetryClass.FIX_ONCE if status == Status.ESME_RINVEXPIRY and not without_validity:
            return Again(0.0, without_validity=True)
    return refused


def _delay(status: int, attempts: int, chance: float) -> float:
    delay = DELAYS[min(attempts, len(DELAYS) - 1)]
    if status == Status.ESME_RMSGQFUL:
        delay = max(delay, SLOW_START)
    return delay * (1 - JITTER + 2 * JITTER * chance)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a segment whose answer was lost, and of its message."""

    segment: SegmentState
    message: MessageState


SENT_AGAIN = Fate(SegmentState.WAITING, MessageState.QUEUED)
HELD = Fate(SegmentState.UNKNOWN, MessageState.HELD)


def unanswered(policy: str, before: int) -> Fate:
    """A submit_sm left and its session or process ended without an answer; it happened `before` times already.

    "resend" risks a double once, because nothing may be lost. What two sessions died with is set aside all the same:
    it may be what they died of.
    """
    return SENT_AGAIN if policy == "resend" and before == 0 else HELD
