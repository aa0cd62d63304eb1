"""Tokens for those who do not want to send a key or a password with every request."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api.parts import Parts
from heliograph.web.decoding import Body
from heliograph.web.endpoint import LOGGING_IN, Call, Endpoint, Login, Reply
from heliograph.web.errors import Unauthorized
from heliograph.web.negotiation import CONTENT_TYPES
from heliograph.web.query import Parameter
from heliograph.web.throttle import Quota
from heliograph.webhooks.formats import JSON

GRANT: Final = "client_credentials"
_ABSENT: Final = "must not be empty"


class SessionRequest(msgspec.Struct, rename="camel"):
    """An account's name and its password."""

    username: str | None = None
    password: str | None = None


class SessionResponse(msgspec.Struct):
    """What the Authorization header may hold behind the word IBSSO."""

    token: str


class TokenRequest(msgspec.Struct):
    """An account's name, and one of its keys or its password (RFC 6749 §4.4.2)."""

    client_id: str | None = None
    client_secret: str | None = None
    grant_type: str | None = None


# npm @infobip-api/sdk writes all three behind the question mark, and an empty form. RFC 6749 §2.3.1 forbids it to them,
# who can be moved less than we.
_QUERY: Final = tuple(
    Parameter(name=name, text=f"Counts where the body has no {name}; write it there")
    for name in TokenRequest.__struct_fields__
)


class TokenResponse(msgspec.Struct):
    """What the Authorization header may hold behind the word Bearer, and for how many seconds (RFC 6749 §5.1)."""

    access_token: str
    expires_in: int
    token_type: str


class TokenRefusal(msgspec.Struct):
    """Why there is no token (RFC 6749 §5.2)."""

    error: str
    error_description: str


async def _open(parts: Parts, call: Call) -> SessionResponse:
    asked: SessionRequest = call.body
    for name, text in (("username", asked.username), ("password", asked.password)):
        if not text:
            call.findings.add(name, _ABSENT)
    call.check()
    token = await parts.tokens.open_session(asked.username or "", asked.password or "")
    if token is None:
        raise Unauthorized
    return SessionResponse(token)


async def _close(parts: Parts, call: Call) -> Reply:
    scheme, _, token = (call.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "ibsso" or not await parts.tokens.close_session(token.strip()):
        raise Unauthorized
    return Reply(octets=b"{}", content_type=CONTENT_TYPES[JSON])


async def _issue(parts: Parts, call: Call) -> TokenResponse | Reply:
    asked = _completed(call)
    if asked.grant_type != GRANT:
        return _refused(400, "unsupported_grant_type", f"grant_type must be {GRANT}")
    if not asked.client_id or not asked.client_secret:
        return _refused(400, "invalid_request", "client_id and client_secret must not be empty")
    issued = await parts.tokens.issue_token(asked.client_id, asked.client_secret)
    if issued is None:
        return _refused(401, "invalid_client", "Invalid login details")
    return TokenResponse(*issued, "Bearer")


def _completed(call: Call) -> TokenRequest:
    """The body, with what it leaves out from the query."""
    names = TokenRequest.__struct_fields__
    return TokenRequest(**{name: getattr(call.body, name) or call.values[name] for name in names})


def _refused(status: int, error: str, sentence: str) -> Reply:
    octets = msgspec.json.encode(TokenRefusal(error, sentence))
    return Reply(octets=octets, content_type=CONTENT_TYPES[JSON], status=status, headers={"cache-control": "no-store"})


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/auth/1/session",
        summary="A token for the scheme IBSSO, by name and password",
        answer=_open,
        reply=SessionResponse,
        root="SessionResponse",
        body=Body(SessionRequest),
        login=Login.NONE,
        quota=Quota.LOGINS,
        refusals=LOGGING_IN,
        judges=True,
    ),
    Endpoint(
        method="DELETE",
        path="/auth/1/session",
        summary="End the session whose token the Authorization header holds",
        answer=_close,
        login=Login.NONE,
        quota=Quota.LOGINS,
        refusals=(401, 429, 500, 503),
    ),
    Endpoint(
        method="POST",
        path="/auth/1/oauth2/token",
        summary="A token for the scheme Bearer, by an account's name and one of its keys or its password",
        answer=_issue,
        reply=TokenResponse,
        root="TokenResponse",
        body=Body(TokenRequest, form=True),
        query=_QUERY,
        headers={"cache-control": "no-store"},  # RFC 6749 §5.1
        login=Login.NONE,
        quota=Quota.LOGINS,
        refusals=LOGGING_IN,
        refusal=TokenRefusal,
    ),
)
