"""Group commit: what waits for the disk goes there together, and every promise is a callback of that one commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from heliograph.store.accepting import accept
from heliograph.store.claiming import claim
from heliograph.store.errors import NotStored, StoreUnavailable
from heliograph.store.reporting import pull, settle_reports
from heliograph.store.script import Script
from heliograph.store.settling import receive, settle

Call = Callable[[], Script[Any]]  # a script and its arguments: functools.partial


def _alone(batch: Sequence[Call]) -> Script[list[Any]]:
    results = []
    for script in batch:
        results.append((yield from script()))
    return results


# In the order in which a commit holds them: what frees a window first, new work last.
KINDS: dict[str, Callable[[Any], Script[list[Any]]]] = {
    "settle": settle,
    "receive": receive,
    "claim": claim,
    "settle_reports": settle_reports,
    "pull": pull,
    "alone": _alone,
    "accept": accept,
}
ACCEPTS_AT_A_TIME = 512  # requests; the rest wait for the next commit, so that settles need not wait for them


class Waiting(msgspec.Struct, frozen=True):
    """One thing that waits for its commit."""

    item: Any
    future: asyncio.Future[Any]


Group = dict[str, list[Waiting]]


class Gathering:
    """What waits for the next commit, by kind."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Waiting]] = {kind: deque() for kind in KINDS}

    def put(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Have `item` done in a coming commit; the future is done after it."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[kind].append(Waiting(item, future))
        return future

    def take(self) -> Group:
        """All that one commit holds; empty when nothing waits."""
        group: Group = {}
        for kind, waiting in self._waiting.items():
            most = min(len(waiting), ACCEPTS_AT_A_TIME if kind == "accept" else len(waiting))
            if most:
                group[kind] = [waiting.popleft() for _ in range(most)]
        return group

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Nobody waits for these any longer. What has not been taken is not to be, and raises NotStored; of the rest
        nobody can say whether it will be committed: StoreUnavailable."""
        given_up = set(futures)
        for kind, waiting in self._waiting.items():
            back = [one for one in waiting if one.future in given_up]
            if back:
                self._waiting[kind] = deque(one for one in waiting if one.future not in given_up)
                fail({kind: back}, NotStored("taken back before it was committed"))
        for future in given_up:
            if not future.done():
                future.set_exception(StoreUnavailable("no answer in time"))


def keep(group: Group, results: dict[str, list[Any]]) -> None:
    """Keep the promises of a commit: a result each, or the exception that is to be raised where it was asked for."""
    for kind, waiting in group.items():
        for one, result in zip(waiting, results[kind], strict=True):
            keep_one(one.future, result)


def keep_one(future: asyncio.Future[Any], result: Any) -> None:
    """Give one who waits his result, or the exception that is to be raised there; unless he has gone."""
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)


def fail(group: Group, error: BaseException) -> None:
    """None of it happened."""
    keep(group, {kind: [error] * len(waiting) for kind, waiting in group.items()})
