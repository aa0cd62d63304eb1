"""Requests in XML: the same values, and the same paths of what is wrong with them, as in JSON.

Any root is taken. A list may be a wrapper with items (`messages/message`), doubled (`messages/messages`) or its own
name repeated. An empty element is an absent field; blanks around a value are not part of it, but those of a message's
text are. Document types and entities are refused.

A long document is parsed in slices, and no tag or comment may fill a whole one: what a slice costs is bounded by it.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ErrorString

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from msgspec import inspect

from heliograph.web.decoding import BRACKETS_PER_DESTINATION, Body, Findings, T
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits

_ITEMS: Final = {
    "messages": ("message", "messages"),
    "destinations": ("destination", "destinations"),
    "days": ("days", "day"),
    "to": ("to",),
}
_VERBATIM: Final = frozenset(("text",))
SLICE: Final = 64 * 1024  # octets


class _Element:
    __slots__ = ("children", "name", "pieces")

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: list[_Element] = []
        self.pieces: list[str] = []

    @property
    def words(self) -> str:
        text = "".join(self.pieces)
        return text if self.name in _VERBATIM else text.strip()


class _Builder:
    """What the parser tells, as elements; stops at the limits before it builds more."""

    def __init__(self, limits: Limits) -> None:
        self._nesting = limits.nesting
        self._room = max(limits.destinations, 100) * BRACKETS_PER_DESTINATION
        self._open = [_Element("")]
        self.told = 0  # how often the parser had something to tell

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.told += 1
        self._room -= 1 + len(attributes)
        if len(self._open) > self._nesting:
            raise BadRequest({"body": [f"must not be nested more than {self._nesting} deep"]})
        if self._room < 0:
            raise BadRequest({"body": ["holds more elements than its destinations can need"]})
        element = _Element(tag.rpartition("}")[2])
        self._open[-1].children.append(element)
        self._open.append(element)

    def data(self, text: str) -> None:
        self.told += 1
        self._open[-1].pieces.append(text)

    def end(self, _tag: str) -> None:
        self.told += 1
        self._open.pop()

    def close(self) -> _Element:
        return self._open[0].children[0]


def read_xml(reader: Body[T], body: bytes, limits: Limits, findings: Findings) -> T:
    """What stands in `body`, in the shape that `reader` reads. Wrong types go to `findings`, with something harmless in
    their place.

    Raises:
        BadRequest: no well-formed XML, or a document type, entities, too deep, too many elements.
    """
    builder = _Builder(limits)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        _feed(parser, builder, body)
        root = parser.close()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as problem:
        raise BadRequest({"body": [_malformed(body, problem)]}) from None
    return reader.convert(_value(root, reader.type), findings, strict=False)


def _feed(parser: DefusedXMLParser, builder: _Builder, body: bytes) -> None:
    for at in range(0, len(body), SLICE):
        told = builder.told
        parser.feed(body[at : at + SLICE])
        if told == builder.told and at + SLICE < len(body):
            raise BadRequest({"body": [f"must have no tag and no comment of {SLICE:,} octets"]})


def _malformed(body: bytes, problem: Exception) -> str:
    """What is wrong with a body that is no XML of ours, and where: never what stands there."""
    if not body.strip():
        return "must not be empty: it is one XML document"
    if isinstance(problem, DefusedXmlException):
        return "must have no document type"
    if isinstance(problem, ParseError):
        line, column = problem.position
        return f"must be well-formed XML: {ErrorString(problem.code)} at line {line}, column {column}"
    return "must be in an encoding that is known, such as UTF-8"


def _value(element: _Element, kind: inspect.Type) -> Any:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    struct = next((one for one in kinds if isinstance(one, inspect.StructType)), None)
    words = element.words
    if struct is not None and (element.children or not words):
        return _members(element, struct) if element.children or struct is kind else None
    return {} if element.children else words or None


def _members(element: _Element, kind: inspect.StructType) -> dict[str, Any]:
    types = {field.encode_name: field.type for field in kind.fields}
    members: dict[str, Any] = {}
    for child in element.children:
        type_ = types.get(child.name)
        item = None if type_ is None else _item_type(type_)
        if type_ is None:
            if kind.forbid_unknown_fields:
                members[child.name] = None  # to be named as wrong
        elif item is None:
            members[child.name] = _value(child, type_)
        else:
            members.setdefault(child.name, []).extend(_value(one, item) for one in _items(child))
    return members


def _item_type(kind: inspect.Type) -> inspect.Type | None:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((one.item_type for one in kinds if isinstance(one, inspect.ListType)), None)


def _items(element: _Element) -> list[_Element]:
    """The items that an element named like a list stands for: itself, unless it is a wrapper or empty."""
    names = _ITEMS.get(element.name, (element.name,))
    if element.children and all(child.name in names for child in element.children):
        return element.children
    return [element] if element.children or element.words else []
