"""What an account's limits refuse in the accepting transaction, and what becomes of the money, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import pytest

from heliograph.sms.message import LaneState, NewMessage
from heliograph.sms.verdict import Verdict
from heliograph.store import balance
from heliograph.store.accepting import Acceptance, accept
from heliograph.store.balance import Balance, TopUp
from heliograph.store.finishing import finish
from heliograph.store.idempotency import Kept
from heliograph.store.limiting import AccountLimits
from heliograph.store.script import Run, Script
from heliograph.store.settling import SegmentOutcome
from store.scene import BEGIN, DAY, HOUR, Play, Scene, a_message, a_receipt

PREPAID = AccountLimits(prepaid=True)
POOR, FLOODING, DUPLICATE = 12, 20, 23
WAITING, UNKNOWN = 0, 4
QUEUED, HELD = 0, 2


def paid(key: int, price: int = 10, **changes: Any) -> NewMessage:
    return a_message(key, price=price, prepaid=True, **changes)


async def top_up(scene: Scene, amount: int, account: int = 1) -> None:
    assert await scene.store.alone(balance.top_up, account, amount, BEGIN) is TopUp.DONE


async def purse(scene: Scene, account: int = 1) -> Balance:
    return await scene.store.look(balance.balance, account)


async def buy(scene: Scene, *messages: NewMessage, **request: Any) -> dict[int, int]:
    return (await scene.request(*messages, limits=PREPAID, **request)).refused


async def logged(scene: Scene, columns: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for (day,) in await scene.rows("SELECT day FROM history_day"):
        found += await scene.rows(f"SELECT {columns} FROM history_{day} ORDER BY key")  # type: ignore[arg-type]
    return found


def test_what_does_not_fit_into_the_balance_any_more_is_refused_in_its_order(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, 25)

        refused = await buy(scene, paid(1), paid(2, 30, public_id="a"), paid(3, 15), paid(4, 1))

        assert refused == {2: POOR, 4: POOR}
        assert await purse(scene) == Balance(0, 25)
        assert await scene.keys() == [1, 3]
        assert await logged(scene, "key, status, error, price") == [(2, POOR, 542, 0), (4, POOR, 542, 0)]

    play(body)


def test_a_message_that_was_not_paid_for_has_not_used_its_id(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await buy(scene, paid(1, public_id="mine")) == {1: POOR}
        await top_up(scene, 10)

        assert await buy(scene, paid(2, public_id="mine")) == {}
        assert await buy(scene, paid(3, public_id="mine")) == {3: DUPLICATE}
        assert await purse(scene) == Balance(0, 10)

    play(body)


def test_what_costs_nothing_needs_no_balance(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, -5)
        kept = await scene.request(a_message(1, price=10), limits=AccountLimits(identical=9))
        assert kept == Kept()
        assert await purse(scene) == Balance(-5, 0)

    play(body)


def test_requests_that_come_together_never_spend_more_than_there_is(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, 95)
        await top_up(scene, 15, account=2)

        refused = await asyncio.gather(
            *[buy(scene, paid(2 * n, account=1 + n % 2), paid(2 * n + 1, account=1 + n % 2)) for n in range(1, 40)]
        )

        assert sum(map(len, refused)) == 78 - 9 - 1
        assert [await purse(scene, account) for account in (1, 2)] == [Balance(5, 90), Balance(5, 10)]

    play(body)


async def claimed(scene: Scene, segments: int = 1) -> None:
    await buy(scene, paid(1, segments=segments))
    await scene.claim_all()


async def taken(scene: Scene, segments: int = 1) -> None:
    await claimed(scene, segments)
    await scene.settle(sent=[scene.sent(1, "id")])


async def delivered(scene: Scene) -> None:
    await taken(scene)
    await scene.receive(a_receipt("id"))


async def undelivered(scene: Scene) -> None:
    await taken(scene)
    await scene.receive(a_receipt("id", status=9, error=1))


async def delivered_before_its_answer(scene: Scene) -> None:
    await claimed(scene)
    await scene.receive(a_receipt("id"))
    await scene.settle(sent=[scene.sent(1, "id")])


async def both_parts_delivered(scene: Scene) -> None:
    await claimed(scene, 2)
    await scene.settle(sent=[scene.sent(1, "1", part=1), scene.sent(1, "2", part=2)])
    await scene.receive(a_receipt("1"))
    await scene.receive(a_receipt("2"))


async def without_receipts(scene: Scene) -> None:
    await claimed(scene)
    await scene.settle(sent=[scene.sent(1, "id")], verdicts=[Verdict(1, 2, 0, None, BEGIN, True)])


async def no_receipt_in_time(scene: Scene) -> None:
    await taken(scene)
    scene.now += DAY + HOUR
    await scene.expire()


async def no_answer_in_time(scene: Scene) -> None:
    await claimed(scene)
    await scene.lose(1, state=UNKNOWN, message_state=HELD)
    scene.now += DAY + HOUR
    await scene.expire()


async def never_answered(scene: Scene) -> None:
    await claimed(scene)
    scene.now += DAY + HOUR
    await scene.expire()


async def second_part_refused(scene: Scene) -> None:
    await taken(scene, 2)
    await scene.settle(verdicts=[Verdict(1, 4, 4096, None, BEGIN, True)])


async def refused_after_an_answer_was_lost(scene: Scene) -> None:
    await claimed(scene)
    await scene.lose(1, state=WAITING, message_state=QUEUED)
    await scene.claim_all()
    await scene.settle(verdicts=[Verdict(1, 4, 4096, None, BEGIN, True)])


async def refused_by_the_smsc(scene: Scene) -> None:
    await claimed(scene)
    await scene.settle(
        outcomes=[SegmentOutcome(1, 1, WAITING, refused=True)], verdicts=[Verdict(1, 4, 4096, None, BEGIN, True)]
    )


async def never_sent(scene: Scene) -> None:
    await buy(scene, paid(1))
    scene.now += DAY
    await scene.expire()


async def canceled(scene: Scene) -> None:
    await buy(scene, paid(1, bulk_id="bulk", due=BEGIN + HOUR), name="bulk")
    await scene.store.set_bulk(1, "bulk", LaneState.CANCELED, scene.now)
    await scene.store.finish_canceled(scene.now)


SPENT = (
    delivered,
    undelivered,
    delivered_before_its_answer,
    both_parts_delivered,
    without_receipts,
    no_receipt_in_time,
    no_answer_in_time,
    never_answered,
    second_part_refused,
    refused_after_an_answer_was_lost,
)
BACK = (refused_by_the_smsc, never_sent, canceled)


@pytest.mark.parametrize("end", [*SPENT, *BACK], ids=lambda end: end.__name__)
def test_what_an_smsc_took_or_may_have_taken_is_spent_and_the_rest_comes_back(play: Play, end: Any) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, 100)

        await end(scene)

        spent = 10 if end in SPENT else 0
        assert await purse(scene) == Balance(100 - spent, 0)
        assert await logged(scene, "key, price") == [(1, spent)]
        [report] = await scene.pull()
        assert report.price == spent / 1_000_000
        await scene.settle(verdicts=[Verdict(1, 4, 4096, None, BEGIN, True)])  # it has ended, and is not paid again
        assert await purse(scene) == Balance(100 - spent, 0)

    play(body)


def test_only_the_message_itself_says_whether_it_was_paid(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, 5)
        await scene.accept(a_message(1, price=10), a_message(2, price=10))
        await scene.settle(verdicts=[Verdict(key, 4, 4096, None, BEGIN, True) for key in (1, 2)])
        assert await purse(scene) == Balance(5, 0)

    play(body)


def asked(script: Script[Any]) -> list[str]:
    """The queries that a script runs, where there is nothing yet."""
    names: list[str] = []
    answer: Any = None
    with contextlib.suppress(StopIteration):
        while True:
            step = script.send(answer)
            answer = len(step.rows or ()) if isinstance(step, Run) else []
            if step.rows is None or step.rows:
                names.append(step.query)
    return names


def test_whoever_has_no_limits_pays_for_none() -> None:
    plain = Acceptance(1, 9, "", None, [a_message(1, price=10), a_message(2)])
    limited = Acceptance(1, 9, "", None, [paid(1)], limits=AccountLimits(prepaid=True, identical=1))

    assert asked(accept([plain])) == ["open_lanes", "add_messages"]
    assert {"lock_balances", "floods"} <= set(asked(accept([limited])))
    assert "settle_prices" not in asked(finish([Verdict(1, 5, 0, None, BEGIN)], BEGIN))
    assert "settle_prices" in asked(finish([Verdict(1, 5, 0, None, BEGIN, True)], BEGIN))


def test_the_price_of_who_pays_later_is_told_and_taken_from_no_balance(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await top_up(scene, 5)
        await scene.send(a_message(1, price=12_500))
        await scene.receive(a_receipt("1"))

        [report] = await scene.pull()
        assert report.price == 0.0125
        assert await purse(scene) == Balance(5, 0)

    play(body)


class Trade:
    """Chance, at work on a prepaid account."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.topped_up = 0
        self._scene = scene
        self._chance = random.Random(seed)
        self._key = 0

    async def round(self) -> None:
        """Money comes while messages do; some are claimed, some end, and time passes."""
        scene, amount = self._scene, self._chance.randint(0, 60)
        self.topped_up += amount
        work = [self._buy() for _ in range(self._chance.randint(1, 4))]
        await asyncio.gather(top_up(scene, amount), *work)
        for claim in await scene.claim_all():
            await self._go_on(claim.key)
        scene.now += HOUR // 4
        await scene.expire()
        if self._chance.random() < 0.3:
            await scene.restart()

    async def _buy(self) -> None:
        first, count = self._key, self._chance.randint(1, 4)
        self._key += count
        until = self._scene.now + HOUR
        messages = [paid(first + n, self._chance.randint(0, 9), expires_at=until) for n in range(count)]
        await buy(self._scene, *messages, lane=10**6 + first)

    async def _go_on(self, key: int) -> None:
        scene, chance = self._scene, self._chance.randint(0, 3)
        if chance in (0, 1):
            await scene.settle(sent=[scene.sent(key, str(key))])
        if chance == 1:
            await scene.receive(a_receipt(str(key)), a_receipt(str(key)))
        if chance == 2:
            await scene.settle(verdicts=[Verdict(key, 4, 1, None, scene.now, True)] * 2)


