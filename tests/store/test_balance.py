"""Balances: whole millionths, changed where they are."""

from __future__ import annotations

import asyncio

from heliograph.store import balance
from heliograph.store.balance import MOST, Balance
from store.scene import Play, Scene


def test_an_account_has_nothing_until_it_is_topped_up(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.store.look(balance.balance, 7) == Balance(0, 0)

        assert await scene.store.alone(balance.top_up, 7, 5) is True
        assert await scene.store.alone(balance.top_up, 7, -8) is True
        assert await scene.store.alone(balance.top_up, 8, 1) is True
        assert await scene.store.look(balance.balance, 7) == Balance(-3, 0)

    play(body)


def test_no_top_up_is_lost_among_others(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await asyncio.gather(*(scene.store.alone(balance.top_up, 7, 1) for _ in range(200)))

        assert await scene.store.look(balance.balance, 7) == Balance(200, 0)

    play(body)


def test_a_balance_never_leaves_what_can_be_counted(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for sign in (1, -1):
            assert await scene.store.alone(balance.top_up, 7 + sign, sign * MOST) is True
            assert await scene.store.alone(balance.top_up, 7 + sign, sign) is False
            assert await scene.store.look(balance.balance, 7 + sign) == Balance(sign * MOST, 0)

    play(body)
