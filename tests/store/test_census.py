"""How much waits, up to a bound."""

from __future__ import annotations

import pytest

from heliograph.store import census
from store.scene import Play, Scene, a_message, a_receipt, id_of


def test_an_empty_store_has_nothing(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.store.look(census.census) == census.Census(0, 0, 0, 0)

    play(body)


def test_what_waits_is_counted_and_no_further_than_the_bound(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*(a_message(key) for key in range(1, 6)))
        assert await scene.store.look(census.census) == census.Census(5, 0, 0, 0)
        await scene.send(a_message(6), a_message(7, webhook=9))
        assert await scene.store.look(census.census) == census.Census(5, 2, 0, 0)
        for key in (6, 7):
            await scene.receive(a_receipt(id_of(key, 1, 1)))
        assert await scene.store.look(census.census) == census.Census(5, 0, 1, 1)

        monkeypatch.setattr(census, "MOST", 3)
        assert await scene.store.look(census.census) == census.Census(3, 0, 1, 1)

    play(body)
