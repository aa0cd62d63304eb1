"""What holds over everything: one bad row fails alone, and whatever comes together, each message ends once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from heliograph.sms.message import MessageState, SegmentState
from heliograph.sms.verdict import Verdict
from heliograph.store import keyring
from heliograph.store.claiming import Claim, Move
from heliograph.store.reporting import Pushed
from heliograph.store.settling import SegmentOutcome
from heliograph.store.upkeep import Adopted
from store.scene import BEGIN, DAY, HOUR, PUSHED, Place, Play, Scene, a_message, a_receipt, a_taking, ids

TOO_LARGE = 2**63  # one more than the integers of every engine
URL = 4242


def test_one_bad_row_fails_alone(play: Play) -> None:
    async def body(scene: Scene) -> None:
        outcomes = await asyncio.gather(
            scene.accept(a_message(1)),
            scene.accept(a_message(2, due=TOO_LARGE)),
            scene.accept(a_message(3, public_id="a")),
            scene.accept(a_message(4, public_id="a")),
            scene.receive(a_receipt("nobody")),
            return_exceptions=True,
        )

        assert isinstance(outcomes[1], Exception)
        assert outcomes[0] == frozenset() == outcomes[2]
        assert outcomes[3] == {4}
        assert await scene.keys() == [1, 3]
        assert await scene.count("receipt_key") == 1

    play(body)


def test_a_request_with_one_bad_message_leaves_nothing(play: Play) -> None:
    async def body(scene: Scene) -> None:
        bad = a_message(2, public_id="b", expires_at=TOO_LARGE)
        with pytest.raises(Exception, match=r".+"):
            await scene.accept(a_message(1, public_id="a"), bad, name="bulk")

        assert await scene.keys() == []
        assert await scene.count("known_id") == 0
        assert await scene.count("lane") == 0

    play(body)


def test_a_day_whose_first_commit_failed_gets_its_history_all_the_same(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2))
        await scene.claim_all()
        with pytest.raises(Exception, match=r".+"):
            await scene.settle(verdicts=[Verdict(1, 4, TOO_LARGE, None, BEGIN)])
        await scene.refuse(2)

        assert await scene.finished() == [(2, 4, 4096)]

    play(body)


def test_what_was_acknowledged_is_there_after_a_restart(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.accept(a_message(1), a_message(2))
        await scene.restart()

        assert await scene.keys() == [1, 2]

    play(body)


def test_a_close_commits_what_waits(place: Place) -> None:
    async def body() -> None:
        scene = Scene(place, await place.open())
        accepts = [asyncio.ensure_future(scene.accept(a_message(key))) for key in range(1, 50)]
        await asyncio.sleep(0)
        await scene.store.close()
        assert await asyncio.gather(*accepts) == [frozenset()] * 49
        assert await scene.count("message") == 49

    asyncio.run(body())


def test_many_requests_at_once_are_all_stored(play: Play) -> None:
    async def body(scene: Scene) -> None:
        requests = [
            scene.accept(a_message(n, account=n % 3, public_id=f"{n // 2}"), name=f"bulk {n % 7}")
            for n in range(1, 1201)
        ]
        refused = sum(len(found) for found in await asyncio.gather(*requests))

        assert refused == 0
        assert await scene.count("message") == 1200

    play(body)


class House:
    """Workers that do what flows do, each as often as chance has it, over a few dozen messages."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.chance = random.Random(seed)
        self.keys = range(1, 61)
        self.sent_ids: list[str] = []
        self.claims: list[tuple[Claim, tuple[int, ...], int]] = []
        self.pulled: list[str] = []
        self.pushed: list[str] = []

    async def accept(self) -> None:
        """Half of the ids come twice."""
        for key in self.keys:
            segments = self.chance.choice((1, 1, 2, 3))
            push = {"webhook": URL, "options": PUSHED} if key % 2 else {}
            message = a_message(key, segments=segments, public_id=f"id {key}", **push)
            again = a_message(1000 + key, public_id=f"id {key}")
            refused = await self.scene.accept(message, again, name=f"bulk {key % 5}")
            assert refused == {1000 + key}
            await self.rest()

    async def rest(self) -> None:
        for _ in range(self.chance.randrange(3)):
            await asyncio.sleep(0)

    async def claim(self) -> None:
        for _ in range(40):
            epoch = self.scene.epoch
            for candidate in await self.scene.peek(10):
                for claim in await self.scene.claim(a_taking(candidate, pair=None)):
                    self.claims.append((claim, candidate.waiting, epoch))
            await self.rest()

    async def settle(self) -> None:
        """Each part: taken, refused, to be sent again, or its answer lost."""
        for _ in range(120):
            if self.claims:
                claim, parts, epoch = self.claims.pop(self.chance.randrange(len(self.claims)))
                await self.answer(claim, parts, epoch)
            await self.rest()

    async def answer(self, claim: Claim, parts: tuple[int, ...], epoch: int) -> None:
        key, fate = claim.key, self.chance.random()
        if fate < 0.6:
            names = [(part, f"{key}.{part}.{claim.event}") for part in parts]
            self.sent_ids += [name for _, name in names]
            early = [name for _, name in names if self.chance.random() < 0.5]
            await asyncio.gather(
                self.scene.settle(epoch=epoch, sent=[self.scene.sent(key, name, part=part) for part, name in names]),
                self.scene.receive(*[a_receipt(name) for name in early]),
            )
        elif fate < 0.7:
            await self.scene.settle(epoch=epoch, verdicts=[Verdict(key, 4, 4096, None, BEGIN)])
        else:
            waiting = [SegmentOutcome(key, part, SegmentState.WAITING, unanswered=fate < 0.8) for part in parts]
            await self.scene.settle(epoch=epoch, outcomes=waiting, moves=[Move(key, MessageState.QUEUED, BEGIN)])

    async def receive(self) -> None:
        for _ in range(80):
            if self.sent_ids:
                names = self.chance.choices(self.sent_ids, k=3)
                statuses = [self.chance.choice((5, 5, 5, 9)) for _ in names]
                await self.scene.receive(*[a_receipt(n, status=s) for n, s in zip(names, statuses, strict=True)])
            await self.rest()

    async def tell(self) -> None:
        for _ in range(40):
            found = await self.scene.due(URL, 5)
            await self.scene.store.settle_reports(Pushed(URL, self.scene.now, taken=[p.id for p in found]))
            self.pushed += [pending.report.message_id for pending in found]
            self.pulled += ids(await self.scene.pull(limit=5))
            await self.rest()

    async def end(self) -> None:
        """Time passes for whatever is still open, and everything is told."""
        self.scene.now += 3 * DAY
        while await self.scene.expire(grace=HOUR):
            pass
        while found := await self.scene.due(URL, 50):
            await self.scene.store.settle_reports(Pushed(URL, self.scene.now, taken=[p.id for p in found]))
            self.pushed += [pending.report.message_id for pending in found]
        self.pulled += ids(await self.scene.pull())


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_together_every_message_ends_once_and_is_told_once(play: Play, seed: int) -> None:
    async def body(scene: Scene) -> None:
        house = House(scene, seed)
        await asyncio.gather(
            house.accept(), house.claim(), house.claim(), house.settle(), house.settle(), house.receive(), house.tell()
        )
        if seed % 2:
            await restart_in_between(house)
        await house.end()

        assert [key for key, _, _ in await scene.finished()] == list(house.keys)
        assert Counter(house.pushed) == Counter(f"id {key}" for key in house.keys if key % 2)
        assert Counter(house.pulled) == Counter(f"id {key}" for key in house.keys if not key % 2)
        for table in ("message", "segment", "report", "webhook"):
            assert await scene.count(table) == 0, table

    play(body)


async def restart_in_between(house: House) -> None:
    """The process ends with claims that nobody answers; the next one settles them and goes on."""
    scene = house.scene
    await scene.restart()
    house.claims.clear()
    while orphans := await scene.store.orphans(scene.epoch):
        await scene.store.adopt(
            scene.epoch,
            scene.now,
            [Adopted(o, SegmentState.WAITING, o.unanswered + 1, MessageState.QUEUED) for o in orphans],
        )
    await asyncio.gather(house.claim(), house.settle(), house.receive(), house.tell())


def test_accounts_may_be_made_while_messages_are_accepted(play: Play) -> None:
    async def body(scene: Scene) -> None:
        made: list[Callable[[], Awaitable[object]]] = [
            lambda n=n: scene.store.alone(keyring.add_account, n, f"name {n % 3}", BEGIN)  # type: ignore[misc]
            for n in range(1, 10)
        ]
        results = await asyncio.gather(*[make() for make in made], scene.accept(a_message(1)))

        assert results.count(True) == 3
        assert await scene.keys() == [1]

    play(body)
