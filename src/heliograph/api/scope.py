"""What a key must be good for: any one word of a set of accounts.scopes will do."""

from __future__ import annotations

from typing import Final

from heliograph.accounts import scopes

SEND: Final = frozenset(("sms:message:send", "message:send", scopes.MANAGE))
MANAGE: Final = frozenset((scopes.MANAGE,))
