"""A running gateway whose operator has a key with the scope admin alone, on each engine of the store."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import run
from e2e.gateway import Customer, House, Reply, house
from heliograph.accounts import admin

HOUR = 3_600_000  # milliseconds


@dataclass(frozen=True)
class Office:
    """The gateway, its operator, and the customer acme with a key that opens all but the admin API."""

    house: House
    operator: Customer

    @property
    def acme(self) -> Customer:
        return self.house.customer

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """What the operator is answered by a path of the admin API."""
        return await self.operator.request(method, f"/admin/v1/{path}", body, **headers)

    def with_key(self, key: str) -> Customer:
        """Somebody else's program."""
        return Customer(self.acme.session, self.acme.port, key)


Working = Callable[..., None]


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Working:
    """Runs a test's body in an Office of its own; options as `house` has them."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("database_url")

    def working(body: Callable[[Office], Awaitable[None]], **options: Any) -> None:
        async def inside() -> None:
            async with house(tmp_path, url=url, **options) as one:
                store, now = one.gateway.store, time.time_ns() // 1_000_000
                await admin.create_account(store, "ops", now)
                key = await admin.create_key(store, "ops", now, granted=["admin"])
                await body(Office(one, Customer(one.customer.session, one.customer.port, key)))

        run(inside())

    return working
