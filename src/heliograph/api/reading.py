"""One request on its way from its shape to a Submission: what is read by, and what every reader says.

Rule 1: every check notes what it finds and goes on, so that one answer names every bad field.
Rule 2: a path of a field is made of the place it stands at, which is empty or ends in a dot, and its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from heliograph.accounts import settings
from heliograph.accounts.settings import Settings
from heliograph.api.era import Era
from heliograph.web.decoding import Findings
from heliograph.web.limits import Limits

ABSENT: Final = "must not be empty"


class Reading(msgspec.Struct, frozen=True):
    """By which rules a request is read, at what time (UTC milliseconds), and what is wrong with it so far.

    account: what its account has said for all of its requests. short_base: what short links begin with; None: links
    stay as they are.
    """

    era: Era
    limits: Limits
    now: int
    findings: Findings
    account: Settings = settings.DEFAULTS
    short_base: str | None = None

    def measure(self, at: str, name: str, text: str | None, most: int) -> None:
        """Blame a text of more than `most` characters."""
        if text is not None and len(text) > most:
            self.findings.add(f"{at}{name}", f"must not be longer than {most} characters")

    def bound(self, path: str, number: int | None) -> None:
        """Blame a number that is carried along and has more than 64 bits: nothing can keep it."""
        if number is not None and not -(1 << 63) <= number < 1 << 63:
            self.findings.add(path, "must hold no number out of range")

    def choose(self, path: str, value: str, allowed: Iterable[str]) -> bool:
        """Blame a value that is none of those, and name them."""
        if value in allowed:
            return True
        self.findings.add(path, f"must be one of {', '.join(allowed)}")
        return False

    def clip(self, path: str, text: str | None, most: int) -> str | None:
        """An id of at most `most` characters: a longer one is cut or blamed as its generation has it; "" is none."""
        if not text:
            return None
        if not self.era.clips:
            self.measure("", path, text, most)
        return text[:most]
