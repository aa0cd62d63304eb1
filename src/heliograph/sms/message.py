"""The values that travel through the house: messages, their segments, receipts and reports.

Rule 1: times are integers, UTC milliseconds; `None` is "not yet" or "not said".
Rule 2: keys are 63-bit integers in time order. A customer sees the id the customer gave, else the key in decimal.
Rule 3: an outcome is told by a status id and an error id of `sms.codes`; words are looked up where people read them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
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
CLICK = "click"  # the shape of pushes of clicks


class LaneState(IntEnum):
    """What may leave a lane. The state is one row's, whatever the number of messages."""

    OPEN = 0
    PAUSED = 1  # what waits goes on waiting, and expires as ever
    CANCELED = 2  # for good: what waits, or comes back to wait, is reported as not sent


class BulkStatus(StrEnum):
    """How a bulk stands, in the words of the API."""

    PENDING = "PENDING"  # nothing of it was claimed yet
    PAUSED = "PAUSED"
    PROCESSING = "PROCESSING"  # something of it was claimed, and something of it has no final report
    CANCELED = "CANCELED"
    FINISHED = "FINISHED"  # everything of it has its final report
    FAILED = "FAILED"  # the same, and nothing of it was ever claimed: all of it expired


class Tracking(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer will tell what the message led to, by its id."""

    process_key: str  # of what the message is a part of: the customer's word, or made for the whole request
    kind: str | None = None  # the customer's name for it


class UrlOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the customer wants done with the links of a text."""

    shorten: bool = True
    track_clicks: bool = True
    tracking_url: str | None = None  # where clicks are to be told
    remove_protocol: bool = False
    custom_domain: str | None = None  # what shortened links begin with


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer asked for that is carried along and not searched by: stored as it is."""

    notify_url: str | None = None
    content_type: str = "application/json"
    shape: str = "v1"  # what the customer reads: a generation of reports, INBOUND or CLICK; a key of webhooks.formats
    intermediate: bool = False
    notify: bool = True  # False: no report at all
    callback_data: str | None = None
    entity_id: str | None = None
    application_id: str | None = None
    campaign_reference_id: str | None = None
    regional: dict[str, Any] | None = None
    text: bool = False  # the body was made from a text
    tracking: Tracking | None = None
    url_options: UrlOptions | None = None
    network_id: int | None = None  # the recipient's network, as the customer says


DECODE_OPTIONS = msgspec.msgpack.Decoder(Options).decode  # as they are kept with messages


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
    price: int = 0  # of all its segments, in millionths
    prepaid: bool = False  # the price is reserved from the account's balance


class NewShortLink(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A short link as it is stored at acceptance."""

    code: str
    url: str
    message: int | None  # the key of the only message that has it, and whose sender is told of clicks; None: no such
    due: int  # of its message
    since: int  # from when on it is kept for as long as links are: the end of its message's validity


class Refusal(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A destination that was refused, as it is kept for the logs: it is never sent, and its id is not used up."""

    key: int
    account: int
    public_id: str | None  # the id that the customer gave
    bulk_id: str | None
    sender: str  # sender and recipient as the customer gave them, and so of any form
    recipient: str
    body: bytes
    data_coding: int
    esm_class: int
    created_at: int
    status: int
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


class Click(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="click"):
    """What a customer is told when somebody follows a short link."""

    account: int
    message_id: str
    bulk_id: str | None
    recipient: str
    url: str  # that the link stands for
    due: int  # when its message was to leave
    at: int  # when the link was followed
    options: Options  # those of the message, but where and how it is pushed


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


class Log(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is known of one message now, whether it waits, is on its way, has ended or was refused."""

    key: int
    account: int
    message_id: str
    bulk_id: str | None
    sender: str
    recipient: str
    body: bytes
    data_coding: int
    esm_class: int
    segments: int  # 0: it was refused
    created_at: int
    sent_at: int | None  # when an SMSC took the first segment
    done_at: int | None  # None: it has not ended
    status: int
    error: int
    note: str | None
    options: Options
    price: float = 0.0  # per message
    currency: str = "EUR"

    @property
    def at(self) -> int:
        """Its time in the log: when it was sent, or else accepted."""
        return self.created_at if self.sent_at is None else self.sent_at
