"""A body cut into the segments that carry it, and how many they are.

Rule 1: cutting is a pure function. The same body, data_coding, esm_class, reference and width of reference
give the same octets, so that a segment can be made again for another attempt, by the same version of Unicode.
Rule 2: `count` and `cut` decide by the same cut points. What `count` has taken, `cut` does not refuse for its
length, not even with the longer header of a 16-bit reference.
Rule 3: a body that fits is sent as it is, and so a customer who concatenates himself is left alone.
Rule 4: a character is never parted. What a reader takes for one (`sms.cluster`) is not parted either, wherever no
further segment comes of it: the fewest segments go first, whatever they hold.

A segment's budget is 140 octets of user data on the air, header included; septets are packed there, eight in
seven octets, and travel unpacked over SMPP, so that 160 of them are 160 octets here.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from heliograph.sms import cluster, national, udh
from heliograph.sms.coding import Alphabet, alphabet

MAX_PARTS: Final = 25
MAX_OCTETS: Final = 4000

INVALID_UDH: Final = 24
MESSAGE_TOO_LONG: Final = 25

_UDHI: Final = 0x40
_USER_DATA: Final = 140
_ESC: Final = b"\x1b"

# SMPP v3.4 §5.2.12, bits 5 to 2: an ordinary message, an SME's delivery and manual acknowledgement may be
# submitted; receipts, notifications and conversation aborts come from an SMSC only.
_MESSAGE_TYPE: Final = 0x3C
_SUBMITTED_TYPES: Final = frozenset((0x00, 0x08, 0x10))

# Ports and national shifts mean something to each segment; a SIM toolkit header belongs to the whole.
_IN_EVERY_PART: Final = frozenset((0x04, 0x05, 0x24, 0x25))
_IN_FIRST_PART: Final = frozenset(range(0x70, 0x80))
_CONCATENATIONS: Final = frozenset((udh.CONCATENATED_8, udh.CONCATENATED_16))


class Uncuttable(ValueError):
    """A body that no segments can carry: the status it is rejected with, 24 or 25, and a sentence."""

    def __init__(self, status_id: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status_id = status_id
        self.sentence = sentence


class Part(msgspec.Struct, frozen=True):
    """What one submit_sm carries: its esm_class, and its short_message of at most 160 octets, UDH included."""

    esm_class: int
    user_data: bytes


class _Layout(msgspec.Struct, frozen=True):
    """Where a body is cut, if each segment is filled: the payload of each ends at its point.

    `first` and `rest` are the elements of the first segment and of the others, `rooms` what payload they take.
    """

    payload: bytes
    coding: Alphabet
    points: list[int]
    rooms: tuple[int, int]
    first: tuple[udh.Element, ...]
    rest: tuple[udh.Element, ...]


class Fill(msgspec.Struct, frozen=True):
    """How full the segments of a body are: how many there are, the payload of the last, and the octets it has left."""

    segments: int
    last: bytes
    left: int


def capacity(coding: Alphabet, header: int) -> int:
    """The octets of body that fit into one segment beside a header of `header` octets; below 1 none do."""
    room = _USER_DATA - header
    if coding is Alphabet.SEPTETS:
        return room * 8 // 7
    return room if coding is Alphabet.OCTETS else room // 2 * 2


_WHOLE: Final = tuple(capacity(alphabet(data_coding), 0) for data_coding in range(256))
_IS_PLAIN: Final = tuple(not bits & _UDHI and bits & _MESSAGE_TYPE in _SUBMITTED_TYPES for bits in range(256))


def cut(body: bytes, data_coding: int, esm_class: int, *, reference: int = 0, wide: bool = False) -> list[Part]:
    """The segments of `body`, in their order.

    With bit 0x40 of `esm_class` the body begins with its UDH. `reference` is the concatenation's, modulo 256,
    or modulo 65,536 when `wide`. data_coding and esm_class are 0..255.

    Raises:
        Uncuttable: with 24, the esm_class or the UDH forbids it; with 25, over 25 segments or 4,000 octets.
    """
    layout = None if is_whole(body, data_coding, esm_class) else _lay_out(body, data_coding, esm_class, wide)
    if layout is None:
        return [Part(esm_class, body)]
    total = len(layout.points)
    parts = []
    for sequence, (start, end) in enumerate(pairwise((0, *_spare_clusters(layout))), 1):
        own = layout.first if sequence == 1 else layout.rest
        header = _header(own, udh.concatenation(reference, total, sequence, wide=wide), layout.first)
        parts.append(Part(esm_class | _UDHI, header + layout.payload[start:end]))
    return parts


def count(body: bytes, data_coding: int, esm_class: int) -> int:
    """How many segments `cut` with an 8-bit reference makes; what a price is reckoned by.

    Raises:
        Uncuttable: as `cut`.
    """
    if is_whole(body, data_coding, esm_class):
        return 1
    layout = _lay_out(body, data_coding, esm_class, wide=False)
    return 1 if layout is None else len(layout.points)


def fill(body: bytes, data_coding: int, esm_class: int) -> Fill:
    """How many segments `count` says, and how much more the last of them takes before there is another.

    Raises:
        Uncuttable: as `cut`.
    """
    layout = _lay_out(body, data_coding, esm_class, wide=False)
    if layout is None:
        payload = _take_header(body)[1] if esm_class & _UDHI else body
        return Fill(1, payload, capacity(alphabet(data_coding), len(body) - len(payload)) - len(payload))
    last = layout.payload[layout.points[-2] :]
    return Fill(len(layout.points), last, layout.rooms[1] - len(last))


def is_whole(body: bytes, data_coding: int, esm_class: int) -> bool:
    """Whether `body`, without a UDH of its own, plainly fits into one segment."""
    return _IS_PLAIN[esm_class] and len(body) <= _WHOLE[data_coding]


def _lay_out(body: bytes, data_coding: int, esm_class: int, wide: bool) -> _Layout | None:
    """Where to cut `body`; None when it fits as it is."""
    if esm_class & _MESSAGE_TYPE not in _SUBMITTED_TYPES:
        raise Uncuttable(INVALID_UDH, f"esm_class 0x{esm_class:02X} has a message type that only an SMSC may send")
    elements, payload = _take_header(body) if esm_class & _UDHI else ((), body)
    coding = alphabet(data_coding)
    if len(payload) <= capacity(coding, len(body) - len(payload)):
        return None
    _refuse_unplaceable(elements)
    if len(payload) > MAX_OCTETS:
        raise Uncuttable(MESSAGE_TOO_LONG, f"{len(payload)} octets are more than {MAX_OCTETS}")
    rest = tuple(element for element in elements if element.identifier in _IN_EVERY_PART)
    added = 6 if wide else 5
    rooms = (capacity(coding, udh.size(elements) + added), capacity(coding, udh.size(rest) + added))
    points = _cut_points(payload, _BOUNDARY[coding], *rooms)
    if len(points) > MAX_PARTS:
        if not wide:
            raise Uncuttable(MESSAGE_TOO_LONG, f"{len(points)} segments are more than {MAX_PARTS}")
        count(body, data_coding, esm_class)  # the limit is on what is counted, whatever the reference's width
    return _Layout(payload, coding, points, rooms, elements, rest)


def _take_header(body: bytes) -> tuple[tuple[udh.Element, ...], bytes]:
    try:
        return udh.parse(body)
    except udh.InvalidUdh as problem:
        raise Uncuttable(INVALID_UDH, f"esm_class announces a UDH, but {problem}") from problem


def _refuse_unplaceable(elements: tuple[udh.Element, ...]) -> None:
    for element in elements:
        if element.identifier in _CONCATENATIONS:
            raise Uncuttable(INVALID_UDH, "the UDH already concatenates, and the body does not fit into one segment")
        if element.identifier not in _IN_EVERY_PART | _IN_FIRST_PART:
            raise Uncuttable(
                INVALID_UDH,
                f"information element 0x{element.identifier:02X} cannot be placed in one of several segments",
            )


def _header(own: tuple[udh.Element, ...], concatenation: udh.Element, given: tuple[udh.Element, ...]) -> bytes:
    """One segment's UDH; a SIM toolkit element stands behind the concatenation (TS 31.115), others before it."""
    if any(element.identifier in _IN_FIRST_PART for element in given):
        return udh.build((concatenation, *own))
    return udh.build((*own, concatenation))


