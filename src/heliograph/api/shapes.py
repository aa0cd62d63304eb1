"""What sends are answered: our values as the customers of each generation read them."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.flows.submission import Accepted, Answer
from heliograph.sms.codes import STATUS
from heliograph.webhooks.formats import STATUS_JSON, StatusJson, status_json

_SENT_ON: Final = STATUS_JSON[7]
_WAITS: Final = STATUS_JSON[26]
_TAKEN: Final = status_json(STATUS[26], STATUS[7].description)


class SentShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What became of one destination; `sms_count` is how many segments it takes."""

    status: StatusJson
    to: str | None = None
    sms_count: int | None = None
    message_id: str | None = None


class SentResponse(msgspec.Struct, rename="camel", omit_defaults=True):
    """The answer to a send: one entry a destination, in the order of the request."""

    messages: list[SentShape]
    bulk_id: str | None = None


def render_sent(accepted: Accepted, era: str) -> SentResponse:
    """The answer to a send, ready for the JSON encoder: statuses, counts and the bulk's id by the rules of `era`."""
    held, sent_on = (_WAITS, _SENT_ON) if era == "v1" else (_TAKEN, _TAKEN)
    counted = era == "v1"
    shown = era != "v1" or accepted.bulk_given or accepted.scheduled or len(accepted.answers) > 1
    return SentResponse(
        [
            SentShape(sent_on, one.to, one.segments if counted else None, one.message_id)
            if one.refused is None and not one.held
            else _exception(one, held)
            for one in accepted.answers
        ],
        accepted.bulk_id if shown else None,
    )


def _exception(answer: Answer, held: msgspec.Raw) -> SentShape:
    """A destination that was refused, or that waits."""
    status = held if answer.refused is None else STATUS_JSON[answer.refused]
    return SentShape(status, answer.to, None, answer.message_id)
