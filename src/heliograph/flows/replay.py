"""An answer as it is kept beside its request's messages, and as it is given again."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heliograph.flows.submission import Accepted, Answer


class Remembered(msgspec.Struct, frozen=True):
    """An answer as it stood before its transaction, and the keys of the messages that it accepts."""

    accepted: Accepted
    keys: list[int]


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(Remembered)


def kept(accepted: Accepted, keys: list[int]) -> bytes:
    """What is stored of an answer."""
    return ENCODER.encode(Remembered(accepted, keys))


def given(stored: bytes, refused: Mapping[int, int]) -> Accepted:
    """The same answer again; `refused` as in `without`."""
    remembered = DECODER.decode(stored)
    return without(remembered.accepted, remembered.keys, refused)


def without(accepted: Accepted, keys: list[int], refused: Mapping[int, int]) -> Accepted:
    """An answer once it is seen what its transaction refused: status ids by the keys of messages.

    A refused destination keeps its `to`, and its id where the customer gave one.
    """
    if not refused:
        return accepted
    stored = iter(keys)
    answers = [
        a if a.refused is not None or (key := next(stored)) not in refused else _refused(a, key, refused[key])
        for a in accepted.answers
    ]
    return msgspec.structs.replace(accepted, answers=answers)


def _refused(answer: Answer, key: int, status: int) -> Answer:
    return Answer(answer.to, None if answer.message_id == str(key) else answer.message_id, refused=status)
