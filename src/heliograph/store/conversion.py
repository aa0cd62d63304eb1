"""Conversions: what customers tell of the messages that they track.

Rule 1: a message is known for as long as its history is kept, and what was told of it no shorter.
"""

from __future__ import annotations

import msgspec

from heliograph.sms.message import DECODE_OPTIONS
from heliograph.store.accepting import id_digest
from heliograph.store.reporting import as_key
from heliograph.store.script import Fetch, Row, Run, Script


class Tracked(msgspec.Struct, frozen=True):
    """What a conversion belongs to; `first`: the customer had not told of it before."""

    process_key: str
    first: bool


def convert(account: int, message_id: str, now: int) -> Script[Tracked | None]:
    """Note that a message led to what was wanted; None: the account has no such message, or it is not tracked."""
    found = yield Fetch("find_key", [(account, id_digest(message_id))])
    key = found[0][0] if found else as_key(message_id)
    row = None if key is None else (yield from _message(account, key))
    if row is None or row[0] not in (None, message_id):
        return None
    tracking = DECODE_OPTIONS(row[1]).tracking
    if tracking is None:
        return None
    process_key = tracking.process_key
    params = {"message": key, "account": account, "process_key": process_key, "now": now}
    added = yield Run("add_conversion", params=params)
    return Tracked(process_key, added == 1)


def _message(account: int, key: int) -> Script[Row | None]:
    """The id that its customer gave a message, and its options; None: it is not there, or was refused.

    What is live becomes history, and never the other way: it is looked for in this order.
    """
    place = {"account": account}
    rows = yield Fetch("tracked_live", [(key,)], place)
    if not rows:
        for [day] in (yield Fetch("history_days")):
            rows += yield Fetch("tracked_history", [(key,)], place, day)
    return rows[0] if rows else None
