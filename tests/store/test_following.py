"""Short links: stored with their messages, followed for as long as they are kept, their clicks pushed once."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.sms.message import CLICK, Click, NewShortLink, Options, UrlOptions
from heliograph.store.following import REPEATED, ShortLink, to_push
from heliograph.store.reporting import Pushed
from store.scene import BEGIN, DAY, ENCODE, Play, Scene, a_message

ONE, TWO, THREE = "0123456789a", "0123456789A", "zzzzzzzzzzz"
URL = "https://shop.example/a"
HOOK = 777
TOLD = Options(
    notify_url="https://customer.example/reports",
    content_type="application/xml",
    callback_data="mine",
    url_options=UrlOptions(tracking_url="https://customer.example/clicks"),
)


def a_link(code: str = ONE, message: int | None = 1, **changes: Any) -> NewShortLink:
    plain: dict[str, Any] = {"code": code, "url": URL, "message": message, "due": BEGIN, "since": BEGIN + DAY}
    return NewShortLink(**plain | changes)


def told(key: int, **changes: Any) -> Any:
    return a_message(key, options=ENCODE(TOLD), **changes)


async def clicks(scene: Scene) -> list[Any]:
    """What is due to be pushed."""
    return [pending.report for pending in await scene.due(HOOK)]


def test_links_are_stored_with_their_messages_and_found_by_their_exact_codes(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(told(1), short_links=[a_link(), a_link(THREE, None)])

        assert await scene.store.find_short_link(ONE) == ShortLink(URL, 1, TOLD, BEGIN + DAY, None)
        assert await scene.store.find_short_link(THREE) == ShortLink(URL, 1, None, BEGIN + DAY, None)
        assert await scene.store.find_short_link(TWO) is None

    play(body)


def test_a_message_that_is_not_stored_leaves_no_links(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="a"))

        known = await scene.accept(told(2, public_id="a"), told(3), short_links=[a_link(ONE, 2), a_link(TWO, 3)])
        await scene.accept(told(4, public_id="a"), short_links=[a_link(THREE, None)])

        assert known == {2}
        assert [(await scene.store.find_short_link(code)) is None for code in (ONE, TWO, THREE)] == [True, False, True]

    play(body)


def test_a_click_has_all_that_is_told_of_it_whatever_became_of_its_link_and_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(
            told(1, public_id="mine", bulk_id="bulk", recipient="41790000001"), name="bulk", short_links=[a_link()]
        )
        assert await scene.store.click(ONE, 50, HOOK, BEGIN + 5) is True
        assert await scene.store.retire_short_links(BEGIN + 2 * DAY) == 1

        assert await scene.store.find_short_link(ONE) is None
        assert await clicks(scene) == []  # it is not due yet
        scene.now = BEGIN + 5
        expected = to_push(TOLD)
        assert (expected.notify_url, expected.content_type, expected.shape) == (
            "https://customer.example/clicks",
            "application/json",
            CLICK,
        )
        assert await clicks(scene) == [Click(1, "mine", "bulk", "41790000001", URL, BEGIN, BEGIN + 5, expected)]
        assert await scene.store.due_webhooks(scene.now, 10) == [HOOK]

    play(body)  # fmt: skip


def test_clicks_of_one_link_within_a_second_are_one(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(told(1), told(2), short_links=[a_link(), a_link(TWO, 2)])
        times = (0, REPEATED - 1, REPEATED, 2 * REPEATED - 1, 2 * REPEATED)

        stored = [await scene.store.click(ONE, 50 + n, HOOK, BEGIN + at) for n, at in enumerate(times)]
        other = await scene.store.click(TWO, 60, HOOK, BEGIN + 1)

        assert (stored, other) == ([True, False, True, False, True], True)
        scene.now = BEGIN + DAY
        assert [(c.message_id, c.at - BEGIN) for c in await clicks(scene)] == [
            ("1", 0),
            ("2", 1),
            ("1", 1000),
            ("1", 2000),
        ]

    play(body)  # fmt: skip


def test_nobody_is_told_of_a_link_that_all_recipients_share(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(told(1), short_links=[a_link(ONE, None)])

        assert await scene.store.click(ONE, 50, HOOK, BEGIN) is False
        assert await scene.store.click(TWO, 51, HOOK, BEGIN) is False  # nor of one that is not there
        assert (await scene.count("click"), await scene.count("report")) == (0, 0)

    play(body)


@pytest.mark.parametrize("taken", [True, False])
def test_a_click_goes_when_it_was_taken_or_given_up_and_is_never_pulled(play: Play, taken: bool) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(told(1), short_links=[a_link()])
        for n in range(2):
            await scene.store.click(ONE, 50 + n, HOOK, BEGIN + n * REPEATED)
        scene.now = BEGIN + DAY
        first, second = await scene.due(HOOK)

        ended = {"taken": [first.id]} if taken else {"given_up": [first.id]}
        await scene.store.settle_reports(Pushed(HOOK, scene.now, clicks=[first.message], **ended))

        assert await scene.due(HOOK) == [second]
        assert await scene.rows("SELECT id FROM click") == [(51,)]
        assert await scene.pull() == []

    play(body)


def test_links_are_kept_from_the_end_of_their_messages_validity(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(told(1), told(2), short_links=[a_link(), a_link(TWO, 2, since=BEGIN + 2 * DAY)])

        assert await scene.store.retire_short_links(BEGIN + DAY) == 0
        assert await scene.store.retire_short_links(BEGIN + DAY + 1) == 1
        assert [(await scene.store.find_short_link(code)) is None for code in (ONE, TWO)] == [True, False]

    play(body)


@pytest.mark.parametrize(("name", "bulk_id"), [("bulk", "bulk"), ("", "1")])
def test_a_bulk_that_moves_takes_its_links_along(play: Play, name: str, bulk_id: str) -> None:
    async def body(scene: Scene) -> None:
        later = BEGIN + 100 * DAY
        links = [a_link(), a_link(TWO, None)]
        await scene.accept(told(1, bulk_id=bulk_id), name=name, single=True, short_links=links, validity_minutes=1440)
        await scene.accept(told(3, bulk_id="3"), short_links=[a_link(THREE, 3)])

        await scene.store.reschedule(1, bulk_id, later, BEGIN)

        rows = await scene.rows("SELECT code, due, since FROM short_link")
        assert sorted(rows) == sorted(
            [(ONE, later, later + DAY), (TWO, later, later + DAY), (THREE, BEGIN, BEGIN + DAY)]
        )

    play(body)


def test_links_that_lead_somewhere_are_kept_no_shorter_because_their_bulk_leaves_earlier(play: Play) -> None:
    async def body(scene: Scene) -> None:
        links = [a_link(since=BEGIN + 9 * DAY)]
        await scene.accept(told(1, bulk_id="b"), name="b", single=True, short_links=links, validity_minutes=1440)

        await scene.store.reschedule(1, "b", BEGIN + DAY, BEGIN)

        assert await scene.rows("SELECT due, since FROM short_link") == [(BEGIN + DAY, BEGIN + 9 * DAY)]

    play(body)
