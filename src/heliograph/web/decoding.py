"""Bodies as customers write them, decoded once, typed, straight from the octets.

Rule 1: null is absent, unknown keys are ignored, a name given twice counts the last time. A shape may say otherwise:
with UNSET as its default a field tells null from absent, and forbid_unknown_fields makes unknown keys wrong.
Rule 2: a good body is decoded once. Only a bad one is read a second time, to name every field of the wrong type.
"""

from __future__ import annotations

import re
from typing import Any, Final, Generic, TypeVar

import falcon.uri
import msgspec
from msgspec import inspect

from heliograph.web.errors import MAX_ERRORS, BadRequest
from heliograph.web.limits import Limits

T = TypeVar("T", bound=msgspec.Struct)

_OUT_OF_RANGE: Final = "value out of range"
_BRACES: Final = bytes.maketrans(b"[]", b"{}")
_OTHERS: Final = bytes(octet for octet in range(256) if octet not in b'[]{}"')
_MALFORMED: Final = re.compile(r"JSON is malformed: ([a-z ]+) \(byte (\d+)\)")
_PLAIN: Final = msgspec.json.Decoder(float_hook=float)  # takes 1e400, which no type of ours does, for infinity
_PLACE: Final = re.compile(r"at `\$\.?(.*?)`")
_ESCAPED_NUL: Final = b"\\u0000"
# A message object has up to nine objects and lists of its own, and callbackData may hold JSON too.
BRACKETS_PER_DESTINATION: Final = 50
MAX_NAME: Final = 64  # characters of an unknown name that are told


class Findings:
    """What is wrong with a request, by path. A field under a wrong one is not blamed again.

    At most 50 paths: the next one raises BadRequest with those, so that a bad request costs no more than a good one.
    """

    __slots__ = ("errors", "wrong")

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}
        self.wrong: list[str] = []

    def add(self, path: str, sentence: str) -> None:
        """Blame `path`, unless it or what it is part of has a wrong type."""
        if not any(path == wrong or path.startswith((f"{wrong}.", f"{wrong}[")) for wrong in self.wrong):
            self._note(path, sentence)

    def add_wrong_type(self, path: str, sentence: str) -> None:
        """Blame `path` for its type: nothing more can be said about what is in it."""
        self._note(path, sentence)
        self.wrong.append(path)

    def _note(self, path: str, sentence: str) -> None:
        if path not in self.errors and len(self.errors) == MAX_ERRORS:
            raise BadRequest(self.errors)
        sentences = self.errors.setdefault(path, [])
        if sentence not in sentences:
            sentences.append(sentence)


class Body(Generic[T]):
    """Reads the bodies of one shape. `form`: it may come as a form (application/x-www-form-urlencoded), too."""

    def __init__(self, shape: type[T], *, form: bool = False) -> None:
        self.shape = shape
        self.form = form
        self.type: inspect.Type = inspect.type_info(shape)
        self._decoder = msgspec.json.Decoder(shape)

    def read_json(self, body: bytes, limits: Limits, findings: Findings) -> T:
        """What stands in `body`. Wrong types go to `findings`, with something harmless in their place, and so does
        U+0000, which no store keeps in a text.

        Raises:
            BadRequest: the body is no JSON object in UTF-8, is nested too deep or holds too many objects.
        """
        body = body.removeprefix(b"\xef\xbb\xbf")
        if not body.isascii():
            _require_utf8(body)
        _require_modest(body, limits)
        try:
            value = self._decoder.decode(body)
        except msgspec.ValidationError as problem:
            value = self.convert(_plain(body, problem), findings)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise BadRequest({"body": [_malformed(body, str(problem))]}) from None
        if _ESCAPED_NUL in body:
            _find_nul(value, findings)
        return value

    def read_form(self, body: bytes, findings: Findings) -> T:
        """What stands in the form `body`; of a name given twice the last counts. What is wrong goes to `findings`.

        Raises:
            BadRequest: the body is no ASCII.
        """
        if not body.isascii():
            raise BadRequest({"body": ["must be a form: names and values in ASCII, escaped by %"]})
        given = falcon.uri.parse_query_string(body.decode(), keep_blank=True, csv=False)
        value = self.convert(
            {name: text[-1] if isinstance(text, list) else text for name, text in given.items()}, findings, strict=False
        )
        _find_nul(value, findings)
        return value

    def convert(self, value: Any, findings: Findings, *, strict: bool = True) -> T:
        """`value`, of plain dicts and lists, in this shape; every wrong type goes to `findings`.

        Not `strict`: numbers and booleans may be words, as XML has them.

        Raises:
            BadRequest: `value` is no object.
        """
        if not isinstance(value, dict):
            raise BadRequest({"body": ["must be an object"]})
        return msgspec.convert(_Walk(findings, strict).clean(value, self.type, ""), self.shape, strict=strict)


def _malformed(body: bytes, problem: str) -> str:
    """What is wrong with a body that is no JSON, and where, as far as the decoder says: never what stands there."""
    if not body.strip():
        return "must not be empty: it is one JSON object in UTF-8"
    place = _MALFORMED.fullmatch(problem)
    return "must be one JSON object in UTF-8" + (f": {place[1]} at octet {place[2]}" if place else "")


