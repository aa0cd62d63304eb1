"""Routing: the first route that matches."""

from heliograph.flows.routing import Route, choose


def test_the_first_route_takes_the_message() -> None:
    assert choose([Route("north"), Route("south")]) == "north"


def test_without_a_route_there_is_no_smsc() -> None:
    assert choose([]) is None
