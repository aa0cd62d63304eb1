"""Settling: what became of a submit_sm, and what receipts say; both find each other, whichever comes first.

Rule 1: the answer to a submit_sm and the receipt that names its id write the same row of `receipt_key`. The second of
them finds the first, on any engine and any node.
Rule 2: an early receipt counts only for a claim that it came after, because SMSCs use their ids again.
Rule 3: the first final outcome of a segment stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from heliograph.sms.message import DECODE_OPTIONS, Inbound, Receipt, SegmentState
from heliograph.sms.verdict import Outcome, Verdict, summarize
from heliograph.store.claiming import Move, move
from heliograph.store.epoch import check_epoch
from heliograph.store.finishing import finish
from heliograph.store.joining import store_inbound
from heliograph.store.script import Fetch, Row, Run, Script

ENCODER = msgspec.msgpack.Encoder()
DECODE_RECEIPT = msgspec.msgpack.Decoder(Receipt).decode


class Sent(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An SMSC took a segment."""

    message: int
    part: int
    smsc: str
    id_key: str | None  # None: it gave no id, so no receipt can ever name this segment
    event: int  # of the claim


class SegmentOutcome(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A segment that no SMSC took: refused, unanswered or not submitted at all."""

    message: int
    part: int
    state: int  # SegmentState
    refused: bool = False
    unanswered: bool = False


class Settlement(msgspec.Struct, frozen=True, array_like=True):
    """All that one answer of a link brings."""

    epoch: int
    now: int
    sent: Sequence[Sent] = ()
    outcomes: Sequence[SegmentOutcome] = ()
    moves: Sequence[Move] = ()
    verdicts: Sequence[Verdict] = ()


class Delivery(msgspec.Struct, frozen=True, array_like=True):
    """All that one read of a link brings of an SMSC's own."""

    now: int
    receipts: Sequence[Receipt] = ()
    inbound: Sequence[Inbound] = ()


class Matched(msgspec.Struct, frozen=True, array_like=True):
    """How many receipts found their segment, came too early or for nobody, and came again or too late; and how many
    inbound messages there are more."""

    applied: int = 0
    kept: int = 0
    late: int = 0
    inbound: int = 0


def settle(batch: Sequence[Settlement]) -> Script[list[None]]:
    """Write what became of claimed segments. Raises EpochEnded when they are another process's by now."""
    epoch, now = batch[0].epoch, max(s.now for s in batch)
    yield from check_epoch(epoch)
    sent = [s for settlement in batch for s in settlement.sent]
    yield Run("sent_segments", [(s.message, s.part) for s in sent], {"epoch": epoch, "sent_at": now})
    rows = [_outcome_row(o) for settlement in batch for o in settlement.outcomes]
    yield Run("settle_segments", rows, {"epoch": epoch})
    yield from _keep_keys(sent, now)
    yield from move([m for settlement in batch for m in settlement.moves], now)
    yield from finish([v for settlement in batch for v in settlement.verdicts], now)
    return [None] * len(batch)


def _outcome_row(o: SegmentOutcome) -> Row:
    return (o.message, o.part, o.state, int(o.refused), int(o.unanswered))


def _keep_keys(sent: Iterable[Sent], now: int) -> Script[None]:
    named = {(s.smsc, s.id_key): s for s in sent if s.id_key is not None}
    waiting = yield Fetch("early_receipts", [(s.smsc, s.id_key, s.event) for s in named.values()])
    rows = [(s.smsc, s.id_key, s.message, s.part, s.event) for s in named.values()]
    yield Run("keep_keys", rows, {"now": now})
    if waiting:
        yield from _receive([DECODE_RECEIPT(row[0]) for row in waiting], now)


def receive(batch: Sequence[Delivery]) -> Script[list[Matched]]:
    """Store what SMSCs delivered; the deliver_sm_resp waits for this commit."""
    now = max(d.now for d in batch)
    inbound = [i for d in batch for i in d.inbound]
    made = (yield from store_inbound(inbound, now)) if inbound else 0
    matched = yield from _receive([r for d in batch for r in d.receipts], now)
    if made:
        matched = msgspec.structs.replace(matched, inbound=made)
    return [matched] + [Matched()] * (len(batch) - 1)


def _receive(receipts: Sequence[Receipt], now: int) -> Script[Matched]:
    if not receipts:
        return Matched()
    keys = [(n, r.smsc, key) for n, r in enumerate(receipts) for key in r.keys]
    found: dict[int, Row] = {}
    for row in (yield Fetch("find_receipt_keys", keys)):
        if row[0] not in found or found[row[0]][3] is None:
            found[row[0]] = row
    live = [(r, found[n]) for n, r in enumerate(receipts) if n in found and found[n][3] is not None]
    # Where the id is that of a message that has ended, the SMSC may be using it again: the next answer will tell.
    unknown = [r for n, r in enumerate(receipts) if n not in found]
    yield from _keep([r for n, r in enumerate(receipts) if n not in found or found[n][3] is None], now)
    # Intermediate ones first: a final one of the same read makes the message history.
    yield from _tell([(r, row) for r, row in live if not r.final and row[3] != SegmentState.DONE], now)
    yield from _apply([(r, row) for r, row in live if r.final], now)
    return Matched(applied=len(live), kept=len(unknown), late=len(receipts) - len(live) - len(unknown))


def _keep(receipts: Sequence[Receipt], now: int) -> Script[None]:
    """Receipts for no known segment: acknowledged, kept, and found when their segment is answered."""
    if not receipts:
        return
    [[event]] = yield Fetch("next_event")
    # A final receipt is kept rather than an intermediate one of the same segment.
    kept = {(r.smsc, key): r for r in sorted(receipts, key=lambda r: r.final) for key in r.keys}
    rows = [(smsc, key, ENCODER.encode(r), int(r.final)) for (smsc, key), r in kept.items()]
    yield Run("keep_receipts", rows, {"event": event, "now": now})


def _apply(found: Sequence[tuple[Receipt, Row]], now: int) -> Script[None]:
    """Final receipts of live segments; rows are (n, message, part, state, segments, webhook, sent_at, prepaid)."""
    whole: dict[int, Verdict] = {}
    prepaid = {row[1] for _, row in found if row[7]}
    parts: dict[tuple[int, int], Row] = {}
    for r, (_, message, part, state, segments, _, sent_at, _) in found:
        at = max(r.at, sent_at or 0)  # nothing is over before it began, whatever the SMSC's clock says
        if segments == 1:
            whole.setdefault(message, Verdict(message, r.status, r.error, r.note, at, message in prepaid))
        elif state != SegmentState.DONE:
            parts.setdefault((message, part), (message, part, r.status, r.error, r.note, at))
    verdicts = list(whole.values())
    if parts:
        yield Run("finish_segments", list(parts.values()))
        judged = yield from _judge(sorted({message for message, _ in parts}))
        verdicts += [msgspec.structs.replace(v, prepaid=True) if v.key in prepaid else v for v in judged]
    yield from finish(verdicts, now)


def _judge(messages: Sequence[int]) -> Script[list[Verdict]]:
    outcomes: dict[int, list[Outcome]] = defaultdict(list)
    totals: dict[int, int] = defaultdict(int)  # rows, because another transport may cut one message into more of them
    for message, state, status, error, note, done_at in (
        yield Fetch("outcomes_of", [(message,) for message in messages])
    ):
        totals[message] += 1
        if state == SegmentState.DONE:
            outcomes[message].append(Outcome(status, error, note, done_at))
    judged = [summarize(message, total, outcomes[message]) for message, total in totals.items()]
    return [verdict for verdict in judged if verdict is not None]


def _tell(found: Sequence[tuple[Receipt, Row]], now: int) -> Script[None]:
    """Intermediate reports, where they were asked for: one for each distinct error of a message, and only pushed."""
    found = [(r, row) for r, row in found if row[5]]  # NULL and 0: nobody is to be pushed to
    if not found:
        return
    live = {key: (DECODE_OPTIONS(options), (noted or "").split()) for key, options, noted in
            (yield Fetch("tellable", sorted({(row[1],) for _, row in found})))}  # fmt: skip
    rows = []
    for r, row in found:
        options, noted = live[row[1]]
        if options.intermediate and str(r.error) not in noted:
            noted.append(str(r.error))
            rows.append((row[1], r.status, r.error, r.note, max(r.at, row[6] or 0)))
    told = sorted({row[0] for row in rows})
    yield Run("note_messages", [(key, " ".join(live[key][1])) for key in told])
    yield Run("intermediate_reports", rows, {"now": now})
    yield Run("wake_webhooks", [(key,) for key in told], {"now": now})
