"""What a session waits for, and until when (§7.2). Time comes in as an argument; nothing here runs by itself."""

from enum import Enum, auto
from math import inf

from heliograph.smpp.states import Role, State, Timing
from heliograph.smpp.stream import Stream
from heliograph.smpp.window import Window


class Due(Enum):
    """Something whose time has come."""

    STALLED = auto()
    UNBOUND = auto()
    UNBIND_UNANSWERED = auto()
    SILENT = auto()
    ENQUIRE_UNANSWERED = auto()
    ABANDON = auto()
    OVERDUE = auto()
    ENQUIRE = auto()


# What closes the connection, and the reason that is given for it.
ENDINGS: dict[Due, str] = {
    Due.STALLED: "a PDU was not completed",
    Due.UNBOUND: "no bind in time",
    Due.SILENT: "nothing was heard",
    Due.ENQUIRE_UNANSWERED: "enquire_link was not answered",
}


class Timers:
    """The times that matter to one session, in seconds on the clock it was made with; inf for what is not awaited."""

    def __init__(self, role: Role, timing: Timing, now: float) -> None:
        self.timing = timing
        self.heard = now
        self.bind_by = inf if role is Role.ESME else now + timing.bind_within
        self.enquire_by = inf
        self.unbind_by = inf

    def deadlines(self, state: State, window: Window, stream: Stream) -> list[tuple[float, Due]]:
        """When what is due in this state; the order is that in which to act where several are."""
        timing = self.timing
        stalled = (after(stream.waiting_since, timing.pdu), Due.STALLED)
        match state:
            case State.CLOSED:
                return []
            case State.OPEN:
                return [stalled, (self.bind_by, Due.UNBOUND)]
            case State.UNBINDING:
                return [stalled, (self.unbind_by, Due.UNBIND_UNANSWERED)]
        return [
            stalled,
            (self.heard + timing.inactivity, Due.SILENT),
            (self.enquire_by, Due.ENQUIRE_UNANSWERED),
            (after(window.oldest(), timing.overdue_limit), Due.ABANDON),
            (after(window.next_overdue(), timing.submit_response), Due.OVERDUE),
            (self.heard + timing.enquire_after if self.enquire_by == inf else inf, Due.ENQUIRE),
        ]


def after(since: float | None, seconds: float) -> float:
    return inf if since is None else since + seconds
