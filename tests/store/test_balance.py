"""Balances: whole millionths, changed where they are."""

from __future__ import annotations

import asyncio

from heliograph.store import balance
from heliograph.store.balance import MOST, Balance, TopUp
from store.scene import BEGIN, Play, Scene


def test_an_account_has_nothing_until_it_is_topped_up(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.store.look(balance.balance, 7) == Balance(0, 0)

        assert await scene.store.alone(balance.top_up, 7, 5, BEGIN) is TopUp.DONE
        assert await scene.store.alone(balance.top_up, 7, -8, BEGIN) is TopUp.DONE
        assert await scene.store.alone(balance.top_up, 8, 1, BEGIN) is TopUp.DONE
        assert await scene.store.look(balance.balance, 7) == Balance(-3, 0)

    play(body)


def test_no_top_up_is_lost_among_others(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await asyncio.gather(*(scene.store.alone(balance.top_up, 7, 1, BEGIN) for _ in range(200)))

        assert await scene.store.look(balance.balance, 7) == Balance(200, 0)

    play(body)


def test_a_balance_never_leaves_what_can_be_counted(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for sign in (1, -1):
            assert await scene.store.alone(balance.top_up, 7 + sign, sign * MOST, BEGIN) is TopUp.DONE
            assert await scene.store.alone(balance.top_up, 7 + sign, sign, BEGIN) is TopUp.BEYOND
            assert await scene.store.look(balance.balance, 7 + sign) == Balance(sign * MOST, 0)

    play(body)


def test_of_one_reference_an_account_is_topped_up_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        store = scene.store
        came = await asyncio.gather(*(store.alone(balance.top_up, 7, 5, BEGIN, "118") for _ in range(50)))

        assert sorted(came, key=str) == [TopUp.DONE, *[TopUp.REPEATED] * 49]
        assert await store.alone(balance.top_up, 7, 6, BEGIN, "118") is TopUp.OTHER
        assert await store.alone(balance.top_up, 8, 6, BEGIN, "118") is TopUp.DONE
        assert await store.alone(balance.top_up, 7, 1, BEGIN, "119") is TopUp.DONE
        assert await store.look(balance.balance, 7) == Balance(6, 0)

    play(body)


def test_a_top_up_that_went_too_far_does_not_use_up_its_reference(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.store.alone(balance.top_up, 7, MOST, BEGIN) is TopUp.DONE
        assert await scene.store.alone(balance.top_up, 7, 1, BEGIN, "118") is TopUp.BEYOND
        assert await scene.store.alone(balance.top_up, 7, -1, BEGIN) is TopUp.DONE

        assert await scene.store.alone(balance.top_up, 7, 1, BEGIN, "118") is TopUp.DONE

    play(body)
