"""A store in a test's hands: short words for what flows do with it, and the rows where no method shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import apsw
import asyncpg
import msgspec

from heliograph.accounts.ring import Account
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.pull import Puller
from heliograph.flows.submission import ReportQuery
from heliograph.observe import Watch
from heliograph.sms.message import NewMessage, Options, Receipt, Refusal, Report
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Candidate, Claim, Move, Taken, Taking
from heliograph.store.idempotency import Kept
from heliograph.store.interface import Store
from heliograph.store.postgres import PostgresEngine
from heliograph.store.reporting import Ask, Pending, Reports
from heliograph.store.settling import Delivery, Matched, SegmentOutcome, Sent, Settlement
from still import StillClock
from store.direct import Direct

BEGIN = 1_790_000_000_000  # 2026-09-21T14:13:20Z
HOUR = 3_600_000
DAY = 24 * HOUR
SMSC = "north"
DELIVERED, FAILED, REFUSED, PENDING = 5, 9, 4, 3
ENCODE = msgspec.msgpack.Encoder().encode
NO_OPTIONS = ENCODE(Options())
PUSHED = ENCODE(Options(notify_url="https://customer.example/reports"))
TOLD_ALL = ENCODE(Options(notify_url="https://customer.example/reports", intermediate=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a path, or a URL of PostgreSQL."""

    engine: str
    where: str

    async def open(self) -> Store:
        if self.engine == "sqlite":
            return Store(Direct(self.where))
        return Store(await PostgresEngine.open(self.where, exclusive=True))

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives on a connection of its own."""
        if self.engine == "sqlite":
            raw = apsw.Connection(self.where)
            found = raw.execute(statement).fetchall()
            raw.close()
            return found
        connection = await asyncpg.connect(self.where)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()


def a_message(key: int, **changes: Any) -> NewMessage:
    """A message of one segment, due at BEGIN, good for a day, whose report waits to be pulled."""
    plain: dict[str, Any] = {
        "key": key,
        "account": 1,
        "public_id": None,
        "bulk_id": None,
        "sender": "Heliograph",
        "recipient": "41793026727",
        "body": b"hello",
        "data_coding": 0,
        "esm_class": 0,
        "segments": 1,
        "created_at": BEGIN,
        "due": BEGIN,
        "expires_at": BEGIN + DAY,
        "open_hours": None,
        "webhook": None,
        "intermediate": False,
        "options": NO_OPTIONS,
    }
    return NewMessage(**plain | changes)


def a_refusal(key: int, **changes: Any) -> Refusal:
    """A destination that is no number."""
    plain: dict[str, Any] = {
        "key": key,
        "account": 1,
        "public_id": None,
        "bulk_id": None,
        "sender": "Heliograph",
        "recipient": "mother",
        "body": b"hello",
        "data_coding": 0,
        "esm_class": 0,
        "created_at": BEGIN,
        "status": 52,
        "options": NO_OPTIONS,
    }
    return Refusal(**plain | changes)


def a_receipt(*keys: str, status: int = DELIVERED, error: int = 0, final: bool = True, **changes: Any) -> Receipt:
    plain: dict[str, Any] = {"smsc": SMSC, "note": None, "at": BEGIN}
    return Receipt(keys=keys, status=status, error=error, final=final, **plain | changes)


def a_taking(c: Candidate, *, now: int | None = None, smsc: str = SMSC, **changes: Any) -> Taking:
    """All parts of a candidate that wait, `now` of them (all of them, unless told otherwise) at once."""
    pair = 77 if c.segments > 1 and c.reference is None else None
    plain = {"pair": pair, "first": True, "lane_allowed_at": None, "before": c.event}
    return Taking(c.key, c.lane, smsc, c.waiting, len(c.waiting) if now is None else now, **plain | changes)


@dataclass
class Scene:
    """An open store with an epoch."""

    place: Place
    store: Store
    epoch: int = 0
    now: int = BEGIN
    taken: dict[int, Claim] = field(default_factory=dict)

    async def accept(
        self, *messages: NewMessage, lane: int = 0, name: str = "", interval: int | None = None, **request: Any
    ) -> frozenset[int]:
        """One request of the account of its first message; the keys that were refused. `request`: what else it says."""
        return frozenset((await self.request(*messages, lane=lane, name=name, interval=interval, **request)).refused)

    async def request(
        self, *messages: NewMessage, lane: int = 0, name: str = "", interval: int | None = None, **request: Any
    ) -> Kept:
        """The same; all that came of it."""
        lane = lane or messages[0].key + 1_000_000
        acceptance = Acceptance(messages[0].account, lane, name, interval, list(messages), **request)
        return await self.store.accept(acceptance)

    async def peek(self, most: int = 1000) -> list[Candidate]:
        """What may leave now, seen as the dispatcher sees it: lanes that have nothing left are put in their place."""
        look = await self.store.peek(self.now, most)
        refreshed: set[int] = set()
        while look.stale:
            assert refreshed.isdisjoint(look.stale), "a lane is looked at in vain again and again"
            refreshed.update(look.stale)
            await self.store.refresh(look.stale, self.now)
            if look.candidates:
                break
            look = await self.store.peek(self.now, most)
        return look.candidates

    async def due(self, webhook: int, most: int = 1000, flying: frozenset[int] = frozenset()) -> list[Pending]:
        return (await self.reports(webhook, most, flying)).pending

    async def reports(self, webhook: int, most: int = 1000, flying: frozenset[int] = frozenset()) -> Reports:
        """What is to be pushed to a webhook, and what is not any more."""
        [found] = (await self.store.due_reports([Ask(webhook, most, flying)], self.now)).reports
        return found

    async def keys(self) -> list[int]:
        """The messages that may leave now, in their order."""
        return [candidate.key for candidate in await self.peek()]

    async def claim(self, *takings: Taking, epoch: int = 0, seed: int = 0) -> list[Claim]:
        claims = await self.store.claim(Taken(epoch or self.epoch, self.now, seed, list(takings)))
        self.taken |= {claim.key: claim for claim in claims}
        return claims

    async def claim_all(self) -> list[Claim]:
        """Everything that is due, all parts at once."""
        return await self.claim(*[a_taking(candidate) for candidate in await self.peek()])

    async def settle(self, *, epoch: int = 0, **what: Any) -> None:
        await self.store.settle(Settlement(epoch or self.epoch, self.now, **what))

    def sent(self, key: int, id_key: str | None, *, part: int = 1, smsc: str = SMSC) -> Sent:
        return Sent(key, part, smsc, id_key, self.taken[key].event)

    async def send(self, *messages: NewMessage) -> None:
        """Accept these, claim them, and have the SMSC take part p of message k as `k` (one part) or `k.p`."""
        await self.accept(*messages)
        wanted = {message.key: message.segments for message in messages}
        candidates = [c for c in await self.peek() if c.key in wanted]
        await self.claim(*[a_taking(candidate) for candidate in candidates])
        await self.settle(sent=[self.sent(key, id_of(key, n, p), part=p) for key, n in wanted.items()
                                for p in range(1, n + 1)])  # fmt: skip

    async def receive(self, *receipts: Receipt) -> Matched:
        return await self.store.receive(Delivery(self.now, receipts))

    async def expire(self, *, grace: int = HOUR, since: int = 0) -> int:
        return await self.store.expire(self.now, grace, since)

    async def refuse(self, key: int, status: int = REFUSED, error: int = 4096) -> None:
        await self.settle(verdicts=[Verdict(key, status, error, None, self.now)])

    async def lose(self, key: int, part: int = 1, *, state: int, message_state: int, due: int | None = None) -> None:
        """The answer to a segment is lost."""
        await self.settle(
            outcomes=[SegmentOutcome(key, part, state, unanswered=True)],
            moves=[Move(key, message_state, self.now if due is None else due)],
        )

    async def pull(self, *, account: int = 1, limit: int = 1000, **filters: str) -> list[Report]:
        clock = StillClock(self.now)
        puller = Puller(self.store, Intake(self.store, clock, Bounds()), clock, Watch(), "EUR")
        return await puller.pull(Account(account, "acme"), ReportQuery(limit, **filters))

    async def told(self, **filters: Any) -> list[tuple[str, int, int]]:
        """What a pull gives, as (message_id, status, error)."""
        return [(report.message_id, report.status, report.error) for report in await self.pull(**filters)]

    async def pushes(self, webhook: int, most: int = 1000) -> list[tuple[str, int, int]]:
        """What is due to be pushed to a webhook, in order, as (message_id, status, error)."""
        found = await self.due(webhook, most)
        return [(pending.report.message_id, pending.report.status, pending.report.error) for pending in found]

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return await self.place.rows(statement)

    async def count(self, table: str) -> int:
        [[number]] = await self.rows(f"SELECT COUNT(*) FROM {table}")
        return int(number)

    async def finished(self) -> list[tuple[int, int, int]]:
        """What history holds of messages that were accepted, by key: (key, status, error)."""
        found: list[tuple[int, int, int]] = []
        for (day,) in await self.rows("SELECT day FROM history_day"):
            found += await self.rows(f"SELECT key, status, error FROM history_{day} WHERE segments > 0")  # type: ignore[arg-type]
        return sorted(found)

    async def restart(self) -> None:
        """The process ends, and another one begins its epoch."""
        await self.store.close()
        self.store = await self.place.open()
        self.epoch = await self.store.begin_epoch("second", self.now)


def id_of(key: int, segments: int, part: int) -> str:
    return str(key) if segments == 1 else f"{key}.{part}"


Body = Callable[[Scene], Awaitable[None]]
Play = Callable[[Body], None]


async def perform(place: Place, body: Body) -> None:
    """Open the store, begin an epoch, run `body`, close."""
    scene = Scene(place, await place.open())
    try:
        scene.epoch = await scene.store.begin_epoch("first", BEGIN)
        await body(scene)
    finally:
        await scene.store.close()


def ids(reports: Sequence[Report]) -> list[str]:
    return [report.message_id for report in reports]
