"""Which SMSC carries a message (pure): the first route whose conditions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages go that match; a route without conditions matches all."""

    smsc: str


def choose(routes: Sequence[Route]) -> str | None:
    """The SMSC of the first route that matches; None: REJECTED_ROUTE_NOT_AVAILABLE."""
    return routes[0].smsc if routes else None
