"""Conversion tracking: what a message that is tracked has led to is told by its id."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.api import scope
from heliograph.api.parts import Parts
from heliograph.web.endpoint import NOT_FOUND, READING, Call, Endpoint


class ConversionResponse(msgspec.Struct, rename="camel"):
    """`process_key` is what the message is a part of, as its send was answered."""

    process_key: str


async def _end(parts: Parts, call: Call) -> ConversionResponse:
    return ConversionResponse(await parts.conversions.convert(call.account, call.path["messageId"]))


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/ct/1/log/end/{messageId}",
        summary="Say that a message that is tracked led to what was wanted",
        answer=_end,
        reply=ConversionResponse,
        root="EndTagResponse",
        scopes=scope.SEND,
        refusals=(*READING, NOT_FOUND),
        slashes=True,  # customers choose their ids
    ),
)
