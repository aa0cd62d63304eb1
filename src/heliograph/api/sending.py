"""Sends: what the customer asks for becomes a submission, and what became of it an answer. A path is a row."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from heliograph.api import envelope, era, scope
from heliograph.api.by_query import FIRST_QUERY, THIRD_QUERY, from_query
from heliograph.api.era import Era
from heliograph.api.parts import Parts
from heliograph.api.reading import Reading
from heliograph.api.requests import MessageShape, SendRequest
from heliograph.api.shapes import SentResponse, ThirdSentResponse, render_sent, render_third
from heliograph.api.submissions import to_single, to_submission
from heliograph.api.third import ThirdRequest
from heliograph.flows.errors import KeyReused
from heliograph.flows.submission import Once, Submission
from heliograph.web.decoding import Body
from heliograph.web.endpoint import ONCE, SENDING, Call, Endpoint, Login
from heliograph.web.errors import Conflict
from heliograph.web.query import CREDENTIALS, Parameter

SEND: Final = Body(SendRequest)
SINGLE: Final = Body(MessageShape)
ENVELOPE: Final = Body(ThirdRequest)

# Message objects that are read where all others wait. A text with a language takes 0.1 ms, the worst one 20 ms; a
# request may hold thousands.
AT_ONCE: Final = 20

Reader = Callable[[Any, Reading], Submission]
MULTI: Final[Reader] = partial(to_submission, lenient=True)


_VISIBLE: Final = re.compile(r"[!-~]{1,255}")
_SECRET: Final = frozenset(row.name for row in CREDENTIALS)
_DIGEST: Final = 32  # octets


def _once(path: str, call: Call) -> Once | None:
    """Its Idempotency-Key and what came with it, as digests; None where it has none."""
    key = call.header(ONCE)
    if key is None:
        return None
    if not _VISIBLE.fullmatch(key):
        call.findings.add("Idempotency-Key", "must have 1 to 255 visible characters of ASCII")
    # Who asks is told by the account alone: a password stays out of it.
    asked = {name: value for name, value in call.values.items() if name not in _SECRET}
    request = hashlib.blake2b(path.encode() + b"\0", digest_size=_DIGEST)
    request.update(call.octets if call.body is not None else msgspec.json.encode(asked))
    return Once(hashlib.blake2b(key.encode("latin-1"), digest_size=_DIGEST).digest(), request.digest())


async def _send(path: str, rules: Era, read: Reader, parts: Parts, call: Call) -> SentResponse | ThirdSentResponse:
    """What a 200 says, once everything is stored."""
    asked = call.values if call.body is None else call.body
    reading = Reading(rules, parts.limits, parts.now(), call.findings, call.account.settings, parts.short_base)
    once = _once(path, call)
    many = len(getattr(asked, "messages", None) or ()) > AT_ONCE  # a single one, and a query, have no such list
    submission = await asyncio.to_thread(read, asked, reading) if many else read(asked, reading)
    call.check()
    if once is not None:
        submission = msgspec.structs.replace(submission, once=once)
    try:
        accepted = await parts.acceptor.accept(call.account, submission)
    except KeyReused as problem:
        raise Conflict(str(problem)) from problem
    return render_third(accepted, rules) if rules is era.THIRD else render_sent(accepted, rules)


def _row(path: str, rules: Era, body: Body[Any], read: Reader, summary: str) -> Endpoint[Parts]:
    return _endpoint("POST", path, rules, read, summary, body=body)


def _by_query(
    method: str, path: str, rules: Era, query: tuple[Parameter, ...], login: Login, summary: str
) -> Endpoint[Parts]:
    return _endpoint(method, path, rules, from_query, summary, query=query, login=login)


def _endpoint(method: str, path: str, rules: Era, read: Reader, summary: str, **more: Any) -> Endpoint[Parts]:
    is_third = rules is era.THIRD
    return Endpoint(
        method=method,
        path=path,
        summary=summary,
        answer=partial(_send, path, rules, read),
        reply=ThirdSentResponse if is_third else SentResponse,
        root="SmsResponseEnvelope" if is_third else "smsResponse",
        refusals=SENDING,
        judges=True,
        once=True,
        scopes=scope.SEND,
        **more,
    )


ENDPOINTS: Final = (
    _row("/sms/1/text/single", era.FIRST, SINGLE, to_single, "Send one text to one recipient or more"),
    _row("/sms/1/text/multi", era.FIRST_MULTI, SEND, MULTI, "Send several texts"),
    _row("/sms/1/text/advanced", era.FIRST, SEND, to_submission, "Send texts, with all options"),
    _row("/sms/1/binary/single", era.FIRST, SINGLE, to_single, "Send one binary message to one recipient or more"),
    _row("/sms/1/binary/multi", era.FIRST_MULTI, SEND, MULTI, "Send several binary messages"),
    _row("/sms/1/binary/advanced", era.FIRST, SEND, to_submission, "Send binary messages, with all options"),
    _row("/sms/2/text/single", era.SECOND, SINGLE, to_single, "Send one text, second generation"),
    _row("/sms/2/text/advanced", era.SECOND, SEND, to_submission, "Send texts, second generation"),
    _row("/sms/2/binary/advanced", era.SECOND, SEND, to_submission, "Send binary messages, second generation"),
    _row("/sms/3/messages", era.THIRD, ENVELOPE, envelope.to_submission, "Send messages, third generation"),
    _by_query("GET", "/sms/1/text/query", era.FIRST, FIRST_QUERY, Login.QUERY, "Send a text by query"),
    _by_query("POST", "/sms/1/text/query", era.FIRST, FIRST_QUERY, Login.QUERY, "Send a text by query, as GET does"),
    _by_query(
        "GET", "/sms/3/text/query", era.THIRD, THIRD_QUERY, Login.HEADER, "Send a text by query, third generation"
    ),
)
