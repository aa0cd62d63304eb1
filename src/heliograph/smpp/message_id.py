"""The id an SMSC gives a message, as a key: one key for every way in which the SMSC may write the same id.

Ids are opaque strings. Only where the dialect says that they are numbers, and they are, are they compared as numbers:
leading zeros, case and base vanish then, whatever the number of digits.
"""

import re

BASES: dict[str, tuple[re.Pattern[str], int]] = {
    "dec": (re.compile(r"[0-9]{1,255}"), 10),
    "hex": (re.compile(r"[0-9A-Fa-f]{1,255}"), 16),
}
TEXT = "text"
NUMBER = "N"  # no key of a text begins so: those are case-folded


def key(text: str, base: str) -> str:
    """The key of an id written in this base: `text`, `dec` or `hex` (KeyError for any other). What is not a number of
    that base from end to end is a text; a text is trimmed and case-folded, and its zeros count."""
    trimmed = text.partition("\0")[0].strip(" \t\r\n")  # what stands behind a NUL is no part of a C-octet string
    if base != TEXT:
        digits, radix = BASES[base]
        if digits.fullmatch(trimmed):
            return f"{NUMBER}{int(trimmed, radix):x}"
    return trimmed.casefold()
