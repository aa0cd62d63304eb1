"""The word that a text begins with: by it, accounts that share a number tell their messages apart."""

import re
from typing import Final

_HEAD: Final = re.compile(r"\s*(\S*)\s*")


def keyword_of(text: str) -> str:
    """The first word in capitals, as keywords are compared; "" where there is none."""
    return _head(text)[1].upper()


def without_keyword(text: str) -> str:
    """What stands behind the first word and the blanks that follow it."""
    return text[_head(text).end() :]


def _head(text: str) -> re.Match[str]:
    found = _HEAD.match(text)
    assert found is not None  # it matches nothing at all, too
    return found
