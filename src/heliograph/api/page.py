"""How much of reports, logs and inbound messages one answer holds."""

from __future__ import annotations

from typing import Final

from heliograph.web.query import Parameter

LIMIT: Final = Parameter(
    name="limit", text="How many at most: 1 to 1000", kind="integer", least=1, most=1000, default=50
)
