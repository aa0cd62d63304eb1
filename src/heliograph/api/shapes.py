"""What sends are answered: our values as the customers of each generation read them."""

from __future__ import annotations

import msgspec

from heliograph.api.era import Era
from heliograph.flows.submission import Accepted, Answer
from heliograph.webhooks.formats import STATUS_JSON
from heliograph.webhooks.shapes import StatusJson


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
    tracking_process_key: str | None = None


class DetailsShape(msgspec.Struct, rename="camel", gc=False):
    """`message_count` is how many segments a message takes."""

    message_count: int


class ThirdSentShape(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """What became of one destination, in the third generation."""

    status: StatusJson
    destination: str | None = None
    message_id: str | None = None
    details: DetailsShape | None = None


class ThirdSentResponse(msgspec.Struct, rename="camel", omit_defaults=True):
    """The answer to a send of the third generation: one entry a destination, in the order of the request."""

    messages: list[ThirdSentShape]
    bulk_id: str | None = None


def render_sent(accepted: Accepted, era: Era) -> SentResponse:
    """The answer to a send, ready for the JSON encoder: statuses, counts and the bulk's id by the rules of `era`."""
    sent_on = era.sent_on
    shown = era.always_bulk or accepted.bulk_given or accepted.scheduled or len(accepted.answers) > 1
    return SentResponse(
        [
            SentShape(sent_on, one.to, one.segments, one.message_id)
            if one.refused is None and not one.held
            else SentShape(_status(one, era), one.to, None if era.counts else one.segments, one.message_id)
            for one in accepted.answers
        ],
        accepted.bulk_id if shown else None,
        accepted.process_key,
    )


def render_third(accepted: Accepted, era: Era) -> ThirdSentResponse:
    """The same, as the third generation has it."""
    return ThirdSentResponse(
        [
            ThirdSentShape(
                _status(one, era),
                one.to,
                one.message_id,
                None if one.segments is None else DetailsShape(one.segments),
            )
            for one in accepted.answers
        ],
        accepted.bulk_id,
    )


def _status(answer: Answer, era: Era) -> msgspec.Raw:
    if answer.refused is not None:
        return STATUS_JSON[answer.refused]
    return era.held if answer.held else era.sent_on
