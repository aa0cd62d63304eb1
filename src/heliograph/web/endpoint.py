"""An endpoint as a row: what it takes, what it gives, who may call it.

The application answers by these rows, and the description of the API is made of the very same ones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from heliograph.accounts.settings import Settings
from heliograph.web.decoding import Body, Findings
from heliograph.web.errors import BadRequest
from heliograph.web.query import Parameter, read_query
from heliograph.web.throttle import Quota
from heliograph.webhooks import xml
from heliograph.webhooks.formats import XML

P = TypeVar("P")

NOT_FOUND: Final = 404
ONCE: Final = b"idempotency-key"
CHANGING: Final = (400, 401, 403, 408, 413, 415, 429, 500, 503)
SENDING: Final = (*CHANGING, 422)
LOGGING_IN: Final = (400, 401, 408, 413, 415, 429, 500, 503)
READING: Final = (400, 401, 403, 429, 500, 503)


class Account(Protocol):
    """Who calls."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def blocks(self) -> bool: ...

    @property
    def scopes(self) -> frozenset[str] | None: ...


class Gate(Protocol):
    """Tells who may come in."""

    async def authenticate(self, authorization: str | None) -> Account | None:
        """The account that the Authorization header as it came proves; None is a 401. May raise TooManyLogins."""

    async def authenticate_query(self, username: str, secret: str) -> Account | None:
        """The account of a name and its password; None is a 401. May raise TooManyLogins."""


class Login(Enum):
    """How a caller says who he is."""

    HEADER = "header"  # by Authorization
    QUERY = "query"  # by Authorization; without one by username and password behind the question mark
    NONE = "none"  # anybody may call


@dataclass(slots=True)
class Call:
    """One request of an endpoint, as its handler gets it.

    values: the query, by the rows of the endpoint. body: in the endpoint's shape, None where it has none.
    octets: the body as it came, where it has an Idempotency-Key.
    findings: what is wrong with the request; a handler that finds more adds it, and checks before it does anything.
    """

    wanted: str
    headers: Mapping[bytes, bytes]
    query: str
    path: Mapping[str, str]
    findings: Findings = field(default_factory=Findings)
    account: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    octets: bytes = b""

    def read(self, parameters: tuple[Parameter, ...]) -> None:
        """Read the query."""
        self.values = read_query(parameters, self.query, self.findings)

    def check(self) -> None:
        """Raise BadRequest where anything is wrong."""
        if self.findings.errors:
            raise BadRequest(self.findings.errors)

    def header(self, name: bytes) -> str | None:
        """The value of a header, by its name in small letters."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer that is more than a 200 with a value."""

    octets: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = {}


Handler = Callable[[P, Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[P]):
    """One row.

    answer: gives a value of the shape `reply`, or a Reply. body: what reads the body; None: it has none.
    root: the name of the answer's root element in XML. judges: the handler checks the findings, after it has added its
    own. head: GET changes nothing, so HEAD may be asked too. media: of answers that are neither JSON nor XML.
    status, headers: of the answer, where the handler gives no Reply.
    refusal: a shape of this endpoint's own that 400 and 401 may have besides the envelope of all.
    scopes: a login needs one of these (`accounts.scopes`); it has none where nobody logs in.
    once: it takes an Idempotency-Key. quota: what it is counted by besides the account's own rate.
    slashes: the name that ends the path may have some in its value; %2F is one before the router looks.
    """

    method: str
    path: str
    summary: str
    answer: Handler[P]
    reply: type | None = None
    root: str = "response"
    body: Body[Any] | None = None
    query: tuple[Parameter, ...] = ()
    login: Login = Login.HEADER
    scopes: frozenset[str] = frozenset()
    refusals: tuple[int, ...] = READING
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    judges: bool = False
    head: bool = False
    media: str | None = None
    refusal: type | None = None
    once: bool = False
    quota: Quota | None = None
    slashes: bool = False

    @property
    def route(self) -> str:
        """Its path in the words of the router."""
        return self.path.removesuffix("}") + ":path}" if self.slashes else self.path


_ENCODER: Final = msgspec.json.Encoder()


def encode(value: Any, wanted: str, root: str) -> bytes:
    """A value of an answer's shape as octets: `wanted` is JSON or XML."""
    octets = _ENCODER.encode(value)
    return xml.render(root, msgspec.json.decode(octets)) if wanted == XML else octets
