"""Short links, as they are followed, and the clicks that customers are told of.

Rule 1: a click is stored together with the report row by which it is pushed, and goes together with it.
Rule 2: a click has all that is told of it: neither its link nor its message is looked for again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from heliograph.sms.message import CLICK, DECODE_OPTIONS, Click, Options
from heliograph.store.script import Fetch, Row, Run, Script

REPEATED = 1000  # milliseconds: whoever taps twice means it once
SLICE = 500


class ShortLink(msgspec.Struct, frozen=True):
    """A short link: what it stands for, and whose it is."""

    url: str
    account: int
    options: Options | None  # of its message; None: nobody is told of clicks
    since: int  # from when on it is kept, UTC milliseconds
    clicked_at: int | None  # the latest click that somebody is told of


def find_short_link(code: str) -> Script[ShortLink | None]:
    """The link of a code; None: there is none, or none any more."""
    for url, account, options, since, clicked_at in (yield Fetch("find_short_link", params={"code": code})):
        return ShortLink(url, account, None if options is None else DECODE_OPTIONS(options), since, clicked_at)
    return None


def click(code: str, id_: int, webhook: int, now: int) -> Script[bool]:
    """Store a click that is to be pushed; False: one was stored less than REPEATED ago, or nobody is to be told."""
    if not (yield Run("touch_short_link", params={"code": code, "now": now, "before": now - REPEATED})):
        return False
    yield Run("add_click", params={"id": id_, "code": code, "now": now})
    yield Run("push_click", params={"id": id_, "webhook": webhook, "now": now})
    yield Run("wake_webhooks_by_id", [(webhook,)], {"now": now})
    return True


def clicks(ids: Sequence[int]) -> Script[dict[int, Click]]:
    """What customers are told of clicks, by their ids; what is gone is missing."""
    return {row[0]: _click(row) for row in (yield Fetch("told_clicks", [(id_,) for id_ in ids]))}


def _click(row: Row) -> Click:
    _, account, message_id, bulk_id, recipient, url, due, at, options = row
    return Click(account, message_id, bulk_id, recipient, url, due, at, to_push(DECODE_OPTIONS(options)))


def to_push(options: Options) -> Options:
    """The options by which clicks on a message's links are pushed."""
    where = None if options.url_options is None else options.url_options.tracking_url
    return msgspec.structs.replace(options, notify_url=where, content_type="application/json", shape=CLICK, notify=True)


def retire_short_links(before: int) -> Script[int]:
    """Forget a slice of the links that are kept since `before` (UTC milliseconds); how many."""
    gone: int = yield Run("old_short_links", params={"before": before, "most": SLICE})
    return gone
