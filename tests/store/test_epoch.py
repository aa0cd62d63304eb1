"""Two processes that serve one after the other: the first can change nothing of what the second owns by now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from heliograph.sms.message import MessageState, SegmentState
from heliograph.store.errors import EpochEnded
from heliograph.store.settling import Settlement
from heliograph.store.upkeep import Adopted
from store.scene import BEGIN, Play, Scene, a_message, a_taking


async def claims(scene: Scene) -> None:
    await scene.claim(*[a_taking(candidate) for candidate in await scene.peek()])


async def settles(scene: Scene) -> None:
    await scene.store.settle(Settlement(scene.epoch, BEGIN))


async def adopts(scene: Scene) -> None:
    orphans = await scene.store.orphans(scene.epoch + 1)
    adopted = [Adopted(o, SegmentState.WAITING, 1, MessageState.QUEUED) for o in orphans]
    await scene.store.adopt(scene.epoch, BEGIN, adopted)


async def touches(scene: Scene) -> None:
    await scene.store.touch(scene.epoch, BEGIN + 1)


async def looks(scene: Scene) -> None:
    await scene.store.check_epoch(scene.epoch)


@pytest.mark.parametrize("act", [claims, settles, adopts, touches, looks])
def test_an_ended_epoch_writes_nothing_and_is_told_so(play: Play, act: Callable[[Scene], Awaitable[None]]) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), lane=1)
        await claims(scene)
        await scene.accept(a_message(2), lane=2)
        await act(scene)  # which nobody minds while the epoch is the last
        await scene.accept(a_message(3), lane=3)
        await scene.store.begin_epoch("second", BEGIN)
        tables = ("epoch", "message", "segment", "lane", "reference")
        before = [await scene.rows(f"SELECT * FROM {table}") for table in tables]

        with pytest.raises(EpochEnded, match=r"another process has taken over .* nothing is lost"):
            await act(scene)

        assert [await scene.rows(f"SELECT * FROM {table}") for table in tables] == before

    play(body)


def test_what_is_accepted_beside_the_work_of_an_ended_epoch_is_stored(play: Play) -> None:
    async def body(scene: Scene) -> None:
        older, scene.epoch = scene.epoch, await scene.store.begin_epoch("second", BEGIN)

        told, refused = await asyncio.gather(
            scene.settle(epoch=older), scene.accept(a_message(1)), return_exceptions=True
        )

        assert isinstance(told, EpochEnded)
        assert refused == frozenset()
        assert await scene.keys() == [1]

    play(body)
