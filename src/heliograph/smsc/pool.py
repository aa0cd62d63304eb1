"""All links: which SMSC has room, and which link of it takes a message.

Rule 1: a message keeps to one link, so that its segments leave in order.
Rule 2: room is counted in segments, and never more than the windows and the permitted rate have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from heliograph.clock import Clock
from heliograph.smpp.constants import Command
from heliograph.smpp.session import Timing
from heliograph.smsc.dialect import Dialect
from heliograph.smsc.link import Binding, Link, Owner
from heliograph.smsc.throttle import Throttle
from heliograph.smsc.validity import Validity

INTERFACE_VERSION = 0x34


class Smsc(msgspec.Struct, frozen=True, kw_only=True):
    """One SMSC as the operator described it, with its secret."""

    name: str
    host: str
    port: int
    system_id: str
    password: str
    system_type: str
    pair: bool  # a transmitter and a receiver, not a transceiver
    links: int
    window: int
    submits_per_second: float
    default_sender: str
    on_no_response: str
    timing: Timing
    dialect: Dialect


class Place:
    """An SMSC and its live links."""

    def __init__(self, smsc: Smsc, owner: Owner, clock: Clock) -> None:
        self.smsc = smsc
        self.throttle = Throttle(smsc.submits_per_second, clock.monotonic())
        self.validity = Validity(left_out=smsc.dialect.validity_format == "none")
        commands = [Command.BIND_TRANSMITTER, Command.BIND_RECEIVER] if smsc.pair else [Command.BIND_TRANSCEIVER]
        self.links = [Link(b, owner, clock) for n in range(smsc.links) for b in _bindings(smsc, n + 1, commands)]

    @property
    def bound(self) -> int:
        """How many links are bound."""
        return sum(link.is_bound for link in self.links)


def _bindings(smsc: Smsc, number: int, commands: Sequence[Command]) -> list[Binding]:
    words = {Command.BIND_TRANSMITTER: ".tx", Command.BIND_RECEIVER: ".rx", Command.BIND_TRANSCEIVER: ""}
    fields: dict[str, Any] = {
        "system_id": smsc.system_id,
        "password": smsc.password,
        "system_type": smsc.system_type,
        "interface_version": INTERFACE_VERSION,
    }
    return [
        Binding(
            smsc=smsc.name,
            name=f"{smsc.name}/{number}{words[command]}",
            host=smsc.host,
            port=smsc.port,
            command=command,
            fields=fields,
            window=smsc.window,
            timing=smsc.timing,
        )
        for command in commands
    ]


class Room:
    """How many segments an SMSC can take at this moment, and which of its links: what is reserved is taken off."""

    def __init__(self, place: Place, most: int, links: dict[Link, int]) -> None:
        self.place = place
        self.left = most
        self._links = links

    @property
    def windows(self) -> int:
        """The windows of the links with room, together."""
        return sum(link.window for link in self._links)

    def choose(self) -> Link:
        """The link that has most room."""
        return max(self._links, key=self._links.__getitem__)

    def reserve(self, link: Link, segments: int) -> int:
        """Take places on a link, at most `segments`; how many there were."""
        taken = min(segments, self.left, self._links.get(link, 0), link.room)
        if taken:
            self.left -= taken
            self._links[link] -= taken
            link.claimed += taken
            self.place.throttle.took(taken)
        return taken


class Pool:
    """Every SMSC of the configuration. `run` keeps all links bound until `stop`."""

    def __init__(self, smscs: Sequence[Smsc], owner: Owner, clock: Clock) -> None:
        self._clock = clock
        self.places = {smsc.name: Place(smsc, owner, clock) for smsc in smscs}

    async def run(self) -> None:
        """Keep every link bound."""
        async with asyncio.TaskGroup() as group:
            for place in self.places.values():
                for link in place.links:
                    group.create_task(link.run(), name=f"link {link.binding.name}")

    def stop(self) -> None:
        """Unbind every link; `run` ends when all are closed."""
        for place in self.places.values():
            for link in place.links:
                link.stop()

    def room(self) -> dict[str, Room]:
        """What room each SMSC has now; those that can take nothing are not in it."""
        now = self._clock.monotonic()
        rooms = {}
        for name, place in self.places.items():
            links = {link: room for link in place.links if (room := link.room)}
            most = sum(links.values())
            allowed = place.throttle.allowed(now, most) if most else 0
            if allowed:
                rooms[name] = Room(place, allowed, links)
        return rooms

    def next_room(self) -> float:
        """Seconds until a throttle lets a link with room take something; 0 when one does now, inf when none has any."""
        now = self._clock.monotonic()
        waits = [
            max(0.0, place.throttle.next_allowed(now) - now)
            for place in self.places.values()
            if any(link.room for link in place.links)
        ]
        return min(waits, default=float("inf"))

    def status(self) -> list[dict[str, Any]]:
        """How every link is doing, for /ready and for people."""
        return [
            {
                "smsc": name,
                "link": link.binding.name,
                "bound": link.is_bound,
                "claimed": link.claimed,
                "window": link.window,
                "since": link.state_since,
                **({} if link.is_bound else {"problem": link.problem}),
            }
            for name, place in self.places.items()
            for link in place.links
        ]
