"""Blocklists: of any length, read in slices."""

from __future__ import annotations

from heliograph.store import blocklist, keyring
from heliograph.store.blocklist import Blocked, blocked_among
from store.scene import BEGIN, Play, Scene


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


def test_of_many_numbers_those_are_found_that_are_blocked_or_begin_so(play: Play) -> None:
    async def body(scene: Scene) -> None:
        numbers = [f"4179302{n:04}" for n in range(10_000)]
        await scene.store.alone(blocklist.block, 7, "recipient", ["41793020007", "4179302001*", "417930299999*", "4*9"])
        await scene.store.alone(blocklist.block, 7, "sender", ["bank", "4179*"])
        await scene.store.alone(blocklist.block, 8, "recipient", ["4*"])

        found = await scene.store.look(blocked_among, 7, numbers, ["bank", "4179302", "4179*", "other"])

        assert found.recipients == {"41793020007", *(f"4179302001{n}" for n in range(10))}
        assert found.senders == {"bank", "4179*"}
        assert await scene.store.look(blocked_among, 9, numbers[:3], ["bank"]) == Blocked()
        await scene.store.alone(blocklist.block, 7, "recipient", ["4*", "123456789012345*"])
        found = await scene.store.look(blocked_among, 7, ["41", "5", "123456789012345", "12345678901234"], [])
        assert found.recipients == {"41", "123456789012345"}

    play(body)


def test_whoever_has_a_list_is_known_by_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for account, kind in ((7, "recipient"), (8, "sender"), (9, None)):
            await scene.store.alone(keyring.add_account, account, str(account), BEGIN)
            if kind is not None:
                await scene.store.alone(blocklist.block, account, kind, ["1"])

        assert [row.blocks for row in (await scene.store.load_keyring()).accounts] == [True, True, False]

    play(body)