@pytest.mark.parametrize("seed", range(5))
def test_no_money_is_made_or_lost_whatever_comes_together(play: Play, seed: int) -> None:
    async def body(scene: Scene) -> None:
        trade = Trade(scene, seed)
        for _ in range(12):
            await trade.round()
            spent = sum(price for (price,) in await logged(scene, "price"))
            left = await purse(scene)
            assert left.available + left.reserved + spent == trade.topped_up
            assert left.available >= 0 <= left.reserved

    play(body)


def flood(key: int, text: str = "hello", to: str = "41793026727", **changes: Any) -> NewMessage:
    return a_message(key, body=text.encode(), recipient=to, **changes)


def test_a_recipient_gets_so_many_identical_messages_in_an_hour(play: Play) -> None:
    async def body(scene: Scene) -> None:
        limits = AccountLimits(identical=2)
        together = await asyncio.gather(
            scene.request(flood(1), flood(2, "other"), limits=limits),
            scene.request(flood(3), flood(4), flood(5, to="41793026728"), limits=limits),
        )
        assert [kept.refused for kept in together] == [{}, {4: FLOODING}]
        await scene.restart()

        late = flood(6, created_at=BEGIN + HOUR - 1)
        assert (await scene.request(late, flood(7, data_coding=4), limits=limits)).refused == {6: FLOODING}
        assert (await scene.request(flood(8, account=2), limits=limits)).refused == {}
        assert (await scene.request(flood(9, created_at=BEGIN + HOUR), limits=limits)).refused == {}
        assert await logged(scene, "key, error") == [(4, 4104), (6, 4104)]

    play(body)


