"""Logs for customers: pages with cursors, searches that end in time, and refusals beside what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from flows.engines import Engine
from flows.house import Customer
from heliograph.app import open_store
from heliograph.flows.accept import Acceptor
from heliograph.flows.errors import Overloaded
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.logs import SEARCHES_FOR, Logs, Page, parse_cursor, render_cursor
from heliograph.flows.routing import Route
from heliograph.flows.submission import Accepted, Destination, Draft, LogSearch, Submission
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.sms.message import Options
from heliograph.sms.verdict import Verdict
from heliograph.store.accepting import Acceptance
from heliograph.store.interface import Store
from heliograph.store.logs import SLICE
from heliograph.store.settling import Settlement
from still import BEGIN, StillClock
from store.scene import a_message

DAY = 86_400_000
TO = "41793026727"
MARKED = msgspec.msgpack.encode(Options(entity_id="x"))


class Hurried(StillClock):
    """A second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.turn(1.0)
        return super().monotonic()


@dataclass
class Desk:
    """Messages, and who asks for their logs."""

    store: Store
    clock: StillClock
    logs: Logs
    epoch: int
    keys: KeyMaker
    routes: tuple[Route, ...] = (Route("north"),)

    async def finish(self, first: int, count: int, **options: Any) -> list[str]:
        """So many messages end, one accepted each millisecond; their ids, the newest first."""
        keys = range(first, first + count)
        messages = [a_message(key, created_at=BEGIN + key, **options) for key in keys]
        await self.store.accept(Acceptance(1, 9, "", None, messages))
        verdicts = [Verdict(key, 5, 0, None, BEGIN) for key in keys]
        await self.store.settle(Settlement(self.epoch, BEGIN, verdicts=verdicts))
        return [str(key) for key in reversed(keys)]

    async def accept(self, *destinations: Destination, body: bytes = b"hello", **more: Any) -> Accepted:
        intake = Intake(self.store, self.clock, Bounds())
        acceptor = Acceptor(intake, self.keys, self.routes, self.clock, Watch(), lambda: None)
        sender = more.pop("sender", None)
        draft = Draft(list(destinations), sender, body, 0, 0, Options(entity_id="x"))
        return await acceptor.accept(Customer(), Submission([draft], **more))

    async def page(self, limit: int = 50, **search: Any) -> Page:
        return await self.logs.search(Customer(), LogSearch(limit, **search))

    async def ids(self, limit: int = 50, **search: Any) -> list[str]:
        return names(await self.page(limit, **search))


def names(page: Page) -> list[str]:
    return [log.message_id for log in page.logs]


def play(engine: Engine, body: Callable[[Desk], Awaitable[None]], clock: StillClock | None = None) -> None:
    async def main() -> None:
        store, at = await open_store(engine.url, exclusive=True), clock or StillClock()
        try:
            epoch = await store.begin_epoch("test", BEGIN)
            logs = Logs(store, at, keep=2 * DAY, seconds=7.0, currency="CHF")
            await body(Desk(store, at, logs, epoch, KeyMaker(epoch)))
        finally:
            await store.close()

    asyncio.run(main())


