"""Logs: every message of an account, once, newest first, found by all that customers know."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from heliograph.sms.message import Log, MessageState, Options, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.store import logs
from heliograph.store.accepting import Acceptance
from heliograph.store.logs import LogQuery, Place
from heliograph.store.postgres import SETTINGS
from heliograph.store.sql import for_postgres, queries
from store.scene import BEGIN, DAY, ENCODE, HOUR, Play, Scene, a_message, a_receipt, a_refusal, a_taking

KEEP = 2 * DAY
ACCEPTED, WAITING, ENROUTE, DELIVERED = 26, 3, 7, 5
MINUTE = 60_000


def a_query(scene: Scene, **changes: Any) -> LogQuery:
    plain: dict[str, Any] = {"account": 1, "oldest": scene.now - KEEP, "limit": 1000}
    return LogQuery(**plain | changes)


async def pages(scene: Scene, **changes: Any) -> list[list[Log]]:
    """All slices from the newest to the end."""
    query = a_query(scene, **changes)
    found: list[list[Log]] = []
    after: Place | None = query.begins
    while after is not None:
        part = await scene.store.search_logs(query, after)
        assert part.after is None or part.after < after, "a search that does not come forward"
        assert len(part.logs) <= query.limit
        found.append(part.logs)
        after = part.after
    return found


async def all_logs(scene: Scene, **changes: Any) -> list[Log]:
    return [log for page in await pages(scene, **changes) for log in page]


async def keys(scene: Scene, **changes: Any) -> list[int]:
    return [log.key for log in await all_logs(scene, **changes)]


async def statuses(scene: Scene) -> dict[int, int]:
    return {log.key: log.status for log in await all_logs(scene)}


async def end(scene: Scene, *messages: int, status: int = DELIVERED, error: int = 0) -> None:
    await scene.settle(verdicts=[Verdict(key, status, error, None, scene.now) for key in messages])


async def history(scene: Scene, count: int, first: int = 1, **options: Any) -> None:
    """So many messages, accepted one a second, and ended."""
    wanted = range(first, first + count)
    await scene.accept(*[a_message(key, created_at=BEGIN + key * 1000, **options) for key in wanted])
    await end(scene, *wanted)


def test_a_log_has_all_that_is_known_of_a_message(play: Play) -> None:
    async def body(scene: Scene) -> None:
        options = Options(entity_id="e", callback_data="c")
        await scene.send(a_message(1, public_id="mine", bulk_id="bulk", segments=2, body=b"\x00\xff",
                                   data_coding=4, esm_class=0x40, options=ENCODE(options)))  # fmt: skip
        scene.now += 1000
        await scene.receive(
            a_receipt("1.1", at=scene.now), a_receipt("1.2", status=9, error=27, note="n", at=scene.now)
        )

        [log] = await all_logs(scene)

        assert log == Log(1, 1, "mine", "bulk", "Heliograph", "41793026727", b"\x00\xff", 4, 0x40, 2, BEGIN, BEGIN,
                          scene.now, 9, 27, "n", options)  # fmt: skip

    play(body)


def test_a_live_message_is_told_by_how_far_it_is(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, segments=2), a_message(2))
        assert await statuses(scene) == {1: ACCEPTED, 2: ACCEPTED}

        await scene.claim(*[a_taking(candidate) for candidate in await scene.peek() if candidate.key == 1])
        assert await statuses(scene) == {1: ENROUTE, 2: ACCEPTED}

        scene.now += 5
        await scene.settle(sent=[scene.sent(1, "a", part=1)])
        assert await statuses(scene) == {1: ENROUTE, 2: ACCEPTED}

        scene.now += 5
        await scene.settle(sent=[scene.sent(1, "b", part=2)])
        [_, log] = await all_logs(scene)
        assert (log.status, log.error, log.sent_at, log.done_at) == (WAITING, 0, BEGIN + 5, None)

    play(body)


def test_what_is_held_is_on_its_way_and_what_is_to_be_sent_again_waits(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2))
        await scene.claim_all()
        await scene.lose(1, state=SegmentState.UNKNOWN, message_state=MessageState.HELD)
        await scene.lose(2, state=SegmentState.WAITING, message_state=MessageState.QUEUED)

        assert await statuses(scene) == {1: ENROUTE, 2: ACCEPTED}

    play(body)


def test_the_newest_come_first_ended_or_not(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, created_at=BEGIN + key) for key in (1, 2, 3, 4, 5, 6)])
        await end(scene, 2)
        scene.now += DAY
        await end(scene, 5, 3)

        assert await keys(scene) == [6, 5, 4, 3, 2, 1]

    play(body)


def test_a_message_that_has_ended_has_its_place_by_its_sending(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, due=BEGIN + HOUR))
        scene.now = BEGIN + HOUR
        await scene.claim_all()
        await scene.settle(sent=[scene.sent(1, "1")])
        await scene.accept(a_message(2, created_at=BEGIN + MINUTE))
        await end(scene, 1, 2)

        assert await keys(scene) == [1, 2]

    play(body)


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_give_every_message_once_over_days_and_equal_times(play: Play, limit: int) -> None:
    async def body(scene: Scene) -> None:
        for day in range(3):
            first = day * 10 + 1
            await scene.accept(*[a_message(key, created_at=scene.now + key % 3) for key in range(first, first + 10)])
            await end(scene, *range(first, first + 7))
            scene.now += DAY // 2

        found = await all_logs(scene, limit=limit)

        places = [(log.at, log.key) for log in found]
        assert places == sorted(places, reverse=True)
        assert sorted(log.key for log in found) == list(range(1, 31))

    play(body)


def test_what_comes_meanwhile_moves_no_page(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await history(scene, 6)
        query = a_query(scene, limit=3)
        first = await scene.store.search_logs(query, query.begins)
        await history(scene, 6, first=10)

        assert first.after is not None
        second = await scene.store.search_logs(query, first.after)

        assert [log.key for log in (*first.logs, *second.logs)] == [6, 5, 4, 3, 2, 1]

    play(body)


def test_a_search_finds_what_is_far_behind_in_slices(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SLICE", 4)

    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, recipient="1234567"), a_message(2, recipient="1234567"))
        await end(scene, 1)
        await history(scene, 10, first=10)
        await scene.accept(*[a_message(key, created_at=BEGIN + key * 1000) for key in range(30, 40)])

        found = await pages(scene, recipient="1234567")

        assert [[log.key for log in page] for page in found if page] == [[2, 1]]
        assert len(found) == 5  # of twenty others, four at a time
        assert await keys(scene) == [*range(39, 29, -1), *range(19, 9, -1), 2, 1]

    play(body)


MARKED = Options(entity_id="e", application_id="a", campaign_reference_id="c")
IMITATED = Options(callback_data="\ufffd", regional={"entity_id": "e", "campaign_reference_id": "c"})


@pytest.mark.parametrize(
    "filters",
    [
        {"sender": "Other"},
        {"recipient": "4915112345678"},
        {"entity_id": "e"},
        {"application_id": "a"},
        {"campaign_reference_ids": ("c",)},
        {"campaign_reference_ids": ("d", "c")},
        {"general_status": "UNDELIVERABLE"},
        {"sender": "Other", "entity_id": "e", "general_status": "UNDELIVERABLE", "message_ids": ("7", "1")},
        {"message_ids": ("7", "8")},
        {"bulk_ids": ("mine", "none"), "recipient": "4915112345678"},
    ],
)
def test_only_what_fits_is_given(play: Play, filters: dict[str, Any]) -> None:
    async def body(scene: Scene) -> None:
        plain = {"options": ENCODE(IMITATED), "bulk_id": "mine"}
        special = {"sender": "Other", "recipient": "4915112345678", "options": ENCODE(MARKED)}
        await scene.accept(a_message(7, **plain | special), *[a_message(key, **plain) for key in (1, 2)], name="mine")
        await end(scene, 1, 2)
        await end(scene, 7, status=9)

        assert await keys(scene, **filters) == [7]
        assert await keys(scene, **filters, account=2) == []

    play(body)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"recipient": "4915112345678"}, [2]),
        ({"entity_id": "e"}, [2]),
        ({"campaign_reference_ids": ("c", "d")}, [2]),
        ({"general_status": "PENDING"}, [2, 1]),
        ({"general_status": "DELIVERED"}, [3]),
        ({"general_status": "ACCEPTED"}, []),
        ({"bulk_ids": ("b",)}, [2]),
        ({"bulk_ids": ("b", "c")}, [3, 2]),
        ({"message_ids": ("2", "3")}, [3, 2]),
    ],
)
def test_live_messages_are_found_like_others(play: Play, filters: dict[str, Any], found: list[int]) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1))
        await scene.accept(a_message(2, bulk_id="b", recipient="4915112345678", options=ENCODE(MARKED)), name="b")
        await scene.accept(a_message(3, bulk_id="c"), name="c")
        await end(scene, 3)

        assert await keys(scene, **filters) == found

    play(body)


def test_a_message_is_found_by_its_own_id_or_by_its_key(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="mine"), a_message(2), a_message(3, account=2, public_id="mine"))
        for _ in ("live", "ended"):
            assert await keys(scene, message_ids=("mine",)) == [1]
            assert await keys(scene, message_ids=("2", "mine", "nobody's", "9" * 30)) == [2, 1]
            assert await keys(scene, message_ids=("1",)) == []  # it is not called so
            assert await keys(scene, message_ids=("3",)) == []
            await end(scene, 1, 2, 3)

    play(body)


def test_a_bulk_is_found_by_its_name_and_a_lone_message_by_the_bulk_that_is_its_key(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="bulk"), a_message(2, bulk_id="bulk"), name="bulk")
        await scene.accept(a_message(3, bulk_id="3"), a_message(4, bulk_id="4"))
        await scene.accept(a_message(5, account=2, bulk_id="bulk"), name="bulk")
        await end(scene, 1)
        for _ in ("live", "ended"):
            assert await keys(scene, bulk_ids=("bulk",)) == [2, 1]
            assert await keys(scene, bulk_ids=("3",)) == [3]
            assert await keys(scene, bulk_ids=("4", "bulk"), limit=1) == [4, 2, 1]
            await end(scene, 2, 3, 4, 5)

    play(body)


def test_both_ends_of_a_span_belong_to_it(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2, due=BEGIN + HOUR), a_message(3, created_at=BEGIN + 2 * HOUR))
        for key in (1, 2):
            scene.now = BEGIN + (key - 1) * HOUR
            await scene.claim_all()
            await scene.settle(sent=[scene.sent(key, str(key))])
        for _ in ("live", "ended"):
            assert await keys(scene, since=BEGIN + HOUR, until=BEGIN + HOUR) == [2]
            assert await keys(scene, since=BEGIN + HOUR) == [3, 2]
            assert sorted(await keys(scene, until=BEGIN + HOUR)) == [1, 2]
            assert await keys(scene, since=BEGIN + 1, until=BEGIN + HOUR - 1) == []
            assert await keys(scene, since=BEGIN + 1, message_ids=("1", "2")) == [2]
            await end(scene, 1, 2, 3)

    play(body)


def test_what_is_older_than_the_retention_is_not_told_and_what_waits_is(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2), a_message(3, due=BEGIN + 9 * DAY, expires_at=BEGIN + 10 * DAY))
        await end(scene, 1, 2)
        scene.now += KEEP + 1

        assert await keys(scene) == [3]
        assert await keys(scene, since=BEGIN) == [3]
        assert await keys(scene, message_ids=("1", "3")) == [3]
        assert await keys(scene, since=BEGIN + 1) == []

    play(body)


@pytest.mark.parametrize(
    ("filters", "looks"),
    [
        ({}, 21),
        ({"general_status": "ACCEPTED"}, 1),  # no message is ever in that group
        ({"bulk_ids": ("bulk",)}, 2),  # which began after the others
        ({"since": BEGIN + HOUR}, 11),  # live messages of any time may have been sent since
        ({"until": BEGIN}, 1),
    ],
)
def test_no_search_looks_further_than_what_is_asked_for_may_lie(
    play: Play, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any], looks: int
) -> None:
    monkeypatch.setattr(logs, "SLICE", 2)

    async def body(scene: Scene) -> None:
        await scene.accept(*[a_message(key, created_at=BEGIN + key) for key in range(1, 20)])
        await scene.accept(a_message(20, bulk_id="bulk", created_at=BEGIN + 2 * HOUR), name="bulk")

        assert len(await pages(scene, limit=1, **filters)) == looks

    play(body)


def test_logs_are_given_as_often_as_asked_and_leave_the_reports(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.send(a_message(1))
        await scene.receive(a_receipt("1"))

        assert await keys(scene) == await keys(scene) == [1]
        assert await scene.told() == [("1", DELIVERED, 0)]
        assert await keys(scene) == [1]

    play(body)


def test_a_refusal_is_in_the_log_and_has_no_report(play: Play) -> None:
    async def body(scene: Scene) -> None:
        refused = [a_refusal(1, public_id="mine", recipient="mother", status=52), a_refusal(2, status=51, recipient="")]
        await scene.store.accept(Acceptance(1, 9, "", None, [a_message(3)], refused))

        [_, missing, mine] = await all_logs(scene)

        assert (mine.message_id, mine.recipient, mine.status, mine.error) == ("mine", "mother", 52, 351)
        assert (mine.segments, mine.sent_at, mine.created_at, mine.done_at) == (0, None, BEGIN, BEGIN)
        assert (missing.message_id, missing.recipient, missing.status, missing.error) == ("2", "", 51, 352)
        assert await keys(scene, general_status="REJECTED") == [2, 1]
        assert await keys(scene, message_ids=("mine", "2")) == [2, 1]
        assert await scene.told() == []
        assert await scene.keys() == [3]

    play(body)


def test_a_request_of_which_all_is_refused_is_found_by_its_bulk_and_wakes_nobody(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.store.accept(Acceptance(1, 9, "bulk", None, [], [a_refusal(1, bulk_id="bulk")]))
        await scene.store.accept(Acceptance(1, 10, "", None, [], [a_refusal(2, bulk_id="2")]))

        assert await keys(scene, bulk_ids=("bulk",)) == [1]
        assert await keys(scene, bulk_ids=("2",)) == [2]
        assert await scene.rows("SELECT id, next_due FROM lane") == [(9, None)]

    play(body)


def test_a_refusal_puts_no_bulk_to_sleep(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, bulk_id="bulk"), name="bulk")
        await scene.store.accept(Acceptance(1, 9, "bulk", None, [], [a_refusal(2, bulk_id="bulk")]))

        assert await scene.keys() == [1]
        assert await keys(scene, bulk_ids=("bulk",)) == [2, 1]

    play(body)


def test_a_duplicate_is_in_the_log_beside_the_message_that_has_the_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="mine", bulk_id="b"), name="b")
        await scene.accept(a_message(2, public_id="mine", recipient="4915112345678", bulk_id="c"), name="c")

        [duplicate, first] = await all_logs(scene, message_ids=("mine",))

        assert (first.key, first.status) == (1, ACCEPTED)
        assert (duplicate.key, duplicate.status, duplicate.error, duplicate.recipient) == (2, 23, 5492, "4915112345678")
        assert await keys(scene, bulk_ids=("c",)) == [2]

    play(body)


def test_a_refusal_that_is_forgotten_frees_no_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="mine", expires_at=BEGIN + 30 * DAY))
        assert await scene.accept(a_message(2, public_id="mine")) == {2}
        scene.now += 10 * DAY
        while await scene.store.retire(scene.now, KEEP, 7 * DAY):
            pass

        assert await keys(scene) == [1]
        assert await scene.accept(a_message(3, public_id="mine", created_at=scene.now)) == {3}

    play(body)


WALKS = ("log_place_account", "log_place_bulk", "log_place_live", "logs_account", "logs_bulk", "logs_live")


@pytest.mark.parametrize("name", WALKS)
def test_postgres_walks_along_an_index_also_where_it_has_no_figures(database_url: str, name: str) -> None:
    async def body() -> None:
        connection = await asyncpg.connect(database_url, server_settings=SETTINGS)
        await connection.execute(for_postgres(queries("postgres")["create_history"], "history_20260921"))
        await connection.execute(MANY)
        query = queries("postgres")[name]
        params = {"account": 1, "lane": 1, "at": 10**9, "key": 0, "low_at": 0, "low_key": 0, "skip": 4999, "most": 50}
        text = for_postgres(query, "history_20260921")
        plan = await connection.fetch("EXPLAIN " + text, *[params.get(param.name) for param in query.params])
        await connection.close()

        lines = "\n".join(line for (line,) in plan)
        assert "Scan Backward using" in lines
        assert "Sort" not in lines

    asyncio.run(body())


MANY = """
INSERT INTO history_20260921 (key, account, bulk_id, lane, sender, recipient, body, data_coding, esm_class, segments,
    created_at, done_at, status, error, options, price)
SELECT n, 1, 'bulk', 1, '', '', '', 0, 0, 1, n, n, 5, 0, '', 0 FROM generate_series(1, 20000) n
"""
