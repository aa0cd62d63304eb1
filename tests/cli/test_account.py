"""Accounts and keys on the command line."""

import io
import os
import pty
import subprocess
import sys

import pytest

from heliograph.accounts import settings
from heliograph.accounts.settings import RULES
from heliograph.cli.terminal import instant, now


@pytest.fixture
def acme(run, config):
    assert run("account", "create", "acme", "-c", config).status == 0
    return config


def test_a_new_account_is_told_how_to_get_a_key(run, config):
    outcome = run("account", "create", "acme", "-c", config)

    assert outcome.status == 0
    assert f"heliograph key create acme -c {config}" in outcome.out


@pytest.mark.parametrize("name", ["acme", "a b", ""])
def test_a_name_that_is_taken_or_impossible_is_refused(run, acme, name):
    outcome = run("account", "create", name, "-c", acme)

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("heliograph: ")


def test_the_configuration_is_heliograph_toml_unless_another_is_named(run, acme, monkeypatch):
    monkeypatch.chdir(acme.parent)

    assert run("account", "list").out.splitlines()[1].startswith("acme ")


def test_accounts_are_listed_and_shown_for_people_and_for_programs(run, acme):
    run("account", "create", "zenith", "-c", acme)

    assert [line.split()[0] for line in run("account", "list", "-c", acme).out.splitlines()] == [
        "name",
        "acme",
        "zenith",
    ]
    assert [one["name"] for one in run("account", "list", "-c", acme, "--json").json] == ["acme", "zenith"]
    shown = run("account", "show", "acme", "-c", acme, "--json").json
    assert isinstance(shown.pop("id"), str)
    assert shown.pop("created_at").endswith("+0000")
    assert shown == {
        "name": "acme",
        "open_keys": 0,
        "has_password": False,
        "balance": "0.0",
        "reserved": "0.0",
        **settings.render(settings.DEFAULTS),
    }
    assert "open_keys" in run("account", "show", "acme", "-c", acme).out


# Each option of `account set`, what is given, and what is shown then.
OPTIONS = {
    "--default-sender": (["ACME"], "default_sender", "ACME"),
    "--on-no-response": (["hold"], "on_no_response", "hold"),
    "--notify-url": (["https://a.example/r"], "notify_url", "https://a.example/r"),
    "--notify-content-type": (["application/xml"], "notify_content_type", "application/xml"),
    "--inbound-url": (["https://a.example/in"], "inbound_url", "https://a.example/in"),
    "--allowed-sender": (["ACME", "A,B"], "allowed_senders", ["A,B", "ACME"]),
    "--rate-limit": (["50"], "rate_limit", 50),
    "--price": (["0.0125"], "price", "0.0125"),
    "--flood-identical": (["2"], "flood_identical", 2),
    "--flood-different": (["9"], "flood_different", 9),
    "--number": (["4179", "4178/stop"], "numbers", ["4178/STOP", "4179"]),
}


def test_every_setting_has_an_option_is_shown_and_can_be_taken_away(run, acme):
    def show():
        return run("account", "show", "acme", "-c", acme, "--json").json

    before = show()
    assert {name for _, name, _ in OPTIONS.values()} | {"prepaid"} == set(RULES)
    for option, (values, name, shown) in OPTIONS.items():
        given = [word for value in values for word in (option, value)]
        assert run("account", "set", "acme", *given, "-c", acme).status == 0
        assert show()[name] == shown
    assert run("account", "set", "acme", "--prepaid", "-c", acme).status == 0
    assert show()["prepaid"] is True
    assert "A,B, ACME" in run("account", "show", "acme", "-c", acme).out

    assert run("account", "set", "acme", "--no-prepaid", "--on-no-response", "smsc", "-c", acme).status == 0
    nothing = [word for option in OPTIONS if option != "--on-no-response" for word in (option, "")]
    assert run("account", "set", "acme", *nothing, "-c", acme).status == 0
    assert show() == before


