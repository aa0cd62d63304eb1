"""A request becomes stored messages, on a real store: what is refused and why, what is held, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.house import Customer
from heliograph.accounts.settings import Settings
from heliograph.flows import judge
from heliograph.flows.accept import Acceptor, webhook_of
from heliograph.flows.errors import Overloaded
from heliograph.flows.intake import Bounds, Intake
from heliograph.flows.routing import Route
from heliograph.flows.submission import Accepted, Answer, Destination, Draft, Submission
from heliograph.keys import KeyMaker
from heliograph.observe import Watch
from heliograph.sms import short_link
from heliograph.sms.message import Options
from heliograph.sms.schedule import Window
from heliograph.store import blocklist
from heliograph.store.claiming import Candidate
from heliograph.store.interface import Store
from heliograph.store.reporting import Pull
from still import BEGIN, StillClock
from store.direct import Direct

TO = "41793026727"
HOUR = 3_600_000
MONDAY, TUESDAY = 0, 1  # BEGIN is noon on a Tuesday
MISSING, BAD_NUMBER, SHORT, SENDER, NO_ROUTE, DUPLICATE, UDH, TOO_LONG = 51, 52, 8, 11, 19, 23, 24, 25


@dataclass
class Desk:
    """An acceptor on a store of its own."""

    store: Store
    engine: Direct
    clock: StillClock = field(default_factory=StillClock)
    watch: Watch = field(default_factory=Watch)
    woken: int = 0
    account: Customer = Customer()
    keys: KeyMaker = field(default_factory=lambda: KeyMaker(1))
    routes: tuple[Route, ...] = (Route(smsc="north"),)

    def _wake(self) -> None:
        self.woken += 1

    async def accept(self, *drafts: Draft, **more: Any) -> Accepted:
        acceptor = Acceptor(
            Intake(self.store, self.clock, Bounds()), self.keys, self.routes, self.clock, self.watch, self._wake
        )
        return await acceptor.accept(self.account, Submission(list(drafts), **more))

    async def due(self) -> list[Candidate]:
        """What may leave now, in its order."""
        return sorted((await self.store.peek(self.clock.now(), 1000)).candidates, key=lambda c: c.key)

    async def pulled(self) -> list[tuple[str, int, int]]:
        found = await self.store.pull(Pull(self.account.id, self.clock.now(), 1000))
        return [(report.message_id, report.status, report.error) for report in found]


Body = Callable[[Desk], Awaitable[None]]
Play = Callable[[Body], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(body: Body) -> None:
        async def inside() -> None:
            engine = Direct(str(tmp_path / "heliograph.db"))
            try:
                await body(Desk(Store(engine), engine))
            finally:
                await engine.close()

        asyncio.run(inside())

    return run


def a_draft(*to: str | None | Destination, **changes: Any) -> Draft:
    plain: dict[str, Any] = {"sender": None, "body": b"hello", "data_coding": 0, "esm_class": 0, "options": Options()}
    destinations = [one if isinstance(one, Destination) else Destination(one) for one in to or (TO,)]
    return Draft(destinations, **plain | changes)


def named(message_id: str, to: str | None = TO) -> Destination:
    return Destination(to, message_id)


def refusals(accepted: Accepted) -> list[int | None]:
    return [answer.refused for answer in accepted.answers]


REFUSED: dict[str, tuple[int, Draft]] = {
    "no destination": (MISSING, a_draft(None)),
    "an empty one": (MISSING, a_draft("")),
    "a name": (BAD_NUMBER, a_draft("mother")),
    "other digits": (BAD_NUMBER, a_draft("٤١٧٩٣٠٢٦٧٢٧")),
    "over 64 characters": (BAD_NUMBER, a_draft("4" * 65)),
    "4 digits": (SHORT, a_draft("4179")),
    "16 digits": (SHORT, a_draft("4179302672712345")),
    "a long name as the sender": (SENDER, a_draft(sender="twelve chars")),
    "two digits as the sender": (SENDER, a_draft(sender="12")),
    "a sender that GSM does not have": (SENDER, a_draft(sender="你好")),
    "a UDH beyond the body": (UDH, a_draft(body=b"\x0b\x00", esm_class=0x40)),
    "an SMSC's message type": (UDH, a_draft(esm_class=0x04)),
    "4001 octets": (TOO_LONG, a_draft(body=b"A" * 4001)),
    "26 segments": (TOO_LONG, a_draft(body=b"A" * (153 * 25 + 1))),
}


@pytest.mark.parametrize(("status", "draft"), REFUSED.values(), ids=REFUSED)
def test_a_bad_destination_is_refused_with_its_status_and_nothing_is_stored(
    status: int, draft: Draft, play: Play
) -> None:
    async def body(desk: Desk) -> None:
        [to] = [destination.to for destination in draft.destinations]
        mine = msgspec.structs.replace(draft, destinations=[named("mine", to)])

        for one, shown in ((draft, None), (mine, "mine")):
            accepted = await desk.accept(one)
            assert accepted.answers == [Answer(to, shown, refused=status)]

        assert desk.watch.refused_destinations == {status: 2}
        assert (desk.watch.accepted_messages, desk.woken, await desk.due()) == (0, 0, [])
        assert refusals(await desk.accept(a_draft(named("mine")))) == [None]  # the id was not used up

    play(body)


def test_without_a_route_everything_is_refused(play: Play) -> None:
    async def body(desk: Desk) -> None:
        desk.routes = ()
        assert refusals(await desk.accept(a_draft(TO, "4179"))) == [NO_ROUTE, NO_ROUTE]
        assert refusals(await desk.accept(a_draft(sender="12"))) == [SENDER]

    play(body)


def test_an_id_that_the_account_has_used_is_refused(play: Play) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(a_draft(named("mine")))

        again = await desk.accept(a_draft(named("mine", "41793026834"), named("new")))

        assert again.answers == [
            Answer("41793026834", "mine", refused=DUPLICATE),
            Answer(TO, "new", segments=1),
        ]
        assert len(await desk.due()) == 2
        assert desk.watch.refused_destinations == {DUPLICATE: 1}
        desk.account = Customer(2)
        assert refusals(await desk.accept(a_draft(named("mine")))) == [None]

    play(body)


def test_of_two_destinations_of_one_request_with_the_same_id_the_first_has_it(play: Play) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(
            a_draft(named("a", "mother"), named("a"), named("b"), named("a")), a_draft(named("b"))
        )

        assert refusals(accepted) == [BAD_NUMBER, None, None, DUPLICATE, DUPLICATE]
        assert [answer.message_id for answer in accepted.answers] == ["a", "a", "b", "a", "b"]
        assert (desk.watch.accepted_messages, len(await desk.due())) == (2, 2)

    play(body)


def test_a_request_of_known_ids_alone_wakes_nobody(play: Play) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(a_draft(named("a")))
        assert desk.woken == 1
        await desk.accept(a_draft(named("a")))
        assert desk.woken == 1

    play(body)


def test_answers_come_in_the_order_of_the_request(play: Play) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(
            a_draft(TO, "", "+41 79 302-68-34"), a_draft("4179", TO, sender="12"), a_draft("0041793026835", "mother")
        )

        assert [(answer.to, answer.refused) for answer in accepted.answers] == [
            (TO, None),
            ("", MISSING),
            ("+41 79 302-68-34", None),
            ("4179", SENDER),
            (TO, SENDER),
            ("0041793026835", None),
            ("mother", BAD_NUMBER),
        ]
        assert [candidate.recipient for candidate in await desk.due()] == [TO, "41793026834", "41793026835"]

    play(body)


def test_a_message_without_an_id_is_shown_its_key(play: Play) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(a_draft(TO, "41793026834"))
        due = await desk.due()

        assert [answer.message_id for answer in accepted.answers] == [str(candidate.key) for candidate in due]
        assert all(candidate.key >> 20 == BEGIN for candidate in due)

    play(body)


@pytest.mark.parametrize(
    ("body_", "data_coding", "esm_class", "segments"),
    [
        (b"", 0, 0, 1),
        (b"A" * 160, 0, 0, 1),
        (b"A" * 161, 0, 0, 2),
        (b"A" * 141, 4, 0, 2),
        (b"A" * (153 * 25), 0, 0, 25),
        (b"\x05\x00\x03\x01\x02\x01" + b"A" * 100, 0, 0x40, 1),
    ],
)
def test_the_answer_tells_how_many_segments_it_takes(
    play: Play, body_: bytes, data_coding: int, esm_class: int, segments: int
) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(a_draft(body=body_, data_coding=data_coding, esm_class=esm_class))
        [candidate] = await desk.due()

        assert [answer.segments for answer in accepted.answers] == [segments]
        assert (candidate.body, candidate.data_coding, candidate.esm_class) == (body_, data_coding, esm_class)
        assert candidate.segments == segments

    play(body)


OPEN = Window(days=(TUESDAY,), start=11 * 60, end=13 * 60)
LATER = Window(days=(TUESDAY,), start=14 * 60, end=16 * 60)


@pytest.mark.parametrize(
    ("changes", "held", "due", "expires"),
    [
        ({}, False, 0, 48 * HOUR),
        ({"validity_minutes": 5}, False, 0, 300_000),
        ({"validity_minutes": 100_000}, False, 0, 48 * HOUR),
        ({"send_at": BEGIN - HOUR}, False, 0, 48 * HOUR),
        ({"send_at": BEGIN}, False, 0, 48 * HOUR),
        ({"send_at": BEGIN + 1}, True, 1, 48 * HOUR + 1),
        ({"send_at": BEGIN + HOUR, "validity_minutes": 60}, True, HOUR, 2 * HOUR),
        ({"window": OPEN}, False, 0, 48 * HOUR),
        ({"window": LATER}, True, 2 * HOUR, 50 * HOUR),
        ({"window": LATER, "validity_minutes": 180}, True, 2 * HOUR, 3 * HOUR),
        ({"window": LATER, "send_at": BEGIN + 3 * HOUR}, True, 3 * HOUR, 51 * HOUR),
    ],
)
def test_a_message_that_waits_for_its_time_is_held(
    play: Play, changes: dict[str, Any], held: bool, due: int, expires: int
) -> None:
    async def body(desk: Desk) -> None:
        [answer] = (await desk.accept(a_draft(**changes))).answers

        assert (answer.held, answer.refused) == (held, None)
        desk.clock.turn(due / 1000 - 0.001)
        assert await desk.due() == []
        desk.clock.turn(0.001)
        [candidate] = await desk.due()
        assert (candidate.due, candidate.expires_at) == (BEGIN + due, BEGIN + expires)

    play(body)


def test_a_window_that_never_opens_in_time_is_accepted_and_reported_at_once(play: Play) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(
            a_draft(named("mine"), window=Window(days=(MONDAY,)), validity_minutes=60),
            a_draft(named("too"), window=LATER, validity_minutes=60, send_at=BEGIN + 10 * HOUR),
        )
        assert [(answer.held, answer.refused) for answer in accepted.answers] == [(True, None), (True, None)]
        assert await desk.due() == []

        await desk.store.expire(desk.clock.now(), 0, 0)

        assert sorted(await desk.pulled()) == [("mine", 15, 4100), ("too", 15, 4100)]

    play(body)


@pytest.mark.parametrize(
    ("sender", "default", "stored"),
    [
        ("Mine", "Account", "Mine"),
        ("Mine", None, "Mine"),
        (None, "Account", "Account"),
        ("", "Account", "Account"),
        (None, None, ""),  # the SMSC's
        ("+41793026700", "Account", "+41793026700"),
    ],
)
def test_a_message_without_a_sender_has_the_accounts(
    play: Play, sender: str | None, default: str | None, stored: str
) -> None:
    async def body(desk: Desk) -> None:
        desk.account = Customer(1, Settings(default_sender=default))
        await desk.accept(a_draft(sender=sender))
        [candidate] = await desk.due()
        assert candidate.sender == stored

    play(body)


LATE = {"send_at": BEGIN + HOUR}


@pytest.mark.parametrize(
    ("drafts", "more", "expected"),
    [
        ([a_draft()], {}, None),
        ([a_draft(None)], {}, None),
        ([a_draft(TO, "41793026834")], {}, "made"),
        ([a_draft(TO, None)], {}, "made"),
        ([a_draft(), a_draft()], {}, "made"),
        ([a_draft(**LATE)], {}, "made"),
        ([a_draft()], {"always_bulk": True}, "made"),
        ([a_draft()], {"segment_interval": 1000}, None),
        ([a_draft()], {"segment_interval": 1000, "always_bulk": True}, "made"),
        ([a_draft()], {"bulk_id": "mine"}, "mine"),
        ([a_draft(), a_draft(**LATE)], {"bulk_id": "mine", "always_bulk": True}, "mine"),
    ],
)
def test_a_bulk_has_an_id_where_it_was_given_or_there_is_more_than_one_destination_or_a_time(
    play: Play, drafts: list[Draft], more: dict[str, Any], expected: str | None
) -> None:
    async def body(desk: Desk) -> None:
        accepted = await desk.accept(*drafts, **more)

        assert accepted.bulk_given is (expected == "mine")
        assert accepted.scheduled is any(draft.send_at is not None for draft in drafts)
        if expected != "made":
            assert accepted.bulk_id == expected
            return
        assert accepted.bulk_id is not None
        assert accepted.bulk_id.isdigit()
        assert len(accepted.bulk_id) == 19
        lone = "always_bulk" in more
        assert (accepted.bulk_id in [answer.message_id for answer in accepted.answers]) is lone

    play(body)


def test_a_lone_message_waits_among_the_others_of_its_account_whatever_its_answer_shows(play: Play) -> None:
    async def body(desk: Desk) -> None:
        lone = [await desk.accept(a_draft(), always_bulk=always) for always in (False, True, True)]
        await desk.accept(a_draft(), bulk_id="mine")

        lanes = {c.lane for c in (await desk.store.peek(BEGIN, 100)).candidates}
        assert len(lanes) == 2
        assert len({accepted.bulk_id for accepted in lone}) == 3

    play(body)


def test_the_messages_of_a_bulk_are_found_under_its_id(play: Play) -> None:
    async def body(desk: Desk) -> None:
        never = {"window": Window(days=(MONDAY,)), "validity_minutes": 60}
        accepted = await desk.accept(a_draft(TO, "41793026834", **never))
        await desk.accept(a_draft(**never), bulk_id="other")
        await desk.store.expire(desk.clock.now(), 0, 0)

        found = await desk.store.pull(Pull(1, desk.clock.now(), 1000, bulk_id=accepted.bulk_id))

        assert {report.message_id for report in found} == {answer.message_id for answer in accepted.answers}

    play(body)


def test_a_speed_limit_is_the_bulks_own(play: Play) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(a_draft(), bulk_id="slow", segment_interval=600_000)
        await desk.accept(a_draft())
        assert [candidate.pace for candidate in await desk.due()] == [600_000, None]

    play(body)


def test_what_is_carried_along_comes_back_in_the_report(play: Play) -> None:
    options = Options(callback_data="é", entity_id="e", application_id="a", campaign_reference_id="c", shape="v1")

    async def body(desk: Desk) -> None:
        await desk.accept(a_draft(window=Window(days=(MONDAY,)), validity_minutes=60, options=options))
        await desk.store.expire(desk.clock.now(), 0, 0)
        [report] = await desk.store.pull(Pull(1, desk.clock.now(), 10))
        assert report.options == options

    play(body)


def test_customers_are_told_to_come_again_when_nothing_can_be_stored(play: Play) -> None:
    async def body(desk: Desk) -> None:
        await desk.accept(a_draft())
        watch, desk.watch, desk.woken = desk.watch, Watch(), 0
        desk.engine._connection.raw.execute("PRAGMA max_page_count = 1").fetchall()  # the disk is full

        with pytest.raises(Overloaded, match="store") as caught:
            await desk.accept(*[a_draft(body=b"A" * 3800) for _ in range(1000)])

        assert caught.value.retry_after == 5
        assert (desk.watch.accepted_messages, desk.woken) == (0, 0)
        assert len(await desk.due()) == watch.accepted_messages == 1  # all of a request, or nothing
        with pytest.raises(Overloaded, match="store"):
            await desk.accept(*[a_draft(*[None] * 1000, body=b"A" * 3800)])  # refusals are stored, too

    play(body)


URL = "https://customer.example/reports"


def test_a_report_that_nobody_wants_belongs_to_no_webhook_and_one_without_a_url_is_pulled() -> None:
    assert webhook_of(1, Options(notify=False)) == 0
    assert webhook_of(1, Options(notify=False, notify_url=URL)) == 0
    assert webhook_of(1, Options()) is None


def test_a_webhook_is_one_account_url_content_type_and_shape() -> None:
    hook = webhook_of(1, Options(notify_url=URL))
    assert hook == webhook_of(1, Options(notify_url=URL, callback_data="x", intermediate=True, entity_id="e"))

    others = {
        webhook_of(2, Options(notify_url=URL)),
        webhook_of(1, Options(notify_url=URL + "/")),
        webhook_of(1, Options(notify_url=URL, content_type="application/xml")),
        webhook_of(1, Options(notify_url=URL, shape="v3")),
    }
    assert len(others) == 4
    assert hook not in others


def test_a_webhooks_number_fits_into_a_row_and_is_never_that_of_none() -> None:
    for n in range(1000):
        hook = webhook_of(n, Options(notify_url=URL))
        assert hook is not None
        assert 0 < hook < 1 << 63


def linked(*to: str | None | Destination, personal: bool) -> Draft:
    """A text with two short links."""
    short = short_link.shorten("http://a.example http://b.example", "https://s.example")
    assert short is not None
    body = short.text.encode()
    return a_draft(*to, body=body, short_links=short_link.locate(short, body, 0, personal=personal))


def codes_in(body: bytes) -> list[str]:
    """The codes of the short links in a body."""
    return [part.removeprefix("https://s.example/") for part in body.decode().split()]


def test_each_recipient_has_links_of_his_own_stored_with_his_message(play: Play) -> None:
    async def body(desk: Desk) -> None:
        draft = linked(TO, "mother", "41793026728", personal=True)

        accepted = await desk.accept(draft, always_bulk=True)

        one, two = await desk.due()
        codes = [*codes_in(one.body), *codes_in(two.body)]
        assert len(set(codes)) == 4
        assert set(codes).isdisjoint(codes_in(draft.body))
        columns = "code, url, message_id, recipient, bulk_id, due, since"
        rows = desk.engine._reader.raw.execute(f"SELECT {columns} FROM short_link")
        at = (accepted.bulk_id, BEGIN, BEGIN + 48 * HOUR)
        expected = [
            (code, url, str(message.key), message.recipient, *at)
            for message in (one, two)
            for code, url in zip(codes_in(message.body), ("http://a.example", "http://b.example"), strict=True)
        ]
        assert sorted(rows.fetchall()) == sorted(expected)

    play(body)


def test_shared_links_are_stored_once_however_many_drafts_they_are_in(play: Play) -> None:
    async def body(desk: Desk) -> None:
        draft = linked(TO, "41793026728", personal=False)

        await desk.accept(draft, msgspec.structs.replace(draft, destinations=[Destination("41793026729")]))

        assert {message.body for message in await desk.due()} == {draft.body}
        rows = desk.engine._reader.raw.execute("SELECT code, message_id, options FROM short_link").fetchall()
        assert sorted(rows) == sorted((code, None, None) for code in codes_in(draft.body))

    play(body)


def test_a_request_that_is_refused_leaves_no_links(play: Play) -> None:
    async def body(desk: Desk) -> None:
        for personal in (True, False):
            await desk.accept(linked("mother", personal=personal))

        assert desk.engine._reader.raw.execute("SELECT COUNT(*) FROM short_link").fetchall() == [(0,)]

    play(body)


def test_blocked_recipients_are_found_however_many_there_are(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "SLICE", 2)

    async def body(desk: Desk) -> None:
        desk.account = Customer(blocks=True)
        await desk.store.alone(blocklist.block, desk.account.id, "recipient", ["41790000000", "41790000004"])
        await desk.store.alone(blocklist.block, desk.account.id, "sender", ["bank"])

        several = await desk.accept(a_draft(*[f"4179000000{n}" for n in range(5)]))
        assert refusals(several) == [14, None, None, None, 14]
        assert refusals(await desk.accept(a_draft(*[f"4179000000{n}" for n in range(5)], sender="BANK"))) == [13] * 5

    play(body)
