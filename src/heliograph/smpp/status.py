"""command_status: every value SMPP names, and what a refusal with it means for the message that was refused.

One row a value: its number, its class, and what the customer is told when it becomes final. Values that no row
names are read by `classify`, so that no SMSC can send a status we have no answer for.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple


class RetryClass(StrEnum):
    """What to do after a refusal; the delays and limits belong to whoever retries."""

    OK = "ok"
    THROTTLE = "throttle"  # pause the SMSC; never counted as an attempt
    RETRY = "retry"  # until the validity ends
    RETRY_FEW = "retry-few"
    FIX_ONCE = "fix-once"  # once more, without what was disliked
    REJECT = "reject"
    SESSION = "session"  # the peer and we disagree about the session: bind again
    BIND = "bind"  # of a bind_resp: try again later
    BIND_FATAL = "bind-fatal"  # of a bind_resp: somebody has to correct the configuration
    OPERATION = "operation"  # says nothing about a submit_sm


class StatusClass(NamedTuple):
    """A command_status and its meaning; the ids are the customer's, None while the message still has a chance."""

    name: str
    retry_class: RetryClass
    status_id: int | None
    error_id: int | None


OK, THROTTLE, RETRY, RETRY_FEW, FIX_ONCE = (
    RetryClass.OK,
    RetryClass.THROTTLE,
    RetryClass.RETRY,
    RetryClass.RETRY_FEW,
    RetryClass.FIX_ONCE,
)
REJECT, SESSION, BIND, BIND_FATAL, OPERATION = (
    RetryClass.REJECT,
    RetryClass.SESSION,
    RetryClass.BIND,
    RetryClass.BIND_FATAL,
    RetryClass.OPERATION,
)