def test_settings_that_make_no_sense_are_refused_or_misuse(run, acme):
    assert run("account", "set", "acme", "--default-sender", "much too long a name", "-c", acme).status == 1
    both = run("account", "set", "acme", "--price", "a lot", "--rate-limit", "-1", "-c", acme)
    assert both.err.splitlines() == [
        "heliograph: rate_limit cannot be '-1': it is a whole number up to 100,000; 0 is no limit",
        "heliograph: price cannot be 'a lot': it is a decimal from 0 to 1000 with at most 6 places",
    ]
    assert run("account", "set", "acme", "--on-no-response", "panic", "-c", acme).status == 2
    assert run("account", "set", "acme", "-c", acme).status == 2


def test_a_balance_is_topped_up_taken_from_and_shown(run, acme):
    assert "100.0" in run("account", "topup", "acme", "100", "-c", acme).out
    assert run("account", "topup", "acme", "-0.000001", "-c", acme).out == "the balance of acme is 99.999999\n"
    for _ in range(2):
        again = run("account", "topup", "acme", "1", "--reference", "118", "-c", acme)
        assert again.out == "the balance of acme is 100.999999\n"
    assert "another amount" in run("account", "topup", "acme", "2", "--reference", "118", "-c", acme).err
    run("account", "topup", "acme", "-1", "--reference", "119", "-c", acme)
    assert run("account", "show", "acme", "-c", acme, "--json").json["balance"] == "99.999999"
    for amount in ("a lot", "--much", "1,5"):
        assert run("account", "topup", "acme", amount, "-c", acme).status == 1


def test_recipients_and_senders_are_blocked_listed_and_let_pass_again(run, acme, tmp_path):
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("\ufeff41793026727\n\n# these have asked for it\n+41 79 302 67 28  # by letter\n")
    outcome = run("account", "block", "acme", "--file", numbers, "--recipient", "4190*", "--sender", "BANK", "-c", acme)

    assert outcome.out == "4 more are blocked for acme\n"
    assert run("account", "blocked", "acme", "-c", acme, "--json").json == {
        "recipients": ["41793026727", "41793026728", "4190*"],
        "senders": ["bank"],
    }
    assert run("account", "blocked", "acme", "-c", acme).out.split() == [
        *("kind", "value"),
        *("recipient", "41793026727"),
        *("recipient", "41793026728"),
        *("recipient", "4190*"),
        *("sender", "bank"),
    ]
    assert run("account", "unblock", "acme", "--file", numbers, "-c", acme).out == "2 are no longer blocked for acme\n"
    assert run("account", "unblock", "acme", "--sender", "Bank", "-c", acme).out == "1 is no longer blocked for acme\n"


def test_what_cannot_be_blocked_is_refused_or_misuse(run, acme, tmp_path):
    (tmp_path / "latin").write_bytes(b"41793026727 # Z\xfcrich\n")

    assert run("account", "block", "acme", "--recipient", "ACME", "-c", acme).status == 1
    assert run("account", "block", "nobody", "--sender", "ACME", "-c", acme).status == 1
    assert run("account", "block", "acme", "-c", acme).status == 2
    assert run("account", "block", "acme", "--file", tmp_path / "none", "-c", acme).status == 2
    assert run("account", "unblock", "acme", "--file", tmp_path / "latin", "-c", acme).status == 2
    assert run("account", "blocked", "acme", "-c", acme, "--json").json == {"recipients": [], "senders": []}


def test_a_password_is_set_and_never_shown(run, acme):
    outcome = run("account", "password", "acme", "--password", "open sesame", "-c", acme)

    assert outcome.status == 0
    assert "sesame" not in outcome.out + outcome.err
    assert run("account", "show", "acme", "-c", acme, "--json").json["has_password"] is True


def test_a_key_is_all_that_key_create_prints(run, acme):
    first, second = (run("key", "create", "acme", "-c", acme) for _ in range(2))

    assert (first.status, first.err) == (0, "")
    assert len(first.out.strip()) == 69
    assert first.out.count("\n") == 1
    assert first.out != second.out
    assert run("account", "show", "acme", "-c", acme, "--json").json["open_keys"] == 2


