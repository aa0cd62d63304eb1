"""Short links followed: let through at once, counted, and told of only after a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from flows.engines import Engine, OnPostgres
from heliograph.app import open_store
from heliograph.flows import follow
from heliograph.flows.accept import webhook_of
from heliograph.flows.errors import Overloaded
from heliograph.flows.follow import WAITS, Follower
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.sms.message import NewShortLink, Options, UrlOptions
from heliograph.store.accepting import Acceptance
from heliograph.store.following import to_push
from heliograph.store.interface import Store
from heliograph.store.reporting import Ask
from still import BEGIN, StillClock, until
from store.scene import DAY, ENCODE, a_message

CODE, UNTOLD = "0123456789a", "0123456789b"
URL = "https://shop.example/a"
TOLD = Options(url_options=UrlOptions(tracking_url="https://customer.example/clicks"))
HOOK = webhook_of(1, to_push(TOLD))


@dataclass
class Gate:
    engine: Engine
    store: Store
    clock: StillClock
    watch: Watch
    follower: Follower
    told: list[int] = field(default_factory=lambda: [0])

    async def clicks(self) -> list[int]:
        """When those that are to be pushed were made, in milliseconds from BEGIN."""
        found = (await self.store.due_reports([Ask(HOOK or 0, 100)], BEGIN + 100 * DAY)).reports[0]
        return [pending.report.at - BEGIN for pending in found.pending]  # type: ignore[union-attr]


@asynccontextmanager
async def a_gate(engine: Engine, seconds: float) -> AsyncIterator[Gate]:
    store, clock, watch, told = await open_store(engine.url, exclusive=True), StillClock(), Watch(), [0]

    def tell() -> None:
        told[0] += 1

    message = a_message(1, options=ENCODE(TOLD), created_at=BEGIN, due=BEGIN, expires_at=BEGIN + DAY)
    made = [NewShortLink(CODE, URL, 1, BEGIN, BEGIN + DAY), NewShortLink(UNTOLD, URL, None, BEGIN, BEGIN + DAY)]
    await store.accept(Acceptance(1, 9, "", None, [message], short_links=made))
    follower = Follower(store, KeyMaker(1), clock, watch, tell, keep=30 * DAY, seconds=seconds)
    try:
        yield Gate(engine, store, clock, watch, follower, told)
    finally:
        await store.close()


def play(engine: Engine, body: Callable[[Gate], Awaitable[None]], *, seconds: float = 30.0) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), a_gate(engine, seconds) as gate:
            await body(gate)

    asyncio.run(main())


def test_a_click_is_stored_before_it_leads_on_and_told(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        assert await gate.follower.follow(CODE) == URL

        assert await gate.clicks() == [0]
        assert (gate.told, gate.watch.followed_links, gate.watch.stored_clicks) == ([1], 1, 1)

    play(engine, body)


def test_two_taps_are_one_click_and_both_lead_on(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        for seconds in (0, 0.999, 0.001, 5):
            gate.clock.turn(seconds)
            assert await gate.follower.follow(CODE) == URL

        assert await gate.clicks() == [0, 1000, 6000]
        assert (gate.watch.followed_links, gate.watch.stored_clicks) == (4, 3)

    play(engine, body)


def test_who_only_looks_has_not_clicked(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        assert await gate.follower.find(CODE) == URL
        assert await gate.follower.find("nothing") is None

        assert await gate.clicks() == []
        assert gate.watch.followed_links == 0

    play(engine, body)


def test_a_link_of_which_nobody_is_told_is_counted_alone(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        assert await gate.follower.follow(UNTOLD) == URL

        assert (gate.told, gate.watch.followed_links, gate.watch.stored_clicks) == ([0], 1, 0)

    play(engine, body)


@pytest.mark.parametrize("code", ["0123456789A", "", "0123456789a/", "0123456789", "' OR 1=1--"])
def test_what_is_no_code_leads_nowhere(engine: Engine, code: str) -> None:
    async def body(gate: Gate) -> None:
        assert await gate.follower.follow(code) is None
        assert gate.watch.followed_links == 0

    play(engine, body)


def test_a_link_expires(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        gate.clock.turn(31 * 86_400)
        assert await gate.follower.follow(CODE) == URL

        gate.clock.turn(0.001)
        assert await gate.follower.follow(CODE) is None
        assert await gate.follower.find(CODE) is None

    play(engine, body)


def test_nobody_waits_long_for_a_commit_and_the_click_is_told_after_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "MOST_WAITING", 1)

    async def body(gate: Gate) -> None:
        async with held(gate.engine):
            following = asyncio.create_task(gate.follower.follow(CODE))
            await until(lambda: gate.clock.waits == [WAITS])
            assert await gate.follower.follow(CODE) == URL  # one waits already: this one is let through at once
            assert gate.watch.lost_clicks == 1

            gate.clock.turn(WAITS)
            assert await following == URL
            assert (gate.told, gate.watch.stored_clicks) == ([0], 0)

        await until(lambda: gate.told == [1])
        assert await gate.clicks() == [0]
        gate.clock.turn(WAITS)
        assert await gate.follower.follow(CODE) == URL
        assert gate.watch.stored_clicks == 2  # there is room again

    play(engine, body)


@asynccontextmanager
async def held(engine: Engine) -> AsyncIterator[None]:
    """Clicks cannot be committed, but links are found."""
    async with engine.locked("click") if isinstance(engine, OnPostgres) else engine.held():
        yield


def test_whoever_follows_a_link_is_answered_when_the_store_does_not(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        async with engine.locked("short_link") if isinstance(engine, OnPostgres) else engine.stalled():
            for ask in (gate.follower.follow, gate.follower.find):
                with pytest.raises(Overloaded):
                    await ask(CODE)

        assert await gate.follower.find(CODE) == URL
        assert gate.watch.followed_links == 0

    play(engine, body, seconds=0.5)


def test_a_click_that_cannot_be_stored_leads_on_and_is_counted(engine: Engine) -> None:
    async def body(gate: Gate) -> None:
        with capture_logs() as logs:
            async with gate.engine.unavailable():
                assert await reconnected(gate) == URL
                assert (gate.watch.lost_clicks, gate.told) == (1, [0])
        assert [line["event"] for line in logs].count("a click was not stored") == 1
        assert URL not in str(logs) and CODE not in str(logs)

    play(engine, body)


async def reconnected(gate: Gate) -> str | None:
    """Follow, as often as the connection by which links are looked for turns out to be cut."""
    while True:
        try:
            return await gate.follower.follow(CODE)
        except Overloaded:
            await asyncio.sleep(0.001)
