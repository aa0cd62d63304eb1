"""A customer's request becomes messages that are stored; the answer leaves after the commit.

Rule 1: a bad destination is refused by itself; the others of its request are accepted.
Rule 2: all that is accepted of a request is stored in one transaction, and what is refused of it in the same, for the
logs alone: no report, and no id that is used up.
Rule 3: a request that comes again with its Idempotency-Key is answered as it was, and nothing more is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from heliograph.clock import Clock
from heliograph.flows import judge, replay, shorten
from heliograph.flows.errors import KeyReused
from heliograph.flows.intake import Intake
from heliograph.flows.judge import Customer
from heliograph.flows.routing import Route, choose
from heliograph.flows.submission import Accepted, Answer, Destination, Draft, Submission
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.sms import schedule, segments
from heliograph.sms.address import BadAddress
from heliograph.sms.message import NewMessage, NewShortLink, Options, Refusal
from heliograph.sms.schedule import Plan
from heliograph.sms.segments import Uncuttable
from heliograph.store.accepting import Acceptance
from heliograph.store.blocklist import Blocked
from heliograph.store.idempotency import Kept, Memo

ENCODER = msgspec.msgpack.Encoder()
NO_ROUTE = 19
OWN = ""  # a bulkId that is the message's key
DAY = 86_400_000  # milliseconds
KEPT_ADDRESS = 64  # characters of a sender or a recipient that was refused
KEPT_BODY = 4000  # octets: a longer body of a refused message is not kept


class Shared(msgspec.Struct, frozen=True):
    """What all messages of one draft have in common."""

    sender: str
    segments: int
    plan: Plan
    held: bool
    open_hours: bytes | None
    webhook: int | None
    options: bytes
    price: int  # of one message, in millionths
    prepaid: bool


@dataclass(slots=True)
class Judged:
    """What a request has come to."""

    answers: list[Answer] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    short_links: dict[str, NewShortLink] = field(default_factory=dict)  # by their codes


class Acceptor:
    """`wake` is called when something that is due was stored. `remember` (milliseconds) is how long a request that
    comes again is known by its Idempotency-Key."""

    def __init__(
        self,
        intake: Intake,
        keys: KeyMaker,
        routes: Sequence[Route],
        clock: Clock,
        watch: Watch,
        wake: Callable[[], None],
        remember: int = DAY,
    ) -> None:
        self._intake = intake
        self._keys = keys
        self._routes = routes
        self._clock = clock
        self._watch = watch
        self._wake = wake
        self._remember = remember

    async def accept(self, account: Customer, submission: Submission) -> Accepted:
        """Judge, store, answer.

        Raises Overloaded where nothing is stored, Unconfirmed where nobody knows, and KeyReused.
        """
        blocked = await judge.find_blocked(self._intake, account, submission) if account.blocks else judge.NOTHING
        now = self._clock.now()
        scheduled = any(draft.send_at is not None for draft in submission.drafts)
        lane, bulk_id = self._bulk(submission, scheduled, now)
        judged = Judged()
        for draft in submission.drafts:
            self._accept_draft(account, draft, blocked, bulk_id, now, judged)
        if bulk_id == OWN:
            bulk_id = (judged.messages or judged.refused)[0].bulk_id
        tracking = submission.drafts[0].options.tracking
        process_key = None if tracking is None else tracking.process_key
        accepted = Accepted(judged.answers, bulk_id, scheduled, submission.bulk_id is not None, process_key)
        kept = await self._keep(account, submission, lane, accepted, judged, now)
        if kept.conflict:
            raise KeyReused("this Idempotency-Key came with another request before")
        if kept.again is not None:
            return replay.given(kept.again, kept.refused)
        keys = [m.key for m in judged.messages]
        if kept.refused:
            accepted = replay.without(accepted, keys, kept.refused)
            keys = [key for key in keys if key not in kept.refused]
        self._watch.accepted(keys, [a.refused for a in accepted.answers if a.refused is not None])
        if keys:
            self._wake()
        return accepted

    def _bulk(self, submission: Submission, scheduled: bool, now: int) -> tuple[str, str | None]:
        """The name of the lane, and the bulkId.

        A lone message that goes at once needs no lane of its own: it waits among the others of its account, so that
        whoever sends many of them has one turn, like everybody. Its bulkId, where it has one, is its key.
        """
        if submission.bulk_id is not None:
            return submission.bulk_id, submission.bulk_id
        several = sum(len(draft.destinations) for draft in submission.drafts) > 1
        if several or scheduled:
            name = str(self._keys.make(now))
            return name, name
        # A pace is a lane's own.
        lane = str(self._keys.make(now)) if submission.segment_interval is not None else ""
        return lane, OWN if submission.always_bulk else None

    def _accept_draft(
        self,
        account: Customer,
        draft: Draft,
        blocked: Blocked,
        bulk_id: str | None,
        now: int,
        judged: Judged,
    ) -> None:
        shared = self._share(account, draft, blocked, now)
        for destination in draft.destinations:
            try:
                if isinstance(shared, int):
                    raise BadAddress(shared, "refused with all of its draft")
                recipient = judge.recipient_of(destination.to, blocked)
            except BadAddress as error:
                judged.answers.append(Answer(destination.to, destination.message_id, refused=error.status_id))
                judged.refused.append(self._refusal(account, draft, destination, error.status_id, bulk_id, now))
                continue
            message = self._message(account.id, draft, shared, destination, recipient, bulk_id, now)
            if draft.short_links is not None:
                message, links = shorten.address(message, draft.short_links)
                judged.short_links.update((one.code, one) for one in links)
            judged.messages.append(message)
            shown = message.public_id if message.public_id is not None else str(message.key)
            told = shared.segments if draft.counted else None
            judged.answers.append(Answer(destination.to, shown, None, shared.held, told))

    def _share(self, account: Customer, draft: Draft, blocked: Blocked, now: int) -> Shared | int:
        """What the messages of a draft have in common; the status id of their refusal, where all are refused."""
        try:
            count = segments.count(draft.body, draft.data_coding, draft.esm_class)
            sender = judge.sender_of(account, draft, blocked)
        except (Uncuttable, BadAddress) as error:
            return error.status_id
        if choose(self._routes) is None:
            return NO_ROUTE
        plan = schedule.plan(now, draft.send_at, draft.window, draft.validity_minutes)
        return Shared(
            sender=sender,
            segments=count,
            plan=plan,
            held=plan.due > now or not plan.opens,
            open_hours=None if draft.window is None else ENCODER.encode(draft.window),
            webhook=webhook_of(account.id, draft.options),
            options=ENCODER.encode(draft.options),
            price=count * account.settings.price,
            prepaid=account.settings.prepaid and account.settings.price > 0,
        )

    def _message(
        self,
        account: int,
        draft: Draft,
        shared: Shared,
        destination: Destination,
        recipient: str,
        bulk_id: str | None,
        now: int,
    ) -> NewMessage:
        key = self._keys.make(now)
        return NewMessage(
            key,
            account,
            destination.message_id,
            str(key) if bulk_id == OWN else bulk_id,
            shared.sender,
            recipient,
            draft.body,
            draft.data_coding,
            draft.esm_class,
            shared.segments,
            now,
            shared.plan.due,
            # What can never leave in time is over now, and is reported as soon as that is seen.
            shared.plan.expires_at if shared.plan.opens else now,
            shared.open_hours,
            shared.webhook,
            draft.options.intermediate,
            shared.options,
            shared.price,
            shared.prepaid,
        )

    async def _keep(
        self,
        account: Customer,
        submission: Submission,
        lane: str,
        accepted: Accepted,
        judged: Judged,
        now: int,
    ) -> Kept:
        """Store, and remember the answer of what may come again."""
        times = [draft.send_at for draft in submission.drafts if draft.send_at is not None]
        once, memo = submission.once, None
        if once is not None:
            answer = replay.kept(accepted, [m.key for m in judged.messages])
            memo = Memo(account.id, once.key, once.request, answer, now, now + self._remember)
        acceptance = Acceptance(
            account.id,
            self._keys.make(now),
            lane,
            submission.segment_interval,
            judged.messages,
            send_at=max(now, min(times)) if times else None,
            validity_minutes=submission.drafts[0].validity_minutes,
            single=len(submission.drafts) == 1,
            refused=judged.refused,
            short_links=list(judged.short_links.values()),
            limits=judge.limits_of(account.settings),
            memo=memo,
        )
        return await self._intake.accept(acceptance)

    def _refusal(
        self, account: Customer, draft: Draft, destination: Destination, status: int, bulk_id: str | None, now: int
    ) -> Refusal:
        """What is kept of a refused destination: no more than of one that is accepted."""
        key = self._keys.make(now)
        return Refusal(
            key,
            account.id,
            None if destination.message_id is None else storable(destination.message_id),
            str(key) if bulk_id == OWN else bulk_id,
            storable(draft.sender or account.settings.default_sender or "")[:KEPT_ADDRESS],
            storable(destination.to or "")[:KEPT_ADDRESS],
            draft.body if len(draft.body) <= KEPT_BODY else b"",
            draft.data_coding,
            draft.esm_class,
            now,
            status,
            ENCODER.encode(draft.options),
        )


def storable(text: str) -> str:
    """What may be anything, as it is stored of a refused destination: PostgreSQL has no NUL."""
    return text.replace("\0", "\ufffd")


def webhook_of(account: int, options: Options) -> int | None:
    """Which reports are pushed together: a hash of account, URL, content type and shape; 0: none; None: pulled."""
    if not options.notify:
        return 0
    if options.notify_url is None:
        return None
    text = f"{account}\0{options.notify_url}\0{options.content_type}\0{options.shape}".encode()
    return (int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1) or 1
