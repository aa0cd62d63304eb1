"""Instants, windows and plans: the vectors, and an oracle that walks the wall clock minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from heliograph.sms.schedule import (
    MAX_AHEAD_MS,
    MAX_VALIDITY_MINUTES,
    Plan,
    Window,
    is_open,
    next_open,
    parse_instant,
    plan,
    problems,
    render_instant,
    send_at_problems,
    validity_problems,
)

DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
EVERY_DAY = tuple(range(7))
MINUTE = 60_000
DAY = 24 * 60 * MINUTE

PLANNED = [case for case in vectors.of_kind("schedule") if case["expect"]["outcome"] in ("DISPATCH", "EXPIRED_EXPIRED")]
CHECKED = [case for case in vectors.of_kind("schedule") if case not in PLANNED]


def at(text):
    return None if text is None else parse_instant(text)


def window_of(given):
    """The window of a vector, or None."""
    if given is None:
        return None
    hours = [given.get(end) and given[end]["hour"] * 60 + given[end]["minute"] for end in ("from", "to")]
    return Window(tuple(map(DAYS.index, given["days"])), *hours, given.get("timeZone", "UTC"))


def refusals(given):
    """Everything that is wrong with a vector's input, as the API would collect it."""
    window = window_of(given.get("deliveryTimeWindow"))
    found = problems(window) if window else []
    if given.get("sendAt"):
        found += send_at_problems(at(given["acceptedAt"]), at(given["sendAt"]))
    if given.get("validityPeriod") is not None:
        found += validity_problems(given["validityPeriod"])
    return found


@pytest.mark.parametrize("case", vectors.of_kind("sendat"), ids=lambda case: case["id"])
def test_an_instant_is_read_or_refused(case):
    if case["utc"] is None:
        with pytest.raises(ValueError, match="must"):
            parse_instant(case["text"])
    else:
        assert render_instant(parse_instant(case["text"])) == case["utc"].replace("Z", "+0000")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22T19:44:18.880", "2026-11-22T19:44:18.880+0000"),
        ("2026-11-22T19:44:18", "2026-11-22T19:44:18.000+0000"),
        ("2026-11-22T19:44:18.123456+00:00", "2026-11-22T19:44:18.123+0000"),
        ("2026-11-22T19:44:18.999999999Z", "2026-11-22T19:44:18.999+0000"),
        ("2026-11-22T19:44:18.5Z", "2026-11-22T19:44:18.500+0000"),
        ("2026-11-22T19:44:18+0530", "2026-11-22T14:14:18.000+0000"),
        ("2026-11-22T19:44:18+01", "2026-11-22T18:44:18.000+0000"),
        ("2026-11-22T00:00:00-12:00", "2026-11-22T12:00:00.000+0000"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999+0000"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000+0000"),
    ],
)
def test_every_form_that_clients_send_is_read(text, utc):
    assert render_instant(parse_instant(text)) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22 19:44:18Z",
        "2026-11-22t19:44:18z",
        "2026-11-22T19:44Z",
        "2026-11-22T19:44:18.Z",
        "2026-11-22T19:44:18,5Z",
        "2026-11-22T19:44:18.0123456789Z",
        "2026-11-22T19:44:18 +0000",
        "2026-11-22T19:44:18+0",
        "2026-11-22T19:44:18+24:00",
        "2026-11-22T19:44:18+01:60",
        "2026-11-22T19:44:60Z",
        "2026-11-22T24:00:00Z",
        "2026-13-22T19:44:18Z",
        "2025-02-29T19:44:18Z",
        "2026-W47-7T19:44:18Z",
        "20261122T194418Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-22T19:44:18Z\n",
        "\u0662\u0660\u0662\u0666-11-22T19:44:18Z",
        "1800000000000",
    ],
)
def test_anything_else_is_no_instant(text):
    with pytest.raises(ValueError, match="^must "):
        parse_instant(text)


@given(st.datetimes().map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)))
def test_a_rendered_instant_is_read_again(moment):
    milliseconds = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    text = render_instant(milliseconds)
    assert text == moment.isoformat(timespec="milliseconds") + "+0000"
    assert parse_instant(text) == milliseconds


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case["id"])
def test_a_message_is_planned_as_the_oracle_says(case):
    given, expect = case["input"], case["expect"]
    made = plan(
        at(given["acceptedAt"]), at(given["sendAt"]), window_of(given["deliveryTimeWindow"]), given["validityPeriod"]
    )
    assert refusals(given) == []
    assert made.opens is (expect["outcome"] == "DISPATCH")
    assert made.expires_at == at(expect["expiresAt"])
    if made.opens:
        assert made.due == at(expect["dispatchAt"])


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case["id"])
def test_a_schedule_that_cannot_be_is_refused(case):
    assert bool(refusals(case["input"])) is (case["expect"]["outcome"] != "ACCEPT")


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        (Window(()), "must name at least one day"),
        (Window((0, 7)), "must name days of the week only"),
        (Window((0,), 60), "must have both from and to, or neither"),
        (Window((0,), None, 60), "must have both from and to, or neither"),
        (Window((0,), 0, 1440), "must have hours from 0 to 23 and minutes from 0 to 59"),
        (Window((0,), 360, 360), "must be open for at least one hour"),
        (Window((0,), 360, 419), "must be open for at least one hour"),
        (Window((0,), 1410, 29), "must be open for at least one hour"),
        *(
            (Window((0,), time_zone=name), "must have the name of a time zone such as Europe/Berlin")
            for name in ("", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "a\0b", "\ud800", "x" * 300)
        ),
    ],
)
def test_a_window_is_refused_in_a_sentence(window, sentence):
    assert problems(window) == [sentence]


