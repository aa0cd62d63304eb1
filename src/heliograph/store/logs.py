"""Logs: every message of an account that is kept, newest first, whatever has become of it, and as often as asked.

Rule 1: a place in the log is (time, key). The time of a message that has ended is that of its sending, or of its
acceptance where it was never sent; of one that has not ended, that of its acceptance.
Rule 2: a look reads SLICE messages of each source at most, and says where the next one begins: whatever is asked for,
nobody else waits for long.
Rule 3: live messages are read before histories: one that ends meanwhile is seen twice, and given as it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from heliograph.sms.codes import STATUS
from heliograph.sms.message import DECODE_OPTIONS, Log
from heliograph.store.accepting import id_digest
from heliograph.store.balance import MILLION
from heliograph.store.reporting import MAX_KEY, as_key
from heliograph.store.script import Fetch, Row, Script, day_of
from heliograph.store.settling import ENCODER

SLICE = 5_000  # messages of each source in one look
ROUGHLY = 1_000  # rows that are read at least where not all of them fit
PENDING = "PENDING"  # the group of all that has not ended, and of nothing that has
ENDED = frozenset(status.group for status in STATUS.values()) - {PENDING}
LIVE = 0  # in the place of a day

Place = tuple[int, int]  # logged_at and key
TOP: Place = (MAX_KEY, MAX_KEY)  # before the newest


class LogQuery(msgspec.Struct, frozen=True, array_like=True):
    """Which logs an account asks for; times are UTC milliseconds, and both ends belong to the span."""

    account: int
    oldest: int  # what was sent before is not told any more
    limit: int
    since: int | None = None
    until: int | None = None
    sender: str | None = None
    recipient: str | None = None
    bulk_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    general_status: str | None = None  # the name of a group of statuses
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_ids: tuple[str, ...] = ()

    @property
    def begins(self) -> Place:
        """The place before the first that may be given."""
        return TOP if self.until is None else (self.until, MAX_KEY)

    @property
    def earliest(self) -> int:
        """When the first message that has ended may have been sent."""
        return self.oldest if self.since is None else max(self.since, self.oldest)


class LogSlice(msgspec.Struct, frozen=True, array_like=True):
    """What a look found, newest first, at most the limit."""

    logs: list[Log]
    after: Place | None  # where the next look begins; None: there is nothing further


class Source(msgspec.Struct, frozen=True):
    """Where to look: a day's history, or what is live; all of it, or one bulk's."""

    day: int
    place_query: str  # how far a look may go
    query: str
    lane: int | None = None
    lowest: Place = (0, 0)  # nothing before it can be meant


def _live(lane: int | None, oldest: int) -> Source:
    return Source(LIVE, "log_place_live", "logs_live", lane, (oldest, 0))


def _of_account(day: int, earliest: int) -> Source:
    return Source(day, "log_place_account", "logs_account", None, (earliest, 0))


def _of_bulk(day: int, lane: int, earliest: int) -> Source:
    return Source(day, "log_place_bulk", "logs_bulk", lane, (earliest, 0))


def search_logs(query: LogQuery, after: Place) -> Script[LogSlice]:
    """The next logs behind a place. Few or none may be found while there is more behind."""
    if query.message_ids:
        found = yield from _by_ids(query, query.message_ids)
        return _cut(query, found, after, None)
    sources, alone = yield from _sources(query)
    floor: Place | None = None
    for source in sources:
        floor = _higher(floor, (yield from _reach(query, source, after)))
    rows: dict[int, Row] = {}
    for source in sources:
        most = max(query.limit, ROUGHLY) if _is_rough(query, source) else query.limit
        part = yield from _scan(query, source, after, floor, most)
        if len(part) == most:
            floor = _higher(floor, _place(part[-1]))
        rows |= {row[0]: row for row in part}
    rows |= alone
    return _cut(query, rows, after, floor)


def _is_rough(query: LogQuery, source: Source) -> bool:
    """Whether the SQL gives much that does not fit, because it asks for one value of several."""
    several_bulks = source.day == LIVE and len(query.bulk_ids) > 1
    return several_bulks or len(query.campaign_reference_ids) > 1


def _sources(query: LogQuery) -> Script[tuple[list[Source], dict[int, Row]]]:
    """Where to look, and the messages that are bulks of their own: their bulkId is their key."""
    days = yield from _days(query)
    if not query.bulk_ids:
        live = [_live(None, 0)] if _may_be_live(query) else []
        return [*live, *[_of_account(day, query.earliest) for day in days]], {}
    alone = yield from _by_keys(query, [key for key in map(as_key, query.bulk_ids) if key is not None])
    lanes = yield Fetch("logged_lanes", [(query.account, name) for name in query.bulk_ids])
    sources = [_of_bulk(day, lane, query.earliest) for day in days for lane, _ in lanes]
    if lanes and _may_be_live(query):
        oldest = min(created_at for _, created_at in lanes)
        sources.insert(0, _live(lanes[0][0] if len(lanes) == 1 else None, oldest))
    return sources, alone


def _may_be_live(query: LogQuery) -> bool:
    return query.general_status in (None, PENDING)


def _days(query: LogQuery) -> Script[list[int]]:
    """The days that may hold what is asked for: nothing was sent on a day after that of its end."""
    if query.general_status is not None and query.general_status not in ENDED:
        return []
    first = day_of(query.earliest)
    return [day for [day] in (yield Fetch("history_days")) if day >= first]


def _reach(query: LogQuery, source: Source, after: Place) -> Script[Place | None]:
    """How far one look may go there; None: to the end."""
    params = {"account": query.account, "lane": source.lane, "low_at": source.lowest[0], "skip": SLICE - 1}
    places = yield Fetch(source.place_query, params={**params, "at": after[0], "key": after[1]}, day=source.day)
    reached: Place | None = tuple(places[0]) if places else None
    return None if reached is None or reached < source.lowest else reached


def _scan(query: LogQuery, source: Source, after: Place, floor: Place | None, most: int) -> Script[list[Row]]:
    """The first so many that fit, down to the floor, newest first."""
    lowest = source.lowest if floor is None else max(floor, source.lowest)
    params = {
        "account": query.account,
        "lane": source.lane,
        "since": query.since,
        "until": query.until,
        "statuses": _statuses(query.general_status),
        "at": after[0],
        "key": after[1],
        "low_at": lowest[0],
        "low_key": lowest[1],
        "sender": query.sender,
        "recipient": query.recipient,
        "entity": _mark("entity_id", query.entity_id),
        "application": _mark("application_id", query.application_id),
        "campaign": _campaign(query.campaign_reference_ids),
        "most": most,
    }
    rows = yield Fetch(source.query, params=params, day=source.day)
    return sorted(rows, key=_place, reverse=True)


def _by_ids(query: LogQuery, names: Sequence[str]) -> Script[dict[int, Row]]:
    """Messages by what customers know them by: ids of their own, also those that were refused, or keys."""
    known = yield Fetch("find_key", [(query.account, id_digest(name)) for name in names])
    keys = {row[0] for row in known} | {key for key in map(as_key, names) if key is not None}
    found = yield from _by_keys(query, sorted(keys))
    for day in (yield from _days(query)):
        refused = yield Fetch("log_refused", [(name,) for name in names], {"account": query.account}, day)
        found |= {row[0]: row for row in refused}
    return found


def _by_keys(query: LogQuery, keys: Iterable[int]) -> Script[dict[int, Row]]:
    wanted, params = [(key,) for key in keys], {"account": query.account}
    found: dict[int, Row] = {row[0]: row for row in (yield Fetch("log_live", wanted, params))}
    if wanted:
        for day in (yield from _days(query)):
            found |= {row[0]: row for row in (yield Fetch("log_ended", wanted, params, day))}
    return found


def _cut(query: LogQuery, rows: dict[int, Row], after: Place, floor: Place | None) -> LogSlice:
    """What fits of the rows between two places: a page of it, and where the next one begins."""
    between = [row for row in rows.values() if _place(row) < after and (floor is None or _place(row) >= floor)]
    between.sort(key=_place, reverse=True)
    fitting = [(_place(row), log) for row in between if _fits(log := _log(row), query)]
    page = fitting[: query.limit]
    end = page[-1][0] if len(fitting) > query.limit else floor
    return LogSlice([log for _, log in page], end)


def _log(row: Row) -> Log:
    key, account, public_id, *rest, options, price, _ = row
    shown = str(key) if public_id is None else public_id
    values: list[Any] = [key, account, shown, *rest, DECODE_OPTIONS(options), price / MILLION]
    return Log(*values)


def _place(row: Row) -> Place:
    return row[-1], row[0]


def _higher(one: Place | None, other: Place | None) -> Place | None:
    return other if one is None else one if other is None else max(one, other)


def _fits(log: Log, query: LogQuery) -> bool:
    options, since = log.options, query.since if log.done_at is None else query.earliest
    return (
        _is_among(log.message_id, query.message_ids)
        and _is_among(log.bulk_id, query.bulk_ids)
        and _is_among(options.campaign_reference_id, query.campaign_reference_ids)
        and query.general_status in (None, STATUS[log.status].group)
        and (since is None or since <= log.at)
        and (query.until is None or log.at <= query.until)
        and all(
            wanted in (None, given)
            for wanted, given in (
                (query.sender, log.sender),
                (query.recipient, log.recipient),
                (query.entity_id, options.entity_id),
                (query.application_id, options.application_id),
            )
        )
    )


def _is_among(given: str | None, wanted: Sequence[str]) -> bool:
    return not wanted or given in wanted


def _statuses(group: str | None) -> str | None:
    """The ids of a group, as the SQL looks one up in a text."""
    return None if group is None else f",{','.join(str(s.id) for s in STATUS.values() if s.group == group)},"


def _mark(name: str, value: str | None) -> bytes | None:
    """What options hold that were given so; it may stand in others, too."""
    return None if value is None else ENCODER.encode(name) + ENCODER.encode(value)


def _campaign(values: Sequence[str]) -> bytes | None:
    name = "campaign_reference_id"
    if len(values) > 1:
        return ENCODER.encode(name)
    return _mark(name, values[0]) if values else None
