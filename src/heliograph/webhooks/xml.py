"""XML out of plain values: dicts are elements, lists are a wrapper and its items, None is left out.

What XML 1.0 cannot carry (most control characters, lone surrogates) becomes U+FFFD: the document is always well formed.
"""

from __future__ import annotations

import re
from typing import Any, Final
from xml.sax.saxutils import escape

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
# What an item is called inside its list; the name of the list again where none is given.
ITEMS: Final = {
    "messages": "message",
    "destinations": "destination",
    "results": "result",
    "validationErrors": "validationError",
    "violations": "violation",
    "resources": "resource",
    "accounts": "account",
    "keys": "key",
    "links": "link",
    "settings": "setting",
}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES: Final = {"\r": "&#13;"}  # a bare one would be read back as a line feed
_WORDS: Final = {True: "true", False: "false"}


def render(root: str, value: Any) -> bytes:
    """One document, UTF-8, whose root element is `root`; keys of dicts must be names of elements."""
    pieces = [DECLARATION]
    _element(root, value, pieces)
    return "".join(pieces).encode()


def _element(name: str, value: Any, pieces: list[str]) -> None:
    if value is None:
        return
    pieces.append(f"<{name}>")
    if isinstance(value, dict):
        for key, member in value.items():
            _element(key, member, pieces)
    elif isinstance(value, list):
        item = ITEMS.get(name, name)
        for member in value:
            _element(item, member, pieces)
    else:
        pieces.append(_text(value))
    pieces.append(f"</{name}>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _WORDS[value]
    return escape(_FORBIDDEN.sub("\ufffd", str(value)), _ENTITIES)
