"""Blocklists: of any length, read in slices."""

from __future__ import annotations

from heliograph.store import blocklist
from store.scene import Play, Scene


def test_what_is_blocked_is_counted_once_and_each_account_and_kind_has_its_own(play: Play) -> None:
    async def body(scene: Scene) -> None:
        store = scene.store
        assert await store.alone(blocklist.block, 7, "recipient", ["2", "1", "2"]) == 2
        assert await store.alone(blocklist.block, 7, "recipient", ["2", "3"]) == 1
        assert await store.alone(blocklist.block, 7, "sender", ["1"]) == 1
        assert await store.alone(blocklist.block, 8, "recipient", ["1"]) == 1
        assert await store.look(blocklist.blocked, 7, "recipient", "", 10) == ["1", "2", "3"]

        assert await store.alone(blocklist.unblock, 7, "recipient", ["1", "1", "9"]) == 1
        assert await store.look(blocklist.blocked, 7, "recipient", "", 10) == ["2", "3"]
        assert await store.look(blocklist.blocked, 7, "sender", "", 10) == ["1"]
        assert await store.look(blocklist.blocked, 8, "recipient", "", 10) == ["1"]

    play(body)


def test_a_list_is_read_on_from_the_last_value_of_a_slice(play: Play) -> None:
    async def body(scene: Scene) -> None:
        values = [f"{n:05}" for n in range(700)]
        assert await scene.store.alone(blocklist.block, 7, "recipient", values) == 700

        first = await scene.store.look(blocklist.blocked, 7, "recipient", "", 400)
        assert first + await scene.store.look(blocklist.blocked, 7, "recipient", first[-1], 400) == values

    play(body)
