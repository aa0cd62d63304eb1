"""Orders in the text of a message: `!status=0x58 times=2` and its like, for whoever tests against the simulated SMSC.

A text whose first character is `!` is read as words between blanks, each of them a row of COMMANDS, with its value
behind `=` where it takes one. A text with any other word in it is an ordinary message. The first segment of a
concatenated message speaks for itself alone. Orders beat what the Behaviour says.

| word | the SMSC |
|---|---|
| status=N | refuses with this command_status |
| noanswer | sends no submit_sm_resp |
| late=S | answers after S seconds |
| garbage or garbage=NAME | answers with garbage, one of behaviour.GARBAGE |
| drop | drops the link instead of answering |
| times=N | does the above N times to the same text for the same destination, and takes it after that |
| receipt=WORD, err=E | reports this state (any word in capitals), this err |
| dialect=NAME | writes the receipt so, one of dialects.DIALECTS |
| delay=S | sends the receipt S seconds after its answer |
| receiptfirst | sends the receipt before its answer |
| intermediate | sends an intermediate notification first, if registered_delivery asks for one |
| duplicates or duplicates=N | sends the receipt N times more |
| noreceipt | sends no receipt |
| reply or reply=N | sends an inbound message of N segments, 1 to 255, from the destination to the sender |
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from heliograph.simulator.behaviour import GARBAGE
from heliograph.simulator.dialects import DIALECTS, WORD

UCS2 = 8  # data_coding
UDHI = 0x40  # esm_class
SIGN = "!"


class Command(NamedTuple):
    """What a word sets, and how its value is read (ValueError, KeyError: it is not one); `alone` is what the word
    means without a value, None where it needs one."""

    sets: str
    read: Callable[[str], Any] = str
    alone: Any = None


def number(text: str) -> int:
    value = int(text, 0)
    if not 0 <= value <= 0xFFFFFFFF:
        raise ValueError(text)
    return value


def segments(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 255:
        raise ValueError(text)
    return value


def seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise ValueError(text)
    return value


def err(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(text) <= 4):
        raise ValueError(text)
    return text


def word(text: str) -> str:
    if not re.fullmatch(WORD, text):
        raise ValueError(text)
    return text


def one_of(table: Mapping[str, Any]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in table:
            raise KeyError(text)
        return text

    return read


def nothing(text: str) -> Any:
    raise ValueError(text)


COMMANDS: dict[str, Command] = {
    "status": Command("status", number),
    "noanswer": Command("answered", nothing, False),
    "late": Command("late", seconds),
    "garbage": Command("garbage", one_of(GARBAGE), "length"),
    "drop": Command("drop", nothing, True),
    "times": Command("times", number),
    "receipt": Command("word", word),
    "err": Command("err", err),
    "dialect": Command("dialect", one_of(DIALECTS)),
    "delay": Command("delay", seconds),
    "receiptfirst": Command("first", nothing, True),
    "intermediate": Command("intermediate", nothing, True),
    "duplicates": Command("duplicates", number, 1),
    "noreceipt": Command("receipt", nothing, False),
    "reply": Command("reply", segments, 1),
}


def parse(text: str) -> dict[str, Any] | None:
    """The orders that a text gives, as fields of a Plan (and `times`); None for an ordinary message."""
    if not text.startswith(SIGN):
        return None
    orders: dict[str, Any] = {}
    for word in text[1:].split():
        name, equals, value = word.partition("=")
        command = COMMANDS.get(name)
        if command is None or (not equals and command.alone is None):
            return None
        try:
            orders[command.sets] = command.read(value) if equals else command.alone
        except (ValueError, KeyError):
            return None
    return orders or None


def words_of(esm_class: int, data_coding: int, content: bytes) -> str:
    """The text of a submit_sm behind its UDH: UCS2 by data_coding, else latin-1, which is near enough to GSM 7-bit
    for orders."""
    if esm_class & UDHI and content:
        content = content[1 + content[0] :]
    return content.decode("utf-16-be", "replace") if data_coding == UCS2 else content.decode("latin-1")
