"""What a customer's request asks for, and what it is answered: the values between `api` and `flows.accept`."""

from __future__ import annotations

import msgspec

from heliograph.sms.message import Options
from heliograph.sms.schedule import Window
from heliograph.sms.short_link import ShortLinks


class Destination(msgspec.Struct, frozen=True, gc=False):
    """One recipient as the customer wrote it; judged in `flows.accept`, never an HTTP error."""

    to: str | None = None
    message_id: str | None = None


class Draft(msgspec.Struct, frozen=True):
    """One message object of a request: the same body for all of its destinations."""

    destinations: list[Destination]
    sender: str | None
    body: bytes
    data_coding: int  # 0 to 255, flash already folded in
    esm_class: int  # 0 to 255, as the customer gave it
    options: Options
    validity_minutes: int | None = None  # 1 and more
    send_at: int | None = None  # UTC milliseconds
    window: Window | None = None
    counted: bool = True  # its answers say how many segments it takes
    short_links: ShortLinks | None = None  # the short links in its body


class Once(msgspec.Struct, frozen=True):
    """A request that may come again, and is to be done once: digests of its Idempotency-Key and of itself."""

    key: bytes
    request: bytes


class Submission(msgspec.Struct, frozen=True):
    """A whole request: stored whole, or refused whole."""

    drafts: list[Draft]
    bulk_id: str | None = None
    segment_interval: int | None = None  # microseconds between two segments of the bulk; None: no speed limit
    always_bulk: bool = False  # the answer names the bulk even of a single message
    once: Once | None = None  # None: it has no Idempotency-Key


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What became of one destination, in the order of the request."""

    to: str | None
    message_id: str | None  # None: it was refused and had none
    refused: int | None = None  # the status id of the refusal; None: accepted
    held: bool = False  # accepted, and waits for sendAt or a delivery window
    segments: int | None = None  # None when refused, and where nobody asked


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a Submission, after its commit."""

    answers: list[Answer]
    bulk_id: str | None
    scheduled: bool  # some message named a sendAt
    bulk_given: bool  # the customer named the bulk
    process_key: str | None = None  # what the customer will tell conversions by


class ReportQuery(msgspec.Struct, frozen=True):
    """Which reports a customer pulls: each is given once."""

    limit: int = 50  # 1 to 1000
    bulk_id: str | None = None
    message_id: str | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None


class LogSearch(msgspec.Struct, frozen=True):
    """Which logs a customer asks for; all that is given must be so. Times are UTC milliseconds, ends included."""

    limit: int = 50  # 1 to 1000
    since: int | None = None  # when it was sent; never sent: accepted
    until: int | None = None
    sender: str | None = None
    recipient: str | None = None
    bulk_ids: tuple[str, ...] = ()  # one of them
    message_ids: tuple[str, ...] = ()
    general_status: str | None = None  # the name of a group of sms.codes
    by_network: bool = False  # by mcc or mnc, of which no message has any
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_ids: tuple[str, ...] = ()
    cursor: tuple[int, int] | None = None  # flows.logs.parse_cursor