def test_a_key_is_listed_by_its_id_and_revoked_by_it(run, acme):
    key = run("key", "create", "acme", "-c", acme).out.strip()
    [listed] = run("key", "list", "acme", "-c", acme, "--json").json

    assert key not in run("key", "list", "acme", "-c", acme).out
    assert listed["revoked_at"] is None
    assert run("key", "revoke", listed["id"], "--no-wait", "-c", acme).status == 0
    [listed] = run("key", "list", "acme", "-c", acme, "--json").json
    assert listed["revoked_at"].endswith("+0000")
    again = run("key", "revoke", listed["id"], "-c", acme)
    assert again.status == 1
    assert "heliograph key list" in again.err


def test_a_key_has_the_scopes_and_the_end_it_was_given(run, acme):
    limits = ("--scope", "account:read", "--scope", "sms:message:send", "--expires", "2100-01-01")
    assert run("key", "create", "acme", *limits, "-c", acme).status == 0
    assert run("key", "create", "acme", "--expires", "90d", "-c", acme).status == 0
    some, whole = run("key", "list", "acme", "-c", acme, "--json").json

    assert some["scopes"] == ["sms:message:send", "account:read"]
    assert some["expires_at"] == "2100-01-01T00:00:00.000+0000"
    assert whole["scopes"] is None
    assert whole["expires_at"] is not None
    assert "sms:message:send account:read" in run("key", "list", "acme", "-c", acme).out
    for bad in (("--scope", "sms"), ("--expires", "2020-01-01"), ("--expires", "soon")):
        assert run("key", "create", "acme", *bad, "-c", acme).status == 1


def test_a_key_that_has_ended_is_not_counted_as_open(run, acme, monkeypatch):
    run("key", "create", "acme", "--expires", "1h", "-c", acme)
    assert run("account", "show", "acme", "-c", acme, "--json").json["open_keys"] == 1
    later = now() + 3_600_000
    monkeypatch.setattr("heliograph.cli.key.now", lambda: later)

    assert run("account", "show", "acme", "-c", acme, "--json").json["open_keys"] == 0


@pytest.mark.parametrize(
    "arguments", [("key", "create"), ("key", "list"), ("account", "show"), ("account", "password", "--password", "x")]
)
def test_nobody_has_no_keys(run, acme, arguments):
    outcome = run(*arguments, "nobody", "-c", acme)

    assert outcome.status == 1
    assert "heliograph account create nobody" in outcome.err


def test_a_store_that_cannot_be_opened_is_a_refusal(run, tmp_path):
    (tmp_path / "file").write_text("")
    config = tmp_path / "heliograph.toml"
    config.write_text(f'[store]\nurl = "sqlite://{tmp_path}/file/heliograph.db"\n')

    outcome = run("account", "list", "-c", config)

    assert outcome.status == 1
    assert outcome.err.startswith("heliograph: ")


def test_absent_times_stay_absent():
    assert instant(None) is None


def test_a_password_is_not_asked_for_where_nobody_can_type_it(run, acme, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("sesame\nsesame\n"))
    outcome = run("account", "password", "acme", "-c", acme)

    assert (outcome.status, outcome.out) == (2, "")
    assert "Invalid value for --password: give it here: there is no terminal to ask on" in outcome.err


def test_a_password_is_asked_for_twice_on_a_terminal_and_not_shown(run, acme):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "heliograph", "account", "password", "acme", "-c", str(acme)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = b""
    for prompt in (b"Password: ", b"Repeat for confirmation: "):
        while prompt not in said:
            said += os.read(ours, 1000)
        os.write(ours, b"open sesame\n")
    assert process.wait(30) == 0
    os.close(ours)

    assert b"sesame" not in said
    assert run("account", "show", "acme", "-c", acme, "--json").json["has_password"] is True
