"""Why something about accounts and keys cannot be done, in sentences for people."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """What was asked for cannot be done; the text says why, and what to do next."""


class BadName(Refused):
    """Not 1 to 64 letters, digits, hyphens, underscores and dots."""


class NameTaken(Refused):
    """There is such an account already."""


class NoSuchAccount(Refused):
    """Nobody has that name."""


class NoSuchKey(Refused):
    """No key has that id, or it is revoked."""


class BadValue(Refused):
    """A password, a setting, a scope, an end, an amount or a blocked value that cannot be."""


class BadSettings(BadValue):
    """Settings that cannot be: `sentences` says by name why, and the text in a line each."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name} {sentence}" for name, sentence in sentences.items()))
        self.sentences = sentences


class ReferenceTaken(Refused):
    """A top-up of this reference was made before, of another amount."""
