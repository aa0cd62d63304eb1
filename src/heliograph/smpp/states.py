"""What each side of a session may ask for, and when; what a session tells; how long it waits."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import msgspec

from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import Pdu


class Role(Enum):
    """Which side of the connection a session is."""

    ESME = auto()
    SMSC = auto()


class State(Enum):
    """§2.2; UNBINDING is ours: unbind was sent and answers may still come."""

    OPEN = auto()
    BOUND_TX = auto()
    BOUND_RX = auto()
    BOUND_TRX = auto()
    UNBINDING = auto()
    CLOSED = auto()


PEER = {Role.ESME: Role.SMSC, Role.SMSC: Role.ESME}

BINDS: dict[int, State] = {
    Command.BIND_TRANSMITTER: State.BOUND_TX,
    Command.BIND_RECEIVER: State.BOUND_RX,
    Command.BIND_TRANSCEIVER: State.BOUND_TRX,
}
WITHOUT_RESPONSE: frozenset[int] = frozenset({Command.ALERT_NOTIFICATION, Command.OUTBIND})

NOTHING: frozenset[int] = frozenset()
SUBMITS: frozenset[int] = frozenset(
    {
        Command.SUBMIT_SM,
        Command.SUBMIT_MULTI,
        Command.DATA_SM,
        Command.QUERY_SM,
        Command.CANCEL_SM,
        Command.REPLACE_SM,
    }
)
DELIVERS: frozenset[int] = frozenset({Command.DELIVER_SM, Command.DATA_SM, Command.ALERT_NOTIFICATION})

# Requests each side may send in each state (§2.3), less enquire_link and unbind, which the session sends by itself.
MAY_REQUEST: dict[Role, dict[State, frozenset[int]]] = {
    Role.ESME: {
        State.OPEN: frozenset(BINDS),
        State.BOUND_TX: SUBMITS,
        State.BOUND_RX: NOTHING,
        State.BOUND_TRX: SUBMITS,
        State.UNBINDING: NOTHING,
        State.CLOSED: NOTHING,
    },
    Role.SMSC: {
        State.OPEN: frozenset({Command.OUTBIND}),
        State.BOUND_TX: NOTHING,
        State.BOUND_RX: DELIVERS,
        State.BOUND_TRX: DELIVERS,
        State.UNBINDING: NOTHING,
        State.CLOSED: NOTHING,
    },
}

# What is taken although the peer may not send it: refusing a receipt on a transmitter would lose it.
TOLERATED: dict[tuple[Role, State], frozenset[int]] = {(Role.SMSC, State.BOUND_TX): DELIVERS}


def may_receive(role: Role, state: State) -> frozenset[int]:
    """The requests of the peer that a session in this role and state hands on; it refuses all others."""
    peer = PEER[role]
    return MAY_REQUEST[peer][state] | TOLERATED.get((peer, state), NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a session waits, in seconds (§7.2); the defaults are what SMSCs in the field expect."""

    bind_response: float = 30.0
    bind_within: float = 30.0  # SMSC: from the connection to the peer's bind
    enquire_after: float = 30.0  # of silence from the peer
    enquire_response: float = 10.0
    submit_response: float = 60.0  # until a request counts as overdue
    overdue_limit: float = 600.0  # until one overdue request ends the session
    inactivity: float = 300.0  # without one octet from the peer
    pdu: float = 10.0  # from the first octet of a PDU to its last
    unbind: float = 5.0


class SessionError(Exception):
    """The session was asked for something it cannot do; nothing was queued."""


class NotAllowed(SessionError):
    """A request that this role may not send in this state."""


class WindowFull(SessionError):
    """More requests than there are places left in the window."""


class Bound(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was accepted; `pdu` is the bind_resp, with sc_interface_version where the SMSC sends it."""

    pdu: Pdu


class BindRefused(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was refused with this command_status. Closed follows."""

    status: int


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The response to the request with this token, or the generic_nack that refuses it: `pdu.status` says.
    `sent_at` is the time that was given with the request."""

    token: Any
    pdu: Pdu
    sent_at: float


class Requested(msgspec.Struct, frozen=True, gc=False):
    """A request of the peer that waits for `respond`."""

    pdu: Pdu


class Overdue(msgspec.Struct, frozen=True, gc=False):
    """These requests were not answered in time. They keep their places, and late answers count."""

    tokens: list[Any]


class Closed(msgspec.Struct, frozen=True, gc=False):
    """The session has ended: write what `take_output` gives, then close the connection. Always the last event."""

    reason: str


Event = Bound | BindRefused | Answered | Requested | Overdue | Closed
