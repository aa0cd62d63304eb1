"""What whoever watches the gateway reads over real sockets."""

import pytest

from api.wire import Client
from heliograph import sites
from heliograph.web import page


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/openapi.json"])
def test_who_watches_needs_no_key(client: Client, path: str) -> None:
    assert client.request("GET", path, Authorization=None).status == 200
    assert client.request("HEAD", path, Authorization=None).status == 200


def test_metrics_are_what_prometheus_reads(client: Client) -> None:
    reply = client.request("GET", "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert reply.body.startswith(b"# HELP heliograph_")


def test_a_browser_is_told_to_fetch_nothing_for_the_page(client: Client) -> None:
    reply = client.request("GET", "/docs", Authorization=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.body == page.render(sites.document())
