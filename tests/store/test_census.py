"""How much waits, up to a bound."""

from __future__ import annotations

import pytest

from heliograph.store import census
from store.scene import Play, Scene, a_message


def test_an_empty_store_has_nothing(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.store.look(census.census) == census.Census(0, 0, 0, 0)

    play(body)


def test_what_waits_is_counted_and_no_further_than_the_bound(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*(a_message(key) for key in range(1, 6)))
        assert await scene.store.look(census.census) == census.Census(5, 0, 0, 0)

        monkeypatch.setattr(census, "MOST", 3)
        assert await scene.store.look(census.census) == census.Census(3, 0, 0, 0)

    play(body)
