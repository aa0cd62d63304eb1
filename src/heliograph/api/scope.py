"""What a key must be good for: any one word of a set of accounts.scopes will do."""

from __future__ import annotations

from typing import Final

from heliograph.accounts import scopes

SEND: Final = frozenset(("sms:message:send", "message:send", scopes.MANAGE))
LOOK: Final = frozenset(("sms:message:send", scopes.MANAGE))
LOGS: Final = frozenset(("sms:logs:read", scopes.MANAGE))
INBOUND: Final = frozenset(("sms:inbound-message:read", "inbound-message:read", scopes.MANAGE))
ACCOUNT: Final = frozenset(("account:read",))
MANAGE: Final = frozenset((scopes.MANAGE,))
