"""Every path of the admin API: the table that the application answers by."""

from __future__ import annotations

from typing import Final

from heliograph.admin import account, balance, blocked, key, setting, status
from heliograph.admin.parts import Parts
from heliograph.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint[Parts], ...]] = (
    *account.ENDPOINTS,
    *key.ENDPOINTS,
    *blocked.ENDPOINTS,
    *balance.ENDPOINTS,
    *status.ENDPOINTS,
    *setting.ENDPOINTS,
)
