"""A request that comes again with its key gets the first answer, wherever the first one is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from heliograph.store import balance
from heliograph.store.accepting import Acceptance
from heliograph.store.balance import Balance
from heliograph.store.idempotency import Kept, Memo
from heliograph.store.interface import Store
from heliograph.store.limiting import AccountLimits
from heliograph.store.postgres import PostgresEngine
from store.direct import Direct
from store.scene import BEGIN, DAY, Place, Play, Scene, a_message

DUPLICATE = 23


def a_memo(number: int = 1, **changes: Any) -> Memo:
    plain: dict[str, Any] = {
        "account": 1,
        "digest": b"key",
        "request": b"request",
        "answer": f"answer {number}".encode(),
        "now": BEGIN,
        "until": BEGIN + DAY,
    }
    return Memo(**plain | changes)


async def send(scene: Scene, key: int, public_id: str | None = None, **memo: Any) -> Kept:
    return await scene.request(a_message(key, public_id=public_id), memo=a_memo(key, **memo))


def test_the_same_request_gets_the_first_answer_and_stores_nothing(play: Play) -> None:
    async def body(scene: Scene) -> None:
        assert await send(scene, 1, "mine") == Kept()
        assert await send(scene, 2, "mine") == Kept({}, b"answer 1")
        await scene.restart()
        assert await send(scene, 3) == Kept({}, b"answer 1")
        assert await scene.keys() == [1]

    play(body)


def test_another_request_with_the_same_key_is_a_conflict(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await send(scene, 1)
        assert await send(scene, 2, request=b"other") == Kept(conflict=True)
        assert await send(scene, 3) == Kept({}, b"answer 1")
        assert await scene.keys() == [1]

    play(body)


def test_a_key_is_an_accounts_own(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await send(scene, 1)
        assert await send(scene, 2, account=2) == Kept()
        assert await send(scene, 3, digest=b"other") == Kept()
        assert await scene.keys() == [1, 2, 3]

    play(body)


def test_of_those_that_come_together_one_is_the_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await send(scene, 1, digest=b"older")

        together = await asyncio.gather(
            send(scene, 2), send(scene, 3), send(scene, 4, request=b"other"), send(scene, 5, digest=b"older"),
            send(scene, 6, digest=b"new"), scene.request(a_message(7)),
        )  # fmt: skip

        assert together[0] == together[4] == together[5] == Kept()
        assert together[1] == Kept({}, b"answer 2")
        assert together[2] == Kept(conflict=True)
        assert together[3] == Kept({}, b"answer 1")
        assert await scene.keys() == [1, 2, 6, 7]

    play(body)


def test_what_the_transaction_refused_is_a_part_of_the_answer(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1, public_id="mine"))

        together = await asyncio.gather(send(scene, 2, "mine"), send(scene, 3, "mine"))

        assert together == [Kept({2: DUPLICATE}), Kept({2: DUPLICATE}, b"answer 2")]
        assert await send(scene, 4, "mine") == Kept({2: DUPLICATE}, b"answer 2")

    play(body)


def test_a_request_that_could_not_be_stored_is_not_remembered(play: Play) -> None:
    async def body(scene: Scene) -> None:
        bad = scene.request(a_message(1, due=2**63), memo=a_memo())
        outcomes = await asyncio.gather(bad, send(scene, 2), return_exceptions=True)

        assert isinstance(outcomes[0], Exception)
        assert outcomes[1] == Kept()
        assert await send(scene, 3) == Kept({}, b"answer 2")

    play(body)


def test_a_key_is_forgotten_in_time_and_may_be_used_again(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(9, public_id="mine"))
        await send(scene, 1, "mine")
        await send(scene, 2, digest=b"swept")
        late = {"now": BEGIN + DAY, "until": BEGIN + 2 * DAY}

        assert await send(scene, 3, now=BEGIN + DAY - 1) == Kept({1: DUPLICATE}, b"answer 1")
        assert await send(scene, 4, request=b"other", **late) == Kept()
        assert await send(scene, 5, request=b"other", **late) == Kept({}, b"answer 4")
        while await scene.store.retire(BEGIN + DAY, DAY, 7 * DAY):
            pass
        assert await scene.count("idempotency") == 1

    play(body)


@asynccontextmanager
async def another(place: Place) -> AsyncIterator[Store]:
    """The store as another process has it."""
    postgres = place.engine == "postgres"
    store = Store(await PostgresEngine.open(place.where, exclusive=False) if postgres else Direct(place.where))
    try:
        yield store
    finally:
        await store.close()


def test_of_two_processes_one_is_the_first(play: Play) -> None:
    async def body(scene: Scene) -> None:
        async with another(scene.place) as other:
            for n in range(10):
                stores = (scene.store, other) * 3
                sent = [
                    store.accept(Acceptance(1, key, "", None, [a_message(key)], memo=a_memo(key, digest=b"%d" % n)))
                    for key, store in enumerate(stores, 10 * n + 1)
                ]
                kept = await asyncio.gather(*sent)
                [first] = [10 * n + 1 + place for place, one in enumerate(kept) if one == Kept()]
                assert kept.count(Kept({}, b"answer %d" % first)) == 5

        assert await scene.count("message") == 10

    play(body)


def test_two_processes_never_spend_the_same_money(play: Play) -> None:
    async def body(scene: Scene) -> None:
        async with another(scene.place) as other:
            await scene.store.alone(balance.top_up, 1, 55, BEGIN)
            sent = []
            for key in range(1, 41):
                message = a_message(key, price=10, prepaid=True)
                request = Acceptance(1, 100 + key, "", None, [message], limits=AccountLimits(prepaid=True))
                sent.append((scene.store, other)[key % 2].accept(request))
            refused = [kept.refused for kept in await asyncio.gather(*sent)]

        assert refused.count({}) == await scene.count("message") == 5
        assert await scene.store.look(balance.balance, 1) == Balance(5, 50)

    play(body)
