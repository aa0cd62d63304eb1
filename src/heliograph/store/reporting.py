"""Reports: the ones to push, by URL, and the ones to pull, each given once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from heliograph.sms.message import Report
from heliograph.store.accepting import id_digest
from heliograph.store.script import Fetch, Row, Run, Script
from heliograph.store.settling import DECODE_OPTIONS

PAGE = 1000
PAGES = 20  # of unread reports that one request looks through for those it filters for


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A report that its webhook has not taken yet."""

    id: int
    attempts: int  # POSTs that failed
    report: Report


class Due(msgspec.Struct, frozen=True, array_like=True):
    """The reports to push next. `forgotten` ones (ids) are due as well, and their messages are in no history any more."""

    pending: list[Pending]
    forgotten: list[int] = []


class Pushed(msgspec.Struct, frozen=True, array_like=True):
    """What came of one POST."""

    webhook: int
    now: int
    taken: Sequence[int] = ()  # ids of reports
    retry: Sequence[tuple[int, int, int]] = ()  # (id, due, attempts)
    given_up: Sequence[int] = ()  # offered to the pull from now on
    forgotten: Sequence[int] = ()  # nothing can be told of them


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


def due_webhooks(now: int, most: int) -> Script[list[int]]:
    """Webhooks with reports to push, those that waited longest first."""
    return [row[0] for row in (yield Fetch("due_webhooks", params={"now": now, "most": most}))]


def due_reports(webhook: int, now: int, most: int, flying: frozenset[int]) -> Script[Due]:
    """The next `most` reports to push to one webhook, in order, without those that are on their way."""
    found = yield Fetch("due_reports", params={"webhook": webhook, "now": now, "most": most + len(flying)})
    rows = [row for row in found if row[0] not in flying][:most]
    told = yield from _told([(row[1], row[2]) for row in rows])
    return Due(
        [
            Pending(id_, attempts, _report(told[message], status, error, note, at))
            for id_, message, _, attempts, status, error, note, at, _ in rows
            if message in told
        ],
        [row[0] for row in rows if row[1] not in told],
    )


def _told(places: Sequence[tuple[int, int]]) -> Script[dict[int, Row]]:
    """What is told of messages, by key, wherever they are: in a day's history, or (day 0) still live."""
    by_day: dict[int, list[Row]] = defaultdict(list)
    for key, day in places:
        by_day[day].append((key,))
    told: dict[int, Row] = {}
    for row in (yield Fetch("told_live", by_day.pop(0, []))):
        told[row[0]] = row
    for day, keys in by_day.items():
        for row in (yield Fetch("told_history", keys, day=day)):
            told[row[0]] = row
    missing = [(key,) for key, day in places if day == 0 and key not in told]
    if missing:  # finished since the report was written
        for [day] in (yield Fetch("history_days")):
            for row in (yield Fetch("told_history", missing, day=day)):
                told[row[0]] = row
    return told


def _report(row: Row, status: int, error: int, note: str | None, at: int) -> Report:
    key, account, public_id, bulk_id, sender, recipient, segments, sent_at, options = row
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
    )


def settle_reports(batch: Sequence[Pushed]) -> Script[list[None]]:
    """Write what came of POSTs: what was taken is not offered again."""
    now = max(p.now for p in batch)
    yield Run("give_up_reports", [(id_,) for p in batch for id_ in p.given_up], {"now": now})
    yield Run("drop_reports", [(id_,) for p in batch for id_ in (*p.taken, *p.given_up, *p.forgotten)])
    yield Run("postpone_reports", [row for p in batch for row in p.retry])
    webhooks = [(webhook,) for webhook in sorted({p.webhook for p in batch})]
    yield Run("refresh_webhooks", webhooks, {"now": now})
    yield Run("drop_idle_webhooks", webhooks)
    return [None] * len(batch)


def pull(batch: Sequence[Pull]) -> Script[list[list[Report]]]:
    """The oldest unread reports that match, marked as read by this very commit."""
    results = []
    for query in batch:
        rows, reports = yield from _matching(query)
        yield Run("drop_reports", [(row[0],) for row in rows])
        results.append(reports)
    return results


def _matching(query: Pull) -> Script[tuple[list[Row], list[Report]]]:
    rows: list[Row] = []
    reports: list[Report] = []
    after = 0
    for _ in range(PAGES):  # bounded, because commits wait for it
        page = sorted((yield from _page(query, after)), key=lambda row: row[0])
        told = yield from _told([(row[1], row[2]) for row in page])
        for row in page:
            if row[1] not in told:
                continue
            report = _report(told[row[1]], *row[3:])
            if len(rows) < query.limit and _fits(report, query):
                rows.append(row)
                reports.append(report)
        if len(page) < PAGE or len(rows) == query.limit or query.message_id is not None:
            break
        after = page[-1][0]
    return rows, reports


def _page(query: Pull, after: int) -> Script[list[Row]]:
    place = {"account": query.account, "after": after, "most": PAGE}
    if query.message_id is not None:
        found = yield Fetch("find_key", [(query.account, id_digest(query.message_id))])
        key = found[0][0] if found else _as_key(query.message_id)
        if key is None:
            return []
        rows = yield Fetch("pull_message", params={"account": query.account, "message": key, "most": PAGE})
    elif query.bulk_id is not None:
        lanes = yield Fetch("find_lane", params={"account": query.account, "name": query.bulk_id})
        if not lanes:
            return []
        rows = yield Fetch("pull_lane", params={**place, "lane": lanes[0][0]})
    else:
        rows = yield Fetch("pull_all", params=place)
    return list(rows)


def _as_key(message_id: str) -> int | None:
    return int(message_id) if message_id.isascii() and message_id.isdigit() and len(message_id) < 20 else None


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
