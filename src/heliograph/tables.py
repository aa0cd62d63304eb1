"""Tables of TOML as frozen Structs: everything that is wrong with them at once, each in a sentence behind its place.

The types of the Structs say what is right; their bounds are those of `msgspec.Meta`. A place is the keys and numbers
that lead to a value: `("smsc", 0, "window")` is written `[[smsc]] north: window`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
Place = tuple[str | int, ...]

_WRONG: Final = object()
_SENTENCES: Final[dict[Any, str]] = {
    inspect.StrType: "must be a text in quotes",
    inspect.IntType: "must be a whole number",
    inspect.FloatType: "must be a number",
    inspect.BoolType: "must be true or false",
    inspect.DictType: "must be a table",
    inspect.StructType: "must be a table",
}
_PYTHON_TYPES: Final[dict[Any, Any]] = {inspect.StrType: str, inspect.IntType: int, inspect.FloatType: (int, float)}


class Reader:
    """Reads one document. `problems` has what was found so far."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._found: list[tuple[Place, str]] = []

    def read(self, kind: type[T]) -> T:
        """The document. What is wrong has its default in it, or an empty text where it has none."""
        found: T = self._table(self._document, inspect.type_info(kind), ())
        return found

    def blame(self, place: Place, sentence: str, *, beside: Sequence[Place] = ()) -> None:
        """Say what is wrong with a value that was read; not where it, or one `beside` it, was not read as it stands."""
        if not any(one[: len(place_)] == place_ for place_, _ in self._found for one in (place, *beside)):
            self._found.append((place, sentence))

    @property
    def problems(self) -> list[str]:
        """Every problem, behind its place."""
        return [": ".join((*self._words(place), sentence)) for place, sentence in self._found]

    def _words(self, place: Place) -> Iterator[str]:
        match place:
            case (str(name), int(index), *rest):
                yield f"[[{name}]] {self._title(name, index)}"
                if rest:
                    yield ".".join(map(str, rest))
            case (str(name), str(key), *rest):
                yield f"[{name}] {'.'.join(map(str, (key, *rest)))}"
            case (str(name),):
                yield name

    def _title(self, name: str, index: int) -> str:
        """What an entry of a list calls itself, where that tells it from the others; else which one it is."""
        titles = [entry.get("name") if isinstance(entry, dict) else None for entry in self._document[name]]
        title = titles[index]
        told = isinstance(title, str) and title.strip() and title.isprintable() and titles.count(title) == 1
        return str(title) if told else f"number {index + 1}"

    def _value(self, value: Any, kind: Any, place: Place) -> Any:
        if isinstance(kind, inspect.Metadata):
            return self._value(value, kind.type, place)
        if isinstance(kind, inspect.UnionType):
            return self._choice(value, kind, place)
        if isinstance(kind, inspect.LiteralType):
            good = isinstance(value, str) and value in kind.values
            return value if good else self._refuse(place, f"must be one of {', '.join(map(str, kind.values))}")
        if isinstance(kind, inspect.ListType):
            return self._tables(value, kind, place)
        if isinstance(kind, inspect.DictType) and isinstance(value, dict):
            read = {key: self._value(one, kind.value_type, (*place, key)) for key, one in value.items()}
            return {key: one for key, one in read.items() if one is not _WRONG}
        if isinstance(kind, inspect.StructType) and isinstance(value, dict):
            return self._table(value, kind, place)
        return self._plain(value, kind, place)

    def _table(self, table: dict[str, Any], kind: Any, place: Place) -> Any:
        fields = {field.name: field for field in kind.fields}
        members: dict[str, Any] = {}
        for key, value in table.items():
            if key not in fields:
                self._found.append(((*place, key), _unknown(key, list(fields))))
                continue
            read = self._value(value, fields[key].type, (*place, key))
            if read is not _WRONG:
                members[key] = read
        for field in kind.fields:
            if field.required and field.name not in table:
                self._found.append(((*place, field.name), "is missing"))
        return msgspec.structs.replace(_empty(kind), **members)

    def _tables(self, value: Any, kind: inspect.ListType, place: Place) -> Any:
        if not isinstance(value, list):
            return self._refuse(place, f"must be a list of tables: each begins with [[{place[-1]}]]")
        read = [self._value(one, kind.item_type, (*place, index)) for index, one in enumerate(value)]
        return [
            _empty(kind.item_type) if one is _WRONG else one for one in read
        ]  # so that the others keep their places

    def _choice(self, value: Any, kind: inspect.UnionType, place: Place) -> Any:
        """Of a text or a table: the one that the value is."""
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        tables = [one for one in kinds if isinstance(one, inspect.StructType)]
        if isinstance(value, dict) and tables:
            return self._value(value, tables[0], place)
        if tables and not isinstance(value, str):
            keys = ", ".join(f'{field.name} = "…"' for field in tables[0].fields)
            return self._refuse(place, f"must be a text in quotes, or {{ {keys} }}")
        return self._value(value, next(one for one in kinds if one not in tables), place)

    def _plain(self, value: Any, kind: Any, place: Place) -> Any:
        expected = _PYTHON_TYPES.get(type(kind))
        if isinstance(kind, inspect.BoolType):
            return value if isinstance(value, bool) else self._refuse(place, _SENTENCES[inspect.BoolType])
        if expected is None or not isinstance(value, expected) or isinstance(value, bool):
            return self._refuse(place, _SENTENCES[type(kind)])
        sentence = _text_problem(len(value), kind) if isinstance(kind, inspect.StrType) else _range_problem(value, kind)
        if sentence is not None:
            return self._refuse(place, sentence)
        return float(value) if isinstance(kind, inspect.FloatType) else value

    def _refuse(self, place: Place, sentence: str) -> Any:
        self._found.append((place, sentence))
        return _WRONG


def _empty(kind: Any) -> Any:
    """A table that says nothing. What is required is text, in all of ours."""
    return kind.cls(**{field.name: "" for field in kind.fields if field.required})


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"the keys there are {', '.join(known)}"
    return f"is an unknown key; {hint}"


def _text_problem(length: int, kind: inspect.StrType) -> str | None:
    """No problem shows the text itself: it may be a secret."""
    if kind.min_length and length < kind.min_length:
        return "must not be empty" if kind.min_length == 1 else f"must have at least {kind.min_length} characters"
    if kind.max_length is not None and length > kind.max_length:
        return f"must have at most {kind.max_length} characters, not {length}"
    return None


def _range_problem(value: float, kind: Any) -> str | None:
    good = isfinite(value) and value <= kind.le and (value > kind.gt if kind.ge is None else value >= kind.ge)
    if good:
        return None
    if kind.ge is None:
        return f"must be above {kind.gt:,} and at most {kind.le:,}, not {value}"
    return f"must be from {kind.ge:,} to {kind.le:,}, not {value}"
