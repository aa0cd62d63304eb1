"""Conversions: of a message that is tracked, live or ended, once, and for as long as its history is kept."""

from __future__ import annotations

from heliograph.sms.message import Options, Tracking
from heliograph.store.conversion import Tracked
from store.scene import BEGIN, DAY, ENCODE, Play, Scene, a_message, a_refusal

TRACKED = ENCODE(Options(tracking=Tracking("campaign")))
FIRST, AGAIN = Tracked("campaign", first=True), Tracked("campaign", first=False)


def test_a_tracked_message_is_found_by_its_id_while_it_waits_and_after_its_end(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1, options=TRACKED), a_message(2, public_id="mine", options=TRACKED))
        assert await scene.store.convert(1, "1", BEGIN) == FIRST

        await scene.refuse(1)
        await scene.refuse(2)

        assert await scene.store.convert(1, "1", BEGIN + 1) == AGAIN
        assert await scene.store.convert(1, "mine", BEGIN + 2) == FIRST
        assert await scene.store.convert(1, "mine", BEGIN + 3) == AGAIN
        rows = await scene.rows("SELECT message, account, process_key, at FROM conversion ORDER BY message")
        assert rows == [(1, 1, "campaign", BEGIN), (2, 1, "campaign", BEGIN + 2)]

    play(body)


def test_nothing_is_told_of_a_message_that_is_not_ones_own_or_not_tracked_or_was_refused(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(
            a_message(1, options=TRACKED, public_id="mine"),
            a_message(2),
            a_message(3, options=TRACKED),
            refused=[a_refusal(4, options=TRACKED)],
        )

        for account, name in ((2, "mine"), (1, "1"), (1, "2"), (2, "3"), (1, "4"), (1, "5"), (1, "x"), (1, "")):
            assert await scene.store.convert(account, name, BEGIN) is None, name
        assert await scene.count("conversion") == 0

    play(body)


def test_what_was_told_of_an_open_message_stays_as_long_as_its_history_may(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, options=TRACKED), a_message(2, options=TRACKED))
        await scene.store.convert(1, "1", BEGIN)
        await scene.store.convert(1, "2", BEGIN + 1)

        await scene.store.retire(BEGIN + 9 * DAY, 2 * DAY, 7 * DAY)
        assert await scene.count("conversion") == 2

        await scene.store.retire(BEGIN + 9 * DAY + 1, 2 * DAY, 7 * DAY)
        assert await scene.rows("SELECT message FROM conversion") == [(2,)]

    play(body)
