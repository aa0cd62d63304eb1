"""Hosts of webhooks: places, who has them, and when there are none."""

from __future__ import annotations

import pytest

from heliograph.flows import hosts
from heliograph.flows.hosts import CEILINGS, PROBES, SHARES, SHUT_AFTER, SHUT_FOR, Host, Hosts, Pace, place_of

NOW = 1_000_000
OTHER = 99  # a webhook that nobody called


def tried(known: Hosts, url: str, seconds: float = 0.01) -> Host:
    """A host to which one POST was made, that took so long."""
    host = known.of(url)
    known.begin(host, OTHER)
    known.end(host, True, seconds, NOW)
    return host


def fill(known: Hosts, host: Host) -> None:
    """As many POSTs as there may be."""
    while known.places(host, OTHER):
        known.begin(host, OTHER)


def fail(known: Hosts, host: Host, times: int, now: int = NOW) -> list[bool]:
    shut = []
    for _ in range(times):
        known.begin(host, OTHER)
        shut.append(known.end(host, False, 0.01, now))
    return shut


def webhooks(called: list[tuple[Host, int]]) -> list[int]:
    return [webhook for _, webhook in called]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://a.example/1?x=2", "http://a.example:80"),
        ("http://1@a.example", "http://a.example:80"),
        ("http://u:p@A.Example./2", "http://a.example:80"),
        ("HTTP://a.example:80/", "http://a.example:80"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("https://a.example:80/", "https://a.example:80"),
        ("https://[2001:DB8::1]/", "https://2001:db8::1:443"),
    ],
)
def test_every_spelling_of_a_host_and_port_is_the_same_host(url: str, place: str) -> None:
    known = Hosts()

    assert place_of(url) == place
    assert known.of(url) is known.of(url)


@pytest.mark.parametrize("url", ["http://a.example:99999/", "http://[::1/", "http://a.example:x/"])
def test_a_url_that_cannot_be_read_is_a_place_of_its_own(url: str) -> None:
    assert Hosts().of(url).name == url


def test_a_host_has_a_small_share_of_posts_until_it_is_quick_and_while_it_is_slow() -> None:
    known = Hosts()
    host = known.of("https://a.example/")
    assert known.places(host, OTHER) == SHARES[Pace.UNTRIED]

    tried(known, "https://a.example/")
    assert known.places(host, OTHER) == SHARES[Pace.QUICK]

    for _ in range(20):
        tried(known, "https://a.example/", 5.0)
    assert known.places(host, OTHER) == SHARES[Pace.SLOW]
    fill(known, host)
    assert known.places(host, OTHER) == 0
    assert host.posts == SHARES[Pace.SLOW]


def test_all_posts_are_bounded_and_those_to_slow_and_to_untried_hosts_leave_places_for_the_others() -> None:
    known = Hosts()
    for pace, seconds in ((Pace.SLOW, 60.0), (Pace.UNTRIED, None), (Pace.QUICK, 0.01)):
        for n in range(100):
            url = f"https://{pace}.{n}.example/"
            fill(known, known.of(url) if seconds is None else tried(known, url, seconds))
        assert sum(h.posts for h in map(known.of, all_urls())) == CEILINGS[pace]


def all_urls() -> list[str]:
    return [f"https://{pace}.{n}.example/" for pace in Pace for n in range(100)]


def test_a_host_that_turns_slow_counts_among_the_slow_ones_with_all_its_posts() -> None:
    known = Hosts()
    for n in range(4):
        fill(known, tried(known, f"https://{n}.example/"))
    for n in range(4):  # their averages exceed it now; all their other POSTs are still there
        known.end(known.of(f"https://{n}.example/"), True, 60.0, NOW)
    slow, quick = tried(known, "https://slow.example/", 60.0), tried(known, "https://quick.example/")

    assert known.places(slow, OTHER) == CEILINGS[Pace.SLOW] - 4 * (SHARES[Pace.QUICK] - 1)
    assert known.places(quick, OTHER) == SHARES[Pace.QUICK]


