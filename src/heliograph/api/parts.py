"""What the HTTP API is built from.

The composition root gives the parts; nothing here knows who implements them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from heliograph.flows.bulks import Schedule
from heliograph.flows.logs import Page
from heliograph.flows.submission import Accepted, LogSearch, ReportQuery, Submission
from heliograph.sms.message import InboundMessage, Report
from heliograph.store.inbound import Collected, InboundQuery
from heliograph.web.endpoint import Account
from heliograph.web.limits import Limits


class Acceptor(Protocol):
    """Takes messages in."""

    async def accept(self, account: Account, submission: Submission) -> Accepted:
        """Store the whole submission, then answer; raises `flows.errors.Overloaded` when nothing was stored,
        `flows.errors.Unconfirmed` when nobody knows, and `flows.errors.KeyReused`."""


class Reports(Protocol):
    """Gives reports out, each once."""

    async def pull(self, account: Account, query: ReportQuery) -> list[Report]:
        """At most `query.limit` reports of the account that were not pulled before; they are pulled from now on."""


class Bulks(Protocol):
    """Bulks in their customers' hands; raises NoSuchBulk, BulkConflict."""

    async def schedule(self, account: Account, bulk_id: str) -> Schedule:
        """When a bulk leaves, or left."""

    async def reschedule(self, account: Account, bulk_id: str, send_at: int) -> Schedule:
        """Let it leave at `send_at`, UTC milliseconds."""

    async def status(self, account: Account, bulk_id: str) -> str:
        """How it stands."""

    async def set_status(self, account: Account, bulk_id: str, status: str) -> str:
        """Pause it, let it go on, or cancel it; how it stands then."""


class Tokens(Protocol):
    """Lets people in by tokens; may raise TooManyLogins, StoreUnavailable."""

    async def open_session(self, username: str, secret: str) -> str | None:
        """A token for IBSSO; None: nobody is proved."""

    async def close_session(self, token: str) -> bool:
        """End a session at once; False: there was none."""

    async def issue_token(self, client_id: str, client_secret: str) -> tuple[str, int] | None:
        """A token for Bearer, and for how many seconds; None: nobody is proved."""


class Logs(Protocol):
    """Tells what is known of messages."""

    async def search(self, account: Account, search: LogSearch) -> Page:
        """A page of what matches, newest first."""


class Inbox(Protocol):
    """Gives inbound messages out."""

    async def collect(self, account: Account, limit: int) -> Collected:
        """At most `limit` messages of the account that were not given before; they are given from now on."""

    async def log(self, account: Account, query: InboundQuery) -> list[InboundMessage]:
        """At most `query.limit` messages of the account, given or not, the latest first."""


class Conversions(Protocol):
    """Takes in what messages led to."""

    async def convert(self, account: Account, message_id: str) -> str:
        """A message led to what was wanted; its process key. Raises `flows.errors.NoSuchMessage`."""


class Follower(Protocol):
    """Knows where short links lead; raises `flows.errors.Overloaded` where the store does not answer."""

    async def find(self, code: str) -> str | None:
        """The URL that a code stands for; None: there is none."""

    async def follow(self, code: str) -> str | None:
        """The same, by somebody who goes there."""


class Purses(Protocol):
    """Tells what accounts have to spend."""

    @property
    def currency(self) -> str: ...

    async def available(self, account: Account) -> float:
        """What new messages of the account may cost."""


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
    short_base: what short links begin with; None: links of texts stay as they are.
    """

    acceptor: Acceptor
    reports: Reports
    bulks: Bulks
    tokens: Tokens
    inbox: Inbox
    logs: Logs
    conversions: Conversions
    follower: Follower
    purses: Purses
    health: Health
    limits: Limits
    document: bytes
    page: bytes
    now: Callable[[], int]
    short_base: str | None = None
