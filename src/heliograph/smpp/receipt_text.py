"""The text of a delivery receipt (appendix B), which every SMSC bends a little.

Every dialect that keeps the labels is read: any order, any case, fields missing, blanks around the colon, dates of 10,
12 or 14 digits. What cannot be read is None, never an error. The message's own words, behind `text:`, fill a field
only when the receipt itself leaves it out, so that no subscriber writes his own receipt.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from heliograph.smpp.constants import MessageState

STATES: dict[str, MessageState] = {
    "SCHEDULED": MessageState.SCHEDULED,
    "ENROUTE": MessageState.ENROUTE,
    "BUFFRED": MessageState.ENROUTE,
    "BUFFERD": MessageState.ENROUTE,
    "BUFFERED": MessageState.ENROUTE,
    "DELIVRD": MessageState.DELIVERED,
    "DELIVERED": MessageState.DELIVERED,
    "EXPIRED": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "UNDELIVERED": MessageState.UNDELIVERABLE,
    "UNDELIVERABLE": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "ACCEPTED": MessageState.ACCEPTED,
    "ACKED": MessageState.ACCEPTED,
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
    "REJECTED": MessageState.REJECTED,
}

LABEL = re.compile(
    r"(?:^|(?<=[\s;,]))(id|sub|dlvrd|submit\s*date|done\s*date|stat|err|text)\s*:", re.IGNORECASE | re.ASCII
)
BARE_STATE = re.compile(rf"(?<!\w)({'|'.join(sorted(STATES, key=len, reverse=True))})(?!\w)", re.ASCII)
EDGES = " \t\r\n\f\v;,\0"

# The layout most SMSCs keep to; whatever it does not match is read label by label.
TYPICAL = re.compile(
    r"id:([^\s;,:]+) sub:([0-9]{1,9}) dlvrd:([0-9]{1,9}) submit date:([0-9]+) done date:([0-9]+)"
    r" stat:([A-Z]+) err:([0-9A-Za-z]+)(?: [Tt]ext:(.*))?",
    re.DOTALL | re.ASCII,
)
DATES: dict[int, int] = {10: 2000, 12: 2000, 14: 0}  # digits of a date, and what its year counts from


class ReceiptText(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says in words. Dates are milliseconds since 1970 on a clock whose zone the SMSC keeps to itself;
    `sub` and `dlvrd` decide nothing."""

    id: str | None = None
    sub: int | None = None
    dlvrd: int | None = None
    submit_date: int | None = None
    done_date: int | None = None
    stat: str | None = None
    err: str | None = None
    text: str | None = None


def parse(text: str) -> ReceiptText:
    """The fields of a receipt's text; any text can be read, most of them as nothing at all."""
    typical = TYPICAL.fullmatch(text)
    if typical is None:
        return _parse_labels(text)
    ident, sub, dlvrd, submitted, done, stat, err, words = typical.groups()
    words = None if words is None else words.strip(EDGES)
    return ReceiptText(ident, int(sub), int(dlvrd), parse_date(submitted), parse_date(done), stat, err, words)


def _parse_labels(text: str) -> ReceiptText:
    labels = list(LABEL.finditer(text))
    cut = next((at for at, label in enumerate(labels) if label[1].lower() == "text"), len(labels))
    head_end = labels[cut].start() if cut < len(labels) else len(text)
    found = _values(text, labels[:cut], head_end)
    bare = None if found.get("stat") else BARE_STATE.search(text, 0, head_end)
    if bare is not None:
        found["stat"] = bare[1]
    words = text[labels[cut].end() :].strip(EDGES) if cut < len(labels) else None
    if words and not (found.get("id") and found.get("stat")):
        behind = _values(text, labels[cut:], len(text))
        words = behind["text"]
        found = behind | {name: value for name, value in found.items() if value}
    return ReceiptText(
        _first_word(found.get("id")),
        _number(found.get("sub")),
        _number(found.get("dlvrd")),
        parse_date(found.get("submitdate", "")),
        parse_date(found.get("donedate", "")),
        _first_word(found.get("stat")),
        found.get("err"),
        words,
    )


def _values(text: str, labels: list[re.Match[str]], end: int) -> dict[str, str]:
    values: dict[str, str] = {}
    ends = [*(label.start() for label in labels[1:]), end]
    for label, stop in zip(labels, ends, strict=False):
        values.setdefault("".join(label[1].lower().split()), text[label.end() : stop].strip(EDGES))
    return values


def _first_word(value: str | None) -> str | None:
    return value.split()[0] if value else None


def _number(value: str | None) -> int | None:
    return int(value) if value and len(value) < 10 and value.isascii() and value.isdigit() else None


@lru_cache(maxsize=4096)
def parse_date(digits: str) -> int | None:
    """Milliseconds since 1970 of a date of 10, 12 or 14 digits; None for anything else, all zeros too."""
    century = DATES.get(len(digits))
    if century is None or not (digits.isascii() and digits.isdigit()):
        return None
    year = 2 if century else 4
    rest = digits[year:].ljust(10, "0")
    month, day, hour, minute, second = (int(rest[at : at + 2]) for at in range(0, 10, 2))
    try:
        moment = datetime(century + int(digits[:year]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000