class Status(IntEnum):
    """command_status, SMPP 3.4 §5.1.3, and from 0x100 on SMPP 5.0. Values not listed here stay plain integers."""

    retry_class: RetryClass
    status_id: int | None
    error_id: int | None

    def __new__(cls, value: int, retry_class: RetryClass, status_id: int | None, error_id: int | None) -> "Status":
        self = int.__new__(cls, value)
        self._value_ = value
        self.retry_class, self.status_id, self.error_id = retry_class, status_id, error_id
        return self

    ESME_ROK = 0x00, OK, 3, 0
    ESME_RINVMSGLEN = 0x01, REJECT, 4, 4096
    ESME_RINVCMDLEN = 0x02, SESSION, 4, 4096
    ESME_RINVCMDID = 0x03, REJECT, 4, 4096
    ESME_RINVBNDSTS = 0x04, SESSION, None, None
    ESME_RALYBND = 0x05, BIND, None, None
    ESME_RINVPRTFLG = 0x06, REJECT, 4, 4096
    ESME_RINVREGDLVFLG = 0x07, REJECT, 4, 4096
    ESME_RSYSERR = 0x08, RETRY, None, 34
    ESME_RINVSRCADR = 0x0A, REJECT, 4, 4096
    ESME_RINVDSTADR = 0x0B, REJECT, 4, 1
    ESME_RINVMSGID = 0x0C, REJECT, 4, 4096
    ESME_RBINDFAIL = 0x0D, BIND, None, None
    ESME_RINVPASWD = 0x0E, BIND_FATAL, None, None
    ESME_RINVSYSID = 0x0F, BIND_FATAL, None, None
    ESME_RCANCELFAIL = 0x11, OPERATION, None, None
    ESME_RREPLACEFAIL = 0x13, OPERATION, None, None
    ESME_RMSGQFUL = 0x14, RETRY, None, 51
    ESME_RINVSERTYP = 0x15, REJECT, 4, 4096
    ESME_RINVNUMDESTS = 0x33, REJECT, 4, 4096
    ESME_RINVDLNAME = 0x34, REJECT, 4, 4096
    ESME_RINVDESTFLAG = 0x40, REJECT, 4, 4096
    ESME_RINVSUBREP = 0x42, REJECT, 4, 4096
    ESME_RINVESMCLASS = 0x43, REJECT, 4, 4096
    ESME_RCNTSUBDL = 0x44, REJECT, 4, 4096
    ESME_RSUBMITFAIL = 0x45, RETRY_FEW, 4, 32
    ESME_RINVSRCTON = 0x48, REJECT, 4, 4096
    ESME_RINVSRCNPI = 0x49, REJECT, 4, 4096
    ESME_RINVDSTTON = 0x50, REJECT, 4, 4096
    ESME_RINVDSTNPI = 0x51, REJECT, 4, 4096
    ESME_RINVSYSTYP = 0x53, BIND_FATAL, None, None
    ESME_RINVREPFLAG = 0x54, REJECT, 4, 4096
    ESME_RINVNUMMSGS = 0x55, REJECT, 4, 4096
    ESME_RTHROTTLED = 0x58, THROTTLE, None, 51
    ESME_RINVSCHED = 0x61, REJECT, 4, 4096
    ESME_RINVEXPIRY = 0x62, FIX_ONCE, 4, 4096
    ESME_RINVDFTMSGID = 0x63, REJECT, 4, 4096
    ESME_RX_T_APPN = 0x64, RETRY, None, 34
    ESME_RX_P_APPN = 0x65, REJECT, 4, 32
    ESME_RX_R_APPN = 0x66, REJECT, 4, 32
    ESME_RQUERYFAIL = 0x67, OPERATION, None, None
    ESME_RINVOPTPARSTREAM = 0xC0, FIX_ONCE, 4, 4096
    ESME_ROPTPARNOTALLWD = 0xC1, FIX_ONCE, 4, 4096
    ESME_RINVPARLEN = 0xC2, FIX_ONCE, 4, 4096
    ESME_RMISSINGOPTPARAM = 0xC3, REJECT, 4, 4096
    ESME_RINVOPTPARAMVAL = 0xC4, FIX_ONCE, 4, 4096
    ESME_RDELIVERYFAILURE = 0xFE, REJECT, 9, 32
    ESME_RUNKNOWNERR = 0xFF, RETRY_FEW, 4, 255
    ESME_RSERTYPUNAUTH = 0x100, REJECT, 4, 4096
    ESME_RPROHIBITED = 0x101, REJECT, 4, 4096
    ESME_RSERTYPUNAVAIL = 0x102, RETRY, None, 34
    ESME_RSERTYPDENIED = 0x103, REJECT, 4, 4096
    ESME_RINVDCS = 0x104, REJECT, 4, 71
    ESME_RINVSRCADDRSUBUNIT = 0x105, REJECT, 4, 4096
    ESME_RINVDSTADDRSUBUNIT = 0x106, REJECT, 4, 4096
    ESME_RINVBCASTFREQINT = 0x107, OPERATION, None, None
    ESME_RINVBCASTALIAS_NAME = 0x108, OPERATION, None, None
    ESME_RINVBCASTAREAFMT = 0x109, OPERATION, None, None
    ESME_RINVNUMBCAST_AREAS = 0x10A, OPERATION, None, None
    ESME_RINVBCASTCNTTYPE = 0x10B, OPERATION, None, None
    ESME_RINVBCASTMSGCLASS = 0x10C, OPERATION, None, None
    ESME_RBCASTFAIL = 0x10D, OPERATION, None, None
    ESME_RBCASTQUERYFAIL = 0x10E, OPERATION, None, None
    ESME_RBCASTCANCELFAIL = 0x10F, OPERATION, None, None
    ESME_RINVBCAST_REP = 0x110, OPERATION, None, None
    ESME_RINVBCASTSRVGRP = 0x111, OPERATION, None, None
    ESME_RINVBCASTCHANIND = 0x112, OPERATION, None, None


STATUS_CLASS: dict[int, StatusClass] = {
    int(status): StatusClass(status.name, status.retry_class, status.status_id, status.error_id) for status in Status
}

VENDOR_SPECIFIC = range(0x400, 0x500)  # §5.1.3: each SMSC's own


def classify(status: int) -> StatusClass:
    """The row of a command_status (0..0xFFFFFFFF); a vendor's is worth a few tries, any other unknown one is final."""
    row = STATUS_CLASS.get(status)
    if row is None:
        row = StatusClass(f"{status:#010x}", RETRY_FEW if status in VENDOR_SPECIFIC else REJECT, 4, 255)
    return row
