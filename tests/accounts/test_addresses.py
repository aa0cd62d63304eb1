"""Where reports may be pushed to."""

import pytest

from heliograph.accounts.addresses import url_problem

GOOD = [
    "https://www.example.com/sms/advanced",
    "http://example.com:8080/a?b=c#d",
    "HTTPS://EXAMPLE.COM",
    "http://user:word@example.com/",
    "http://8.8.8.8/",
    "http://[2001:4860:4860::8888]/",
    "http://localhost.example.com/",
    "https://example.com/" + "a" * 1980,
]
NO_URLS = ["", "example.com", "/path", "ftp://example.com/", "http://", "http:///path", "http://a b/", "http://a:port/"]
NO_URLS += ["http://a:99999/", "http://[::1/", "javascript:alert(1)", "http://a\\b/", "http://a/\n", "//example.com/"]
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
]
PRIVATE += ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "[::1]", "[fe80::1]", "[fd00::1]", "[::]"]
PRIVATE += ["[::ffff:10.0.0.1]", "[2002:7f00:1::]", "\uff11\uff12\uff17.0.0.1", "224.0.0.1", "255.255.255.255"]


@pytest.mark.parametrize("url", GOOD)
def test_reports_go_to_any_public_address(url: str) -> None:
    assert url_problem(url, False) is None


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_absolute_url_is_refused(url: str) -> None:
    assert "absolute" in (url_problem(url, True) or "")


def test_a_url_has_at_most_two_thousand_characters() -> None:
    assert "2000" in (url_problem("https://example.com/" + "a" * 1981, True) or "")


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    assert "private" in (url_problem(f"http://{host}:8080/x", False) or "")
    assert url_problem(f"http://{host}:8080/x", True) is None