def _require_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise BadRequest({"body": ["must be UTF-8"]}) from None


def _require_modest(body: bytes, limits: Limits) -> None:
    """Nesting and number of objects, before any is built. Without 33 brackets there are no 33 levels."""
    openings = body.count(b"{") + body.count(b"[")
    if openings > max(limits.destinations, 100) * BRACKETS_PER_DESTINATION:
        raise BadRequest({"body": [f"holds more objects than {limits.destinations} destinations can need"]})
    if openings <= limits.nesting:
        return
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    skeleton = body.translate(_BRACES, _OTHERS).replace(b'""', b"")
    brackets = b"".join(skeleton.split(b'"')[::2])  # every second piece is inside a string
    for _ in range(limits.nesting):
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"")
    if brackets.count(b"{") == brackets.count(b"}") > 0:
        raise BadRequest({"body": [f"must not be nested more than {limits.nesting} deep"]})


def _plain(body: bytes, problem: msgspec.ValidationError) -> Any:
    """A body that is not of its shape, as plain values."""
    try:
        return _PLAIN.decode(body)
    except msgspec.ValidationError:  # an integer of thousands of digits, which may stand where nothing else is wrong
        place = _PLACE.search(str(problem)) if _OUT_OF_RANGE in str(problem) else None
        raise BadRequest({place[1] if place else "body": ["must hold no number out of range"]}) from None
    except (msgspec.DecodeError, RecursionError) as worse:
        raise BadRequest({"body": [_malformed(body, str(worse))]}) from None


def _find_nul(shape: msgspec.Struct, findings: Findings) -> None:
    """A `to` that has one is refused like any other that is no number."""
    waiting: list[tuple[str, Any]] = [("", msgspec.to_builtins(shape))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{path}.{name}" if path else name, member) for name, member in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", member) for index, member in enumerate(value))
        elif isinstance(value, str) and "\0" in value and not path.rpartition(".")[2].startswith("to"):
            findings.add(path, "must not hold U+0000")


_SENTENCES: Final = {
    inspect.StrType: "must be a string",
    inspect.IntType: "must be an integer",
    inspect.FloatType: "must be a number",
    inspect.BoolType: "must be true or false",
    inspect.ListType: "must be a list",
    inspect.StructType: "must be an object",
}
_PYTHON_TYPES: Final = {inspect.StrType: str, inspect.IntType: int, inspect.FloatType: float, inspect.BoolType: bool}


class _Walk:
    """Copies a value along its type, with something harmless wherever the type is wrong."""

    def __init__(self, findings: Findings, strict: bool) -> None:
        self._findings = findings
        self._strict = strict

    def clean(self, value: Any, kind: inspect.Type, path: str) -> Any:
        if isinstance(kind, inspect.UnionType):
            if value is None:
                return None
            kind = _choice(kind, value)
        if isinstance(kind, inspect.StructType) and isinstance(value, dict):
            return self._members(value, kind, path)
        if isinstance(kind, inspect.ListType) and isinstance(value, list):
            return [self.clean(item, kind.item_type, f"{path}[{index}]") for index, item in enumerate(value)]
        if type(kind) in _PYTHON_TYPES and self._fits(value, kind):
            return value
        return self._blame(kind, path)

    def _members(self, value: dict[str, Any], kind: inspect.StructType, path: str) -> dict[str, Any]:
        types = {field.encode_name: field.type for field in kind.fields}
        if kind.forbid_unknown_fields:
            for name in value:
                if name not in types:
                    self._findings.add(_place(path, name[:MAX_NAME]), f"is unknown: there are {', '.join(types)}")
        named = {name: type_ for name, type_ in types.items() if name in value}
        return {name: self.clean(value[name], type_, _place(path, name)) for name, type_ in named.items()}

    def _fits(self, value: Any, kind: inspect.Type) -> bool:
        try:
            msgspec.convert(value, _PYTHON_TYPES[type(kind)], strict=self._strict)
        except msgspec.ValidationError:
            return False
        return True

    def _blame(self, kind: inspect.Type, path: str) -> Any:
        self._findings.add_wrong_type(path, _SENTENCES[type(kind)])
        placeholders: dict[type[inspect.Type], Any] = {
            inspect.StrType: "",
            inspect.StructType: {},
            inspect.ListType: [],
        }
        return placeholders.get(type(kind))


def _place(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _choice(kind: inspect.UnionType, value: Any) -> inspect.Type:
    """Of several types the list for a list and the object for an object, else the plain one."""
    kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    wanted = _CONTAINERS.get(type(value))
    return next((one for one in kinds if type(one) is wanted), min(kinds, key=lambda one: type(one) in _CONTAINED))


_CONTAINERS: Final[dict[type, type[inspect.Type]]] = {list: inspect.ListType, dict: inspect.StructType}
_CONTAINED: Final = frozenset(_CONTAINERS.values())
