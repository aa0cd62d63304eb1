"""The values that travel through the house: messages, their segments, receipts and reports.

Rule 1: times are integers, UTC milliseconds; `None` is "not yet" or "not said".
Rule 2: keys are 63-bit integers in time order. A customer sees the id the customer gave, else the key in decimal.
Rule 3: an outcome is told by a status id and an error id of `sms.codes`; words are looked up where people read them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from heliograph.sms.concatenation import Place


class MessageState(IntEnum):
    """Where a message that has no final report stands. A finished one is history, and in no state."""

    QUEUED = 0  # waits in its lane for its time, and for room at an SMSC
    TAKEN = 1  # a node has put it on a link, or an SMSC has it and a receipt is awaited
    HELD = 2  # nobody knows whether an SMSC has it, and the policy says not to send it again


class SegmentState(IntEnum):
    """Where one segment stands; rows exist from the first claim of their message."""

    WAITING = 0  # may be submitted
    CLAIMED = 1  # a submit_sm may have left, and nobody has answered it yet
    SENT = 2  # an SMSC has it; its receipt is awaited
    DONE = 3  # its outcome is final: status and error say which
    UNKNOWN = 4  # a submit_sm left and its answer was lost with the session


INBOUND = "inbound"  # the shape of pushes of inbound messages


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer asked for that is carried along and not searched by: stored as it is."""

    notify_url: str | None = None
    content_type: str = "application/json"
    shape: str = "v1"  # what the customer reads: a generation of reports, or INBOUND; a key of webhooks.formats
    intermediate: bool = False
    notify: bool = True  # False: no report at all
    callback_data: str | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None
    regional: dict[str, Any] | None = None


class NewMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message as it is stored at acceptance: one recipient, whole, not yet cut."""

    key: int
    account: int
    public_id: str | None  # None: the customer gave none, and is shown the key
    bulk_id: str | None
    sender: str  # "" : the default of the SMSC
    recipient: str
    body: bytes
    data_coding: int
    esm_class: int
    segments: int  # how many submit_sm it takes, by sms.segments.count
    created_at: int
    due: int  # not before
    expires_at: int  # a segment leaves while now < expires_at
    open_hours: bytes | None  # a sms.schedule.Window, encoded; checked again whenever a segment would leave
    webhook: int | None  # a hash of account, URL, content type and shape; None: reports wait to be pulled
    intermediate: bool
    options: bytes  # Options, encoded


class Receipt(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What an SMSC says became of one segment."""

    smsc: str
    keys: tuple[str, ...]  # forms of the SMSC's id, the likeliest first (smpp.message_id)
    final: bool
    status: int
    error: int
    note: str | None  # what to tell where `error` alone would hide what the operator said
    at: int  # when it arrived, or when the SMSC says it happened where its clock is trusted


class Inbound(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A mobile-originated message, or a part of one, as one deliver_sm or data_sm carried it."""

    smsc: str
    sender: str
    recipient: str
    data_coding: int
    esm_class: int
    body: bytes  # with its UDH, when esm_class says that there is one
    received_at: int
    place: Place | None = None  # None: it is whole
    key: int = 0  # ours, for this delivery


class InboundMessage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="inbound"):
    """What a customer is told of one mobile-originated message, whatever the format."""

    account: int
    message_id: str
    sender: str
    recipient: str
    body: bytes  # of all parts, with a UDH when esm_class says that there is one
    data_coding: int
    esm_class: int
    segments: int  # parts that came
    keyword: str  # "": none
    received_at: int  # of the part that came last
    options: Options  # where and how it is pushed
    price: float = 0.0
    currency: str = "EUR"


class Report(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="report"):
    """What a customer is told of one message, whatever the format."""

    account: int
    message_id: str
    bulk_id: str | None
    sender: str
    recipient: str
    segments: int
    sent_at: int | None
    done_at: int
    status: int
    error: int
    note: str | None
    options: Options
    price: float = 0.0  # per message
    currency: str = "EUR"
