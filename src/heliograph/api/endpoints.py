"""Every path of the customers' API: the table that the application answers by."""

from __future__ import annotations

from typing import Final

from heliograph.api import inbox, reports, sending, watching
from heliograph.api.parts import Parts
from heliograph.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint[Parts], ...]] = (
    *sending.ENDPOINTS,
    *reports.ENDPOINTS,
    *inbox.ENDPOINTS,
    *watching.ENDPOINTS,
)
