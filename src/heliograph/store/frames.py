"""What goes between the gateway and the process that has its SQLite file: groups one way, results the other.

A frame is four octets of length and its content. What every message passes through has types and is MessagePack; the
rest is pickled, because both ends are one program.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

import msgspec

from heliograph.sms.message import Report
from heliograph.store.accepting import Acceptance
from heliograph.store.claiming import Claim, Look, Taken
from heliograph.store.idempotency import Kept
from heliograph.store.logs import LogSlice
from heliograph.store.reporting import Due, Pull, Pushed
from heliograph.store.settling import Delivery, Matched, Settlement

LENGTH = struct.Struct(">I")
ENCODE = msgspec.msgpack.Encoder().encode
# By kind: the types of what is asked and of what is answered; no type: pickled.
ITEMS: dict[str, Any] = {
    "settle": Settlement,
    "receive": Delivery,
    "claim": Taken,
    "settle_reports": Pushed,
    "pull": Pull,
    "accept": Acceptance,
}
RESULTS: dict[str, Any] = {
    "settle": None,
    "receive": Matched,
    "claim": list[Claim],
    "settle_reports": None,
    "pull": list[Report],
    "accept": Kept,
}


def _lists_of(type_: Any) -> msgspec.msgpack.Decoder[list[Any]]:
    return msgspec.msgpack.Decoder(list[type_])


ITEM_DECODERS = {kind: _lists_of(type_) for kind, type_ in ITEMS.items()}
RESULT_DECODERS = {kind: _lists_of(type_) for kind, type_ in RESULTS.items()}
READ_DECODERS = {type_.__name__: _lists_of(type_) for type_ in (Look, Due, LogSlice)}
PICKLED = "pickled"
UNWRITABLE = (UnicodeError, OverflowError)  # half a surrogate pair; an integer of more than 64 bits

PARTS = msgspec.msgpack.Decoder(list[tuple[str, str, bytes]])


def encode_group(group: dict[str, list[Any]]) -> bytes:
    """The items of a group, by kind."""
    return ENCODE([
        (kind, "typed", ENCODE(items)) if kind in ITEMS else (kind, PICKLED, pickle.dumps(items))
        for kind, items in group.items()
    ])  # fmt: skip


def decode_group(frame: bytes) -> dict[str, list[Any]]:
    """What `encode_group` wrote."""
    return {
        kind: pickle.loads(content) if form == PICKLED else ITEM_DECODERS[kind].decode(content)  # noqa: S301 - ours
        for kind, form, content in PARTS.decode(frame)
    }


def encode_results(results: dict[str, list[Any]]) -> bytes:
    """The results of a group or a read, by kind; an exception may stand in the place of any."""
    return ENCODE([(kind, *_encode(kind, found)) for kind, found in results.items()])


def _encode(kind: str, found: list[Any]) -> tuple[str, bytes]:
    if any(isinstance(result, BaseException) for result in found):
        return PICKLED, pickle.dumps(found)
    if kind in RESULTS:
        return "typed", ENCODE(found)
    if kind == "read" and type(found[0]).__name__ in READ_DECODERS:
        return type(found[0]).__name__, ENCODE(found)
    return PICKLED, pickle.dumps(found)


def decode_results(frame: bytes) -> dict[str, list[Any]]:
    """What `encode_results` wrote."""
    return {kind: _decode(kind, form, content) for kind, form, content in PARTS.decode(frame)}


def _decode(kind: str, form: str, content: bytes) -> list[Any]:
    if form == PICKLED:
        found: list[Any] = pickle.loads(content)  # noqa: S301 - from the process we began
        return found
    typed: list[Any] = (READ_DECODERS.get(form) or RESULT_DECODERS[kind]).decode(content)
    return typed


def send_frame(channel: socket.socket, content: bytes) -> None:
    """Write a frame, whole; when nobody is there to read it any more, that is their end."""
    try:
        channel.sendall(LENGTH.pack(len(content)) + content)
    except (BrokenPipeError, ConnectionResetError):
        return


def recv_frame(channel: socket.socket) -> bytes | None:
    """The next frame; None at the end."""
    head = _exactly(channel, LENGTH.size)
    return None if head is None else _exactly(channel, LENGTH.unpack(head)[0])


def _exactly(channel: socket.socket, size: int) -> bytes | None:
    pieces: list[bytes] = []
    while size:
        try:
            piece = channel.recv(min(size, 1 << 20))
        except ConnectionResetError:
            return None
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
