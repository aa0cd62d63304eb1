"""What becomes of one submit_sm: the Behaviour, its faults by count or by chance, and the orders of the text.

Time and chance come in as arguments; nothing here waits or sends.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec

from heliograph.simulator.behaviour import Behaviour
from heliograph.smpp.constants import MessageState, Status
from heliograph.smpp.receipt import STATES

REMEMBERED = 10_000  # texts whose `times` are counted; the oldest is forgotten first
UNTIMED = frozenset({"word", "err", "dialect", "delay", "first", "intermediate", "duplicates", "receipt", "reply"})
RECEIPT_BITS, INTERMEDIATE_BIT = 0x03, 0x10  # registered_delivery, §5.2.17

# By the receipt bits of registered_delivery: the final states that are reported, all but them, or none.
ON_SUCCESS = frozenset({MessageState.DELIVERED})
WANTED: dict[int, frozenset[MessageState]] = {
    0: frozenset(),
    1: frozenset(MessageState),
    2: frozenset(MessageState) - ON_SUCCESS,
    3: ON_SUCCESS,
}


class Plan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the SMSC does with one submit_sm; times in seconds."""

    status: int = 0
    answered: bool = True
    late: float = 0.0
    garbage: str = ""
    drop: bool = False
    receipt: bool = True
    word: str = "DELIVRD"
    err: str = "000"
    dialect: str = "standard"
    delay: float = 0.0
    first: bool = False
    intermediate: bool = False
    duplicates: int = 0
    reply: int = 0  # segments of an inbound message


def wants_receipt(registered_delivery: int, word: str) -> bool:
    """Whether a submit_sm asks to be told of this state (§5.2.17)."""
    return STATES.get(word, MessageState.UNKNOWN) in WANTED[registered_delivery & RECEIPT_BITS]


class Planner:
    """The plans of one simulated SMSC."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._base = Plan(
            answered=not behaviour.no_answer,
            late=behaviour.resp_delay,
            receipt=behaviour.receipts,
            word=behaviour.state,
            err=behaviour.err,
            dialect=behaviour.dialect,
            delay=behaviour.receipt_delay,
            first=behaviour.receipts_first,
            intermediate=behaviour.intermediate,
            duplicates=behaviour.duplicates,
        )
        self._chance = Random(behaviour.seed)
        self._count = 0
        self._permits = float(behaviour.throttle)
        self._permits_at = 0.0
        self._times: dict[tuple[str, str], int] = {}

    def plan(self, now: float, on_link: int, destination: str, text: str, orders: Mapping[str, Any] | None) -> Plan:
        """The plan for the `on_link`-th submit_sm of its link (from 1), with these orders in its text."""
        changes = self._faults(now, on_link)
        if orders:
            changes = {**changes, **self._timed(destination, text, orders)}
        return msgspec.structs.replace(self._base, **changes) if changes else self._base

    def _faults(self, now: float, on_link: int) -> dict[str, Any]:
        behaviour = self._behaviour
        self._count += 1
        if behaviour.drop_after and on_link % behaviour.drop_after == 0:
            return {"drop": True}
        if behaviour.throttle and not self._permit(now):
            return {"status": int(Status.ESME_RTHROTTLED)}
        if behaviour.garbage_every and self._count % behaviour.garbage_every == 0:
            return {"garbage": behaviour.garbage}
        refused = behaviour.refuse_every and self._count % behaviour.refuse_every == 0
        if refused or (behaviour.refuse_rate and self._chance.random() < behaviour.refuse_rate):
            return {"status": behaviour.refuse_status}
        return {}

    def _permit(self, now: float) -> bool:
        most = float(self._behaviour.throttle)
        self._permits = min(most, self._permits + (now - self._permits_at) * most)
        self._permits_at = now
        if self._permits < 1:
            return False
        self._permits -= 1
        return True

    def _timed(self, destination: str, text: str, orders: Mapping[str, Any]) -> dict[str, Any]:
        kept = dict(orders)
        times = kept.pop("times", None)
        if times is None:
            return kept
        key = (destination, text)
        done = self._times.pop(key, 0)
        self._times[key] = done + 1
        if len(self._times) > REMEMBERED:
            del self._times[next(iter(self._times))]
        return kept if done < times else {name: value for name, value in kept.items() if name in UNTIMED}
