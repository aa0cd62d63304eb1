"""What one request may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost.

    body: octets of a body, 413 above.
    destinations: of one whole request, 400 above.
    nesting: levels of JSON or XML, 400 above.
    header_seconds: from the connection, or the first octet of a later request, to the end of its headers, else 408.
    body_seconds: from the headers to the end of the body, else 408.
    header_octets: of a request's head, 431 above.
    callback_data: characters of the customer's own data that reports echo, 400 above.
    allow_private_networks: whether reports may be pushed to private, loopback and link-local addresses.
    """

    body: int = 16 * 1024 * 1024
    destinations: int = 10_000
    nesting: int = 32
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    header_octets: int = 65_536
    callback_data: int = 4000
    allow_private_networks: bool = False
