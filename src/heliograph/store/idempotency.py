"""Repeated requests: the first answer to an Idempotency-Key is kept in the transaction that accepts its request.

Rule 1: of all that bring one key, in one commit or at two processes, one is the first: the row of the key decides.
Rule 2: whoever comes later gets what the first was answered, with all that its transaction refused, or a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from heliograph.store.script import Fetch, Run, Script

Place = tuple[int, bytes]  # an account, and the digest of a key

ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(dict[int, int]).decode


class Memo(msgspec.Struct, frozen=True, array_like=True):
    """What is to be remembered of a request: digests of its key and of itself, and its answer, until when."""

    account: int
    digest: bytes
    request: bytes
    answer: bytes
    now: int
    until: int

    @property
    def place(self) -> Place:
        """Where it is kept."""
        return self.account, self.digest


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What came of a request: the status ids of messages that the transaction refused, by their keys."""

    refused: dict[int, int] = {}
    again: bytes | None = None  # the answer of the first request with its key: nothing more was stored
    conflict: bool = False  # its key is that of another request: nothing was stored


Found = Mapping[Place, tuple[bytes, bytes, dict[int, int]]]  # the request, its answer, and what was refused


class Recalled(msgspec.Struct, frozen=True):
    """Requests of a batch, by their place in it, that are not the first ones with their keys."""

    known: dict[int, Kept]  # the first one was in an earlier commit
    followers: dict[int, int]  # the first one is in this batch, there


NOTHING = Recalled({}, {})


def recall(batch: Sequence[Memo | None]) -> Script[Recalled]:
    """Remember the first requests with their keys, and tell which are no first ones."""
    first: dict[Place, int] = {}
    for n, memo in enumerate(batch):
        if memo is not None:
            first.setdefault(memo.place, n)
    memos = [memo for _, n in sorted(first.items()) if (memo := batch[n]) is not None]
    rows = [(m.account, m.digest, m.request, m.answer, m.until) for m in memos]
    kept = yield Fetch("keep_answers", rows, {"now": max(m.now for m in memos)})
    new = {(account, bytes(digest)) for account, digest in kept}
    found: Found = {
        (account, bytes(digest)): (request, answer, {} if refused is None else DECODE(refused))
        for account, digest, request, answer, refused in (
            yield Fetch("kept_answers", [place for place in first if place not in new])
        )
    }
    known = {n: _again(m, *found[m.place]) for n, m in enumerate(batch) if m is not None and m.place in found}
    later = {n: first[m.place] for n, m in enumerate(batch) if m is not None and n not in known and n != first[m.place]}
    return Recalled(known, later)


def _again(memo: Memo, request: bytes, answer: bytes, refused: dict[int, int]) -> Kept:
    return Kept(refused, answer) if memo.request == request else Kept(conflict=True)


def answer(batch: Sequence[Memo | None], recalled: Recalled, results: Sequence[Kept]) -> Script[list[Kept]]:
    """What every request of a batch gets, given what came of the first ones; what was refused of these is kept."""
    firsts = [(m, kept) for m, kept in zip(batch, results, strict=True) if m is not None and kept.refused]
    yield Run("keep_refused", [(*m.place, ENCODE(kept.refused)) for m, kept in firsts])
    answers = [recalled.known.get(n, kept) for n, kept in enumerate(results)]
    for n, first in recalled.followers.items():
        memo, leader = batch[n], batch[first]
        assert memo is not None and leader is not None
        answers[n] = _again(memo, leader.request, leader.answer, results[first].refused)
    return answers
