"""The hosts of webhooks: how many POSTs each may have, and which does not answer.

Rule 1: a host has a share of all POSTs and no more, however many URLs there are of it, and a small one until it was
seen to be quick. Slow hosts have a part of all POSTs together: they delay no quick one.
Rule 2: whoever waits for a place has the next one; who had one goes behind.
Rule 3: a host that answered nothing many times in a row is shut for a while. Reports that fall due meanwhile have
failed, without a POST: so their retries, and the pull at the end of them, come when they would. Any answer of HTTP is
one: what a URL refuses says nothing of the other URLs of its host.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit

SLOW = 1.0  # seconds that a POST takes on an average
SHUT_AFTER = 32  # POSTs to a host without an answer, in a row
SHUT_FOR = 15_000  # milliseconds
PROBES = 4  # POSTs in flight to a host that was shut, until one is answered; each to another webhook
REMEMBERED = 10_000  # hosts that failed
PORTS: Final = {"http": 80, "https": 443}


class Pace(IntEnum):
    """How long the POSTs to a host take, as far as it is known."""

    QUICK = 0
    UNTRIED = 1  # none has ended
    SLOW = 2


SHARES: Final = {Pace.QUICK: 128, Pace.UNTRIED: 16, Pace.SLOW: 16}  # POSTs in flight to a host
CEILINGS: Final = {Pace.QUICK: 1024, Pace.UNTRIED: 768, Pace.SLOW: 512}  # to all hosts of this pace and slower ones


class Host:
    """One host, with its scheme and port."""

    __slots__ = ("called", "failures", "name", "pace", "parked", "posts", "seconds", "shut_until", "written_off")

    def __init__(self, name: str) -> None:
        self.name = name
        self.posts = 0  # in flight, and places that are kept for the webhooks that were called
        self.pace = Pace.UNTRIED
        self.seconds = 0.0  # that a POST takes: a moving average
        self.failures = 0  # POSTs without an answer, in a row
        self.shut_until = 0  # UTC milliseconds; 0 as soon as there is an answer
        self.written_off = 0  # reports that failed without a POST, since the last shutting
        self.parked: dict[int, None] = {}  # webhooks that wait for a place, the first one first
        self.called: set[int] = set()  # webhooks that have a place, and have yet to begin their POST

    def is_shut(self, now: int) -> bool:
        """Whether it is left alone at `now`."""
        return now < self.shut_until

    @property
    def free(self) -> int:
        """How much of its share is free."""
        return max(0, (PROBES if self.shut_until else SHARES[self.pace]) - self.posts)

    def judge(self, answered: bool, now: int) -> bool:
        """A POST ended; whether that shuts the host."""
        if answered:
            self.failures = self.shut_until = 0
            return False
        self.failures += 1
        if self.failures < SHUT_AFTER or self.is_shut(now):
            return False
        self.shut_until = now + SHUT_FOR
        return True


class Hosts:
    """All of which there is something to remember, and the POSTs to them."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._waiting: dict[str, Host] = {}  # those with parked webhooks, by turns
        self._posts = dict.fromkeys(Pace, 0)  # as the hosts' own

    def of(self, url: str) -> Host:
        """The host of a URL."""
        name = place_of(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
            if len(self._hosts) > REMEMBERED:
                self._forget()
        return host

    def places(self, host: Host, webhook: int) -> int:
        """How many more POSTs may begin for a webhook: its own place if it was called, and else what nobody waits
        for."""
        if webhook in host.called:
            return 1
        if host.parked:
            return 0
        left = self._left(host.pace)
        if left <= len(self._waiting) and any(h.pace == host.pace and h.free for h in self._waiting.values()):
            return 0  # those wait for what all hosts of this pace have together
        return min(host.free, left)

    def begin(self, host: Host, webhook: int) -> None:
        """A POST begins, in a place that there is."""
        if webhook in host.called:
            host.called.remove(webhook)
        else:
            self._hold(host, 1)

    def end(self, host: Host, answered: bool | None, seconds: float, now: int) -> bool:
        """A POST ended after so many seconds, with an answer of HTTP or not (None: nobody was asked); whether that
        shuts the host."""
        self._hold(host, -1)
        if answered is None:
            return False
        host.seconds += (seconds - host.seconds) / 8
        self._posts[host.pace] -= host.posts
        host.pace = Pace.SLOW if host.seconds > SLOW else Pace.QUICK
        self._posts[host.pace] += host.posts
        return host.judge(answered, now)

    def park(self, host: Host, webhook: int) -> None:
        """Let a webhook wait until the host has a place for it."""
        host.parked[webhook] = None
        self._waiting[host.name] = host

    def call(self, now: int, most: int) -> list[tuple[Host, int]]:
        """Parked webhooks of hosts that have places for them, or are shut, one of each host by turns. They are parked
        no longer, and their places are kept until they begin or are dismissed."""
        called: list[tuple[Host, int]] = []
        turns = deque(self._waiting.values())
        while turns and len(called) < most:
            host = turns.popleft()
            shut = host.is_shut(now)
            if not shut and not (host.free and self._left(host.pace)):
                continue
            webhook = next(iter(host.parked))
            del host.parked[webhook], self._waiting[host.name]
            if host.parked:  # behind the other hosts
                self._waiting[host.name] = host
                turns.append(host)
            if not shut:
                self._hold(host, 1)
                host.called.add(webhook)
            called.append((host, webhook))
        return called

    def dismiss(self, called: list[tuple[Host, int]]) -> None:
        """Whoever of them has not begun by now keeps no place."""
        for host, webhook in called:
            if webhook in host.called:
                host.called.remove(webhook)
                self._hold(host, -1)

    def call_off(self, called: list[tuple[Host, int]]) -> None:
        """They could not be looked at: they wait on, before the others."""
        self.dismiss(called)
        for host, webhook in reversed(called):
            host.parked = {webhook: None} | host.parked
            self._waiting[host.name] = host

    def _left(self, pace: Pace) -> int:
        """How many more POSTs there may be to hosts of a pace: each ceiling holds for its pace and the slower ones."""
        return min(
            ceiling - sum(self._posts[slower] for slower in Pace if slower >= one)
            for one, ceiling in CEILINGS.items()
            if one <= pace
        )

    def _hold(self, host: Host, places: int) -> None:
        host.posts += places
        self._posts[host.pace] += places

    def _forget(self) -> None:
        """The older half of those that nothing is in flight to, or waits for."""
        idle = [name for name, host in self._hosts.items() if not host.posts and not host.parked]
        for name in idle[: len(idle) // 2]:
            del self._hosts[name]


def place_of(url: str) -> str:
    """Scheme, host and port of a URL, in one form of several; the URL itself where nothing can be read from it, which
    the POST will say. Two schemes on a port are two places, for the wrong one gets no answer."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")  # in lower case by now
        return f"{parts.scheme}://{host}:{parts.port or PORTS.get(parts.scheme, 0)}"
    except ValueError:
        return url
