"""All links of all SMSCs: which has room, how much of it may be taken, and how they are doing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

import pytest

from heliograph.smpp.constants import Command, Status
from heliograph.smsc.pool import Pool
from smsc.scene import Owner, Scene, a_pool, a_simulator, an_smsc, ended
from still import StillClock, until


def play(body: Callable[[Pool, Scene], Awaitable[None]], behaviour: dict[str, Any] | None = None, **smsc: Any) -> None:
    async def inside() -> None:
        async with a_pool(behaviour, **smsc) as (pool, scene):
            await body(pool, scene)

    asyncio.run(inside())


def test_every_link_of_an_smsc_is_bound() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(3)

        assert [link.binding.name for link in scene.links] == ["north/1", "north/2", "north/3"]
        assert sorted(scene.owner.bounds) == ["north/1", "north/2", "north/3"]
        assert pool.places["north"].bound == 3
        assert {link.binding.command for link in scene.links} == {Command.BIND_TRANSCEIVER}

    play(body, {"system_id": "one", "password": "secret"}, links=3)


def test_a_pair_is_a_transmitter_and_a_receiver_and_only_one_of_them_submits() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(4)

        assert {link.binding.name: link.room for link in scene.links} == {
            "north/1.tx": 10, "north/1.rx": 0, "north/2.tx": 10, "north/2.rx": 0,
        }  # fmt: skip
        assert pool.room()["north"].left == 20
        future = scene.simulator.deliver(short_message=b"hi")
        await until(lambda: scene.owner.requests)
        for link in scene.links:
            link.acknowledge(scene.owner.requests if link.binding.name == "north/1.rx" else [])
        if not future.done():
            scene.links[3].acknowledge(scene.owner.requests)
        assert await future == 0

    play(body, pair=True, links=2)


def test_the_smsc_is_told_who_we_are() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        assert scene.link.binding.fields == {
            "system_id": "me", "password": "pass", "system_type": "VMA", "interface_version": 0x34,
        }  # fmt: skip
        await scene.bound()

    play(body, {"system_id": "me", "password": "pass"}, system_id="me", password="pass", system_type="VMA")


def test_there_is_no_room_without_a_bound_link() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        assert pool.room() == {}
        assert pool.next_room() == inf
        await scene.bound()
        assert pool.room()["north"].left == 10
        assert pool.next_room() == 0

        scene.simulator.drop_links()
        await scene.pause()

        assert pool.room() == {}
        assert pool.next_room() == inf

    play(body)


def test_a_message_goes_to_the_link_that_has_most_room() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(2)
        one, other = scene.links
        one.claimed = 3
        room = pool.room()["north"]
        assert (room.left, room.windows) == (17, 20)
        assert room.choose() is other

        assert room.reserve(other, 4) == 4

        assert room.choose() is one
        assert (room.left, other.claimed, other.room) == (13, 4, 6)

    play(body, links=2)


def test_what_is_reserved_is_claimed_and_no_more_than_a_link_has() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(2)
        one, other = scene.links
        room = pool.room()["north"]

        assert room.reserve(one, 25) == 10
        assert room.reserve(one, 1) == 0
        assert (one.claimed, other.claimed, room.left) == (10, 0, 10)
        assert pool.room()["north"].left == 10

        one.claimed -= 10
        assert pool.room()["north"].left == 20

    play(body, links=2)


def test_a_link_that_is_lost_after_the_look_has_nothing_to_reserve() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound()
        room = pool.room()["north"]
        scene.simulator.drop_links()
        await scene.pause()

        assert room.reserve(scene.link, 5) == 0
        assert scene.link.claimed == 0

    play(body)


def test_all_links_of_an_smsc_share_its_rate() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(2)
        room = pool.room()["north"]
        assert room.left == 6  # one, and a tenth of a second's worth

        assert room.reserve(scene.links[0], 3) == 3
        assert room.reserve(scene.links[1], 4) == 3
        assert pool.room() == {}
        assert pool.next_room() == pytest.approx(0.02)

        scene.clock.turn(0.05)
        assert pool.room()["north"].left == 2

    play(body, links=2, submits_per_second=50.0)


def test_an_smsc_that_throttles_us_is_left_alone() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound()
        pool.places["north"].throttle.throttled(scene.clock.monotonic(), scene.clock.monotonic())

        assert pool.room() == {}
        assert pool.next_room() == 1.0

        scene.clock.turn(1)
        assert pool.room()["north"].left == 1  # slowly at first
        scene.clock.turn(600)
        assert pool.room()["north"].left == 10

    play(body)


def test_an_smsc_that_is_down_takes_no_room_from_another() -> None:
    async def inside() -> None:
        async with a_simulator({}) as good, a_simulator({"bind_status": int(Status.ESME_RINVSYSID)}) as bad:
            clock, owner = StillClock(), Owner()
            pool = Pool([an_smsc(bad.port), an_smsc(good.port, name="south")], owner, clock)
            task = asyncio.create_task(pool.run())
            await until(lambda: pool.places["south"].bound)
            await until(lambda: bad.counters.binds_refused)

            assert pool.room().keys() == {"south"}
            assert pool.next_room() == 0

            pool.stop()
            await ended(clock, task)

    asyncio.run(inside())


def test_the_status_of_every_link_is_told_with_its_problem() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.pause()
        since = scene.clock.now()
        down = {"smsc": "north", "link": "north/1", "bound": False, "claimed": 0, "window": 10, "since": since}
        assert pool.status() == [down | {"problem": "bind refused: ESME_RALYBND"}]

        scene.simulator.behaviour = type(scene.simulator.behaviour)()
        scene.clock.turn(60)
        await scene.bound()
        scene.link.claimed = 4

        assert pool.status() == [down | {"bound": True, "claimed": 4, "since": since + 60_000}]

    play(body, {"bind_status": int(Status.ESME_RALYBND)})


def test_a_pool_that_stops_unbinds_every_link() -> None:
    async def body(pool: Pool, scene: Scene) -> None:
        await scene.bound(4)

        pool.stop()

        assert pool.room() == {}
        await asyncio.wait_for(scene.task, 5)
        await until(lambda: not scene.simulator.links)

    play(body, pair=True, links=2)
