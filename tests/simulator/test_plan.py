"""What becomes of a submit_sm, by count, by chance and by order."""

from typing import Any

import pytest

from heliograph.simulator.behaviour import ID_BASES, Behaviour
from heliograph.simulator.plan import Plan, Planner, wants_receipt


def plans(count: int, seconds: float = 0.0, **behaviour: Any) -> list[Plan]:
    planner = Planner(Behaviour(**behaviour))
    return [planner.plan(1.0 + k * seconds, k + 1, "41", "hello", None) for k in range(count)]


def test_every_kth_submit_sm_is_refused() -> None:
    assert [plan.status for plan in plans(6, refuse_every=3, refuse_status=0x14)] == [0, 0, 0x14, 0, 0, 0x14]


def test_refusals_by_rate_are_the_same_in_every_run_of_a_seed() -> None:
    first, second = (plans(1000, refuse_rate=0.25, seed=7) for _ in range(2))

    assert first == second
    assert 200 < sum(plan.status == 8 for plan in first) < 300


def test_what_comes_faster_than_the_throttle_is_throttled() -> None:
    assert sum(plan.status == 0x58 for plan in plans(100, seconds=0.01, throttle=10)) == 81
    assert all(plan.status == 0 for plan in plans(100, seconds=0.11, throttle=10))


def test_times_counts_a_text_for_one_destination() -> None:
    planner = Planner(Behaviour())
    orders = {"status": 0x58, "times": 2, "word": "EXPIRED"}

    one = [planner.plan(1.0, 1, "41", "text", orders) for _ in range(3)]
    other = planner.plan(1.0, 1, "42", "text", orders)

    assert [plan.status for plan in one] == [0x58, 0x58, 0]
    assert one[2].word == "EXPIRED"
    assert other.status == 0x58


@pytest.mark.parametrize(
    ("registered_delivery", "delivered", "undelivered"),
    [(0, False, False), (1, True, True), (2, False, True), (3, True, False), (0x10, False, False), (0x11, True, True)],
)
def test_registered_delivery_is_respected(registered_delivery: int, delivered: bool, undelivered: bool) -> None:
    assert wants_receipt(registered_delivery, "DELIVRD") is delivered
    assert wants_receipt(registered_delivery, "UNDELIV") is undelivered
    assert wants_receipt(registered_delivery, "FAILED") is undelivered


@pytest.mark.parametrize("base", ID_BASES)
def test_ids_are_unique_and_fit_in_every_base(base: str) -> None:
    numbers = range((1 << 61) + 65_000, (1 << 61) + 67_000)

    written = {ID_BASES[base](number) for number in numbers}

    assert len(written) == len(numbers)
    assert all(len(ident) <= 64 for ident in written)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dialect", "klingon"),
        ("state", "fine"),
        ("state", ""),
        ("id_base", "octal"),
        ("garbage", "kind"),
        ("receipt_delay", -1.0),
    ]
    + [("refuse_rate", 2.0), ("window", 0), ("err", "a b"), ("receipt_id_base", "octal")],
)
def test_a_behaviour_that_cannot_be_says_which_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        Behaviour(**{field: value})