def test_a_cursor_leads_through_all_pages_and_the_last_one_has_none(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        messages = await desk.finish(1, 7)
        first = await desk.page(3)
        await desk.finish(10, 2)
        assert first.next_cursor is not None
        second = await desk.page(3, cursor=parse_cursor(first.next_cursor))
        assert second.next_cursor is not None
        third = await desk.page(3, cursor=parse_cursor(second.next_cursor))

        assert names(first) + names(second) + names(third) == messages
        assert third.next_cursor is None
        assert {log.currency for log in first.logs} == {"CHF"}

    play(engine, body)


def test_a_cursor_from_after_the_span_begins_the_span(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        messages = await desk.finish(1, 4)

        assert await desk.ids(until=BEGIN + 3, cursor=(BEGIN + 4, 4)) == messages[1:]

    play(engine, body)


def test_a_search_that_takes_too_long_ends_with_a_cursor_and_goes_on_there(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        marked = await desk.finish(1, 1, options=MARKED)
        for first in range(2, 6 * SLICE, SLICE):
            await desk.finish(first, SLICE)

        first = await desk.page(entity_id="x")  # a search sees no more slices than it has seconds
        assert first.next_cursor is not None
        second = await desk.page(entity_id="x", cursor=parse_cursor(first.next_cursor))

        assert (names(first), names(second), second.next_cursor) == ([], marked, None)

    assert SEARCHES_FOR < 6
    play(engine, body, Hurried())


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "g-1", "1-1-1", "8000000000000000-1", "1-" + "f" * 17, "١-1"])
def test_what_is_no_cursor_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        parse_cursor(text)


def test_a_cursor_is_read_as_it_was_written() -> None:
    for place in ((0, 0), (BEGIN, BEGIN << 20), (2**63 - 1, 2**63 - 1)):
        assert parse_cursor(render_cursor(place)) == place


def test_of_no_message_the_network_is_known(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.finish(1, 2)

        assert await desk.page(by_network=True) == Page([], None)

    play(engine, body)


def test_the_recipient_may_be_asked_for_as_it_may_be_given(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(Destination("+41 79 302-67-27", "mine"), Destination("moth\0er", "bad"))

        for to in (TO, "+41 79 302-67-27", "00" + TO):
            assert await desk.ids(recipient=to) == ["mine"]
        assert await desk.ids(recipient="moth\0er") == ["bad"]

    play(engine, body)


def test_the_store_that_does_not_answer_is_told(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        desk.logs = Logs(desk.store, desk.clock, keep=2 * DAY, seconds=0.05, currency="EUR")
        async with engine.stalled():
            with pytest.raises(Overloaded, match="store"):
                await desk.page(bulk_ids=("bulk",))

    play(engine, body)


def test_a_search_waits_for_no_commit(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        messages = await desk.finish(1, 2)
        async with engine.held():
            assert await desk.ids() == messages

    play(engine, body)


def test_refusals_are_stored_with_what_was_asked(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(
            Destination(None), Destination("mother", "mine"), Destination("4" * 100), Destination(TO, "good"),
            Destination(TO, "good"), sender="Shop",
        )  # fmt: skip

        found = {log.recipient: log for log in (await desk.page(general_status="REJECTED")).logs}

        assert {to: (log.status, log.error) for to, log in found.items()} == {
            "": (51, 352), "mother": (52, 351), "4" * 64: (52, 351), TO: (23, 5492),
        }  # fmt: skip
        assert found["mother"].message_id == "mine"
        assert {(log.sender, log.body, log.options, log.bulk_id) for log in found.values()} == {
            ("Shop", b"hello", Options(entity_id="x"), accepted.bulk_id)
        }
        assert len(await desk.ids(bulk_ids=(accepted.bulk_id,))) == 5

    play(engine, body)


def test_a_lone_refusal_is_found_by_the_bulk_that_it_is(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(Destination("mother", "mine"), always_bulk=True)

        assert accepted.bulk_id is not None
        assert await desk.ids(bulk_ids=(accepted.bulk_id,)) == ["mine"]

    play(engine, body)


def test_what_has_no_route_and_what_is_too_long_is_in_the_log(engine: Engine) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(Destination(TO), body=b"A" * 4001)
        await desk.accept(Destination(TO), body=b"A" * 3800, sender="x" * 100)
        desk.routes = ()
        await desk.accept(Destination(TO))

        found = [(log.status, log.error, len(log.body), len(log.sender)) for log in (await desk.page()).logs]

        assert sorted(found) == [(11, 368, 3800, 64), (19, 4102, 5, 0), (25, 355, 0, 0)]

    play(engine, body)
