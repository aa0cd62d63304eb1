"""Where reports may be pushed to, as far as the address itself tells.

A name that resolves to a private address is found out when the POST is tried; here only literal addresses are judged,
in every spelling that a resolver takes for one.
"""

from __future__ import annotations

import socket
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

MAX_LENGTH: Final = 2000
_NOT_A_URL: Final = "must be an absolute http or https URL"


@lru_cache(maxsize=1024)  # customers use few addresses, many times
def url_problem(url: str, allow_private_networks: bool) -> str | None:
    """What forbids pushing reports to `url`, as a sentence; None when nothing does."""
    if len(url) > MAX_LENGTH:
        return f"must not be longer than {MAX_LENGTH} characters"
    if any(character <= " " or character == "\x7f" or character == "\\" for character in url):
        return _NOT_A_URL
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return _NOT_A_URL
    if parts.scheme not in ("http", "https") or not host:
        return _NOT_A_URL
    if not allow_private_networks and _is_private(host):
        return "must not name a private, loopback or link-local address"
    return None


def _is_private(host: str) -> bool:
    address = _literal(unicodedata.normalize("NFKC", host).rstrip("."))
    if address is None:
        return False
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return not inner.is_global or inner.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # 127.1, 2130706433 and 0x7f000001 are addresses too
    except (OSError, ValueError):
        return None
