"""What a key opens."""

import pytest

from heliograph.accounts import scopes
from heliograph.accounts.scopes import SCOPES

SEND = frozenset({"sms:message:send", "message:send", "sms:manage"})


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_without_scopes_everything_is_open_but_admin(scope):
    assert scopes.allows(None, frozenset({scope})) is (scope != "admin")


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_scope_opens_what_it_names(scope):
    assert scopes.allows(scopes.parse(scope), frozenset({scope}))


@pytest.mark.parametrize(
    ("granted", "needed", "open_"),
    [
        ("message:send", SEND, True),
        ("sms:logs:read,sms:message:send", SEND, True),
        ("sms:logs:read,account:read", SEND, False),
        ("sms:manage", {"sms:message:send"}, True),
        ("sms:manage", {"sms:logs:read"}, True),
        ("sms:manage", {"sms:inbound-message:read"}, True),
        ("sms:manage", {"account:read"}, False),
        ("sms:manage", {"admin"}, False),
        ("admin", SEND, False),
        ("sms:message:send", {"sms:manage"}, False),
        (None, {"admin", "account:read"}, True),
    ],
)
def test_one_scope_of_those_that_are_needed_suffices(granted, needed, open_):
    assert scopes.allows(scopes.parse(granted), frozenset(needed)) is open_
