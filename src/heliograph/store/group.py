"""Group commit: what waits for the disk goes there together, and every promise is a callback of that one commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from heliograph.store.accepting import accept
from heliograph.store.claiming import claim
from heliograph.store.reporting import pull, settle_reports
from heliograph.store.script import Script
from heliograph.store.settling import receive, settle


def _alone(batch: Sequence[Callable[[], Script[Any]]]) -> Script[list[Any]]:
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
        # deques, because the loop appends while a writer thread takes
        self._waiting: dict[str, deque[Waiting]] = {kind: deque() for kind in KINDS}

    def put(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Have `item` done in a coming commit; the future is done after it."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[kind].append(Waiting(item, future))
        return future

    def take(self) -> Group:
        """All that one commit holds; empty when nothing waits."""
        group: Group = {}
        for kind in KINDS:
            waiting = self._waiting[kind]
            most = min(len(waiting), ACCEPTS_AT_A_TIME if kind == "accept" else len(waiting))
            if most:
                group[kind] = [waiting.popleft() for _ in range(most)]
        return group


Results = list[tuple[asyncio.Future[Any], Any, BaseException | None]]


def resolve(results: Results) -> None:
    """Keep the promises of a commit."""
    for future, result, error in results:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
