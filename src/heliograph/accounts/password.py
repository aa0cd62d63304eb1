"""Passwords as argon2 digests. Both functions take tens of milliseconds and 64 MiB: call them in a thread."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER: Final = PasswordHasher()


def digest(secret: str) -> str:
    """What to keep of a password."""
    return HASHER.hash(secret)


def is_good(kept: str | None, secret: bytes) -> bool:
    """Whether `secret` is the password that `kept` was made of.

    Without a digest it is not, and takes as long to find out: time does not tell which accounts there are.
    """
    if kept is None:
        HASHER.hash(secret)
        return False
    try:
        return HASHER.verify(kept, secret)
    except (VerificationError, InvalidHashError):
        return False
