"""Amounts of money as whole millionths: no sum of them is rounded."""

from __future__ import annotations

import re
from typing import Final

MILLION: Final = 1_000_000
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{1,9})(?:\.([0-9]{1,6}))?")


def parse(text: str) -> int:
    """Millionths, of a decimal with up to 9 digits before the point and 6 behind it. Raises ValueError."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, whole, fraction = found.groups()
    amount = int(whole) * MILLION + int((fraction or "").ljust(6, "0"))
    return -amount if sign == "-" else amount


def render(amount: int) -> str:
    """The decimal, with a digit behind the point at least: 12.5 or -0.000001."""
    whole, fraction = divmod(abs(amount), MILLION)
    return f"{'-' if amount < 0 else ''}{whole}.{f'{fraction:06}'.rstrip('0') or '0'}"
