"""Reports: the ones to push, by URL, and the ones to pull, each given once.

Inbound messages and clicks are pushed by the same rows and in the same cycle; `store.inbound` has the former's pull.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from heliograph.sms.message import DECODE_OPTIONS, Click, InboundMessage, Report
from heliograph.store.accepting import id_digest
from heliograph.store.balance import MILLION
from heliograph.store.following import clicks
from heliograph.store.inbound import inbound_messages
from heliograph.store.script import Fetch, Row, Run, Script

LIVE = 0  # in the place of a day: it is an intermediate report, and its message had not ended
ENDED = -1  # it has since
INBOUND = -2  # it is no report, but an inbound message
CLICKED = -3  # it is a click
MAX_KEY = 2**63 - 1
PAGE = 1000  # unread reports that are looked at in one slice

Place = tuple[int, int]  # a message's key, and the day whose history holds it


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A report that its webhook has not taken yet."""

    id: int
    attempts: int  # POSTs that failed
    message: int  # its key, or that of the click
    final: bool
    report: Report | InboundMessage | Click


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """What to look for: the next `most` reports of one webhook, without those that are on their way."""

    webhook: int
    most: int
    flying: frozenset[int] = frozenset()


class Reports(msgspec.Struct, frozen=True, array_like=True):
    """The reports to push next to one webhook, in order, and the ids of those that are not to be pushed any more:
    intermediate ones that failed, of messages that have ended."""

    pending: list[Pending]
    obsolete: list[int]


class Due(msgspec.Struct, frozen=True, array_like=True):
    """What was found for each webhook that was asked for."""

    reports: list[Reports]


class Pushed(msgspec.Struct, frozen=True, array_like=True):
    """What came of one POST."""

    webhook: int
    now: int
    taken: Sequence[int] = ()  # ids of reports
    retry: Sequence[tuple[int, int, int]] = ()  # (id, due, attempts)
    given_up: Sequence[int] = ()  # offered to the pull from now on
    read: Sequence[int] = ()  # keys of inbound messages that were taken
    unread: Sequence[int] = ()  # keys of inbound messages that were given up
    rests_until: int = 0  # UTC milliseconds: it is not to be looked at before; 0 ends such a rest
    clicks: Sequence[int] = ()  # keys of clicks that were taken or given up


