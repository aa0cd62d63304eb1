"""Balances, as a console and a shop's programs manage them."""

import asyncio
from typing import Any

from admin.conftest import Office, Working
from heliograph.accounts import admin
from heliograph.store import balance

BALANCE, TOPUPS = "accounts/acme/balance", "accounts/acme/topups"


async def available(o: Office) -> str:
    shown = (await o.ask("GET", BALANCE)).json
    assert (shown["reserved"], shown["currency"]) == ("0.0", "CHF")
    return str(shown["available"])


def test_a_top_up_is_paid_once_however_often_it_is_asked_for(office: Working) -> None:
    async def body(o: Office) -> None:
        asked = {"amount": "12.5", "reference": "invoice 118"}
        answers = await asyncio.gather(*(o.ask("POST", TOPUPS, asked) for _ in range(8)))

        assert {answer.status for answer in answers} == {201}
        assert {answer.json["available"] for answer in answers} == {"12.5"}
        assert (await o.ask("POST", TOPUPS, {"amount": "-0.000001", "reference": "119"})).status == 201
        assert await available(o) == "12.499999"
        assert (await o.ask("POST", "accounts/ops/topups", asked)).json["available"] == "12.5"

    office(body, top='currency = "CHF"')


def test_a_reference_is_never_used_for_another_amount(office: Working) -> None:
    async def body(o: Office) -> None:
        assert (await o.ask("POST", TOPUPS, {"amount": "10", "reference": "118"})).status == 201
        refused = await o.ask("POST", TOPUPS, {"amount": "11", "reference": "118"})

        assert (refused.status, refused.refusal["messageId"]) == (422, "UNPROCESSABLE_ENTITY")
        assert "another amount" in refused.refusal["text"]
        assert await available(o) == "10.0"

    office(body, top='currency = "CHF"')


BAD: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"amount", "reference"}),
    ({"amount": "1e3", "reference": ""}, {"amount", "reference"}),
    ({"amount": 5, "reference": "x" * 65}, {"amount", "reference"}),
    ({"amount": "1", "reference": "a\nb"}, {"reference"}),
    ({"amount": "1.0000001", "reference": "118"}, {"amount"}),
]


def test_a_top_up_that_cannot_be_is_refused_by_its_fields(office: Working) -> None:
    async def body(o: Office) -> None:
        for asked, fields in BAD:
            refused = await o.ask("POST", TOPUPS, asked)
            assert (refused.status, refused.refusal["validationErrors"].keys()) == (400, fields)
        assert await available(o) == "0.0"

    office(body, top='currency = "CHF"')


def test_a_balance_that_could_not_be_counted_is_refused_by_the_amount(office: Working) -> None:
    async def body(o: Office) -> None:
        account = await admin.find_account(o.house.gateway.store, "acme")
        assert await o.house.gateway.store.alone(balance.top_up, account.id, balance.MOST, 1) is balance.TopUp.DONE
        refused = await o.ask("POST", TOPUPS, {"amount": "1", "reference": "118"})

        assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["amount"])

    office(body)
