"""Every path of the customers' API: the table that the application answers by."""

from __future__ import annotations

from typing import Final

from heliograph.api import account, bulks, conversion, inbox, login, logs, preview, reports, sending, watching
from heliograph.api.parts import Parts
from heliograph.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint[Parts], ...]] = (
    *sending.ENDPOINTS,
    *preview.ENDPOINTS,
    *reports.ENDPOINTS,
    *logs.ENDPOINTS,
    *inbox.ENDPOINTS,
    *bulks.ENDPOINTS,
    *conversion.ENDPOINTS,
    *account.ENDPOINTS,
    *login.ENDPOINTS,
    *watching.ENDPOINTS,
)
