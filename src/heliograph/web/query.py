"""What stands behind the question mark, read by a table: a row is one name, and the description of the API shows it.

Rule 1: names that no row knows are ignored; an empty value is an absent one; of a name given twice the last counts.
Rule 2: a list may be given by repeating its name, with or without [] behind it, or separated by commas.
Rule 3: octets that are no UTF-8 are refused and never replaced: a text may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import falcon.uri
import msgspec

from heliograph.sms.schedule import parse_instant
from heliograph.web.decoding import Findings

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One name of a query.

    kind: a key of KINDS. many: a list of such values. clip: characters that are kept of a longer text, None for all.
    least, most: a number outside is moved to the nearest of them. one_of: all that may stand there.
    """

    name: str
    text: str
    kind: str = "string"
    required: bool = False
    many: bool = False
    clip: int | None = None
    least: int | None = None
    most: int | None = None
    default: Any = None
    one_of: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """As the description of the API has it."""
        one: dict[str, Any] = dict(_SCHEMAS[self.kind])
        # Numbers outside their range are taken, and moved: no minimum and no maximum stands here.
        limits = {"enum": list(self.one_of) or None, "default": self.default}
        one |= {name: value for name, value in limits.items() if value is not None}
        return {"type": "array", "items": one} if self.many else one


# The names by which a caller may say who he is.
CREDENTIALS: Final = (
    Parameter(name="username", text="The account's name, where there is no Authorization header"),
    Parameter(name="password", text="The account's password, where there is no Authorization header"),
)


def read_query(parameters: Sequence[Parameter], query: str, findings: Findings) -> dict[str, Any]:
    """The values of all parameters by name, the absent ones as their default; what is wrong goes to `findings`."""
    given = _given(query, findings) if query else {}
    return {parameter.name: _read(parameter, given, findings) for parameter in parameters}


def _given(query: str, findings: Findings) -> Mapping[str, str | list[str]]:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        findings.add("query", "must be UTF-8")
        return {}
    return falcon.uri.parse_query_string(query, keep_blank=True, csv=False)


def _read(parameter: Parameter, given: Mapping[str, str | list[str]], findings: Findings) -> Any:
    texts = _texts(parameter, given)
    if not texts:
        if parameter.required:
            findings.add(parameter.name, "must not be empty")
        return [] if parameter.many else parameter.default
    values = [_value(parameter, text, findings) for text in texts]
    return [value for value in values if value is not None] if parameter.many else values[-1]


def _texts(parameter: Parameter, given: Mapping[str, str | list[str]]) -> list[str]:
    found: list[str] = []
    for name in (parameter.name, f"{parameter.name}[]") if parameter.many else (parameter.name,):
        value = given.get(name, [])
        found += value if isinstance(value, list) else [value]
    if parameter.many:
        return [part for text in found for one in text.split(",") if (part := one.strip())]
    return [text for text in found[-1:] if text]


def _value(parameter: Parameter, text: str, findings: Findings) -> Any:
    if "\0" in text:
        findings.add_wrong_type(parameter.name, "must not hold U+0000")
        return parameter.default
    try:
        value = KINDS[parameter.kind](text)
    except ValueError as problem:
        findings.add_wrong_type(parameter.name, str(problem))
        return parameter.default
    if parameter.one_of and value not in parameter.one_of:
        findings.add(parameter.name, f"must be one of {', '.join(parameter.one_of)}")
    if isinstance(value, str):
        return value[: parameter.clip]
    if parameter.least is not None:
        value = max(value, parameter.least)
    return value if parameter.most is None else min(value, parameter.most)


def _integer(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be an integer")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError("must be true or false")
    return _TRUTH[text.lower()]


def _date(text: str) -> str:
    return text.replace(" ", "+")  # a + that was not escaped is a blank by now


def _instant(text: str) -> int:
    return parse_instant(_date(text))


KINDS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "integer": _integer,
    "boolean": _boolean,
    "instant": _instant,
    "date": _date,
}
"""What a text may stand for; each raises ValueError with a sentence. A date is an instant that the handler parses."""

_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    # Without the format date-time: zones are written as +0000 here, or left out, and an empty value is an absent one.
    "instant": {"type": "string", "examples": ["2026-11-22T20:44:20.716+0000"]},
    "date": {"type": "string", "examples": ["2026-11-22T20:44:20.716+0000"]},
}
