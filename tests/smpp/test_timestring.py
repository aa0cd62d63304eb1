"""SMPP times: moments and spans."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from heliograph.smpp.timestring import Absolute, Relative, parse, render_absolute, render_relative


@pytest.mark.parametrize("case", vectors.of_kind("time"), ids=lambda case: case["id"])
def test_a_time_means_what_the_standard_says_and_is_written_so(case):
    if case["instant"] is None:
        assert parse(case["wire"]) == Relative(case["seconds"])
        assert render_relative(case["seconds"]) == case["wire"]
    else:
        ms = round(datetime.fromisoformat(case["instant"]).timestamp() * 1000)
        assert parse(case["wire"]) == Absolute(ms)
        if case["wire"].endswith("00+"):
            assert render_absolute(ms) == case["wire"]


def test_the_offset_counts_quarters_of_an_hour_from_utc():
    assert parse("210825180000008+") == parse("210825110000020-") == parse("210825160000000+")


def test_a_span_is_written_in_days_and_less():
    assert render_relative(720 * 60) == "000000120000000R"
    assert render_relative(59.9) == "000000000059000R"
    assert render_relative(8_639_999) == "000099235959000R"
    assert parse("010100000000000R") == Relative((365 + 30) * 86_400)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000000120000000",
        "000000120000000Z",
        "0000001200000000R",
        "210230160000000+",
        "210825160000049+",
        "٠" * 15 + "R",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize("seconds", [-1, 8_640_000])
def test_a_span_that_does_not_fit_is_refused(seconds):
    with pytest.raises(ValueError):
        render_relative(seconds)


@pytest.mark.parametrize("ms", [-1, 4_102_444_800_000])
def test_a_moment_of_another_century_is_refused(ms):
    with pytest.raises(ValueError):
        render_absolute(ms)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 8_639_999), st.integers(946_684_800_000, 4_102_444_799_999))
def test_times_are_read_as_they_were_written(seconds, ms):
    assert parse(render_relative(seconds)) == Relative(seconds)
    assert parse(render_absolute(ms)) == Absolute(ms // 100 * 100)
