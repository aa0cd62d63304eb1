"""What SMSCs deliver for our customers: whole messages, and the parts of long ones, joined when the last has come.

Rule 1: a part is stored, and the message that it completes, by the commit that its deliver_sm_resp waits for.
Rule 2: parts belong together by SMSC, sender, recipient and reference, with its width and total, whatever the link.
Rule 3: a part that comes again is ignored: while others are missing, and for REPEATED after the last has come, when its
deliver_sm_resp may have been lost. One with another content begins a set anew, because references come round again;
what there was of an incomplete one becomes a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from heliograph.sms.concatenation import Piece, join
from heliograph.sms.message import Inbound
from heliograph.store.script import Fetch, Row, Run, Script

REPEATED = 600_000  # milliseconds
SLICE = 100  # sets

Identity = tuple[str, str, str, int, int, int]  # SMSC, sender, recipient; width, reference and total


class Ended(msgspec.Struct, frozen=True):
    """How many sets went, and how many of them were incomplete, and have become messages."""

    sets: int
    incomplete: int


class _Part(msgspec.Struct, frozen=True, gc=False):
    id: int
    data_coding: int
    esm_class: int
    body: bytes
    received_at: int

    def is_repeated_by(self, i: Inbound) -> bool:
        return (self.data_coding, self.body) == (i.data_coding, i.body)


@dataclass(slots=True)
class _Set:
    id: int
    smsc: str
    sender: str
    recipient: str
    began_at: int
    joined_at: int | None
    parts: dict[int, _Part] = field(default_factory=dict)  # by number
    fresh: set[int] = field(default_factory=set)  # numbers that are not stored yet
    anew: bool = False  # what is stored is of a message before

    def take(self, i: Inbound, number: int, total: int, now: int) -> list[Row]:
        """Add a part; the messages that are made by it."""
        made: list[Row] = []
        known = self.parts.get(number)
        if self.joined_at is not None and now - self.joined_at > REPEATED:
            self._begin_anew(i)
        elif known is not None and known.is_repeated_by(i):
            return made
        elif known is not None:
            made += [self.whole()] if self.joined_at is None else []
            self._begin_anew(i)
        self.parts[number] = _Part(i.key, i.data_coding, i.esm_class, i.body, i.received_at)
        self.fresh.add(number)
        if len(self.parts) == total:
            self.joined_at = now
            made.append(self.whole())
        return made

    def _begin_anew(self, i: Inbound) -> None:
        self.parts.clear()
        self.fresh.clear()
        self.began_at, self.joined_at, self.anew = i.received_at, None, True

    def whole(self) -> Row:
        """A row of `inbound`, of the parts that there are."""
        parts = [part for _, part in sorted(self.parts.items())]
        piece = join([Piece(part.body, part.esm_class) for part in parts])
        return (
            max(part.id for part in parts),
            *(self.smsc, self.sender, self.recipient),
            *(parts[0].data_coding, piece.esm_class, piece.body, len(parts)),
            max(part.received_at for part in parts),
        )


def store_inbound(inbound: Sequence[Inbound], now: int) -> Script[int]:
    """Store what was delivered; how many messages it has made."""
    rows: list[Row] = [
        (i.key, i.smsc, i.sender, i.recipient, i.data_coding, i.esm_class, i.body, 1, i.received_at)
        for i in inbound
        if i.place is None
    ]
    rows += yield from _store_parts([i for i in inbound if i.place is not None], now)
    yield Run("add_inbound", rows)
    return len(rows)


def _store_parts(inbound: Sequence[Inbound], now: int) -> Script[list[Row]]:
    """The messages that are made by parts."""
    if not inbound:
        return []
    sets = yield from _sets(inbound)
    made: list[Row] = []
    for i in inbound:
        if i.place is not None:
            made += sets[_identity(i)].take(i, i.place.number, i.place.total, now)
    changed = [one for one in sets.values() if one.fresh]
    yield Run("keep_sets", [(one.id, one.began_at, one.joined_at) for one in changed])
    yield Run("drop_parts", [(one.id,) for one in changed if one.anew])
    yield Run("add_parts", [_part_row(one, number) for one in changed for number in sorted(one.fresh)])
    return made


def _identity(i: Inbound) -> Identity:
    assert i.place is not None
    return (i.smsc, i.sender, i.recipient, i.place.width, i.place.reference, i.place.total)


def _sets(inbound: Sequence[Inbound]) -> Script[dict[Identity, _Set]]:
    """The sets of parts by what they have in common, with what is stored of them; new ones are begun."""
    first: dict[Identity, Inbound] = {}
    for i in inbound:
        first.setdefault(_identity(i), i)
    rows = [(i.key, *identity, i.received_at) for identity, i in sorted(first.items(), key=lambda item: item[0])]
    found = yield Fetch("begin_sets", rows)
    sets: dict[Identity, _Set] = {}
    for id_, smsc, sender, recipient, width, reference, total, began_at, joined_at in found:
        identity = smsc, sender, recipient, width, reference, total
        sets[identity] = _Set(id_, smsc, sender, recipient, began_at, joined_at)
    yield from _fill(list(sets.values()))
    return sets


def _fill(sets: Sequence[_Set]) -> Script[None]:
    by_id = {one.id: one for one in sets}
    for id_, number, *part in (yield Fetch("parts_of_sets", [(id_,) for id_ in by_id])):
        by_id[id_].parts[number] = _Part(*part)


def _part_row(one: _Set, number: int) -> Row:
    part = one.parts[number]
    return (one.id, number, part.id, part.data_coding, part.esm_class, part.body, part.received_at)


def end_sets(now: int, join: int) -> Script[Ended]:
    """Forget a slice of the sets that began `join` ago (milliseconds) or earlier; of incomplete ones, what there is
    becomes a message, and of the others the last part came more than REPEATED ago."""
    before = now - join
    found = yield Fetch("end_sets", params={"before": before, "joined": now - REPEATED, "most": SLICE})
    sets = [_Set(id_, smsc, sender, recipient, before, at) for id_, smsc, sender, recipient, at in found]
    open_ = [one for one in sets if one.joined_at is None]
    yield from _fill(open_)
    yield Run("drop_parts", [(one.id,) for one in sets])
    yield Run("add_inbound", [one.whole() for one in open_])
    return Ended(len(sets), len(open_))
