"""Every field of a request's Structs, and values of types that it must not have."""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec import inspect

VALUES: dict[type, Any] = {
    inspect.StrType: st.text(),
    inspect.IntType: st.integers(),
    inspect.BoolType: st.booleans(),
    inspect.ListType: st.just([]),
    inspect.StructType: st.just({}),
}


class Place(NamedTuple):
    """A field: its path, the keys that lead there, and the types that it may have."""

    path: str
    keys: tuple[Any, ...]
    right: tuple[type, ...]


def places(kind: Any, path: str = "", keys: tuple[Any, ...] = ()) -> list[Place]:
    """Every field, in the first item of every list."""
    found = []
    for member in kind.fields:
        kinds = [one for one in member.type.types if not isinstance(one, inspect.NoneType)]
        here, there = (f"{path}.{member.encode_name}" if path else member.encode_name), (*keys, member.encode_name)
        found.append(Place(here, there, tuple(type(one) for one in kinds)))
        for one_kind in kinds:
            item = one_kind.item_type if isinstance(one_kind, inspect.ListType) else one_kind
            step = ("[0]", (0,)) if item is not one_kind else ("", ())
            if isinstance(item, inspect.StructType):
                found.extend(places(item, here + step[0], there + step[1]))
    return found


def spoilt(full: Any, place: Place, data: st.DataObject) -> Any:
    """A request that has every field, with a value of a wrong type at one of them."""
    wrong = [strategy for kind, strategy in VALUES.items() if kind not in place.right]
    request = json.loads(json.dumps(full))
    inner = request
    for key in place.keys[:-1]:
        inner = inner[key]
    inner[place.keys[-1]] = data.draw(st.one_of(*wrong, st.floats(allow_nan=False, allow_infinity=False)))
    return request
