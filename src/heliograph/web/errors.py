"""How refused requests leave: the one table from what was raised to what the customer reads.

Every refusal has the envelope of its path's generation, in JSON or XML. A refused destination is none of these: it is a
status in a 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import falcon
import msgspec
import structlog

from heliograph.accounts.errors import NameTaken, NoSuchAccount, NoSuchKey, ReferenceTaken, Refused
from heliograph.accounts.gate import TooManyLogins
from heliograph.flows.errors import NoSuchBulk, NoSuchMessage, Overloaded, Unconfirmed
from heliograph.store.errors import StoreUnavailable
from heliograph.webhooks import xml
from heliograph.webhooks.formats import XML

LOG: Final = structlog.get_logger(__name__)
MAX_ERRORS: Final = 50


class BadRequest(Exception):
    """A request that says something impossible: `errors` maps the path of each bad field to sentences about it."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("bad request")
        self.errors = errors


class Unauthorized(Exception):
    """Nobody we know."""


class Forbidden(Exception):
    """Somebody we know, whose key has none of the scopes that this takes."""


class NotFound(Exception):
    """There is no such thing; the text says what is missing: it is told to the customer."""


class Conflict(Exception):
    """It contradicts what was said before; the text says how: it is told to the customer."""


class TooManyRequests(Exception):
    """More than the account may ask in a time; come again in `retry_after` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many requests")
        self.retry_after = retry_after


class Disconnected(Exception):
    """The peer went away before its request was whole: nothing of it counts."""


class RequestTimeout(Exception):
    """The request did not arrive in time."""


class TooLarge(Exception):
    """The body is longer than the limit."""


class HeadTooLarge(Exception):
    """The request's head is longer than the limit."""


class UnsupportedMedia(Exception):
    """A body that nobody here reads: `errors` maps the header that says so to what it must be."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("unsupported media type")
        self.errors = errors


class Encoded(UnsupportedMedia):
    """A body that is compressed, or encoded in another way."""

    def __init__(self, header: str) -> None:
        super().__init__({header: ["must be absent: send the body as it is, not compressed or encoded otherwise"]})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: the HTTP status, and what stands in the envelope."""

    status: int
    message_id: str
    text: str
    closes: bool = False  # what follows on the connection cannot be understood


