"""What the demo tells while it runs."""

from dataclasses import dataclass

import pytest

from heliograph.cli.feed import ACCEPTED, BUSY, SENT, Feed, Summary


@dataclass(frozen=True, slots=True)
class A:
    """A receipt, as far as its state goes."""

    status: int


def test_what_happens_now_and_then_is_told_at_once():
    summary = Summary()
    summary.add(ACCEPTED, 1, 10.0)

    assert summary.rest(10.0) == 0.0
    assert summary.take(10.0) == [(ACCEPTED, 1)]
    assert summary.rest(10.0) is None

    summary.add(ACCEPTED, 1, 10.1)
    assert summary.rest(10.1) == 0.0


def test_under_load_it_is_summed_for_a_second():
    summary = Summary()
    for _ in range(BUSY):
        summary.add(ACCEPTED, 100, 10.0)
    summary.take(10.0)

    summary.add(ACCEPTED, 100, 10.25)
    summary.add(SENT, 7, 10.25)
    summary.add(ACCEPTED, 100, 10.5)

    assert summary.rest(10.5) == 0.5
    assert summary.take(11.0) == [(ACCEPTED, 200), (SENT, 7)]


def test_when_the_load_has_passed_the_next_event_is_told_at_once():
    summary = Summary()
    for _ in range(BUSY):
        summary.add(ACCEPTED, 1, 10.0)
    summary.take(10.9)
    summary.add(SENT, 1, 11.5)

    assert summary.rest(11.5) == 0.0


def test_nothing_is_no_event():
    summary = Summary()
    summary.add(ACCEPTED, 0, 1.0)

    assert summary.rest(1.0) is None


@pytest.mark.parametrize(
    ("happens", "line"),
    [
        (lambda feed: feed.accepted([1, 2], []), "accepted      2 messages stored and answered with 200"),
        (
            lambda feed: feed.accepted([], [52]),
            "refused       1 destination in the answer (REJECTED_DESTINATION)",
        ),
        (
            lambda feed: feed.refused("north", "ESME_RTHROTTLED"),
            "refused       1 segment by the SMSC (ESME_RTHROTTLED)",
        ),
        (lambda feed: feed.finished(3), "ended         3 messages without a receipt"),
        (lambda feed: feed.received([], 1, 0, 0, 0), "inbound       1 message from the SMSC (deliver_sm)"),
        (lambda feed: feed.received([A(5)], 0, 1, 0, 0), "delivered     1 receipt from the SMSC (deliver_sm)"),
        (lambda feed: feed.received([A(4)], 0, 1, 0, 0), "undeliverable 1 receipt from the SMSC (deliver_sm)"),
        (lambda feed: feed.pushed("http://a/?key=1", [1], None), "webhook       1 report taken by its notifyUrl"),
        (
            lambda feed: feed.pushed("http://a/?key=1", [1], "answered 500"),
            "webhook       1 report not taken, to be tried again: answered 500",
        ),
        (lambda feed: feed.pulled(1000), "pulled        1,000 reports fetched over HTTP"),
        (lambda feed: feed.incomplete(1), "inbound       1 message from the SMSC (deliver_sm)"),
        (
            lambda feed: feed.pushed_inbound("u", [1], None),
            "webhook       1 message taken by the account's inbound_url",
        ),
        (
            lambda feed: feed.pushed_inbound("u", [1, 2], "answered 500"),
            "webhook       2 messages not taken, to be tried again: answered 500",
        ),
        (lambda feed: feed.collected(1), "pulled        1 message fetched over HTTP"),
    ],
)
def test_every_event_has_its_line(happens, line):
    lines: list[str] = []
    feed = Feed(lines.append)

    happens(feed)
    feed.tell()

    assert [told.partition("  ")[2] for told in lines] == [line]


def test_it_still_counts():
    feed = Feed(lambda line: None)
    feed.accepted([1, 2], iter([52]))
    feed.received([A(5)], 1, 1, 0, 0)

    assert (feed.accepted_messages, feed.refused_destinations[52], feed.inbound_messages) == (2, 1, 1)
