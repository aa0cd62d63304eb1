"""The hosts of webhooks: how many POSTs each may have, and which does not answer.

Rule 1: a host has a share of all POSTs and no more, however many URLs there are of it, and a small one while it is
slow: it delays only itself.
Rule 2: one that failed many times in a row is shut for a while. Reports that fall due meanwhile have failed, without a
POST: so their retries, and the pull at the end of them, come when they would.
"""

from __future__ import annotations

from urllib.parse import urlsplit

SHARE = 128  # POSTs in flight to a host
SLOW = 1.0  # seconds that a POST takes on an average
SLOW_SHARE = 16  # POSTs in flight to a slow host
SHUT_AFTER = 32  # failed POSTs to a host, in a row
SHUT_FOR = 15_000  # milliseconds
PROBES = 4  # POSTs in flight to a host that was shut, until one is taken
REMEMBERED = 10_000  # hosts that failed


class Host:
    """One host, with its port."""

    __slots__ = ("failures", "name", "parked", "posts", "seconds", "shut_until")

    def __init__(self, name: str) -> None:
        self.name = name
        self.posts = 0  # in flight
        self.seconds = 0.0  # that a POST takes: a moving average
        self.failures = 0  # in a row
        self.shut_until = 0  # UTC milliseconds
        self.parked: dict[int, None] = {}  # webhooks that wait for a place, the first one first

    def is_shut(self, now: int) -> bool:
        """Whether it is left alone at `now`."""
        return now < self.shut_until

    @property
    def places(self) -> int:
        """How many more POSTs may begin."""
        share = PROBES if self.shut_until else SLOW_SHARE if self.seconds > SLOW else SHARE
        return max(0, share - self.posts)

    def ended(self, taken: bool, seconds: float, now: int) -> bool:
        """A POST ended after so many seconds; whether that shuts the host."""
        self.posts -= 1
        self.seconds += (seconds - self.seconds) / 8
        if taken:
            self.failures = self.shut_until = 0
            return False
        self.failures += 1
        if self.failures < SHUT_AFTER or self.is_shut(now):
            return False
        self.shut_until = now + SHUT_FOR
        return True


class Hosts:
    """All of which there is something to remember."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._waiting: dict[str, Host] = {}  # those with parked webhooks

    def of(self, url: str) -> Host:
        """The host of a URL."""
        name = urlsplit(url).netloc
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
            if len(self._hosts) > REMEMBERED:
                self._forget()
        return host

    def park(self, host: Host, webhook: int) -> None:
        """Let a webhook wait until the host has a place for it."""
        host.parked[webhook] = None
        self._waiting[host.name] = host

    def ready(self, now: int, most: int) -> list[int]:
        """Parked webhooks of hosts that have places for them, or are shut; they are parked no longer."""
        found: list[int] = []
        for host in list(self._waiting.values()):
            places = most if host.is_shut(now) else host.places
            for webhook in list(host.parked)[: min(places, most - len(found))]:
                del host.parked[webhook]
                found.append(webhook)
            if not host.parked:
                del self._waiting[host.name]
        return found

    def _forget(self) -> None:
        """The older half of those that nothing is in flight to, or waits for."""
        idle = [name for name, host in self._hosts.items() if not host.posts and not host.parked]
        for name in idle[: len(idle) // 2]:
            del self._hosts[name]
