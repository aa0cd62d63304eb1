"""Reports: pushed in order until somebody takes them, pulled once, and offered to the pull when no push succeeded."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from heliograph.sms.message import Options
from heliograph.store.reporting import Ask, Pull, Pushed
from store.scene import (
    BEGIN,
    DAY,
    DELIVERED,
    ENCODE,
    HOUR,
    PENDING,
    PUSHED,
    TOLD_ALL,
    Play,
    Scene,
    a_message,
    a_receipt,
    ids,
)  # fmt: skip

URL, OTHER = 4242, 4343
MINUTE = 60_000


async def delivered(scene: Scene, *messages: Any) -> None:
    """Send these, and have them all delivered, in their order."""
    await scene.send(*messages)
    await scene.receive(*[a_receipt(str(message.key)) for message in messages])


def pushed(key: int, **changes: Any) -> Any:
    return a_message(key, **{"webhook": URL, "options": PUSHED} | changes)


async def due(scene: Scene, webhook: int = URL) -> list[int]:
    """The ids of what is due to be pushed."""
    return [p.id for p in await scene.due(webhook)]


def test_reports_are_pushed_in_the_order_in_which_messages_ended(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(*[pushed(key) for key in range(1, 6)])
        for key in (4, 2, 5, 1, 3):
            await scene.receive(a_receipt(str(key)))

        assert [name for name, _, _ in await scene.pushes(URL)] == ["4", "2", "5", "1", "3"]
        assert [name for name, _, _ in await scene.pushes(URL, most=2)] == ["4", "2"]

    play(body)


def test_a_report_has_all_that_is_told(play: Play) -> None:
    options = Options(notify_url="https://a.example", callback_data="é", entity_id="e", regional={"a": [1]})

    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1, public_id="mine", bulk_id="bulk", options=ENCODE(options)))

        [pending] = await scene.due(URL)
        report = pending.report
        assert pending.attempts == 0
        assert (report.account, report.message_id, report.bulk_id) == (1, "mine", "bulk")
        assert (report.sender, report.recipient, report.segments) == ("Heliograph", "41793026727", 1)
        assert report.options == options
        assert (report.sent_at, report.done_at) == (BEGIN, BEGIN)

    play(body)


def test_what_is_on_its_way_is_not_offered_again(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, *[pushed(key) for key in range(1, 6)])
        first = await due(scene)

        found = await scene.due(URL, 2, frozenset(first[:3]))

        assert [pending.id for pending in found] == first[3:]

    play(body)


def test_what_was_taken_is_gone_and_its_webhook_with_the_last(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1), pushed(2))
        one, two = await due(scene)
        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[one]))
        assert await due(scene) == [two]
        assert await scene.store.due_webhooks(scene.now, 10) == [URL]

        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[two]))
        assert await scene.store.due_webhooks(scene.now + DAY, 10) == []
        assert (await scene.count("webhook"), await scene.pull()) == (0, [])

    play(body)


def test_what_failed_waits_for_its_time(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1), pushed(2))
        one, two = await due(scene)
        await scene.store.settle_reports(
            Pushed(URL, scene.now, retry=[(one, BEGIN + 2 * MINUTE, 2), (two, BEGIN + MINUTE, 1)])
        )
        assert await scene.store.due_webhooks(scene.now, 10) == []
        assert await due(scene) == []

        scene.now += MINUTE
        assert await scene.store.due_webhooks(scene.now, 10) == [URL]
        [pending] = await scene.due(URL)
        assert (pending.id, pending.attempts) == (two, 1)

    play(body)


def test_a_new_report_does_not_wait_for_the_retry_of_an_older_one(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1))
        [one] = await due(scene)
        await scene.store.settle_reports(Pushed(URL, scene.now, retry=[(one, BEGIN + HOUR, 8)]))
        scene.now += MINUTE
        await scene.accept(pushed(2, due=BEGIN), name="later")
        await scene.claim_all()
        await scene.refuse(2)

        assert await scene.store.due_webhooks(scene.now, 10) == [URL]

    play(body)


def test_a_webhook_that_rests_keeps_its_reports_as_they_are_and_no_new_one_wakes_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1), pushed(2))
        until = scene.now + MINUTE
        await scene.store.settle_reports(Pushed(URL, scene.now, rests_until=until))
        await delivered(scene, pushed(3))
        assert await scene.store.due_webhooks(until - 1, 10) == []
        assert await scene.store.due_webhooks(until, 10) == [URL]

        found = await scene.due(URL)
        assert [(pending.attempts, pending.report.message_id) for pending in found] == [(0, "1"), (0, "2"), (0, "3")]
        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[found[0].id]))
        assert await scene.store.due_webhooks(scene.now, 10) == [URL]

    play(body)


def test_the_reports_of_many_webhooks_are_found_together(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, *[a_message(key, options=PUSHED, webhook=key % 3 + 10) for key in range(1, 8)])

        asked = [Ask(10, 1), Ask(11, 100), Ask(99, 100)]
        found = (await scene.store.due_reports(asked, scene.now)).reports

        assert [[p.report.message_id for p in one.pending] for one in found] == [["3"], ["1", "4", "7"], []]

    play(body)


def test_webhooks_that_wait_longest_come_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for key, webhook in ((1, 30), (2, 10), (3, 20)):
            await scene.accept(pushed(key, webhook=webhook))
            await scene.claim_all()
            await scene.refuse(key)
            scene.now += 1

        assert await scene.store.due_webhooks(scene.now, 10) == [30, 10, 20]
        assert await scene.store.due_webhooks(scene.now, 2) == [30, 10]

    play(body)


def test_what_was_given_up_is_offered_to_the_pull(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, pushed(1), pushed(2))
        assert await scene.pull() == []
        one, _ = await due(scene)
        await scene.store.settle_reports(Pushed(URL, scene.now, given_up=[one]))

        assert await scene.told() == [("1", DELIVERED, 0)]
        assert [name for name, _, _ in await scene.pushes(URL)] == ["2"]

    play(body)


def test_an_intermediate_report_that_was_given_up_is_not_pulled(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(pushed(1, options=TOLD_ALL))
        await scene.receive(a_receipt("1", status=PENDING, error=27, final=False))
        await scene.store.settle_reports(Pushed(URL, scene.now, given_up=await due(scene)))

        assert await scene.count("report") == 0

    play(body)


def test_an_intermediate_report_that_failed_is_not_told_any_more_when_the_message_has_ended(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(pushed(1, options=TOLD_ALL))
        await scene.receive(a_receipt("1", status=PENDING, error=27, final=False))
        [failed] = await scene.due(URL)
        await scene.store.settle_reports(Pushed(URL, scene.now, retry=[(failed.id, scene.now, 1)]))
        assert [(p.id, p.final) for p in await scene.due(URL)] == [(failed.id, False)]
        await scene.receive(a_receipt("1", status=PENDING, error=51, final=False))
        await scene.refuse(1)

        found = await scene.reports(URL)
        assert [(p.report.error, p.final, p.message) for p in found.pending] == [(51, False, 1), (4096, True, 1)]
        assert found.obsolete == [failed.id]

    play(body)


def test_an_intermediate_report_whose_message_is_forgotten_goes_and_the_others_are_told(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(pushed(1, options=TOLD_ALL), pushed(2, options=TOLD_ALL))
        for name in ("1", "2"):
            await scene.receive(a_receipt(name, status=PENDING, error=27, final=False))
        [one, _] = await due(scene)
        await scene.refuse(1)
        final = max(await due(scene))
        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[final]))
        while await scene.store.retire(scene.now + 2 * DAY, DAY, DAY):  # a retention that ends before the retries
            pass

        found = await scene.reports(URL)
        assert [pending.report.message_id for pending in found.pending] == ["2"]
        assert found.obsolete == [one]
        assert await scene.count("report") == 2  # a look changes nothing

        await scene.store.settle_reports(Pushed(URL, scene.now, taken=found.obsolete))
        assert await scene.count("report") == 1
        assert (await scene.reports(URL)).obsolete == []
        assert await scene.store.due_webhooks(scene.now, 10) == [URL]

    play(body)


def test_a_webhook_with_nothing_but_forgotten_reports_is_not_looked_at_again(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(pushed(1, options=TOLD_ALL))
        await scene.receive(a_receipt("1", status=PENDING, error=27, final=False))
        await scene.refuse(1)
        await scene.store.settle_reports(Pushed(URL, scene.now, taken=[max(await due(scene))]))
        while await scene.store.retire(scene.now + 2 * DAY, DAY, DAY):
            pass

        await scene.store.settle_reports(Pushed(URL, scene.now, taken=(await scene.reports(URL)).obsolete))

        assert await scene.store.due_webhooks(scene.now + DAY, 10) == []

    play(body)


def test_a_report_is_pulled_once_and_the_oldest_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, *[a_message(key) for key in range(1, 8)])

        assert ids(await scene.pull(limit=3)) == ["1", "2", "3"]
        assert ids(await scene.pull(limit=3)) == ["4", "5", "6"]
        assert ids(await scene.pull()) == ["7"]
        assert await scene.pull() == []

    play(body)


def test_nobody_sees_the_reports_of_another_account(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, a_message(1, public_id="a", bulk_id="b"))

        for filters in ({}, {"message_id": "a"}, {"message_id": "1"}, {"bulk_id": "b"}):
            assert await scene.pull(account=2, **filters) == []

    play(body)


MARKS = {
    "entity_id": Options(entity_id="x"),
    "application_id": Options(application_id="x"),
    "campaign_reference_id": Options(campaign_reference_id="x"),
}


@pytest.mark.parametrize("name", MARKS)
def test_reports_are_found_by_what_was_given_with_the_message(play: Play, name: str) -> None:
    async def body(scene: Scene) -> None:
        await delivered(
            scene,
            a_message(1),
            a_message(2, options=ENCODE(MARKS[name])),
            a_message(3, options=ENCODE(msgspec.structs.replace(MARKS[name], **{name: "y"}))),
            a_message(4, options=ENCODE(MARKS[name])),
        )

        assert ids(await scene.pull(**{name: "x"})) == ["2", "4"]
        assert ids(await scene.pull()) == ["1", "3"]

    play(body)


def test_reports_are_found_by_bulk(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for key, name in ((1, "one"), (2, "two"), (3, "one")):
            await scene.accept(a_message(key, bulk_id=name), name=name)
        await scene.claim_all()
        for key in (1, 2, 3):
            await scene.refuse(key)

        assert await scene.pull(bulk_id="none") == []
        assert ids(await scene.pull(bulk_id="one")) == ["1", "3"]
        assert await scene.pull(bulk_id="one") == []
        assert ids(await scene.pull()) == ["2"]

    play(body)


def test_the_report_of_a_lone_message_is_found_by_the_bulk_id_that_is_its_key(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, a_message(71, bulk_id="71", public_id="mine"), a_message(72), a_message(73))

        assert await scene.pull(bulk_id="72") == []  # that message has none
        assert ids(await scene.pull(bulk_id="71")) == ["mine"]
        assert await scene.pull(bulk_id="71") == []

    play(body)


def test_reports_of_a_bulk_are_found_for_as_long_as_they_are_kept(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="bulk", expires_at=BEGIN + 2 * DAY), name="bulk")
        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, "1")])
        scene.now += 40 * HOUR
        await scene.receive(a_receipt("1"))
        scene.now += 40 * HOUR
        await scene.store.retire(scene.now, 48 * HOUR, 7 * DAY)

        assert ids(await scene.pull(bulk_id="bulk")) == ["1"]

    play(body)


def test_reports_are_found_by_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, a_message(1, public_id="mine"), a_message(2), a_message(3, public_id="2"))

        assert ids(await scene.pull(message_id="none")) == []
        assert ids(await scene.pull(message_id="9" * 40)) == []
        assert ids(await scene.pull(message_id="mine")) == ["mine"]
        assert await scene.pull(message_id="mine") == []
        assert ids(await scene.pull(message_id="2")) == ["2"]

    play(body)


def test_a_message_with_an_id_of_its_own_is_not_found_by_its_key(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, a_message(1, public_id="mine"))

        assert await scene.pull(message_id="1") == []
        assert ids(await scene.pull(message_id="mine", bulk_id="other")) == []
        assert ids(await scene.pull(message_id="mine")) == ["mine"]

    play(body)


def test_what_is_searched_for_is_found_behind_a_thousand_others(play: Play) -> None:
    async def body(scene: Scene) -> None:
        marked = ENCODE(Options(entity_id="x"))
        await scene.accept(*[a_message(key, options=marked if key % 1100 == 0 else PUSHED) for key in range(1, 2201)])
        scene.now += 2 * DAY
        while await scene.expire():
            pass

        assert ids(await scene.pull(entity_id="x")) == ["1100", "2200"]
        assert len(await scene.pull(limit=1500)) == 1500
        assert len(await scene.pull(limit=1500)) == 698

    play(body)


def test_two_pulls_at_once_share_the_reports(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, *[a_message(key) for key in range(1, 101)])

        found = await asyncio.gather(*[scene.pull(limit=30) for _ in range(5)])

        names = [name for reports in found for name in ids(reports)]
        assert sorted(names, key=int) == [str(key) for key in range(1, 101)]

    play(body)


def test_a_report_that_was_found_and_then_read_by_others_is_never_taken_for_another(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await delivered(scene, a_message(1))
        found = (await scene.store.search(Pull(1, scene.now, 10, entity_id=None), 0)).found
        assert ids(await scene.pull()) == ["1"]
        await delivered(scene, a_message(2, account=2))

        assert await scene.store.take([id_ for id_, _ in found]) == frozenset()
        assert ids(await scene.pull(account=2)) == ["2"]

    play(body)


@pytest.mark.parametrize("name", [str(2**63), "9" * 19, "9" * 30, str(2**63 - 1)])
def test_a_number_that_is_no_key_finds_nothing(play: Play, name: str) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.pull(message_id=name) == []
        assert await scene.pull(bulk_id=name) == []

    play(body)
