"""Where what a reader takes for one character ends in a body: extended grapheme clusters (UAX 29).

A letter and its marks, a flag, a family of emoji, CR LF: parted, each half shows as something else.
"""

from itertools import accumulate
from typing import Final

import regex

from heliograph.sms.coding import Alphabet
from heliograph.sms.gsm7 import Tables

_CLUSTER: Final = regex.compile(r"\X")
# Without one of these each character is a cluster of its own; all rules of UAX 29 that join name one.
_JOINING: Final = regex.compile(r"\r\n|[^\p{GCB=Other}\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}]")
_UNIT: Final = regex.compile(rb"\x1b?.", regex.DOTALL)  # a septet, or ESC and the one that it escapes


def ends(payload: bytes, coding: Alphabet, tables: Tables) -> list[int]:
    """Where the clusters of `payload`, septets or UTF-16BE, end, in octets; none where each character is its own.

    `tables` are those that septets are read by.
    """
    if coding is Alphabet.OCTETS:
        return []
    if coding is Alphabet.SEPTETS:
        text = tables.decode(payload)
    else:
        text = payload[: len(payload) & ~1].decode("utf-16-be", "surrogatepass")
    if not _JOINING.search(text):
        return []
    if coding is Alphabet.SEPTETS:
        offsets = [0, *(unit.end() for unit in _UNIT.finditer(payload))]
    else:
        offsets = list(accumulate((4 if character > "\uffff" else 2 for character in text), initial=0))
    return [offsets[found.end()] for found in _CLUSTER.finditer(text)]
