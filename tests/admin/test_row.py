"""What holds for every path of the admin API."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from admin.conftest import Office, Working
from e2e.conftest import run
from e2e.gateway import Customer, house
from flows.engines import OnSqlite
from heliograph.accounts import admin
from heliograph.admin.endpoints import ENDPOINTS

OF_AN_ACCOUNT = [row for row in ENDPOINTS if "{name}" in row.path]
BODIES: dict[str, Any] = {
    "PATCH /admin/v1/accounts/{name}": {"settings": {"price": "1"}},
    "PUT /admin/v1/accounts/{name}/password": {"password": "a secret"},
    "POST /admin/v1/accounts/{name}/keys": {},
    "POST /admin/v1/accounts/{name}/blocked": {"recipients": ["41793026727"]},
    "DELETE /admin/v1/accounts/{name}/blocked": {"senders": ["BANK"]},
    "POST /admin/v1/accounts/{name}/topups": {"amount": "1", "reference": "118"},
}


def test_an_account_that_is_not_there_is_not_found_by_any_path(office: Working) -> None:
    async def body(o: Office) -> None:
        for row in OF_AN_ACCOUNT:
            path = row.path.removeprefix("/admin/v1/").replace("{name}", "nobody")
            refused = await o.ask(row.method, path, BODIES.get(f"{row.method} {row.path}"))
            assert (refused.status, refused.refusal["messageId"]) == (404, "NOT_FOUND"), row
            assert "there is no account nobody" in refused.refusal["text"]

    office(body)


def test_a_key_for_the_admin_api_alone_sends_nothing_and_no_other_login_administers(office: Working) -> None:
    async def body(o: Office) -> None:
        sent = await o.operator.send({"text": "A", "destinations": [{"to": "41793026727"}]})
        assert (sent.status, sent.refusal["messageId"]) == (403, "FORBIDDEN")
        assert (await o.ask("PUT", "accounts/acme/password", {"password": "secret"})).status == 200
        opened = await o.acme.request("POST", "/auth/1/session", {"username": "acme", "password": "secret"})
        everything = [
            {},
            {"Authorization": "Basic YWNtZTpzZWNyZXQ="},
            {"Authorization": f"IBSSO {opened.json['token']}"},
        ]

        for login in everything:
            assert (await o.acme.request("GET", "/sms/1/reports", **login)).status == 200
            assert (await o.acme.request("GET", "/admin/v1/accounts", **login)).status == 403
        assert (await o.acme.request("GET", "/admin/v1/accounts", Authorization="App nobody")).status == 401

    office(body)


@pytest.mark.parametrize(
    ("method", "path", "asked", "known"),
    [
        ("POST", "accounts/acme/topups", {"amount": "1", "reference": "118"}, "it is not known"),
        ("GET", "accounts", None, "nothing of this request was done"),
    ],
)
def test_a_store_that_does_not_answer_is_said_in_time_with_what_is_known(
    tmp_path: Path, method: str, path: str, asked: Any, known: str
) -> None:
    async def body() -> None:
        engine = OnSqlite(tmp_path / "heliograph.db")
        async with house(tmp_path, url=engine.url, limits="commit_seconds = 1") as one:
            await admin.create_account(one.gateway.store, "ops", 1)
            key = await admin.create_key(one.gateway.store, "ops", 1, granted=["admin"])
            operator = Customer(one.customer.session, one.customer.port, key)
            assert (await operator.request("GET", "/admin/v1/accounts")).status == 200
            async with engine.stalled():
                asking = asyncio.create_task(operator.request(method, f"/admin/v1/{path}", asked))
                answer = await asking

            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            assert known in answer.refusal["text"]

    run(body())