TABLE: Final[dict[type[BaseException], Refusal]] = {
    BadRequest: Refusal(400, "BAD_REQUEST", "Bad request"),
    Disconnected: Refusal(400, "BAD_REQUEST", "Bad request", closes=True),
    falcon.HTTPBadRequest: Refusal(400, "BAD_REQUEST", "Bad request"),
    Unauthorized: Refusal(401, "UNAUTHORIZED", "Invalid login details"),
    Forbidden: Refusal(403, "FORBIDDEN", "Forbidden"),
    NotFound: Refusal(404, "NOT_FOUND", "Not found"),
    NoSuchAccount: Refusal(404, "NOT_FOUND", "Not found"),
    NoSuchKey: Refusal(404, "NOT_FOUND", "Not found"),
    NoSuchBulk: Refusal(404, "NOT_FOUND", "Bulk not found"),
    NoSuchMessage: Refusal(404, "NOT_FOUND", "Message not found, or not tracked"),
    falcon.HTTPNotFound: Refusal(404, "NOT_FOUND", "Not found"),
    falcon.HTTPRouteNotFound: Refusal(404, "NOT_FOUND", "Not found"),
    falcon.HTTPMethodNotAllowed: Refusal(405, "METHOD_NOT_ALLOWED", "Method not allowed"),
    NameTaken: Refusal(409, "CONFLICT", "Conflict"),
    RequestTimeout: Refusal(408, "REQUEST_TIMEOUT", "Request timeout", closes=True),
    TooLarge: Refusal(413, "PAYLOAD_TOO_LARGE", "Payload too large", closes=True),
    UnsupportedMedia: Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type"),
    Conflict: Refusal(422, "UNPROCESSABLE_ENTITY", "Unprocessable entity"),
    ReferenceTaken: Refusal(422, "UNPROCESSABLE_ENTITY", "Unprocessable entity"),
    TooManyRequests: Refusal(429, "TOO_MANY_REQUESTS", "Too many requests"),
    TooManyLogins: Refusal(429, "TOO_MANY_REQUESTS", "Too many requests"),
    HeadTooLarge: Refusal(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request header fields too large", closes=True),
    Exception: Refusal(500, "GENERAL_ERROR", "Something went wrong. Please contact support."),
    Overloaded: Refusal(503, "SERVICE_UNAVAILABLE", "Service unavailable: nothing of this request was done"),
    Unconfirmed: Refusal(
        503, "SERVICE_UNAVAILABLE", "Service unavailable: it is not known whether this request was, or will be, done"
    ),
    StoreUnavailable: Refusal(503, "SERVICE_UNAVAILABLE", "Service unavailable"),
}


# What the third generation of paths says of a status: what it is, and what to do about it.
ADVICE: Final = {
    400: ("Request cannot be processed.", "Mend what the violations name, and send it again."),
    401: ("The request lacks valid authentication credentials.", "Check the Authorization header and the key."),
    403: ("The key does not allow this.", "Use a key that has a scope for it."),
    404: ("There is nothing here.", "Check the path and the id."),
    405: ("The path does not have this method.", "Check the method."),
    408: ("The request did not arrive in time.", "Send it again."),
    409: ("There is such a thing already.", "Choose another name."),
    413: ("The request is too large.", "Send it in parts."),
    415: ("The body's format is not read here.", "Send JSON or XML, not compressed."),
    422: ("The request contradicts an earlier one.", "Use another Idempotency-Key."),
    429: ("Too many requests sent.", "Wait as long as Retry-After says."),
    431: ("The request's head is too large.", "Send fewer or shorter headers."),
    500: ("Something went wrong.", "Tell whoever runs this gateway when it happened."),
    503: ("The message store is not available.", "Wait as long as Retry-After says."),
}
_THIRD: Final = "/sms/3/"
_SAYS_MORE: Final = (NotFound, Conflict, Refused)  # their text is for the customer
_UNCERTAIN: Final = (Overloaded, Unconfirmed)  # whether anything was done is told in their rows


class ServiceExceptionShape(msgspec.Struct, rename="camel", omit_defaults=True):
    """Why a request was refused; `validation_errors` names every bad field or header, at most 50 of them."""

    message_id: str
    text: str
    validation_errors: dict[str, list[str]] | None = None


class RequestErrorShape(msgspec.Struct, rename="camel"):
    """The inner envelope."""

    service_exception: ServiceExceptionShape


class ExceptionShape(msgspec.Struct, rename="camel"):
    """What every refused request is answered."""

    request_error: RequestErrorShape


class ViolationShape(msgspec.Struct):
    """What is wrong with one field."""

    property: str
    violation: str


class ResourceShape(msgspec.Struct):
    """Where to read more."""

    name: str
    url: str


class ApiErrorShape(msgspec.Struct, rename="camel"):
    """What every refused request of the third generation is answered: nothing of it is ever absent."""

    error_code: str
    description: str
    action: str
    violations: list[ViolationShape]
    resources: list[ResourceShape]


def is_third(path: str) -> bool:
    """Whether a path is of the third generation, whose refusals have an envelope of their own."""
    return path.startswith(_THIRD)


def refusal(raised: BaseException) -> Refusal:
    """The row of the nearest class; whatever has none is a 500."""
    return next((TABLE[kind] for kind in type(raised).__mro__ if kind in TABLE), TABLE[Exception])


def envelope(raised: BaseException, media: str, path: str = "") -> bytes:
    """The body that tells the customer, as the generation of `path` has it."""
    if is_third(path):
        return _third(raised, media)
    row = refusal(raised)
    text = str(raised) if isinstance(raised, _SAYS_MORE) else row.text
    shape = ExceptionShape(RequestErrorShape(ServiceExceptionShape(row.message_id, text, _errors(raised) or None)))
    if media == XML:
        return xml.render("ApiException", _named(msgspec.to_builtins(shape)))
    return msgspec.json.encode(shape)


def _third(raised: BaseException, media: str) -> bytes:
    row = refusal(raised)
    description, action = ADVICE[row.status]
    if isinstance(raised, _SAYS_MORE):
        description = str(raised)
    elif isinstance(raised, _UNCERTAIN):
        description = row.text
    violations = [ViolationShape(path, text) for path, texts in _errors(raised).items() for text in texts]
    shape = ApiErrorShape(f"E{row.status}", description, action, violations, [])
    return xml.render("ApiError", msgspec.to_builtins(shape)) if media == XML else msgspec.json.encode(shape)


def _errors(raised: BaseException) -> dict[str, list[str]]:
    return raised.errors if isinstance(raised, BadRequest | UnsupportedMedia) else {}


def refuse(raised: Exception, media: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """The answer to a refused request: status, headers, body. What nobody foresaw is logged, and is a 500."""
    row = refusal(raised)
    if row.status == 500:
        LOG.error("request failed", path=path, **_place(raised))
    headers = dict(raised.headers or {}) if isinstance(raised, falcon.HTTPError) else {}
    retry_after = getattr(raised, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    elif row.status == 503:
        headers["retry-after"] = "1"
    if isinstance(raised, Encoded):
        headers["accept-encoding"] = "identity"  # RFC 9110 §12.5.3
    if row.status == 401:
        headers["www-authenticate"] = "App"
    if row.closes:
        headers["connection"] = "close"
    return row.status, headers, envelope(raised, media, path)


def _place(raised: BaseException) -> dict[str, str]:
    """What failed and where, without a word of what was said: a message may stand in it."""
    trace = raised.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return {"error": type(raised).__name__, "place": place}


def _named(answer: dict[str, Any]) -> dict[str, Any]:
    """A path such as messages[0].to is no name of an element: in XML it is the text of one."""
    inside = answer["requestError"]["serviceException"]
    if "validationErrors" in inside:
        inside["validationErrors"] = [
            {"property": path, "violation": sentence}
            for path, sentences in inside["validationErrors"].items()
            for sentence in sentences
        ]
    return answer
