"""What the HTTP API is built from, and the limits that it keeps.

The composition root gives the parts; nothing here knows who implements them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from heliograph.flows.submission import Accepted, ReportQuery, Submission
from heliograph.sms.message import Report


class Account(Protocol):
    """Who sent the request."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def default_sender(self) -> str | None: ...


class Gate(Protocol):
    """Tells who may come in."""

    async def authenticate(self, authorization: str | None) -> Account | None:
        """The account that the Authorization header as it came proves; None is a 401. May raise TooManyLogins."""


class Acceptor(Protocol):
    """Takes messages in."""

    async def accept(self, account: Account, submission: Submission) -> Accepted:
        """Store the whole submission, then answer; raises `flows.errors.Overloaded` when nothing was stored, and
        `flows.errors.Unconfirmed` when nobody knows."""


class Reports(Protocol):
    """Gives reports out, each once."""

    async def pull(self, account: Account, query: ReportQuery) -> list[Report]:
        """At most `query.limit` reports of the account that were not pulled before; they are pulled from now on."""


class Health(Protocol):
    """How the gateway is, for those who watch it."""

    def live(self) -> dict[str, Any]:
        """What GET /health shows: the process answers."""

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether requests can be accepted and stored, and what GET /ready shows."""

    def metrics(self) -> bytes:
        """The metrics in Prometheus' text format 0.0.4."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that `routes.build` joins; `now` gives UTC milliseconds."""

    gate: Gate
    acceptor: Acceptor
    reports: Reports
    health: Health
    limits: Limits
    now: Callable[[], int]