def test_a_host_is_shut_by_posts_without_an_answer_in_a_row_and_probed_by_few_posts_after_it() -> None:
    known = Hosts()
    host = tried(known, "https://a.example/")
    assert not any(fail(known, host, SHUT_AFTER - 1))
    assert not host.is_shut(NOW)
    tried(known, "https://a.example/")
    assert fail(known, host, SHUT_AFTER) == [False] * (SHUT_AFTER - 1) + [True]

    assert host.is_shut(NOW + SHUT_FOR - 1)
    assert not any(fail(known, host, 3))  # those that were still in flight say nothing new
    assert not host.is_shut(NOW + SHUT_FOR)
    assert known.places(host, OTHER) == PROBES
    assert fail(known, host, 1, NOW + SHUT_FOR) == [True]

    tried(known, "https://a.example/")
    assert (known.places(host, OTHER), host.is_shut(NOW + SHUT_FOR)) == (SHARES[Pace.QUICK], False)


def test_a_url_that_nobody_could_be_asked_by_says_nothing_of_its_host() -> None:
    known = Hosts()
    host = known.of("https://a.example/")
    fail(known, host, SHUT_AFTER - 1)
    known.begin(host, OTHER)
    assert not known.end(host, None, 60.0, NOW)

    assert (host.failures, host.posts, host.pace) == (SHUT_AFTER - 1, 0, Pace.QUICK)


def test_who_waits_for_a_host_is_called_in_turn_and_keeps_the_place_until_the_post_begins() -> None:
    known = Hosts()
    busy = tried(known, "https://a.example/")
    fill(known, busy)
    for webhook in (3, 1, 2):
        known.park(busy, webhook)
    assert known.call(NOW, 10) == []

    for _ in range(2):
        known.end(busy, True, 0.01, NOW)
    assert known.places(busy, OTHER) == 0  # those that wait are before
    called = known.call(NOW, 10)
    assert webhooks(called) == [3, 1]
    assert known.call(NOW, 10) == []
    assert [known.places(busy, webhook) for webhook in (3, 1, OTHER)] == [1, 1, 0]

    known.begin(busy, 3)
    assert [known.places(busy, webhook) for webhook in (3, 1)] == [0, 1]
    known.dismiss(called)
    assert webhooks(known.call(NOW, 10)) == [2]
    assert busy.posts == SHARES[Pace.QUICK]


def test_no_more_are_called_than_can_be_looked_at_one_of_each_host_by_turns() -> None:
    known = Hosts()
    for n in range(3):
        for webhook in range(3):
            known.park(tried(known, f"https://{n}.example/"), 10 * n + webhook)

    assert known.call(NOW, 0) == []
    assert webhooks(known.call(NOW, 4)) == [0, 10, 20, 1]
    assert webhooks(known.call(NOW, 3)) == [11, 21, 2]
    assert webhooks(known.call(NOW, 10)) == [12, 22]


def test_who_was_called_and_could_not_be_looked_at_waits_on_before_the_others() -> None:
    known = Hosts()
    host = tried(known, "https://a.example/")
    for webhook in (1, 2, 3, 4):
        known.park(host, webhook)
    known.call_off(known.call(NOW, 3))

    assert host.posts == 0
    assert webhooks(known.call(NOW, 10)) == [1, 2, 3, 4]


def test_all_that_wait_for_a_shut_host_are_called_and_have_no_place_there() -> None:
    known = Hosts()
    host = tried(known, "https://a.example/")
    for webhook in range(PROBES + 2):
        known.park(host, webhook)
    fail(known, host, SHUT_AFTER)

    assert webhooks(known.call(NOW, 10)) == list(range(PROBES + 2))
    assert host.posts == 0


def test_a_host_that_waits_for_a_place_among_the_slow_ones_has_the_next_one() -> None:
    known = Hosts()
    slow = [tried(known, f"https://{n}.example/", 60.0) for n in range(100)]
    for host in slow:
        fill(known, host)
    last = slow[-1]
    assert last.posts == 0
    known.park(last, 7)
    assert known.call(NOW, 10) == []
    known.end(slow[0], True, 60.0, NOW)

    assert known.places(slow[0], OTHER) == 0
    assert webhooks(known.call(NOW, 10)) == [7]
    assert known.places(tried(known, "https://quick.example/"), OTHER) == SHARES[Pace.QUICK]


def test_hosts_without_posts_are_forgotten_when_there_are_too_many() -> None:
    known = Hosts()
    kept = known.of("https://kept.example/")
    known.begin(kept, OTHER)
    for n in range(hosts.REMEMBERED):
        known.of(f"https://{n}.example/")

    assert known.of("https://kept.example/") is kept
    assert known.of(f"https://{hosts.REMEMBERED - 1}.example/").posts == 0
