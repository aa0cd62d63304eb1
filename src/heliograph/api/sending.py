"""POST of messages: what the customer asks for becomes a submission, and what became of it an answer."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from heliograph.api.parts import Parts
from heliograph.api.requests import SendRequest
from heliograph.api.shapes import SentResponse, render_sent
from heliograph.api.submissions import to_submission
from heliograph.web.decoding import Body
from heliograph.web.endpoint import SENDING, Call, Endpoint

SEND: Final = Body(SendRequest)


async def _send(era: str, parts: Parts, call: Call) -> Any:
    """What a 200 says, once everything is stored."""
    submission = to_submission(call.body, parts.limits, parts.now(), call.findings, always_bulk=era != "v1")
    call.check()
    return render_sent(await parts.acceptor.accept(call.account, submission), era)


def _row(path: str, era: str, summary: str) -> Endpoint[Parts]:
    return Endpoint(
        method="POST",
        path=path,
        summary=summary,
        answer=partial(_send, era),
        reply=SentResponse,
        root="smsResponse",
        body=SEND,
        refusals=SENDING,
        judges=True,
    )


ENDPOINTS: Final = (
    _row("/sms/1/binary/advanced", "v1", "Send binary messages"),
    _row("/sms/1/text/advanced", "v1", "Send binary messages, by the path that text messages have"),
    _row("/sms/2/binary/advanced", "v2", "Send binary messages, answered as the second generation is"),
)
