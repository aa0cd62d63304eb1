"""What the HTTP API is built from.

The composition root gives the parts; nothing here knows who implements them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from heliograph.flows.submission import Accepted, ReportQuery, Submission
from heliograph.sms.message import InboundMessage, Report
from heliograph.store.inbound import Collected, LogQuery
from heliograph.web.endpoint import Account
from heliograph.web.limits import Limits


class Acceptor(Protocol):
    """Takes messages in."""

    async def accept(self, account: Account, submission: Submission) -> Accepted:
        """Store the whole submission, then answer; raises `flows.errors.Overloaded` when nothing was stored, and
        `flows.errors.Unconfirmed` when nobody knows."""


class Reports(Protocol):
    """Gives reports out, each once."""

    async def pull(self, account: Account, query: ReportQuery) -> list[Report]:
        """At most `query.limit` reports of the account that were not pulled before; they are pulled from now on."""


class Inbox(Protocol):
    """Gives inbound messages out."""

    async def collect(self, account: Account, limit: int) -> Collected:
        """At most `limit` messages of the account that were not given before; they are given from now on."""

    async def log(self, account: Account, query: LogQuery) -> list[InboundMessage]:
        """At most `query.limit` messages of the account, given or not, the latest first."""


class Health(Protocol):
    """How the gateway is, for those who watch it."""

    def live(self) -> dict[str, Any]:
        """What GET /health shows: the process answers."""

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether requests can be accepted and stored, and what GET /ready shows."""

    def metrics(self) -> bytes:
        """The metrics in Prometheus' text format 0.0.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the handlers work with.

    document: the description of the API. page: the same for people. now: gives UTC milliseconds.
    """

    acceptor: Acceptor
    reports: Reports
    inbox: Inbox
    health: Health
    limits: Limits
    document: bytes
    page: bytes
    now: Callable[[], int]
