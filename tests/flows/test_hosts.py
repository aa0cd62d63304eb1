"""Hosts of webhooks: places, and when there are none."""

from __future__ import annotations

from heliograph.flows import hosts
from heliograph.flows.hosts import PROBES, SHARE, SHUT_AFTER, SHUT_FOR, SLOW_SHARE, Hosts

NOW = 1_000_000


def fail(host: hosts.Host, times: int, now: int = NOW) -> list[bool]:
    shut = []
    for _ in range(times):
        host.posts += 1
        shut.append(host.ended(False, 0.01, now))
    return shut


def test_every_url_of_a_host_and_port_has_the_same_host() -> None:
    known = Hosts()

    assert known.of("https://a.example/1?x=2") is known.of("https://a.example/2")
    assert known.of("https://a.example:8443/") is not known.of("https://a.example/")


def test_a_host_has_a_share_of_posts_and_a_small_one_while_it_is_slow() -> None:
    host = Hosts().of("https://a.example/")
    assert host.places == SHARE

    for _ in range(20):
        host.posts += 1
        host.ended(True, 5.0, NOW)
    assert host.places == SLOW_SHARE
    host.posts = SLOW_SHARE + 3
    assert host.places == 0

    for _ in range(20):
        host.ended(True, 0.05, NOW)
        host.posts += 1
    host.posts = 0
    assert host.places == SHARE


def test_a_host_is_shut_by_failures_in_a_row_and_probed_by_few_posts_after_it() -> None:
    host = Hosts().of("https://a.example/")
    assert not any(fail(host, SHUT_AFTER - 1))
    assert not host.is_shut(NOW)
    host.posts += 1
    host.ended(True, 0.01, NOW)
    assert fail(host, SHUT_AFTER) == [False] * (SHUT_AFTER - 1) + [True]

    assert host.is_shut(NOW + SHUT_FOR - 1)
    assert not any(fail(host, 3))  # those that were still in flight say nothing new
    assert not host.is_shut(NOW + SHUT_FOR)
    assert host.places == PROBES
    assert fail(host, 1, NOW + SHUT_FOR) == [True]

    host.posts += 1
    host.ended(True, 0.01, NOW + 2 * SHUT_FOR)
    assert (host.places, host.is_shut(NOW + 2 * SHUT_FOR)) == (SHARE, False)


def test_what_waits_for_a_host_is_ready_in_its_order_when_there_are_places_or_the_host_is_shut() -> None:
    known = Hosts()
    busy, other = known.of("https://a.example/"), known.of("https://b.example/")
    busy.posts, other.posts = SHARE, SHARE
    for webhook in (3, 1, 2):
        known.park(busy, webhook)
    known.park(other, 9)
    assert known.ready(NOW, 10) == []

    busy.posts -= 2
    assert known.ready(NOW, 10) == [3, 1]
    busy.posts += 2
    assert known.ready(NOW, 10) == []

    other.failures = SHUT_AFTER - 1
    assert other.ended(False, 0.01, NOW)
    other.posts = SHARE
    assert known.ready(NOW, 10) == [9]
    assert known.ready(NOW, 10) == []


def test_hosts_without_posts_are_forgotten_when_there_are_too_many() -> None:
    known = Hosts()
    kept = known.of("https://kept.example/")
    kept.posts = 1
    for n in range(hosts.REMEMBERED):
        known.of(f"https://{n}.example/")

    assert known.of("https://kept.example/") is kept
    assert known.of(f"https://{hosts.REMEMBERED - 1}.example/").posts == 0
