"""What a key opens: the scopes of Infobip's keys, and our own for the admin API.

Rule 1: who has no scopes named, by a password or a key without them, has all but `admin`: that is always given by name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

ADMIN: Final = "admin"
MANAGE: Final = "sms:manage"

# Each scope, and what it opens, as the reference says it.
SCOPES: Final = {
    MANAGE: "everything about SMS: send, preview, bulks, reports, logs, inbound",
    "sms:message:send": "send messages, tell what they led to, look at bulks and pull reports",
    "message:send": "the same",
    "sms:logs:read": "read logs",
    "sms:inbound-message:read": "read inbound messages",
    "inbound-message:read": "the same",
    "account:read": "read the balance",
    ADMIN: "the admin API, and nothing else",
}
# What a scope opens beside itself.
IMPLIED: Final = {MANAGE: frozenset(scope for scope in SCOPES if scope.startswith("sms:"))}


def allows(granted: frozenset[str] | None, needed: frozenset[str]) -> bool:
    """Whether one of the scopes in `needed` is granted; `granted` is None: all but admin, else as `parse` gives it."""
    if granted is None:
        return not needed <= {ADMIN}
    return not granted.isdisjoint(needed)


@lru_cache(maxsize=1024)  # one a distinct set, and there are few
def parse(text: str | None) -> frozenset[str] | None:
    """What is granted by scopes that are kept with commas between them; None: all but admin."""
    if text is None:
        return None
    named = frozenset(text.split(","))
    return named.union(*(IMPLIED.get(scope, frozenset()) for scope in named))