def test_a_recipient_gets_so_many_different_messages_in_an_hour(play: Play) -> None:
    async def body(scene: Scene) -> None:
        limits = AccountLimits(different=2)
        first = [flood(n, str(n % 3), public_id=str(n)) for n in range(6)]
        assert (await scene.request(*first[1:], limits=limits)).refused == {3: FLOODING}
        assert await logged(scene, "key, error") == [(3, 4103)]
        assert (await scene.request(flood(9, "0", public_id="3", created_at=BEGIN + HOUR), limits=limits)).refused == {}

    play(body)


def test_what_is_refused_for_money_counts_for_no_flood(play: Play) -> None:
    async def body(scene: Scene) -> None:
        limits = AccountLimits(prepaid=True, identical=1)
        assert (await scene.request(paid(1), limits=limits)).refused == {1: POOR}
        await top_up(scene, 100)
        assert (await scene.request(paid(2), paid(3), limits=limits)).refused == {3: FLOODING}
        assert await purse(scene) == Balance(90, 10)

    play(body)


def test_floods_are_forgotten_after_an_hour(play: Play) -> None:
    async def body(scene: Scene) -> None:
        limits = AccountLimits(identical=1)
        await scene.request(flood(1), flood(2, to="41793026728", created_at=BEGIN + 1), limits=limits)
        while await scene.store.retire(BEGIN + HOUR, DAY, 7 * DAY):
            pass
        assert await scene.rows("SELECT message FROM flood") == [(2,)]

    play(body)
