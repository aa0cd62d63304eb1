"""Answers are written down: each round takes all that came, makes one settlement of it, and frees the windows after it.

Rule 1: a place in a window is free when the commit that settled it is through.
Rule 2: while the store is unavailable the round waits; nothing is forgotten, and nothing more is submitted.
Rule 3: an id that the database cannot hold costs its own message's receipts, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.flows import retry
from heliograph.flows.inbox import Brought, Inbox
from heliograph.flows.job import Job
from heliograph.flows.retry import Again, Refused, Taken
from heliograph.flows.rounds import Rounds
from heliograph.observe import Watch
from heliograph.smpp.constants import Command, classify
from heliograph.smpp.message_id import key
from heliograph.smpp.pdu import Pdu
from heliograph.sms.verdict import DELIVERED_TO_OPERATOR, REJECTED_OPERATOR, Verdict
from heliograph.smsc.link import Link
from heliograph.smsc.pool import Pool
from heliograph.store.errors import StoreUnavailable, Unstorable
from heliograph.store.interface import Store
from heliograph.store.settling import SegmentOutcome, Sent, Settlement
from heliograph.store.upkeep import Orphan

LOG = structlog.get_logger(__name__)
RETRY_STORE = 0.5  # seconds
NO_ERROR = 0
UNENCODABLE = Refused(REJECTED_OPERATOR, retry.INVALID_PDU)


class Policies:
    """What to do about lost answers: the account's word counts before the SMSC's."""

    def __init__(self, smscs: Mapping[str, str], of_account: Callable[[int], str | None]) -> None:
        self._smscs = smscs
        self._of_account = of_account

    def of(self, account: int, smsc: str) -> str:
        """ "resend" or "hold"."""
        return self._of_account(account) or self._smscs.get(smsc, "resend")

    def fate(self, orphan: Orphan) -> retry.Fate:
        """What becomes of a segment whose process is gone."""
        return retry.unanswered(self.of(orphan.account, orphan.smsc), orphan.unanswered)


class Settler(Rounds):
    """One for all links."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        inbox: Inbox,
        policies: Policies,
        clock: Clock,
        epoch: int,
        watch: Watch,
        done: Callable[[Job], None],
        told: Callable[[], None],
    ) -> None:
        super().__init__(inbox.settle)
        self._store = store
        self._pool = pool
        self._inbox = inbox
        self._policies = policies
        self._clock = clock
        self._epoch = epoch
        self._watch = watch
        self._done = done
        self._told = told  # reports may have become due
        self._silent = {name for name, place in pool.places.items() if place.smsc.dialect.receipts == "none"}

    async def _round(self) -> None:
        brought = self._inbox.take_answers()
        now = self._clock.now()
        freed: Counter[Link] = Counter()
        jobs: dict[int, Job] = {}
        sent: list[Sent] = []
        outcomes: list[SegmentOutcome] = []
        for (job, part), pdu, connection, sent_at in brought.answers:
            freed[job.link] += 1
            jobs[job.key] = job
            if pdu.status == 0:
                sent.append(self._sent(job, part, pdu))
                job.answered(part, Taken(), now)
            else:
                outcome = self._refused(job, part, pdu, connection, sent_at, now)
                if outcome is not None:
                    outcomes.append(outcome)
        for token in (*brought.unknown, *brought.unsent, *brought.unencodable):
            freed[token[0].link] += 1
            jobs[token[0].key] = token[0]
        outcomes += self._without_answer(brought, now)
        for job in brought.stranded:
            job.stranded(now)
            jobs[job.key] = job
        if not jobs:
            return
        if self._silent:
            self._end_without_receipts(jobs.values(), now)
        await self._write(jobs, sent, outcomes, now)
        self._free(freed, jobs)

    def _sent(self, job: Job, part: int, pdu: Pdu) -> Sent:
        link = job.link
        smsc = link.binding.smsc
        place = self._pool.places[smsc]
        place.throttle.taken += 1
        id_ = pdu.fields.get("message_id", "")
        id_key = key(id_, place.smsc.dialect.resp_id_base) if id_ else None
        if link.window < link.binding.window:
            link.widen()
        if job.without_validity and place.validity.taken(job.key):
            LOG.warning("the SMSC takes no validity_period, and gets none until the next start: "
                        'set validity_format = "none"', smsc=smsc)  # fmt: skip
        return Sent(job.key, part, smsc, id_key or None, job.event)

    def _refused(
        self, job: Job, part: int, pdu: Pdu, connection: int, sent_at: float, now: int
    ) -> SegmentOutcome | None:
        place, name = self._pool.places[job.link.binding.smsc], classify(pdu.status).name
        meaning = retry.judge(
            pdu.status,
            job.candidate.attempts,
            random.random(),
            without_validity=bool(job.without_validity),
            nacked=pdu.command == Command.GENERIC_NACK,
            sessions=job.candidate.unanswered,
        )
        if pdu.status in retry.CROWDED:
            job.link.narrow()
        if isinstance(meaning, Again):
            if meaning.throttled:
                place.throttle.throttled(self._clock.monotonic(), sent_at)
            if meaning.rebind:
                job.link.drop(f"the SMSC gives up the session: {name}", connection=connection)
            if meaning.without_validity:
                place.validity.refused(job.key)
        else:
            place.validity.given_up(job.key)
        self._watch.refused(place.smsc.name, name)
        return job.answered(part, meaning, now)

    def _end_without_receipts(self, jobs: Iterable[Job], now: int) -> None:
        """Where no receipts come, a message is over when the last of its segments was taken."""
        for job in jobs:
            if job.over and not job.stopped and job.link.binding.smsc in self._silent:
                job.verdict = Verdict(job.key, DELIVERED_TO_OPERATOR, NO_ERROR, None, now, job.candidate.prepaid)

    def _without_answer(self, brought: Brought, now: int) -> list[SegmentOutcome]:
        outcomes = [job.lost(part, self._fate(job), now) for job, part in brought.unknown]
        for job, part in brought.unsent:
            self._pool.places[job.link.binding.smsc].throttle.returned(1)
            outcomes.append(job.unsent(part, now))
        for job, part in brought.unencodable:
            job.answered(part, UNENCODABLE, now)
        if brought.unknown:
            LOG.warning("answers lost with their session", segments=len(brought.unknown))
        return outcomes

    def _fate(self, job: Job) -> retry.Fate:
        policy = self._policies.of(job.candidate.account, job.link.binding.smsc)
        return retry.unanswered(policy, job.candidate.unanswered)

    async def _write(self, jobs: dict[int, Job], sent: list[Sent], outcomes: list[SegmentOutcome], now: int) -> None:
        moves = [move for job in jobs.values() if job.over and (move := job.move()) is not None]
        verdicts = [job.verdict for job in jobs.values() if job.verdict is not None]
        settlement = Settlement(self._epoch, now, sent, outcomes, moves, verdicts)
        try:
            await self._keep(settlement)
        except Unstorable:
            for one in sent:
                await self._keep_one(one, now)
            await self._keep(Settlement(self._epoch, now, (), outcomes, moves, verdicts))
        if sent:
            self._watch.sent(sent)
        if verdicts:
            self._watch.finished(len(verdicts))
        self._told()

    async def _keep(self, settlement: Settlement) -> None:
        """Until it is committed, however long the store is unavailable. Raises EpochEnded, Unstorable."""
        while True:
            try:
                await self._store.settle(settlement)
                return
            except StoreUnavailable as error:
                LOG.warning("cannot settle, trying again", problem=str(error))
                await asyncio.sleep(RETRY_STORE)

    async def _keep_one(self, sent: Sent, now: int) -> None:
        """A segment by itself; without the SMSC's id, which is all that others wrote of it, where that is refused."""
        try:
            await self._keep(Settlement(self._epoch, now, [sent]))
        except Unstorable as error:
            LOG.error("the store refuses the id of an SMSC: receipts of this segment will not be known",
                      smsc=sent.smsc, message=sent.message, part=sent.part, problem=str(error))  # fmt: skip
            await self._keep(Settlement(self._epoch, now, [msgspec.structs.replace(sent, id_key=None)]))

    def _free(self, freed: Counter[Link], jobs: dict[int, Job]) -> None:
        for link, places in freed.items():
            link.claimed -= places
        for job in jobs.values():
            if job.over:
                self._done(job)
        self._inbox.dispatch.set()
