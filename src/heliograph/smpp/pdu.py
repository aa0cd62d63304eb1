"""PDUs as one value type, written and read by the table in `fields`.

C-octet strings are `str` (latin-1), short_message and the values of TLVs are `bytes`, everything else is `int`.
`encode` never cuts a value to its field. `decode` is strict about lengths, tolerant about sizes: a string may be longer
than its field, because an SMSC whose deliver_sm is refused for that sends it again for ever.
"""

import struct
from typing import Any

import msgspec

from heliograph.smpp.compiler import HEADER_SIZE, Malformed, PduError, compile_row
from heliograph.smpp.constants import RESPONSE, TLV_SIZES, Command, Status
from heliograph.smpp.fields import FIELDS

__all__ = [
    "ACKNOWLEDGED",
    "FIELDS",
    "HEADER_SIZE",
    "MAX_PDU",
    "FramingError",
    "Pdu",
    "PduError",
    "Unreadable",
    "acknowledge",
    "bodiless",
    "decode",
    "encode",
]

MAX_PDU = 66_560  # octets: the largest message_payload and what may stand around it

HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number
TLV_HEADER = struct.Struct(">HH")
TLV_MOST = {int(tag): most for tag, (_, most) in TLV_SIZES.items()}

CODECS = {int(command): compile_row(Command(command).name.lower(), row) for command, row in FIELDS.items()}
READERS = {command: read for command, (read, _) in CODECS.items()}
WRITERS = {command: write for command, (_, write) in CODECS.items()}
DEFAULTS = {int(command): {field.name: field.default for field in row} for command, row in FIELDS.items()}

ACKNOWLEDGEMENT = struct.Struct(">IIIIB")  # a header, and the NUL of an empty message_id
ACKNOWLEDGED = frozenset({int(Command.DELIVER_SM), int(Command.DATA_SM)})
DELIVER_SM_RESP = int(Command.DELIVER_SM_RESP)


class FramingError(Exception):
    """The stream is out of step: the connection cannot be saved."""


class Unreadable(Exception):
    """A whole PDU that makes no sense; `status` is what to answer, the header's values are what it claimed to be."""

    def __init__(self, status: int, command: int, sequence: int) -> None:
        super().__init__(f"command_id {command:#010x}, sequence_number {sequence}: {status:#x}")
        self.status = status
        self.command = command
        self.sequence = sequence


class Pdu(msgspec.Struct, frozen=True, gc=False):
    """One PDU. `fields` are those of its row in FIELDS, less any that keep their default; `tlvs` as on the wire."""

    command: int
    status: int = 0
    sequence: int = 0
    fields: dict[str, Any] = {}
    tlvs: list[tuple[int, bytes]] = []

    def tlv(self, tag: int) -> bytes | None:
        """The value of the first TLV with this tag, which alone counts; None where there is none."""
        for found, value in self.tlvs:
            if found == tag:
                return value
        return None


def encode(pdu: Pdu, sequence: int | None = None) -> bytes:
    """The octets of a PDU, with another sequence_number where one is given. PduError where a value does not fit."""
    command, status = pdu.command, pdu.status
    try:
        if status and not pdu.fields and not pdu.tlvs and command & RESPONSE and command != DELIVER_SM_RESP:
            body = b""  # §4.4.2: a refusal carries no body; the one of deliver_sm is always one NUL, §4.6.2
        else:
            body = WRITERS[command](pdu.fields)
            if pdu.tlvs:
                body += _write_tlvs(pdu.tlvs)
        return HEADER.pack(16 + len(body), command, status, pdu.sequence if sequence is None else sequence) + body
    except (KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise PduError(f"command_id {command:#010x}: {error}") from error


def acknowledge(request: Pdu) -> bytes:
    """The response of status 0 without a message_id to one of the requests in ACKNOWLEDGED."""
    return ACKNOWLEDGEMENT.pack(17, request.command | RESPONSE, 0, request.sequence, 0)


def decode(octets: bytes) -> Pdu:
    """The PDU that these octets are, all of them. Unreadable where they make no sense, FramingError where they are
    not one PDU. A response that says too little is read as one that says nothing: its status alone matters (§4.4.2)."""
    length = len(octets)
    if length < 16:
        raise FramingError(f"{length} octets")
    claimed, command, status, sequence = HEADER.unpack_from(octets)
    if claimed != length:
        raise FramingError(f"command_length {claimed} of {length} octets")
    read = READERS.get(command)
    if read is None:
        raise Unreadable(Status.ESME_RINVCMDID, command, sequence)
    if length == 16 and command & RESPONSE:
        return bodiless(command, status, sequence)
    try:
        fields, at = read(octets, octets.decode("latin-1"))
        return Pdu(command, status, sequence, fields, _read_tlvs(octets, at) if at < length else [])
    except (IndexError, ValueError):
        problem: int = Status.ESME_RINVCMDLEN
    except Malformed as malformed:
        problem = malformed.status
    if status and command & RESPONSE:
        return bodiless(command, status, sequence)
    raise Unreadable(problem, command, sequence)


def bodiless(command: int, status: int, sequence: int) -> Pdu:
    """The response that a header alone amounts to: every field empty, or none at all in a refusal."""
    if status and command != DELIVER_SM_RESP:
        return Pdu(command, status, sequence)
    return Pdu(command, status, sequence, dict(DEFAULTS[command]))


def _read_tlvs(octets: bytes, at: int) -> list[tuple[int, bytes]]:
    found = []
    end = len(octets)
    while at < end:
        if at + 4 > end:
            raise Malformed(Status.ESME_RINVOPTPARSTREAM)
        tag, size = TLV_HEADER.unpack_from(octets, at)
        start = at + 4
        at = start + size
        if at > end:
            raise Malformed(Status.ESME_RINVOPTPARSTREAM)
        found.append((tag, octets[start:at]))
    return found


def _write_tlvs(tlvs: list[tuple[int, bytes]]) -> bytes:
    written = b""
    for tag, value in tlvs:
        if len(value) > TLV_MOST.get(tag, 0xFFFF):
            raise PduError(f"TLV {tag:#06x}: {len(value)} octets, at most {TLV_MOST.get(tag, 0xFFFF)} fit")
        written += TLV_HEADER.pack(tag, len(value)) + value
    return written
