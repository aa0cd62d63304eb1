"""Accepting: what a request leaves behind, all of it or nothing, and which ids it may not use again."""

from __future__ import annotations

import pytest

from store.scene import BEGIN, DAY, HOUR, Play, Scene, a_message, id_of


def test_all_messages_of_a_request_are_stored(play: Play) -> None:
    async def body(scene: Scene) -> None:
        refused = await scene.accept(*[a_message(key) for key in range(1, 301)])

        assert refused == frozenset()
        assert await scene.keys() == list(range(1, 301))

    play(body)


def test_a_message_keeps_every_field(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(
            a_message(
                5, account=2**62, sender="Ünïcode", body=bytes(range(256)), data_coding=245, esm_class=0x43,
                segments=2, open_hours=b"\x00\xff", intermediate=True, due=BEGIN - 1,
            )
        )  # fmt: skip
        [candidate] = await scene.peek()

        assert (candidate.key, candidate.account, candidate.sender) == (5, 2**62, "Ünïcode")
        assert (candidate.body, candidate.data_coding, candidate.esm_class) == (bytes(range(256)), 245, 0x43)
        assert (candidate.open_hours, candidate.intermediate, candidate.waiting) == (b"\x00\xff", True, (1, 2))
        assert (candidate.due, candidate.expires_at, candidate.created_at) == (BEGIN - 1, BEGIN + DAY, BEGIN)
        assert (candidate.reference, candidate.attempts, candidate.unanswered) == (None, 0, 0)

    play(body)


def test_an_empty_body_is_a_body(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, body=b""))

        assert (await scene.peek())[0].body == b""

    play(body)


def test_the_first_of_two_messages_with_one_id_is_kept(play: Play) -> None:
    async def within_a_request(scene: Scene) -> None:
        refused = await scene.accept(
            a_message(1, public_id="a"), a_message(2, public_id="b"), a_message(3, public_id="a")
        )
        assert refused == {3}
        assert await scene.keys() == [1, 2]

    async def across_requests(scene: Scene) -> None:
        assert await scene.accept(a_message(4, public_id="b"), a_message(5, public_id="c")) == {4}
        assert await scene.keys() == [1, 2, 5]

    async def body(scene: Scene) -> None:
        await within_a_request(scene)
        await across_requests(scene)

    play(body)


def test_two_accounts_may_use_one_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.accept(a_message(1, public_id="a")) == frozenset()
        assert await scene.accept(a_message(2, account=2, public_id="a")) == frozenset()

    play(body)


def test_messages_without_an_id_are_never_duplicates(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.accept(a_message(1), a_message(2), a_message(3, public_id="")) == frozenset()
        assert await scene.accept(a_message(4, public_id="")) == {4}

    play(body)


def test_the_id_of_a_finished_message_is_still_taken(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, public_id="a"))
        await scene.refuse(1)

        assert await scene.accept(a_message(2, public_id="a")) == {2}

    play(body)


def test_a_request_of_which_nothing_is_new_leaves_nothing_to_send(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="a"))

        assert await scene.accept(a_message(2, public_id="a", bulk_id="bulk"), name="bulk") == {2}
        assert await scene.keys() == [1]
        assert await scene.rows("SELECT name, next_due FROM lane WHERE name <> ''") == [("bulk", None)]

    play(body)


def test_a_lane_is_made_once_for_every_bulk(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.accept(a_message(2))
        await scene.accept(a_message(3), name="bulk")
        await scene.accept(a_message(4), name="bulk")
        await scene.accept(a_message(5, account=2), name="bulk")

        lanes = {candidate.key: candidate.lane for candidate in await scene.peek()}
        assert lanes[1] == lanes[2]
        assert lanes[3] == lanes[4]
        assert len(set(lanes.values())) == 3

    play(body)


@pytest.mark.parametrize(("then", "pace"), [(None, 250_000), (500_000, 500_000)])
def test_the_speed_of_a_bulk_stays_until_another_is_given(play: Play, then: int | None, pace: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), name="bulk", interval=250_000)
        await scene.accept(a_message(2), name="bulk", interval=then)

        assert {candidate.pace for candidate in await scene.peek()} == {pace}

    play(body)


def test_a_lane_is_due_with_the_earliest_of_its_messages(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, due=BEGIN + HOUR))
        await scene.accept(a_message(2, due=BEGIN + 2 * HOUR))
        assert await scene.keys() == []

        scene.now = BEGIN + HOUR
        assert await scene.keys() == [1]

        await scene.accept(a_message(3, due=scene.now))
        assert await scene.keys() == [1, 3]

    play(body)


def test_an_id_may_be_of_any_length(play: Play) -> None:
    async def body(scene: Scene) -> None:
        name = "é" * 5000
        await scene.accept(a_message(1, public_id=name))
        assert await scene.accept(a_message(2, public_id=name)) == {2}

        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, id_of(1, 1, 1))])
        await scene.refuse(1)
        assert [report.message_id for report in await scene.pull(message_id=name)] == [name]

    play(body)
