"""Keys: in the order of their making, unique over all processes of a store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heliograph.keys import KeyMaker
from still import BEGIN

LAST_MOMENT = (1 << 43) - 1  # 2248-09-26, in milliseconds


def test_a_key_tells_when_and_by_which_epoch_it_was_made() -> None:
    key = KeyMaker(7).make(BEGIN)

    assert key >> 20 == BEGIN
    assert key >> 12 & 0xFF == 7
    assert key & 0xFFF == 0


@given(epoch=st.integers(0, 1000), moments=st.lists(st.integers(1, LAST_MOMENT - 1), max_size=50))
def test_keys_ascend_whatever_the_clock_does(epoch: int, moments: list[int]) -> None:
    maker = KeyMaker(epoch)
    keys = [maker.make(now) for now in moments]

    assert keys == sorted(set(keys))
    assert all(0 < key < 1 << 63 for key in keys)


def test_a_clock_that_goes_back_is_not_followed() -> None:
    maker = KeyMaker(1)
    first = maker.make(BEGIN)

    assert maker.make(BEGIN - 60_000) == first + 1


def test_more_than_4096_keys_in_a_millisecond_borrow_from_the_next() -> None:
    maker = KeyMaker(3)
    keys = [maker.make(BEGIN) for _ in range(10_000)]

    assert keys == sorted(set(keys))
    assert {key >> 20 for key in keys} == {BEGIN, BEGIN + 1, BEGIN + 2}
    assert {key >> 12 & 0xFF for key in keys} == {3}
    assert maker.make(BEGIN + 1) > keys[-1]  # what was borrowed is not given twice


def test_two_processes_never_make_the_same_key() -> None:
    one, other = KeyMaker(1), KeyMaker(2)
    keys = [maker.make(BEGIN + n // 1000) for n in range(5000) for maker in (one, other)]

    assert len(set(keys)) == len(keys)