class Pull(msgspec.Struct, frozen=True, array_like=True):
    """Which reports an account asks for."""

    account: int
    now: int
    limit: int
    bulk_id: str | None = None
    message_id: str | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None

    @property
    def marked(self) -> bool:
        """Whether it asks for reports by what was given with their messages."""
        return (self.entity_id, self.application_id, self.campaign_reference_id) != (None, None, None)


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What a slice of a search gave: the reports that match, by their ids and in their order."""

    found: list[tuple[int, Report]]
    after: int | None  # where the next slice begins; None: there is none


def due_webhooks(now: int, most: int) -> Script[list[int]]:
    """Webhooks with reports to push, those that waited longest first."""
    return [row[0] for row in (yield Fetch("due_webhooks", params={"now": now, "most": most}))]


def due_reports(asked: Sequence[Ask], now: int) -> Script[Due]:
    """What is due of each webhook."""
    found = []
    for ask in asked:
        params = {"webhook": ask.webhook, "now": now, "most": ask.most + len(ask.flying)}
        rows = yield Fetch("due_reports", params=params)
        found.append([row for row in rows if row[0] not in ask.flying][: ask.most])
    told = yield from _told([(row[1], row[2]) for rows in found for row in rows])
    ended = [(row[1],) for rows in found for row in rows if not row[3] and (row[1], row[2]) not in told]
    if ended:  # intermediate reports that were never tried, of messages that have ended since: they come first
        for [day] in (yield Fetch("history_days")):
            for row in (yield Fetch("told_history", ended, day=day)):
                told[row[0], ENDED] = row
    return Due([_reports(rows, told) for rows in found])


def _reports(rows: Sequence[Row], told: Mapping[Place, Row | InboundMessage | Click]) -> Reports:
    reports = Reports([], [])
    for id_, message, day, attempts, status, error, note, at, _ in rows:
        row = told.get((message, day)) or (told.get((message, ENDED)) if not attempts else None)
        if row is None:
            reports.obsolete.append(id_)
        else:
            report = row if isinstance(row, InboundMessage | Click) else _report(row, status, error, note, at)
            reports.pending.append(Pending(id_, attempts, message, day != LIVE, report))
    return reports


def _told(places: Sequence[Place]) -> Script[dict[Place, Any]]:
    """What is told of messages, by where they are to be: what is not there any more is missing."""
    by_day: dict[int, list[Row]] = defaultdict(list)
    for key, day in places:
        by_day[day].append((key,))
    told: dict[Place, Any] = {}
    if INBOUND in by_day:
        found = yield from inbound_messages([key for (key,) in by_day.pop(INBOUND)])
        told |= {(key, INBOUND): message for key, message in found.items()}
    if CLICKED in by_day:
        followed = yield from clicks([key for (key,) in by_day.pop(CLICKED)])
        told |= {(key, CLICKED): click for key, click in followed.items()}
    for row in (yield Fetch("told_live", by_day.pop(LIVE, []))):
        told[row[0], LIVE] = row
    for day, keys in by_day.items():
        for row in (yield Fetch("told_history", keys, day=day)):
            told[row[0], day] = row
    return told


def _report(row: Row, status: int, error: int, note: str | None, at: int) -> Report:
    key, account, public_id, bulk_id, sender, recipient, segments, sent_at, options, price = row
    return Report(
        account=account,
        message_id=public_id if public_id is not None else str(key),
        bulk_id=bulk_id,
        sender=sender,
        recipient=recipient,
        segments=segments,
        sent_at=sent_at,
        done_at=at,
        status=status,
        error=error,
        note=note,
        options=DECODE_OPTIONS(options),
        price=price / MILLION,
    )


def settle_reports(batch: Sequence[Pushed]) -> Script[list[None]]:
    """Write what came of POSTs: what was taken is not offered again, and what rests is left alone."""
    now = max(p.now for p in batch)
    ended = [(key, 0) for p in batch for key in p.read] + [(key, 1) for p in batch for key in p.unread]
    yield Run("end_inbound", ended, {"now": now})
    yield Run("end_clicks", [(key,) for p in batch for key in p.clicks])
    yield Run("give_up_reports", [(id_,) for p in batch for id_ in p.given_up], {"now": now})
    yield Run("drop_reports", [(id_,) for p in batch for id_ in (*p.taken, *p.given_up)])
    yield Run("postpone_reports", [row for p in batch for row in p.retry])
    rests = {p.webhook: p.rests_until for p in batch}
    yield Run("rest_webhooks", sorted(rests.items()))
    webhooks = [(webhook,) for webhook in sorted(rests)]
    yield Run("refresh_webhooks", webhooks, {"now": now})
    yield Run("drop_idle_webhooks", webhooks)
    return [None] * len(batch)


def pull(batch: Sequence[Pull]) -> Script[list[list[Report]]]:
    """The oldest unread reports of an account, a bulk or a message, marked as read by this very commit.

    Those with marks are looked for by `search`: there may be any number of others before them, and commits wait here.
    """
    results = []
    for query in batch:
        found: list[tuple[int, Report]] = []
        after: int | None = 0
        while after is not None and len(found) < query.limit:
            part = yield from search(query, after)
            found += part.found[: query.limit - len(found)]
            after = part.after
        yield Run("drop_reports", [(id_,) for id_, _ in found])
        results.append([report for _, report in found])
    return results


def search(query: Pull, after: int) -> Script[Found]:
    """Look through the next PAGE unread reports behind the id `after` for those that match. It marks none as read."""
    page = sorted((yield from _page(query, after)), key=lambda row: row[0])[:PAGE]
    told = yield from _told([(row[1], row[2]) for row in page])
    reports = [(row[0], _report(told[row[1], row[2]], *row[3:])) for row in page if (row[1], row[2]) in told]
    more = len(page) == PAGE and query.message_id is None
    return Found([one for one in reports if _fits(one[1], query)], page[-1][0] if more else None)


def take(ids: Sequence[int]) -> Script[frozenset[int]]:
    """Mark reports as read; the ids of those that nobody else had read."""
    rows = yield Fetch("take_reports", [(id_,) for id_ in ids])
    return frozenset(row[0] for row in rows)


def _page(query: Pull, after: int) -> Script[list[Row]]:
    place = {"account": query.account, "after": after, "most": PAGE}
    if query.message_id is not None:
        found = yield Fetch("find_key", [(query.account, id_digest(query.message_id))])
        key = found[0][0] if found else as_key(query.message_id)
        if key is None:
            return []
        rows = yield Fetch("pull_message", params={"account": query.account, "message": key, "most": PAGE})
    elif query.bulk_id is not None:
        lanes = yield Fetch("find_lanes", params={"account": query.account, "name": query.bulk_id})
        key = as_key(query.bulk_id)  # that of a lone message, whose bulkId it is
        if lanes:
            rows = []
            for lane, _ in lanes:  # several, where the bulkId was canceled and used again
                rows += yield Fetch("pull_lane", params={**place, "lane": lane})
        elif key is not None:
            rows = yield Fetch("pull_message", params={"account": query.account, "message": key, "most": PAGE})
        else:
            return []
    else:
        rows = yield Fetch("pull_all", params=place)
    return list(rows)


def as_key(message_id: str) -> int | None:
    """The key that an id is in decimal, be it a message's or a lone message's bulkId; None: it is none."""
    if not message_id.isascii() or not message_id.isdigit() or len(message_id) > len(str(MAX_KEY)):
        return None
    key = int(message_id)
    return key if key <= MAX_KEY else None


def _fits(report: Report, query: Pull) -> bool:
    options = report.options
    return all(
        wanted is None or wanted == given
        for wanted, given in (
            (query.bulk_id, report.bulk_id),
            (query.message_id, report.message_id),
            (query.entity_id, options.entity_id),
            (query.application_id, options.application_id),
            (query.campaign_reference_id, options.campaign_reference_id),
        )
    )
