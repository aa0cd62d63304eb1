"""Money, to the millionth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.accounts import money


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("1", 1_000_000), ("+12.5", 12_500_000), ("-0.000001", -1), ("007.10", 7_100_000)],
)
def test_a_decimal_is_read_exactly(text, amount):
    assert money.parse(text) == amount


@pytest.mark.parametrize(
    "text", ["", ".5", "5.", "1,5", "1e3", "0.0000001", "1234567890", " 1", "--1", "\u0661", "inf"]
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(ValueError):
        money.parse(text)


@pytest.mark.parametrize(("amount", "text"), [(0, "0.0"), (12_500_000, "12.5"), (-1, "-0.000001"), (10, "0.00001")])
def test_an_amount_is_written_without_needless_digits(amount, text):
    assert money.render(amount) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_what_is_written_is_read_as_the_same(amount):
    assert money.parse(money.render(amount)) == amount
