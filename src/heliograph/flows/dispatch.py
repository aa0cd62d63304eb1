"""Stored work goes out: what is due is routed, claimed for a link, and submitted once the claim is committed.

Rule 1: a claim is committed before its submit_sm leaves, and never asks for more than the windows can take.
Rule 2: what is staged here is still anybody's: the claim decides.
Rule 3: the window of hours is looked at again whenever a message would leave.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Sequence

import msgspec
import structlog

from heliograph.clock import Clock
from heliograph.flows.compose import pair_of, parts_of, pdus_of
from heliograph.flows.inbox import Inbox, Token
from heliograph.flows.job import Job
from heliograph.flows.routing import Route, choose
from heliograph.observe import Watch
from heliograph.smpp.pdu import PduError
from heliograph.sms.message import MessageState
from heliograph.sms.schedule import Window, is_open, next_open
from heliograph.smsc.link import Link
from heliograph.smsc.pool import Pool, Room
from heliograph.store.claiming import Candidate, Move, Taken, Taking
from heliograph.store.errors import StoreUnavailable
from heliograph.store.interface import Store

LOG = structlog.get_logger(__name__)
DECODE_WINDOW = msgspec.msgpack.Decoder(Window).decode
IDLE = 0.25  # seconds between two looks at the lanes when nothing wakes us
GATHER = 0.002  # seconds for which a little room waits to become more
WIDE = 64  # segments: windows together from which that is worth it
CATCH_UP = 100_000  # microseconds by which a paced lane may make good for having been late, or new
CLAIMS = 2  # on their way at a time: while one is committed, the next is made up
STALE = 0.5  # seconds for which what was staged may be believed
RETRY_STORE = 0.5  # seconds


class Dispatcher:
    """One for all SMSCs: takes from the lanes what the links have room for."""

    def __init__(
        self, store: Store, pool: Pool, inbox: Inbox, routes: Sequence[Route], clock: Clock, epoch: int, watch: Watch
    ) -> None:
        self._store = store
        self._pool = pool
        self._inbox = inbox
        self._routes = routes
        self._clock = clock
        self._epoch = epoch
        self._watch = watch
        self._stage: deque[Candidate] = deque()
        self._staged_at = 0.0
        self._served = 0  # the account that had the last turn
        self._ours: dict[int, Job] = {}
        self._waiting: deque[Job] = deque()  # jobs with parts that had no room
        self._stopping = False
        self._claiming = 0  # claims on their way
        self._paces: dict[int, int] = {}  # by paced lane: when it may send next, in microseconds

    async def run(self) -> None:
        """Dispatch until `stop`; claims that are on their way are waited for."""
        async with asyncio.TaskGroup() as claims:
            while not self._stopping:
                try:
                    worked = await self._round(claims)
                except StoreUnavailable:
                    worked = False
                    await asyncio.sleep(RETRY_STORE)
                if not worked:
                    await self._rest()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._inbox.dispatch.set()

    def done(self, job: Job) -> None:
        """A job is over, and what came of it is committed."""
        self._ours.pop(job.key, None)

    async def _rest(self) -> None:
        throttled = self._pool.next_room() or IDLE  # 0: there is room, and nothing to fill it with
        await self._clock.wait(self._inbox.dispatch, max(0.001, min(IDLE, self._next_pace(), throttled)))
        self._inbox.dispatch.clear()

    def _next_pace(self) -> float:
        """Seconds until the next of the paced lanes may send again; inf when all may. What says nothing is dropped."""
        now = self._clock.now() * 1000
        self._paces = {lane: at for lane, at in self._paces.items() if at > now - CATCH_UP}
        return min((at - now for at in self._paces.values() if at > now), default=float("inf")) / 1_000_000

    async def _round(self, claims: asyncio.TaskGroup) -> bool:
        """Fill what room there is; whether anything is being claimed."""
        room = self._pool.room()
        if not room or self._claiming >= CLAIMS:
            return False
        windows = sum(one.windows for one in room.values())
        if windows >= WIDE and sum(one.left for one in room.values()) * 4 < windows:
            await asyncio.sleep(GATHER)
            room = self._pool.room()
        most = min(sum(one.left for one in room.values()), max(WIDE, windows // 4))
        candidates = await self._candidates(most)
        if self._stopping:
            return False
        room = self._pool.room()  # anew, because time has passed
        now = self._clock.now()
        takings = self._continue(room, now)
        takings += [taking for c in candidates if (taking := self._take(c, room, now)) is not None]
        if not takings:
            return False
        self._claiming += 1
        claims.create_task(self._claim(takings))
        return True

    async def _candidates(self, most: int) -> list[Candidate]:
        """What is due and could go now; the rest stays on the stage, up to as much again."""
        now = self._clock.monotonic()
        if now - self._staged_at > STALE:
            self._stage.clear()
        if len(self._stage) < most:
            await self._look(most)
            self._staged_at = now
        taken = min(most, len(self._stage))
        due = [self._stage.popleft() for _ in range(taken)]
        self._served = due[-1].account if due else self._served
        return await self._open([c for c in due if c.expires_at > self._clock.now()])

    async def _look(self, most: int) -> None:
        """Stage what is due. Lanes that have nothing are put in their place, so that they hide no others."""
        known = {candidate.key for candidate in self._stage}
        while True:
            now = self._clock.now()
            after = self._stage[-1].account if self._stage else self._served
            found = await self._store.peek(now, 2 * most + len(known), after)
            self._stage.extend(c for c in found.candidates if c.key not in known and c.key not in self._ours)
            if not found.stale:
                return
            await self._store.refresh(found.stale, now)
            if self._stage:
                return

    async def _open(self, due: list[Candidate]) -> list[Candidate]:
        """Without those whose hours are over; they wait for the next ones. What has begun is finished."""
        now = self._clock.now()
        closed = [c for c in due if _is_closed(c, now)]
        if not closed:
            return due
        await self._store.move([_reopening(c, now) for c in closed], now)
        keys = {c.key for c in closed}
        return [c for c in due if c.key not in keys]

    def _take(self, candidate: Candidate, rooms: dict[str, Room], now: int) -> Taking | None:
        """Put a message on the link with most room; None when its SMSC has none, or its lane may not send yet."""
        smsc = choose(self._routes)
        room = None if smsc is None else rooms.get(smsc)
        if room is None or not room.left:
            return None
        if candidate.pace is not None and not self._may_send(candidate, now):
            return None
        parts = candidate.waiting
        needs_reference = candidate.segments > 1 and candidate.reference is None
        if needs_reference and room.place.smsc.dialect.wide_reference:
            parts = tuple(range(1, len(parts_of(candidate, 0, room.place)) + 1))
        return self._reserve(Job(candidate, room.choose(), parts), room, needs_reference, now)

    def _may_send(self, candidate: Candidate, now: int) -> bool:
        """Whether a paced lane may send its next segment; claims on their way have not yet written when it may."""
        at = self._paces[candidate.lane] = max(candidate.allowed_at, self._paces.get(candidate.lane, 0))
        return at <= now * 1000

    def _pace(self, candidate: Candidate, segments: int, now: int) -> int | None:
        """When the lane may send again after so many segments, in microseconds; None: it is not paced."""
        if candidate.pace is None:
            return None
        at = max(self._paces[candidate.lane], now * 1000 - CATCH_UP) + candidate.pace * segments
        self._paces[candidate.lane] = at
        return at

    def _continue(self, rooms: dict[str, Room], now: int) -> list[Taking]:
        """Further parts of what is under way, on the same link; what lost its link goes back to its lane."""
        takings = []
        for _ in range(len(self._waiting)):
            job = self._waiting.popleft()
            if job.stopped:
                continue  # its answers decide
            room = rooms.get(job.link.binding.smsc)
            if not job.link.is_bound or job.candidate.expires_at <= now:
                self._inbox.stranded(job)
            elif room is not None and (taking := self._reserve(job, room, False, now)) is not None:
                takings.append(taking)
            else:
                self._waiting.append(job)
        return takings

    def _reserve(self, job: Job, room: Room, needs_reference: bool, now: int) -> Taking | None:
        """Places for the parts that go now; None when there are none."""
        candidate = job.candidate
        now_parts = room.reserve(job.link, len(job.parts))
        if not now_parts:
            return None
        first = candidate.key not in self._ours
        self._ours[candidate.key] = job
        job.in_flight += now_parts
        pair = pair_of(candidate) if needs_reference else None
        allowed_at = self._pace(candidate, len(job.parts), now) if first else None
        return Taking(
            candidate.key,
            candidate.lane,
            room.place.smsc.name,
            job.parts,
            now_parts,
            pair,
            first,
            allowed_at,
            candidate.event,
        )

    async def _claim(self, takings: list[Taking]) -> None:
        """Commit claims, and submit what they are for; what was lost to others, or to the store, is let go."""
        taken = Taken(self._epoch, self._clock.now(), random.getrandbits(16), takings)
        try:
            claims = await self._store.claim(taken)
        except StoreUnavailable as error:
            LOG.warning("cannot claim", problem=str(error))
            self._inbox.not_submitted([(self._ours[t.key], p) for t in takings for p in t.parts[: t.now_parts]])
            return
        finally:
            self._claiming -= 1
            self._inbox.dispatch.set()
        won = {claim.key: claim for claim in claims}
        submits: dict[Link, list[tuple[Job, int]]] = defaultdict(list)
        for taking in takings:
            job, parts = self._ours[taking.key], taking.parts[: taking.now_parts]
            if taking.key not in won:
                self._give_up(job, len(parts))
                continue
            job.event = won[taking.key].event
            job.reference = won[taking.key].reference if job.reference is None else job.reference
            job.parts = taking.parts[taking.now_parts :]
            submits[job.link] += [(job, part) for part in parts]
            if job.parts:
                self._waiting.append(job)
        for link, tokens in submits.items():
            self._submit(link, tokens)

    def _give_up(self, job: Job, claimed: int) -> None:
        """Somebody else took, cancelled or finished it between our look and our claim."""
        job.link.claimed -= claimed
        self._ours.pop(job.key, None)

    def _submit(self, link: Link, tokens: list[Token]) -> None:
        """One write for all that goes to a link; what cannot be encoded is refused, and the others go."""
        if not link.is_bound:
            self._inbox.not_submitted(tokens)
            return
        now = self._clock.now()  # the commit may have taken long
        late = {job.key for job, _ in tokens if _is_late(job, now)}
        if late:
            self._inbox.not_submitted([token for token in tokens if token[0].key in late])
            tokens = [token for token in tokens if token[0].key not in late]
        place = self._pool.places[link.binding.smsc]
        for job, _ in tokens:
            job.leave_validity(place.validity.leaves_out(job.key))
            job.begun = True
        pdus = pdus_of(tokens, place, now)
        while tokens:
            try:
                link.submit(pdus, tokens)
                break
            except PduError as error:
                index = getattr(error, "index", 0)
                LOG.error("message cannot be encoded", message=tokens[index][0].key, problem=str(error))
                self._inbox.unencodable(tokens.pop(index))
                pdus.pop(index)
        if tokens:
            self._watch.submitted(link.binding.smsc, tokens)


def _is_late(job: Job, now: int) -> bool:
    return job.candidate.expires_at <= now or (not job.begun and _is_closed(job.candidate, now))


def _is_closed(c: Candidate, now: int) -> bool:
    """Whether its window of hours keeps a message back. What has begun is finished."""
    return c.open_hours is not None and not c.begun and not is_open(DECODE_WINDOW(c.open_hours), now)


def _reopening(c: Candidate, now: int) -> Move:
    assert c.open_hours is not None
    opens = next_open(DECODE_WINDOW(c.open_hours), now)
    return Move(c.key, MessageState.QUEUED, c.expires_at if opens is None else opens)
