"""What the admin API is built from. The composition root gives the parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from heliograph.store.interface import Store


class Gate(Protocol):
    """Who lets callers in, by a copy of the accounts and keys."""

    async def load(self) -> None:
        """Renew the copy: what was changed before holds from now on. Raises StoreUnavailable."""


class Health(Protocol):
    """How the gateway is."""

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether requests can be accepted and stored, and what GET /ready shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the handlers work with.

    currency: of all amounts. seconds: how long an answer may wait for the store. allow_private: URLs of settings may
    name private, loopback and link-local addresses. now: gives UTC milliseconds.
    """

    store: Store
    gate: Gate
    health: Health
    currency: str
    seconds: float
    allow_private: bool
    now: Callable[[], int]
