"""Settings as the admin API has them: their shapes are made of `accounts.settings`, so a new one needs no word here.

Rule 1: in an answer all settings stand; in a change what is absent stays, and null takes a setting away.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType, inspect

from heliograph.accounts import scopes, settings
from heliograph.accounts.errors import BadSettings
from heliograph.accounts.settings import RULES, Given
from heliograph.admin.parts import Parts
from heliograph.admin.row import row
from heliograph.web.endpoint import Call

_DEFAULTS: Final = settings.render(settings.DEFAULTS)
_WORDS: Final[dict[Any, str]] = {str: "string", int: "integer", bool: "boolean", list[str]: "list"}


def _type_of(name: str) -> Any:
    """As it stands in an answer: money is a decimal in a string."""
    default = _DEFAULTS[name]
    return list[str] if RULES[name].many else str if default is None else type(default)


def _change_of(name: str) -> Any:
    return _type_of(name) | None | UnsetType


SettingsShape: Final = msgspec.defstruct(
    "SettingsShape",
    [(name, _type_of(name) | None if _DEFAULTS[name] is None else _type_of(name)) for name in RULES],
    rename="camel",
    namespace={"__doc__": "All settings of an account; null, 0, false and an empty list: it has none."},
)
SettingsChange: Final = msgspec.defstruct(
    "SettingsChange",
    [(name, _change_of(name), UNSET) for name in RULES],
    rename="camel",
    forbid_unknown_fields=True,
    namespace={"__doc__": "Settings to be changed: what is absent stays, null takes away. A list is replaced whole."},
)
_NAMES: Final = {field.name: field.encode_name for field in inspect.type_info(SettingsShape).fields}  # type: ignore[attr-defined]


class SettingRule(msgspec.Struct, rename="camel"):
    """A setting: its name, its type (string, integer, boolean, or list of strings), what it means, what it may be."""

    name: str
    type: str
    means: str
    takes: str


class ScopeRule(msgspec.Struct, rename="camel"):
    """What a key may be given, and what that opens."""

    name: str
    opens: str


class Vocabulary(msgspec.Struct, rename="camel"):
    """Every setting that accounts may have, and every scope that keys may have."""

    settings: list[SettingRule]
    scopes: list[ScopeRule]


def shown(value: settings.Settings) -> Any:
    """A SettingsShape."""
    return SettingsShape(**settings.render(value))


def named(change: Any) -> dict[str, Given]:
    """What a SettingsChange names, as `accounts.settings.encode` takes it."""
    values = {name: getattr(change, name) for name in RULES}
    return {name: _given(value) for name, value in values.items() if value is not UNSET}


def sentences(problem: BadSettings, path: str) -> dict[str, list[str]]:
    """What is wrong, by the paths of a body in which the settings stand at `path`."""
    return {f"{path}.{_NAMES[name]}": [sentence] for name, sentence in problem.sentences.items()}


def _given(value: Any) -> Given:
    if value is None:
        return ""
    return value if isinstance(value, str | list) else str(value).lower()


def _means(name: str) -> str:
    fields = {field.name: field.type for field in inspect.type_info(settings.Settings).fields}  # type: ignore[attr-defined]
    return str(fields[name].extra_json_schema["description"])


async def _vocabulary(_: Parts, __: Call) -> Vocabulary:
    rules = [
        SettingRule(_NAMES[name], _WORDS[_type_of(name)], _means(name), rule.sentence) for name, rule in RULES.items()
    ]
    return Vocabulary(rules, [ScopeRule(name, opens) for name, opens in scopes.SCOPES.items()])


ENDPOINTS: Final = (row("GET", "settings", "Which settings and scopes there are", _vocabulary, Vocabulary),)
