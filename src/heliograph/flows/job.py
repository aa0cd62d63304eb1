"""A message on its way over one link: what of it was submitted, what was answered, and what that amounts to.

Rule 1: a job belongs to one claim of one message, and to one link.
Rule 2: a part that is refused for good decides; one that is to be tried again keeps the later ones back.
"""

from __future__ import annotations

from heliograph.flows.retry import Again, Fate, Meaning, Refused, Taken
from heliograph.sms.message import MessageState, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.smsc.link import Link
from heliograph.store.claiming import Candidate, Move
from heliograph.store.settling import SegmentOutcome


class Job:
    """`parts` are those the claim is for, ascending; `claimed` of them may be submitted now."""

    __slots__ = (
        "again_at",
        "begun",
        "candidate",
        "event",
        "held",
        "in_flight",
        "link",
        "parts",
        "reference",
        "verdict",
        "without_validity",
    )

    def __init__(self, candidate: Candidate, link: Link, parts: tuple[int, ...]) -> None:
        self.candidate = candidate
        self.link = link
        self.parts = parts  # still to be submitted
        self.event = 0
        self.reference = candidate.reference
        self.in_flight = 0
        self.begun = False  # something of it was submitted by this claim
        self.again_at: int | None = None
        self.held = False
        self.without_validity: bool | None = None  # whether its submit_sm leave validity_period out; None: none yet
        self.verdict: Verdict | None = None

    @property
    def key(self) -> int:
        return self.candidate.key

    @property
    def stopped(self) -> bool:
        """Whether no further part is to be submitted by this claim."""
        return self.verdict is not None or self.again_at is not None or self.held

    @property
    def over(self) -> bool:
        """Whether nothing more comes of this claim."""
        return self.in_flight == 0 and (self.stopped or not self.parts)

    def leave_validity(self, out: bool) -> None:
        """For its next submit_sm. The first one decides for all of this claim, so that every answer is of the same."""
        if self.without_validity is None:
            self.without_validity = out

    def answered(self, part: int, meaning: Meaning, now: int) -> SegmentOutcome | None:
        """An answer came; what to write of the segment, unless it was taken."""
        self.in_flight -= 1
        match meaning:
            case Taken():
                return None
            case Refused(status, error):
                if self.verdict is None:
                    self.verdict = Verdict(self.key, status, error, None, now, self.candidate.prepaid)
                return None
            case Again(delay, counted, without_validity=trial):
                # The one that shows what the SMSC dislikes goes first: all behind it may be refused for the same.
                self._again(self.candidate.due if trial else now + int(delay * 1000))
                return SegmentOutcome(self.key, part, SegmentState.WAITING, refused=counted, unanswered=meaning.blamed)

    def lost(self, part: int, fate: Fate, now: int) -> SegmentOutcome:
        """No answer will come any more."""
        self.in_flight -= 1
        if fate.message is MessageState.HELD:
            self.held = True
        else:
            self._again(now)
        return SegmentOutcome(self.key, part, fate.segment, unanswered=True)

    def unsent(self, part: int, now: int) -> SegmentOutcome:
        """It never left."""
        self.in_flight -= 1
        self._again(now)
        return SegmentOutcome(self.key, part, SegmentState.WAITING)

    def stranded(self, now: int) -> None:
        """Its link is gone; what was not submitted goes another way."""
        self._again(now)

    def move(self) -> Move | None:
        """Where the message goes now that the claim is over; None: it stays and waits for receipts, or is finished."""
        if self.verdict is not None:
            return None
        if self.held:
            return Move(self.key, MessageState.HELD, self.candidate.due)
        if self.again_at is not None:
            return Move(self.key, MessageState.QUEUED, self.again_at)
        return None

    def _again(self, at: int) -> None:
        self.again_at = at if self.again_at is None else max(self.again_at, at)