def test_a_window_names_all_its_problems_at_once():
    assert len(problems(Window((9,), 5, 6, "nowhere"))) == 3


@pytest.mark.parametrize(
    "window", [Window((0, 0, 6)), Window((0,), 0, 60), Window((0,), 1410, 30), Window((2,), time_zone="Asia/Kathmandu")]
)
def test_a_good_window_has_no_problems(window):
    assert problems(window) == []


def test_a_window_opens_on_its_minute_and_is_closed_on_its_last():
    window = Window(EVERY_DAY, 360, 930)
    assert is_open(window, at("2021-08-24T06:00:00Z"))
    assert is_open(window, at("2021-08-24T15:29:59.999Z"))
    assert not is_open(window, at("2021-08-24T15:30:00Z"))
    assert next_open(window, at("2021-08-24T05:59:59.999Z")) == at("2021-08-24T06:00:00Z")


def test_a_window_that_opens_in_the_skipped_hour_opens_at_its_end():
    window = Window(EVERY_DAY, 150, 300, "Europe/Berlin")
    assert next_open(window, at("2021-03-28T00:30:00Z")) == at("2021-03-28T01:00:00Z")


def test_a_window_reopens_in_the_repeated_hour():
    window = Window(EVERY_DAY, 60, 150, "Europe/Berlin")
    assert is_open(window, at("2021-10-31T00:29:00Z"))
    assert not is_open(window, at("2021-10-31T00:30:00Z"))
    assert next_open(window, at("2021-10-31T00:30:00Z")) == at("2021-10-31T01:00:00Z")


def test_a_day_that_a_zone_skips_is_waited_for_until_the_next_week():
    fridays = Window((4,), time_zone="Pacific/Apia")
    first_saturday_second = at("2011-12-24T10:00:00Z")
    assert is_open(fridays, first_saturday_second - 1)
    assert next_open(fridays, first_saturday_second) == at("2012-01-05T10:00:00Z")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_window_without_days_never_opens(zone):
    window = Window((), time_zone=zone)
    assert next_open(window, 0) is None
    assert not is_open(window, 0)
    assert plan(0, None, window, None) == Plan(
        MAX_VALIDITY_MINUTES * MINUTE, MAX_VALIDITY_MINUTES * MINUTE, opens=False
    )


def is_inside(window, moment):
    """Membership by the wall clock alone, written down a second time."""
    wall = datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(window.time_zone))
    minute = wall.hour * 60 + wall.minute
    if window.start is None:
        return wall.weekday() in window.days
    if window.start < window.end:
        return wall.weekday() in window.days and window.start <= minute < window.end
    opened_yesterday = (wall.weekday() - 1) % 7 in window.days and minute < window.end
    return opened_yesterday or (wall.weekday() in window.days and minute >= window.start)


HOURS = st.one_of(
    st.just((None, None)),
    st.tuples(st.integers(0, 1439), st.integers(60, 1439)).map(lambda pair: (pair[0], (pair[0] + pair[1]) % 1440)),
)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
NEAR_CHANGES = ["2021-03-28T01:00:00Z", "2021-10-31T01:00:00Z", "2021-11-07T06:00:00Z", "2021-04-03T15:00:00Z"]
MOMENTS = st.one_of(
    st.integers(at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")),
    st.builds(
        lambda change, minutes: at(change) + minutes * MINUTE,
        st.sampled_from([*NEAR_CHANGES, "2011-12-30T10:00:00Z"]),
        st.integers(-2000, 300),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.frozensets(st.integers(0, 6), min_size=1), HOURS, st.sampled_from(ZONES), MOMENTS)
def test_the_next_opening_is_the_one_that_stepping_by_minutes_finds(days, hours, zone, moment):
    window = Window(tuple(days), *hours, zone)
    expected = moment
    while not is_inside(window, expected):
        expected = expected // MINUTE * MINUTE + MINUTE
    assert next_open(window, moment) == expected
    assert is_open(window, moment) is (expected == moment)
    assert is_open(window, expected)


def test_a_validity_is_cut_to_48_hours_and_counts_from_send_at():
    assert plan(0, 5 * DAY, None, 5000) == Plan(5 * DAY, 7 * DAY, opens=True)
    assert plan(10, 5, None, 1) == Plan(10, 10 + MINUTE, opens=True)


def test_an_opening_on_the_instant_of_expiry_is_too_late():
    mondays = Window((0,))
    sunday = at("2021-08-22T23:00:00Z")
    assert plan(sunday, None, mondays, 60).opens is False
    assert plan(sunday, None, mondays, 61).opens is True


def test_180_days_ahead_is_the_horizon():
    assert send_at_problems(7, 7 + MAX_AHEAD_MS) == []
    assert send_at_problems(7, 8 + MAX_AHEAD_MS) == ["must be at most 180 days ahead"]


def test_a_validity_is_at_least_a_minute():
    assert validity_problems(1) == validity_problems(10**9) == []
    assert validity_problems(0) == validity_problems(-1) == ["must be at least 1 minute"]
