"""Keys: in the order of their making, and unique over all processes that share a store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heliograph.keys import KeyMaker

NOW = 1_790_000_000_000


@given(st.lists(st.integers(NOW, NOW + 3), min_size=1, max_size=60), st.integers(1, 2**40))
def test_every_key_is_above_the_one_before_even_when_the_clock_goes_back(times: list[int], epoch: int) -> None:
    maker = KeyMaker(epoch)
    keys = [maker.make(now) for now in times]

    assert all(one < two for one, two in zip(keys, keys[1:], strict=False))
    assert all(0 < key < 2**63 for key in keys)


def test_a_millisecond_that_is_full_borrows_from_the_next() -> None:
    maker = KeyMaker(1)
    keys = [maker.make(NOW) for _ in range(10_000)]

    assert keys == sorted(set(keys))
    assert keys[-1] >> 20 == NOW + 2
    assert maker.make(NOW + 1) > keys[-1]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 50))
def test_two_epochs_never_make_the_same_key(one: int, two: int, count: int) -> None:
    first, second = KeyMaker(one), KeyMaker(two)
    keys = {first.make(NOW) for _ in range(count)} & {second.make(NOW) for _ in range(count)}

    assert bool(keys) is (one == two)


def test_a_key_tells_when_it_was_made() -> None:
    assert KeyMaker(3).make(NOW) >> 20 == NOW
    assert KeyMaker(3).make(2**43 - 1) < 2**63
