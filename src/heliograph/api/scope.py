"""What a key must be good for: any one word of a set will do."""

from __future__ import annotations

from typing import Final

SEND: Final = frozenset(("sms:message:send", "message:send", "sms:manage"))
REPORTS: Final = SEND | {"sms:logs:read"}
MANAGE: Final = frozenset(("sms:manage",))
