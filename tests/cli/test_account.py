"""Accounts and keys on the command line."""

import io
import os
import pty
import subprocess
import sys

import pytest

from heliograph.cli.terminal import instant


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
        "default_sender": None,
        "on_no_response": None,
    }
    assert "open_keys" in run("account", "show", "acme", "-c", acme).out


def test_settings_are_changed_one_by_one_and_taken_away(run, acme):
    def settings():
        shown = run("account", "show", "acme", "-c", acme, "--json").json
        return shown["default_sender"], shown["on_no_response"]

    assert run("account", "set", "acme", "--default-sender", "ACME", "-c", acme).status == 0
    assert run("account", "set", "acme", "--on-no-response", "hold", "-c", acme).status == 0
    assert settings() == ("ACME", "hold")
    assert run("account", "set", "acme", "--default-sender", "", "--on-no-response", "smsc", "-c", acme).status == 0
    assert settings() == (None, None)


def test_settings_that_make_no_sense_are_refused_or_misuse(run, acme):
    assert run("account", "set", "acme", "--default-sender", "much too long a name", "-c", acme).status == 1
    assert run("account", "set", "acme", "--on-no-response", "panic", "-c", acme).status == 2
    assert run("account", "set", "acme", "-c", acme).status == 2


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
    assert run("key", "revoke", listed["id"], "-c", acme).status == 0
    [listed] = run("key", "list", "acme", "-c", acme, "--json").json
    assert listed["revoked_at"].endswith("+0000")
    again = run("key", "revoke", listed["id"], "-c", acme)
    assert again.status == 1
    assert "heliograph key list" in again.err


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
