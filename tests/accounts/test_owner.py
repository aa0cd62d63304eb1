"""Whose an inbound message is."""

from __future__ import annotations

import pytest

from heliograph.accounts.owner import Owner, choose, register
from heliograph.accounts.settings import Settings

ACCOUNTS = {
    1: Settings(numbers=frozenset({("41790000001", ""), ("12345", "JOIN")}), inbound_url="https://one.example"),
    2: Settings(numbers=frozenset({("12345", ""), ("00447700900123", "")}), notify_content_type="application/xml"),
    3: Settings(numbers=frozenset({("*", ""), ("12345", "STOP")})),
    4: Settings(numbers=frozenset({("*", "WIN")})),
    5: Settings(),
}


@pytest.mark.parametrize(
    ("recipient", "text", "account", "keyword"),
    [
        ("41790000001", "hello", 1, ""),
        ("+41790000001", "hello", 1, ""),
        ("0041790000001", "hello", 1, ""),
        ("447700900123", "hello", 2, ""),
        ("12345", "hello", 2, ""),
        ("12345", "", 2, ""),
        ("12345", "join now", 1, "JOIN"),
        ("12345", " Stop", 3, "STOP"),
        ("12345", "STOPPED", 2, ""),
        ("12345", "win", 2, ""),  # a number of one's own comes before every number with a keyword
        ("99999", "win", 4, "WIN"),
        ("99999", "hello", 3, ""),
        ("41790000001", "JOIN", 1, ""),
    ],
)
def test_a_number_with_a_keyword_comes_before_the_number_and_that_before_every_number(
    recipient: str, text: str, account: int, keyword: str
) -> None:
    found = choose(register(ACCOUNTS), recipient, text)

    assert found is not None
    assert (found.account, found.keyword) == (account, keyword)


def test_an_owner_knows_where_it_is_told() -> None:
    owners = register(ACCOUNTS)

    assert choose(owners, "41790000001", "") == Owner(1, "", "https://one.example", "application/json")
    assert choose(owners, "12345", "") == Owner(2, "", None, "application/xml")


@pytest.mark.parametrize(
    ("accounts", "account"),
    [
        ({}, None),
        ({7: Settings()}, 7),  # a newcomer's only account
        ({7: Settings(), 8: Settings()}, None),
        ({7: Settings(numbers=frozenset({("555", "")}))}, None),
        ({7: Settings(), 8: Settings(numbers=frozenset({("12345", "")}))}, 8),
    ],
)
def test_without_any_numbers_the_only_account_owns_everything(
    accounts: dict[int, Settings], account: int | None
) -> None:
    found = choose(register(accounts), "12345", "hello")

    assert (found and found.account) == account
