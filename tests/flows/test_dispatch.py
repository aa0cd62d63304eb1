"""From the lanes to the SMSC and back: order, windows, pauses, tries, and answers that never come."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
import structlog

from flows.engines import Engine
from flows.house import BEGIN, Customer, House, a_draft, play, until
from heliograph.flows.dispatch import CATCH_UP
from heliograph.flows.submission import Draft, Submission
from heliograph.simulator.behaviour import Behaviour
from heliograph.sms.message import Options
from heliograph.sms.schedule import Window
from heliograph.smsc.dialect import Dialect
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Claim, Look, Taken
from heliograph.store.reporting import Pull
from store.scene import a_message

AT_TWO, MONDAY = 14 * 60, 0  # shortly before BEGIN
LONG = " " * 200 + "x" * 50  # behind orders: two segments, the first of which holds nothing but the orders


def test_a_message_goes_out_and_its_report_comes_back(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        accepted = await house.submit(a_draft("hello"))

        assert await house.told(1) == [(accepted.answers[0].message_id, 5, 0)]
        assert house.texts() == [b"hello"]
        assert house.watch.accepted_messages == 1
        assert house.watch.receipts["applied"] == 1

    play(tmp_path, body)


@pytest.mark.parametrize(("window", "links"), [(1, 1), (3, 1), (2, 3)])
def test_the_window_is_never_exceeded(tmp_path: Path, window: int, links: int) -> None:
    most = 0

    async def body(house: House) -> None:
        def watch(kind: str, system_id: str, count: int) -> None:
            nonlocal most
            counters = house.simulator.counters
            most = max(most, counters.submits - counters.responses)

        house.simulator._on_event = watch
        await house.submit(a_draft("hello", *[f"4179302{n:04}" for n in range(60)]))
        await house.told(60)

        assert most == window * links

    play(tmp_path, body, behaviour=Behaviour(receipt_delay=0.0, resp_delay=0.002), window=window, links=links)


def test_the_parts_of_a_message_leave_in_order_and_under_one_reference(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft(b"a" * 400, *[f"4179302{n:04}" for n in range(10)]))
        assert {(status, error) for _, status, error in await house.told(10)} == {(5, 0)}

        heads: dict[str, list[bytes]] = {}
        for pdu in house.simulator.submits:
            heads.setdefault(pdu.fields["destination_addr"], []).append(pdu.fields["short_message"][:6])
        assert len(heads) == 10
        for parts in heads.values():
            reference = parts[0][3]
            assert parts == [bytes([5, 0, 3, reference, 3, n]) for n in (1, 2, 3)]

    play(tmp_path, body, window=2, links=2)


def test_throttling_pauses_the_smsc_and_is_not_counted(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x58 times=2"))
        await house.came(1)
        await house.settled()
        await house.submit(a_draft("other"))
        [again] = [c for c in (await house.store.peek(house.clock.now(), 10)).candidates if c.body[:1] == b"!"]
        assert again.attempts == 0

        house.clock.turn(0.9)
        assert house.pool.room() == {}
        house.clock.turn(0.2)
        assert await house.came(2) == [b"!status=0x58 times=2"] * 2
        await house.settled()
        house.clock.turn(1.1)
        assert house.pool.room() == {}  # twice as long this time
        house.clock.turn(1.0)
        await house.came(3)
        house.clock.turn(1.0)  # and slowly after it
        assert [status for _, status, _ in await house.told(2)] == [5, 5]
        assert house.simulator.counters.refused == {0x58: 2}

    play(tmp_path, body, window=1)


def test_a_refusal_for_now_is_tried_again_later(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x08 times=2"))
        for submits, soonest, latest in ((1, 3.9, 2.2), (2, 11.9, 6.2)):
            await house.came(submits)
            await house.settled()
            house.clock.turn(soonest)
            await house.barrier()
            assert house.texts().count(b"!status=0x08 times=2") == submits
            house.clock.turn(latest)
            await until(lambda n=submits: house.texts().count(b"!status=0x08 times=2") == n + 1)  # type: ignore[misc]

        assert [(status, error) for _, status, error in await house.told(1)] == [(5, 0)]

    play(tmp_path, body)


@pytest.mark.parametrize(("status", "told"), [(0x0B, (4, 1)), (0x01, (4, 4096)), (0xFE, (9, 32)), (0x999, (4, 255))])
def test_a_refusal_for_good_is_reported_and_never_tried_again(
    tmp_path: Path, status: int, told: tuple[int, int]
) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft(f"!status={status}"))
        assert [(status, error) for _, status, error in await house.told(1)] == [told]

        house.clock.turn(3600)
        await house.barrier()
        assert len(house.texts()) == 2

    play(tmp_path, body)


def test_the_parts_behind_a_refused_one_are_not_sent(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=11" + " " * 400))
        assert [(status, error) for _, status, error in await house.told(1)] == [(4, 1)]
        await house.barrier()

        assert len(house.texts()) == 2

    play(tmp_path, body, window=1)


def test_a_whole_window_refused_for_its_validity_is_sent_again_without_it(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x62 times=1", *[f"4179302{n:04}" for n in range(8)]))

        assert [status for _, status, _ in await house.told(8)] == [5] * 8
        periods = Counter(bool(pdu.fields["validity_period"]) for pdu in house.simulator.submits)
        assert periods == {True: 8, False: 8}

    play(tmp_path, body)


def periods_of(house: House, text: bytes) -> list[bool]:
    """Whether the SMSC was sent a validity_period with this text, each time it was sent."""
    sent = [pdu.fields for pdu in house.simulator.submits if pdu.fields["short_message"] == text]
    return [bool(fields["validity_period"]) for fields in sent]


def test_a_dislike_of_validity_is_remembered_and_told_once(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        with structlog.testing.capture_logs() as logs:
            await house.submit(a_draft("!status=0x62 times=1", *[f"4179302{n:04}" for n in range(3)]))
            await house.told(3)
            await house.submit(a_draft("later", "41793026727", "41793026728"))
            await house.told(2)

        assert periods_of(house, b"later") == [False, False]
        assert len([line for line in logs if "validity_period" in line["event"]]) == 1

    play(tmp_path, body)


@pytest.mark.parametrize("window", [1, 10])
def test_a_message_refused_with_and_without_its_validity_says_nothing_of_others(tmp_path: Path, window: int) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x62"), a_draft("beside"))
        assert [(status, error) for _, status, error in await house.told(2)] == [(4, 4096), (5, 0)]
        await house.submit(a_draft("later"))
        await house.told(1)

        assert periods_of(house, b"!status=0x62") == [True, False]
        assert periods_of(house, b"beside") == periods_of(house, b"later") == [True]

    play(tmp_path, body, window=window)


def test_a_message_that_had_no_validity_is_not_tried_without_one(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x62"))
        assert [(status, error) for _, status, error in await house.told(1)] == [(4, 4096)]

        assert periods_of(house, b"!status=0x62") == [False]

    play(tmp_path, body, dialect=Dialect(validity_format="none"))


@pytest.mark.parametrize("status", [0x14, 0x45])
def test_an_smsc_that_may_find_the_window_too_large_gets_a_smaller_one(tmp_path: Path, status: int) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft(f"!status={status} times=1", *[f"4179302{n:04}" for n in range(3)]))
        await house.came(3)
        await house.settled()
        assert (house.pool.status()[0]["window"], house.pool.room()["north"].left) == (7, 7)

        await house.submit(a_draft("hello", *[f"4179303{n:04}" for n in range(69)]))
        await house.told(69)
        assert house.pool.status()[0]["window"] == 7
        await house.submit(a_draft("hello", *[f"4179304{n:04}" for n in range(81)]))
        await house.told(81)
        await house.settled()
        assert house.pool.status()[0]["window"] == 9

    play(tmp_path, body)


def test_a_refusal_of_the_framing_binds_again_and_then_decides(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!garbage=nack-length times=1"), a_draft("!garbage=nack-length"), a_draft("other"))
        assert [status for _, status, _ in await house.told(1)] == [5]
        await until(lambda: not house.pool.status()[0]["bound"])
        await house.bound()
        house.clock.turn(1)
        reports = await house.told(2)

        assert sorted((status, error) for _, status, error in reports) == [(4, 4096), (5, 0)]
        assert house.simulator.counters.binds == 2
        assert len(house.texts()) == 5

    play(tmp_path, body)


def test_a_length_that_is_refused_in_an_answer_is_the_messages_own_fault(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x02"))

        assert [(status, error) for _, status, error in await house.told(1)] == [(4, 4096)]
        assert house.simulator.counters.binds == 1
        assert house.pool.status()[0]["bound"]

    play(tmp_path, body)


def test_a_refusal_of_the_session_binds_again_and_is_not_counted(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x04 times=1"))
        await house.came(1)
        await until(lambda: not house.pool.status()[0]["bound"])
        await house.bound()

        assert [status for _, status, _ in await house.told(1)] == [5]
        assert house.simulator.counters.binds == 2

    play(tmp_path, body)


async def lose_the_link(house: House) -> None:
    house.simulator.drop_links()
    await until(lambda: not house.pool.status()[0]["bound"])
    await house.settled()


def test_what_was_never_answered_is_sent_once_more_with_the_same_octets(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!noanswer times=1" + LONG))
        await house.came(2)
        await lose_the_link(house)
        await house.bound()
        await house.came(3)

        assert [status for _, status, _ in await house.told(1)] == [5]
        first, second, *again = house.texts()
        assert again and set(again) <= {first, second} and first in again

    play(tmp_path, body)


def test_what_two_sessions_died_with_is_held(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!noanswer"))
        for count in (1, 2):
            await house.came(count)
            await lose_the_link(house)
            await house.bound()
        await house.barrier()

        assert house.texts().count(b"!noanswer") == 2

    play(tmp_path, body)


@pytest.mark.parametrize("whose", ["the SMSC's", "the account's"])
def test_what_was_never_answered_is_held_where_a_double_is_worse(tmp_path: Path, whose: str) -> None:
    async def body(house: House) -> None:
        if whose == "the account's":
            house.policy[1] = "hold"
        await house.submit(a_draft("!noanswer"))
        await house.came(1)
        await lose_the_link(house)
        await house.bound()
        await house.barrier()

        assert house.texts().count(b"!noanswer") == 1

    play(tmp_path, body, on_no_response="hold" if whose == "the SMSC's" else "resend")


def test_a_link_that_is_lost_with_a_full_window_loses_nothing(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!noanswer times=1", *[f"4179302{n:04}" for n in range(12)]))
        counters = house.simulator.counters

        def stand_at(unanswered: int) -> bool:
            """Every second submit is answered, and so many first ones are not."""
            seen = Counter(pdu.fields["destination_addr"] for pdu in house.simulator.submits)
            again = sum(times == 2 for times in seen.values())
            return counters.responses == again and counters.submits - again == unanswered

        for unanswered in (5, 10, 12):
            await until(lambda n=unanswered: stand_at(n))  # type: ignore[misc]
            await lose_the_link(house)
            await house.bound()

        assert [status for _, status, _ in await house.told(12)] == [5] * 12
        seen = Counter(pdu.fields["destination_addr"] for pdu in house.simulator.submits)
        assert set(seen.values()) == {2}

    play(tmp_path, body, window=5)


def test_a_message_waits_for_a_link(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("hello"))
        assert house.texts() == []
        await house.simulator.start()
        await house.bound()

        assert [status for _, status, _ in await house.told(1)] == [5]

    play(tmp_path, body, begin_bound=False)


@pytest.mark.parametrize("window", [1, 2, 10])
def test_a_speed_limit_spaces_the_segments_of_a_bulk(tmp_path: Path, window: int) -> None:
    async def body(house: House) -> None:
        to = [f"4179302{n:04}" for n in range(40)]
        await house.submit(a_draft("slow", *to), bulk_id="bulk", segment_interval=10_000_000)
        for sent in range(1, 5):
            await until(lambda n=sent: house.texts().count(b"slow") >= n)  # type: ignore[misc]
            await house.settled()
            await house.barrier()
            house.clock.turn(5)
            await house.barrier()
            assert house.texts().count(b"slow") == sent
            house.clock.turn(5)

        slow = [pdu.fields for pdu in house.simulator.submits if pdu.fields["short_message"] == b"slow"]
        order = [fields["destination_addr"] for fields in slow]
        assert order == to[: len(order)]

    play(tmp_path, body, window=window)


def test_the_rate_of_a_bulk_is_used_though_it_is_faster_than_we_look_round(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        began = house.clock.seconds
        await house.submit(a_draft("slow"), bulk_id="bulk", segment_interval=150_000)
        for sent in range(1, 21):
            await house.came(sent)
            await house.settled()
            await house.submit(a_draft("slow"), bulk_id="bulk")
            left = began + 0.15 * sent - CATCH_UP / 1_000_000 - house.clock.seconds  # a new bulk is ahead by that
            await until(lambda left=left: any(abs(wait - left) < 0.002 for wait in house.clock.waits))  # type: ignore[misc]
            assert len(house.texts()) == sent
            house.clock.turn(left + 0.001)

    play(tmp_path, body)


def test_a_bulk_is_not_slowed_down_by_places_that_it_did_not_get(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        to = [f"4179302{n:04}" for n in range(16)]
        await house.submit(a_draft(b"q" * 400, *to), bulk_id="bulk", segment_interval=CATCH_UP // 50)

        assert len(await house.came(48)) == 48  # a new bulk may be 50 segments ahead: the clock stands still

    play(tmp_path, body, window=3)


def test_a_limit_of_the_smsc_spaces_all_segments(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("hello", *[f"4179302{n:04}" for n in range(9)]))
        for sent in range(1, 10):
            await house.came(sent)
            await house.settled()
            assert house.pool.room() == {}
            assert len(house.texts()) == sent
            house.clock.turn(0.5)

    play(tmp_path, body, submits_per_second=2.0)


def test_a_message_leaves_at_the_time_it_was_scheduled_for(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        [answer] = (await house.submit(a_draft("later", send_at=BEGIN + 3_600_000))).answers
        assert answer.held
        house.clock.turn(3599)
        await house.barrier()
        assert b"later" not in house.texts()

        house.clock.turn(1)
        await until(lambda: b"later" in house.texts())

    play(tmp_path, body)


def test_a_message_waits_for_its_window_to_open_again_when_it_closed_meanwhile(tmp_path: Path) -> None:
    window = Window(days=tuple(range(7)), start=14 * 60, end=15 * 60)  # it is 14:13:20

    async def body(house: House) -> None:
        [answer] = (await house.submit(a_draft("windowed", window=window))).answers
        assert not answer.held
        house.clock.turn(3600)
        await house.simulator.start()
        await house.bound()
        await house.barrier()
        assert house.texts() == [b"barrier"]

        house.clock.turn(22 * 3600)
        await house.barrier()
        assert b"windowed" not in house.texts()
        house.clock.turn(47 * 60)
        await until(lambda: b"windowed" in house.texts())

    play(tmp_path, body, begin_bound=False)


def test_a_message_whose_time_is_over_does_not_leave(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("stale", validity_minutes=1))
        house.clock.turn(60)
        await house.simulator.start()
        await house.bound()
        await house.barrier()

        assert house.texts() == [b"barrier"]
        assert await house.store.expire(house.clock.now(), 0, 0) == 1
        assert [(status, error) for _, status, error in await house.told(1)] == [(15, 4100)]

    play(tmp_path, body, begin_bound=False)


def test_those_behind_a_crowd_whose_time_is_over_leave_all_the_same(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("stale", *[f"4179302{n:04}" for n in range(300)], validity_minutes=1))
        house.clock.turn(60)
        await house.submit(a_draft("good"))
        await house.simulator.start()
        await house.bound()

        assert await house.came(1) == [b"good"]

    play(tmp_path, body, begin_bound=False)


def test_a_part_does_not_leave_when_the_time_of_its_message_is_over(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft(b"z" * 300, validity_minutes=1))
        await house.came(1)
        house.clock.turn(60)
        await house.settled()
        await house.barrier()

        assert len([text for text in house.texts() if b"z" in text]) == 1

    play(tmp_path, body, behaviour=Behaviour(receipt_delay=0.0, resp_delay=0.05), window=1)


def test_what_no_submit_sm_can_carry_is_refused_and_the_others_go(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        bad = a_message(2, sender="x" * 30)
        await house.store.accept(Acceptance(1, 9, "", None, [a_message(1), bad, a_message(3)]))
        house.inbox.dispatch.set()

        assert await house.told(3) == [("1", 5, 0), ("2", 4, 4096), ("3", 5, 0)]

    play(tmp_path, body)


def test_two_bulks_share_the_links(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("large", *[f"4179302{n:04}" for n in range(300)]), bulk_id="large")
        await house.submit(a_draft("small"), bulk_id="small")
        await house.simulator.start()
        await house.bound()
        await house.told(301)

        assert house.texts().index(b"small") < 50

    play(tmp_path, body, begin_bound=False, window=5)


def test_wide_references_are_used_where_the_dialect_says_so(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft(b"w" * 305))
        assert [status for _, status, _ in await house.told(1)] == [5]

        assert [text[:3] for text in house.texts()] == [b"\x06\x08\x04"] * 3

    play(tmp_path, body, dialect=Dialect(wide_reference=True))


@pytest.mark.parametrize("wanted", [False, True])
def test_intermediate_notifications_are_asked_for_where_they_are_wanted(tmp_path: Path, wanted: bool) -> None:
    async def body(house: House) -> None:
        options = Options(notify_url="https://customer.example/", intermediate=wanted)
        await house.submit(a_draft("hello", options=options))
        await house.came(1)

        assert house.simulator.submits[0].fields["registered_delivery"] == (0x11 if wanted else 1)

    play(tmp_path, body)


@pytest.mark.parametrize(
    "draft",
    [
        a_draft("too late", validity_minutes=30),
        a_draft("closed", window=Window(days=(MONDAY,), start=AT_TWO, end=AT_TWO + 60)),
    ],
)
def test_what_became_too_late_while_its_claim_was_committed_does_not_leave(tmp_path: Path, draft: Draft) -> None:
    async def body(house: House) -> None:
        claim, claimed = house.store.claim, asyncio.Event()

        async def slow_claim(taken: Taken) -> list[Claim]:
            claims = await claim(taken)
            house.clock.turn(3601.0)
            claimed.set()
            return claims

        house.store.claim = slow_claim  # type: ignore[method-assign]
        await house.submit(draft)
        await claimed.wait()
        await house.settled()
        assert house.simulator.counters.submits == 0

    play(tmp_path, body)


def test_a_message_that_ends_before_its_claim_gives_its_place_back(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        claim = house.store.claim

        async def late_claim(taken: Taken) -> list[Claim]:
            house.store.claim = claim  # type: ignore[method-assign]
            assert await house.store.expire(BEGIN + 3_600_000, 0, 0) == 1  # by a clock that is ahead
            return await claim(taken)

        house.store.claim = late_claim  # type: ignore[method-assign]
        await house.submit(a_draft("ends", validity_minutes=30))
        assert [(status, error) for _, status, error in await house.told(1)] == [(15, 4100)]

        await house.barrier()
        assert house.texts() == [b"barrier"]

    play(tmp_path, body, window=1)


def test_a_part_that_is_to_be_tried_again_keeps_the_later_ones_back(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!status=0x08 times=1".ljust(153) + "!noanswer".ljust(153) + "third"))
        await house.came(2)
        await house.barrier()

        assert len(house.texts()) == 3
        assert not any(b"third" in text for text in house.texts())

    play(tmp_path, body, window=2)


def test_what_was_claimed_and_never_left_costs_nothing_of_the_rate(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        claim = house.store.claim

        async def claim_as_the_link_ends(taken: Taken) -> list[Claim]:
            house.store.claim = claim  # type: ignore[method-assign]
            claims = await claim(taken)
            house.simulator.drop_links()
            await until(lambda: not house.pool.status()[0]["bound"])
            return claims

        house.store.claim = claim_as_the_link_ends  # type: ignore[method-assign]
        await house.submit(a_draft("hello"))
        await until(lambda: not house.pool.status()[0]["bound"])
        await house.bound()

        assert await house.came(1) == [b"hello"]
        assert house.clock.seconds < 60  # 1000 s are between two submit_sm

    play(tmp_path, body, submits_per_second=0.001)


def test_accounts_take_turns_though_one_message_may_leave_at_a_time(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        for n in range(5):
            await house.submit(a_draft("one"), bulk_id=f"bulk {n}")
        for n in range(2):
            await house.acceptor.accept(Customer(2), Submission([a_draft("two")], bulk_id=f"bulk {n}"))
        # What was staged is out of date whenever there is room again.
        house.simulator._on_event = lambda kind, system_id, count: house.clock.turn(1.0)
        await house.simulator.start()
        await house.bound()
        await house.came(7)

        assert house.texts() == [b"one", b"two", b"one", b"two", b"one", b"one", b"one"]

    play(tmp_path, body, begin_bound=False, window=1)


def test_a_word_nobody_knows_ends_nothing_and_a_word_of_the_dialect_does(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("!receipt=SENT"), a_draft("!receipt=FAILED"))
        await until(lambda: house.watch.receipts.total() == 2)
        [(found, status, error)] = await house.told(1)

        assert (status, error) == (9, 32)
        house.clock.turn(2 * 86_400 + 1)
        assert await house.store.expire(house.clock.now(), 0, 0) == 1
        [(other, *late)] = await house.told(1)
        assert (late, int(other) < int(found)) == ([29, 4101], True)

    play(tmp_path, body, dialect=Dialect(states={"FAILED": "UNDELIV"}))


def test_without_receipts_a_message_is_over_when_all_its_segments_were_taken(tmp_path: Path, engine: Engine) -> None:
    async def body(house: House) -> None:
        await house.submit(
            a_draft("short"), a_draft(b"x" * 400), a_draft("!status=0x0b"), a_draft(b"!status=0x0b" + b" " * 400),
            a_draft("!noanswer times=1" + LONG),
        )  # fmt: skip
        reports = await house.told(4)
        assert [(status, error) for _, status, error in reports] == [(2, 0), (2, 0), (4, 1), (4, 1)]

        await lose_the_link(house)
        await house.bound()
        [(_, *told)] = await house.told(1)
        assert told == [2, 0]
        await house.submit(a_draft("!status=0x58 times=1"))
        await until(lambda: b"!status=0x58 times=1" in house.texts())
        await house.settled()
        house.clock.turn(1)
        [(_, *told)] = await house.told(1)
        assert told == [2, 0]
        assert {pdu.fields["registered_delivery"] for pdu in house.simulator.submits} == {0}
        await until(lambda: house.watch.finished_messages == 6)

    play(tmp_path, body, dialect=Dialect(receipts="none"), url=engine.url, window=4)


def test_a_report_without_receipts_says_when_the_message_left(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await house.submit(a_draft("hello"))
        await until(lambda: house.watch.finished_messages == 1)
        now = house.clock.now()
        [report] = await house.store.pull(Pull(1, now, 10))

        assert (report.status, report.sent_at, report.done_at) == (2, now, now)

    play(tmp_path, body, dialect=Dialect(receipts="none"))


def test_who_stops_while_it_looks_takes_no_places(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        peek, looked = house.store.peek, asyncio.Event()

        async def slow_peek(now: int, most: int, after: int = 0) -> Look:
            look = await peek(now, most, after)
            if look.candidates and house.dispatcher is not None:
                house.dispatcher.stop()
                looked.set()
            return look

        house.store.peek = slow_peek  # type: ignore[method-assign]
        await house.submit(a_draft("hello"))
        await looked.wait()
        for _ in range(10):
            await asyncio.sleep(0)

        assert [link["claimed"] for link in house.pool.status()] == [0]

    play(tmp_path, body)
