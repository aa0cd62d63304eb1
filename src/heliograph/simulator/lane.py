"""The fast lane: an ordinary submit_sm becomes its response and its receipt without being a `Pdu` in between.

Rule 1: what the pattern does not match to the last octet (TLVs, odd lengths, anything malformed) is not for this lane:
the session judges it.
Rule 2: the receipt is, octet for octet, the one of the dialect `standard`.
"""

import re
import struct
from collections.abc import Callable

from heliograph.simulator.behaviour import ID_BASES, Behaviour
from heliograph.simulator.dialects import FINAL_RECEIPT, TYPICAL, WORDS_QUOTED, Facts, render
from heliograph.simulator.plan import wants_receipt
from heliograph.smpp.constants import Command

HEADER = struct.Struct(">IIII")  # §3.2
SUBMIT_SM_RESP = int(Command.SUBMIT_SM_RESP)
DELIVER_SM = int(Command.DELIVER_SM)
UDHI = 0x40
ORDERS = (b"!", b"\0!")  # how orders begin, in one octet a character or two

# The body of a submit_sm, §4.4.1, up to sm_length; groups: source, destination, esm_class, registered_delivery,
# data_coding, sm_length.
SUBMIT_SM = re.compile(
    rb"[^\0]{0,5}\0(..[^\0]{0,20}\0)(..[^\0]{0,20}\0)(.)..(?:[^\0]{16})?\0(?:[^\0]{16})?\0(.).(.).(.)", re.DOTALL
)
# A deliver_sm: header, destination, source, sm_length, short_message.
RECEIPT = b"%b\0%b%b" + bytes([FINAL_RECEIPT]) + b"\0\0\0\0\0\0\0\0%c%b"
RECEIPT_SIZE = 16 + 1 + 9 + 1


class Lane:
    """Responses and receipts in the plain case of one Behaviour. `at` sets the clock before a batch."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._second = -1
        self._template = b""
        self._wanted = [behaviour.receipts and wants_receipt(bits, behaviour.state) for bits in range(256)]
        self._id = ID_BASES[behaviour.id_base]
        self._other_id: Callable[[int], str] | None = ID_BASES.get(behaviour.receipt_id_base)

    def at(self, wall: float) -> None:
        """It is `wall`, seconds since 1970: what the dates of receipts are made from."""
        if int(wall) == self._second:
            return
        self._second = int(wall)
        behaviour = self._behaviour
        layout = TYPICAL.replace("{id}", "%b").replace("{words}", "%b")
        facts = Facts(
            number=0,
            id="",
            word=behaviour.state,
            err=behaviour.err,
            submitted=self._second,
            done=self._second + behaviour.receipt_delay,
        )
        self._template = render(facts, layout).encode("latin-1")

    def take(self, octets: bytes, at: int, stop: int, sequence: int, number: int) -> tuple[bytes, bytes] | None:
        """The response and the receipt (empty: none is wanted) of the submit_sm that stands at `at`..`stop`; None for
        one that is not ordinary. `number` is its id."""
        found = SUBMIT_SM.match(octets, at + 16, stop)
        if found is None:
            return None
        source, destination, esm_class, registered, data_coding, size = found.groups()
        start = found.end()
        if start + size[0] != stop:
            return None
        headed = esm_class[0] & UDHI
        if octets.startswith(ORDERS, start, stop) or (headed and b"!" in octets[start:stop]):
            return None
        words = b"" if headed or data_coding != b"\0" else octets[start : min(stop, start + WORDS_QUOTED)]
        ident = self._id(number).encode()
        response = HEADER.pack(17 + len(ident), SUBMIT_SM_RESP, 0, sequence) + ident + b"\0"
        if not self._wanted[registered[0]]:
            return response, b""
        text = self._template % (ident if self._other_id is None else self._other_id(number).encode(), words)
        length = RECEIPT_SIZE + len(source) + len(destination) + len(text)
        header = HEADER.pack(length, DELIVER_SM, 0, 0)
        return response, RECEIPT % (header, destination, source, len(text), text)