def _spare_clusters(layout: _Layout) -> list[int]:
    """The points of `layout`, as many, each moved back to the end of a cluster where the rest still fits."""
    ends = cluster.ends(layout.payload, layout.coding, national.announced(layout.first))
    if not ends:
        return layout.points
    boundary, (room, rest) = _BOUNDARY[layout.coding], layout.rooms
    points: list[int] = []
    start = 0
    for following in range(len(layout.points) - 1, 0, -1):
        end = boundary(layout.payload, start, start + room)
        spared = _last_until(ends, end)
        if start < spared < end and len(_cut_points(layout.payload, boundary, rest, rest, spared)) <= following:
            end = spared
        points.append(end)
        start, room = end, rest
    return [*points, len(layout.payload)]


def _last_until(ends: Sequence[int], point: int) -> int:
    """The last of `ends` that is not behind `point`; 0 where there is none."""
    at = bisect_right(ends, point)
    return ends[at - 1] if at else 0


def _cut_points(
    payload: bytes, boundary: Callable[[bytes, int, int], int], first: int, rest: int, start: int = 0
) -> list[int]:
    """The ends of the segments' payloads from `start` on, each filled as far as its room and its boundary allow."""
    points = []
    room = first
    while len(payload) - start > room:
        end = boundary(payload, start, start + room) if room > 0 else start
        if end <= start:
            raise Uncuttable(INVALID_UDH, "the UDH leaves no room for the body")
        points.append(end)
        start, room = end, rest
    points.append(len(payload))
    return points


def _after_escape(payload: bytes, start: int, end: int) -> int:
    """`end`, or one before it, where it would part ESC from the septet it escapes (TS 23.038 §6.2.1.1)."""
    filled = payload[start:end]
    return end - (len(filled) - len(filled.rstrip(_ESC))) % 2


def _after_surrogates(payload: bytes, start: int, end: int) -> int:
    """`end`, or one unit before it, where it would part a high surrogate from its low one."""
    return end - 2 if payload[end - 2] & 0xFC == 0xD8 else end


def _anywhere(payload: bytes, start: int, end: int) -> int:
    return end


_BOUNDARY: Final[dict[Alphabet, Callable[[bytes, int, int], int]]] = {
    Alphabet.SEPTETS: _after_escape,
    Alphabet.OCTETS: _anywhere,
    Alphabet.UCS2: _after_surrogates,
}
