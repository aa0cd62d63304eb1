"""Inbound messages: whose they are, what of them is pushed, and who has read them.

Rule 1: a message without an owner is kept as long as any other, and found by those who look for its owner again.
Rule 2: a message is pushed, or waits to be pulled; one whose retries ran out waits to be pulled from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from heliograph.sms.address import bare
from heliograph.sms.message import DECODE_OPTIONS, InboundMessage
from heliograph.store.script import Fetch, Row, Run, Script

PAGE = 1000  # messages of a log that are looked at in one slice
COUNTED = 10_000  # unread messages, at most


class Unowned(msgspec.Struct, frozen=True, gc=False):
    """A message without an owner."""

    id: int
    recipient: str
    data_coding: int
    esm_class: int
    body: bytes


class Owned(msgspec.Struct, frozen=True, gc=False):
    """Whose a message is. `webhook` as `flows.accept.webhook_of` has it; None: it waits to be pulled."""

    id: int
    account: int
    keyword: str
    webhook: int | None
    options: bytes  # Options, encoded


class Collected(msgspec.Struct, frozen=True):
    """What a pull gives, and how many more are unread, COUNTED at most."""

    messages: list[InboundMessage]
    unread: int


class InboundQuery(msgspec.Struct, frozen=True):
    """Which messages of an account are asked for, read or not; `since` and `until` (UTC milliseconds) are included."""

    limit: int = 50  # 1 to 1000
    since: int = 0
    until: int = 1 << 62
    recipient: str | None = None  # as `sms.address.bare` has it
    keyword: str | None = None


class LogPage(msgspec.Struct, frozen=True):
    """What a slice of a log holds, the newest first, and where the next slice begins; None: there is none."""

    messages: list[InboundMessage]
    before: tuple[int, int] | None


def unowned(after: int, most: int, *, looked: bool) -> Script[list[Unowned]]:
    """Messages without an owner behind an id, the oldest first: `looked` are those that were looked at before."""
    params = {"looked": int(looked), "after": after, "most": most}
    rows = yield Fetch("unowned_inbound", params=params)
    return sorted((Unowned(*row) for row in rows), key=lambda one: one.id)


def own(owned: Sequence[Owned], left: Sequence[int], now: int) -> Script[list[int]]:
    """Give messages to their owners; the ids of those that had none yet. What is `left` has been looked at."""
    rows = yield Fetch("own_inbound", [(o.id, o.account, o.keyword, o.webhook, o.options) for o in owned])
    given = {row[0] for row in rows}
    pushed = [o for o in owned if o.id in given and o.webhook is not None]
    yield Run("leave_inbound", [(id_,) for id_ in left])
    yield Run("push_inbound", [(o.id, o.account, o.webhook) for o in pushed], {"now": now})
    yield Run("wake_webhooks_by_id", sorted({(o.webhook,) for o in pushed}), {"now": now})
    return sorted(given)


def inbound_messages(ids: Sequence[int]) -> Script[dict[int, InboundMessage]]:
    """What customers are told of messages, by their ids; what is gone is missing."""
    return {row[0]: _message(row) for row in (yield Fetch("told_inbound", [(id_,) for id_ in ids]))}


def _message(row: Row) -> InboundMessage:
    id_, account, sender, recipient, body, data_coding, esm_class, segments, keyword, received_at, options = row
    return InboundMessage(
        account=account,
        message_id=str(id_),
        sender=sender,
        recipient=recipient,
        body=body,
        data_coding=data_coding,
        esm_class=esm_class,
        segments=segments,
        keyword=keyword,
        received_at=received_at,
        options=DECODE_OPTIONS(options),
    )


def collect(account: int, limit: int) -> Script[Collected]:
    """The oldest unread messages of an account, marked as read by this very commit."""
    rows = yield Fetch("unread_inbound", params={"account": account, "most": limit})
    taken = yield Fetch("read_inbound", [(id_,) for (id_,) in rows])
    found = yield from inbound_messages([row[0] for row in taken])
    [[unread]] = yield Fetch("count_unread_inbound", params={"account": account, "most": COUNTED})
    return Collected([found[id_] for id_ in sorted(found)], unread)


def log(account: int, query: InboundQuery, before: tuple[int, int]) -> Script[LogPage]:
    """Look through the PAGE messages received last before a place, (received_at, id), for those that match."""
    at, id_ = before
    place = {"account": account, "since": query.since, "at": at, "id": id_, "most": PAGE}
    rows = yield Fetch("inbound_log", params=place)
    rows = sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)
    fitting = [row[0] for row in rows if _fits(row, query)][: query.limit]
    found = yield from inbound_messages(fitting)
    more = (rows[-1][1], rows[-1][0]) if len(rows) == PAGE else None
    return LogPage([found[id_] for id_ in fitting if id_ in found], more)


def _fits(row: Row, query: InboundQuery) -> bool:
    _, _, recipient, keyword = row
    return query.recipient in (None, bare(recipient)) and query.keyword in (None, keyword)
