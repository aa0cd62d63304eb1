"""Inbound messages: whose they are, pushed until somebody takes them, or pulled once, and their log."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.sms.message import INBOUND, Inbound, InboundMessage, Options
from heliograph.store import inbound
from heliograph.store.inbound import InboundQuery, Owned
from heliograph.store.reporting import Pushed
from heliograph.store.settling import Delivery
from store.scene import BEGIN, DAY, ENCODE, HOUR, SMSC, Play, Scene, a_message, a_receipt

URL = 4242
OPTIONS = Options(notify_url="https://customer.example/in", shape=INBOUND)
AFTER_ALL = (1 << 62, 0)


async def deliver(scene: Scene, *keys: int, recipient: str = "12345", text: bytes = b"hello") -> None:
    at = scene.now
    messages = [Inbound(SMSC, "41790000000", recipient, 0, 0, text, at, key=key) for key in keys]
    await scene.store.receive(Delivery(at, (), messages))


def owned(key: int, *, account: int = 1, webhook: int | None = None, keyword: str = "") -> Owned:
    return Owned(key, account, keyword, webhook, ENCODE(OPTIONS if webhook else Options(shape=INBOUND)))


async def give(scene: Scene, *given: Owned) -> list[int]:
    return await scene.store.own(list(given), [], scene.now)


async def collect(scene: Scene, account: int = 1, limit: int = 50) -> tuple[list[str], int]:
    found = await scene.store.collect(account, limit)
    return [message.message_id for message in found.messages], found.unread


async def log(scene: Scene, **query: Any) -> list[str]:
    page = await scene.store.inbound_log(1, InboundQuery(**query), AFTER_ALL)
    return [message.message_id for message in page.messages]


def test_a_message_has_all_that_is_told(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 7)
        await give(scene, owned(7, keyword="JOIN"))

        [message] = (await scene.store.collect(1, 50)).messages
        options = Options(shape=INBOUND)
        assert message == InboundMessage(1, "7", "41790000000", "12345", b"hello", 0, 0, 1, "JOIN", BEGIN, options)

    play(body)


def test_what_was_looked_at_and_has_no_owner_is_told_apart(play: Play) -> None:
    async def body(scene: Scene) -> None:
        async def unowned(after: int = 0, most: int = 10, *, looked: bool) -> list[int]:
            return [one.id for one in await scene.store.unowned(after, most, looked=looked)]

        await deliver(scene, 3, 1, 2, 4, 5)
        assert await unowned(looked=False) == [1, 2, 3, 4, 5]
        assert await unowned(1, 2, looked=False) == [2, 3]

        await scene.store.own([owned(3)], [1, 4], BEGIN)
        assert await unowned(looked=False) == [2, 5]
        assert (await unowned(looked=True), await unowned(1, looked=True)) == ([1, 4], [4])

        await scene.store.own([owned(4)], [], BEGIN)
        assert await unowned(looked=True) == [1]

    play(body)


def test_a_message_is_given_to_one_owner_and_left_alone_then(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 1, 2)
        assert await give(scene, owned(1, webhook=URL)) == [1]
        assert await give(scene, owned(1, account=2, webhook=URL), owned(2)) == [2]
        await scene.store.own([], [1], BEGIN)

        assert [await scene.store.unowned(0, 10, looked=looked) for looked in (False, True)] == [[], []]
        assert [p.message for p in await scene.due(URL)] == [1]
        assert await collect(scene, 2) == ([], 0)

    play(body)


def test_each_message_is_pulled_once_and_the_oldest_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 1, 2, 3, 4)
        await give(scene, owned(3), owned(1), owned(2), owned(4, account=2))

        assert await collect(scene, limit=2) == (["1", "2"], 1)
        assert await collect(scene) == (["3"], 0)
        assert await collect(scene) == ([], 0)
        assert await collect(scene, 2) == (["4"], 0)

    play(body)


def test_unread_messages_are_counted_up_to_a_bound(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "COUNTED", 3)

    async def body(scene: Scene) -> None:
        await deliver(scene, *range(1, 7))
        await give(scene, *[owned(key) for key in range(1, 7)])

        assert await collect(scene, limit=1) == (["1"], 3)

    play(body)


def test_a_message_that_is_pushed_goes_the_way_of_reports(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 1, 2)
        await give(scene, owned(1, webhook=URL, keyword="JOIN"), owned(2, webhook=URL))
        assert await scene.store.due_webhooks(BEGIN, 10) == [URL]

        one, two = await scene.due(URL)
        assert (one.message, one.attempts, one.final, two.message) == (1, 0, True, 2)
        assert isinstance(one.report, InboundMessage)
        assert (one.report.message_id, one.report.keyword, one.report.options) == ("1", "JOIN", OPTIONS)

        await scene.store.settle_reports(Pushed(URL, BEGIN, retry=[(one.id, BEGIN + HOUR, 1)]))
        assert [p.id for p in await scene.due(URL)] == [two.id]
        scene.now += HOUR
        assert [(p.id, p.attempts) for p in await scene.due(URL)] == [(two.id, 0), (one.id, 1)]
        assert await collect(scene) == ([], 0)

    play(body)


def test_what_was_taken_is_never_pulled_and_what_was_given_up_is(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 1, 2)
        await give(scene, owned(1, webhook=URL), owned(2, webhook=URL))
        one, two = await scene.due(URL)

        await scene.store.settle_reports(Pushed(URL, BEGIN, taken=[one.id], read=[1]))
        await scene.store.settle_reports(Pushed(URL, BEGIN, given_up=[two.id], unread=[2]))

        assert (await scene.due(URL), await scene.count("report"), await scene.count("webhook")) == ([], 0, 0)
        assert await scene.pull() == []  # it is no report
        assert await collect(scene) == (["2"], 0)
        assert await log(scene) == ["2", "1"]

    play(body)


def test_reports_are_pushed_beside_inbound_messages(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(5, webhook=URL, options=ENCODE(OPTIONS)))
        await scene.receive(a_receipt("5"))
        await deliver(scene, 1)
        await give(scene, owned(1, webhook=URL))

        assert [p.message for p in await scene.due(URL)] == [5, 1]

    play(body)


def test_a_message_is_kept_from_when_it_was_read_or_given_up_and_while_it_is_pushed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await deliver(scene, 1, 2, 3, 4)
        await give(scene, owned(2, webhook=URL), owned(3, webhook=URL))
        scene.now += DAY
        two, _ = await scene.due(URL)
        await scene.store.settle_reports(Pushed(URL, scene.now, given_up=[two.id], unread=[2]))

        while await scene.store.retire(BEGIN + DAY + 1, DAY, DAY):
            pass
        assert await scene.rows("SELECT id FROM inbound ORDER BY id") == [(2,), (3,)]
        while await scene.store.retire(scene.now + DAY + 1, DAY, DAY):
            pass
        assert await scene.rows("SELECT id FROM inbound ORDER BY id") == [(3,)]

    play(body)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["5", "4", "3", "2", "1"]),
        ({"limit": 2}, ["5", "4"]),
        ({"since": BEGIN + 3}, ["5", "4", "3"]),
        ({"recipient": "2"}, ["4", "2"]),
        ({"keyword": "JOIN"}, ["3"]),
        ({"recipient": "9"}, []),
        ({"recipient": "1", "limit": 2}, ["5", "3"]),
    ],
)
def test_the_log_holds_what_was_read_and_what_was_not(play: Play, query: dict[str, Any], found: list[str]) -> None:
    async def body(scene: Scene) -> None:
        for key in range(1, 6):
            scene.now = BEGIN + key
            await deliver(scene, key, recipient="+1" if key % 2 else "2")
            await give(scene, owned(key, keyword="JOIN" if key == 3 else ""))
        await deliver(scene, 6, 7)
        await give(scene, owned(6, account=2))
        await collect(scene, limit=2)

        assert await log(scene, **query) == found

    play(body)


def test_the_log_is_read_in_slices_that_lack_nothing(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "PAGE", 2)

    async def body(scene: Scene) -> None:
        await deliver(scene, *range(1, 6))  # all at the same time
        await give(scene, *[owned(key) for key in range(1, 6)])
        pages, before = [], AFTER_ALL
        while before is not None:
            page = await scene.store.inbound_log(1, InboundQuery(), before)
            pages.append([message.message_id for message in page.messages])
            before = page.before

        assert pages == [["5", "4"], ["3", "2"], ["1"]]

    play(body)
