"""Long inbound messages: their parts are kept, and joined when the last has come."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from heliograph.sms.concatenation import UDHI, Place
from heliograph.sms.message import Inbound
from heliograph.store.joining import REPEATED
from heliograph.store.settling import Delivery
from store.scene import BEGIN, HOUR, SMSC, Play, Scene

REFERENCE = 0x2A


def a_part(key: int, number: int, text: bytes, *, total: int = 3, **changes: Any) -> Inbound:
    """Part `number` of a message, with a header of an 8-bit reference."""
    header = bytes((5, 0, 3, REFERENCE, total, number))
    plain: dict[str, Any] = {"smsc": SMSC, "sender": "41790000000", "recipient": "12345", "data_coding": 0}
    plain |= {"esm_class": UDHI, "body": header + text, "received_at": BEGIN + key, "key": key}
    return Inbound(place=changes.pop("place", Place(REFERENCE, total, number, 8)), **plain | changes)


async def deliver(scene: Scene, *parts: Inbound) -> int:
    """By one commit; how many messages it made."""
    return (await scene.store.receive(Delivery(scene.now, (), parts))).inbound


async def texts(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.rows("SELECT body, segments FROM inbound ORDER BY id")


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
@pytest.mark.parametrize("together", [True, False])
def test_parts_in_any_order_make_one_message(play: Play, order: tuple[int, ...], together: bool) -> None:
    async def body(scene: Scene) -> None:
        parts = [a_part(key, number, b"%d" % number) for key, number in enumerate(order, 10)]
        made = [await deliver(scene, *parts)] if together else [await deliver(scene, part) for part in parts]

        assert made == ([1] if together else [0, 0, 1])
        rows = await scene.rows(
            "SELECT id, smsc, sender, recipient, data_coding, esm_class, body, segments, received_at FROM inbound"
        )
        assert rows == [(12, SMSC, "41790000000", "12345", 0, 0, b"123", 3, BEGIN + 12)]

    play(body)


@pytest.mark.parametrize(
    "other",
    [
        {"smsc": "south"},
        {"sender": "41790000001"},
        {"recipient": "54321"},
        {"place": Place(REFERENCE + 1, 2, 2, 8)},
        {"place": Place(REFERENCE, 2, 2, 16)},
        {"place": Place(REFERENCE, 2, 2, 0)},
        {"place": Place(REFERENCE, 3, 2, 8)},
    ],
)
def test_parts_of_different_messages_are_never_joined(play: Play, other: dict[str, Any]) -> None:
    async def body(scene: Scene) -> None:
        assert await deliver(scene, a_part(1, 1, b"a", total=2), a_part(2, 2, b"b", total=2, **other)) == 0
        assert await deliver(scene, a_part(3, 2, b"c", total=2)) == 1

        assert await texts(scene) == [(b"ac", 2)]

    play(body)


def test_several_messages_may_come_in_at_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        whole = Inbound(SMSC, "41790000000", "12345", 0, 0, b"whole", BEGIN, key=1)
        one = [a_part(2, 1, b"a", total=2), a_part(3, 2, b"b", total=2)]
        other = [a_part(4, 2, b"d", total=2, sender="1"), a_part(5, 1, b"c", total=2, sender="1")]

        assert await deliver(scene, one[0], other[0], whole, other[1], one[1]) == 3
        assert await texts(scene) == [(b"whole", 1), (b"ab", 2), (b"cd", 2)]

    play(body)


def test_a_part_that_comes_again_is_ignored(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, a_part(1, 1, b"a", total=2), a_part(2, 1, b"a", total=2))
        await deliver(scene, a_part(3, 1, b"a", total=2))
        await deliver(scene, a_part(4, 2, b"b", total=2))
        assert await texts(scene) == [(b"ab", 2)]

        scene.now += REPEATED
        assert await deliver(scene, a_part(5, 2, b"b", total=2), a_part(6, 1, b"a", total=2)) == 0
        assert await texts(scene) == [(b"ab", 2)]

    play(body)


def test_the_same_message_may_be_sent_again_later(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, a_part(1, 1, b"a", total=2), a_part(2, 2, b"b", total=2))
        scene.now += REPEATED + 1

        assert await deliver(scene, a_part(3, 1, b"a", total=2)) == 0
        assert await deliver(scene, a_part(4, 2, b"b", total=2)) == 1
        assert await texts(scene) == [(b"ab", 2)] * 2

    play(body)


@pytest.mark.parametrize("together", [True, False])
def test_a_reference_that_comes_round_again_ends_the_incomplete_message(play: Play, together: bool) -> None:
    async def body(scene: Scene) -> None:
        parts = [a_part(1, 1, b"old 1 "), a_part(2, 3, b"old 3"), a_part(3, 3, b"new 3"), a_part(4, 1, b"new 1 ")]
        made = [await deliver(scene, *parts)] if together else [await deliver(scene, part) for part in parts]
        assert made == ([1] if together else [0, 0, 1, 0])
        assert await texts(scene) == [(b"old 1 old 3", 2)]

        assert await deliver(scene, a_part(5, 2, b"new 2 ")) == 1
        assert await texts(scene) == [(b"old 1 old 3", 2), (b"new 1 new 2 new 3", 3)]

    play(body)


def test_a_reference_of_a_message_that_is_complete_may_be_used_again_at_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, a_part(1, 1, b"a", total=2), a_part(2, 2, b"b", total=2))

        assert await deliver(scene, a_part(3, 1, b"c", total=2)) == 0
        assert await deliver(scene, a_part(4, 2, b"d", total=2)) == 1
        assert await texts(scene) == [(b"ab", 2), (b"cd", 2)]

    play(body)


def test_what_waited_too_long_becomes_a_message_of_the_parts_there_are(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, a_part(HOUR, 1, b"late", sender="1"))
        await deliver(scene, a_part(1, 3, b"three"), a_part(2, 1, b"one "))
        await deliver(scene, a_part(4, 1, b"a", total=2), a_part(5, 2, b"b", total=2))

        ended = await scene.store.end_sets(BEGIN + 2 * HOUR - 1, HOUR)

        assert (ended.sets, ended.incomplete) == (2, 1)
        assert await texts(scene) == [(b"one three", 2), (b"ab", 2)]
        assert (await scene.count("inbound_set"), await scene.count("inbound_part")) == (1, 1)
        assert (await scene.store.end_sets(BEGIN + 2 * HOUR - 1, HOUR)).sets == 0

        await deliver(scene, a_part(6, 2, b"two"))  # too late: it waits as the others did
        assert (await scene.store.end_sets(BEGIN + 2 * HOUR - 1, HOUR)).incomplete == 1
        assert await texts(scene) == [(b"one three", 2), (b"ab", 2), (b"two", 1)]

    play(body)


def test_a_part_is_known_again_however_long_its_message_had_waited_for_the_last_one(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, a_part(1, 1, b"a", total=2))
        scene.now += HOUR - 1
        await deliver(scene, a_part(2, 2, b"b", total=2))

        assert (await scene.store.end_sets(scene.now + REPEATED, HOUR)).sets == 0
        assert await deliver(scene, a_part(3, 2, b"b", total=2)) == 0
        assert (await scene.count("inbound_part"), await texts(scene)) == (2, [(b"ab", 2)])

        assert (await scene.store.end_sets(scene.now + REPEATED + 1, HOUR)).sets == 1
        assert await scene.count("inbound_part") == 0

    play(body)
