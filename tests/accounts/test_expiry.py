"""When a key ends."""

import pytest

from accounts.conftest import BEGIN
from heliograph.accounts import expiry
from heliograph.accounts.errors import BadValue

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("12h", BEGIN + 12 * HOUR),
        ("90d", BEGIN + 90 * 24 * HOUR),
        ("2027-03-31", 1_806_451_200_000),
        ("2027-03-31T18:00", 1_806_451_200_000 + 18 * HOUR),
        ("2027-03-31T18:00+02:00", 1_806_451_200_000 + 16 * HOUR),
    ],
)
def test_an_end_is_a_span_or_a_date_in_utc(text, at):
    assert expiry.parse(text, BEGIN) == at


@pytest.mark.parametrize("text", ["", "0d", "90", "90 d", "2020-01-01", "-1d", "9999-12-31", "999999d", "tomorrow"])
def test_an_end_that_is_none_or_past_or_never_comes_is_refused(text):
    with pytest.raises(BadValue):
        expiry.parse(text, BEGIN)
