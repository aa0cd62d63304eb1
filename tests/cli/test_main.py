"""The command itself: what it offers, how it ends, how soon it answers."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from heliograph.cli.main import COMMANDS


def test_the_version_is_told(run):
    assert run("--version").out == f"heliograph {version('heliograph')}\n"


@pytest.mark.parametrize(
    "command",
    [
        ("account", "create"),
        ("account", "password"),
        ("account", "list"),
        ("account", "show"),
        ("account", "set"),
        ("key", "create"),
        ("key", "list"),
        ("key", "revoke"),
        ("send",),
        ("check",),
    ],
)
def test_every_command_shows_examples(run, command):
    outcome = run(*command, "--help")

    assert outcome.status == 0
    assert f"heliograph {' '.join(command)}" in outcome.out
    assert "Example" in outcome.out


def test_help_names_every_command_in_the_order_of_the_table(run):
    outcome = run("--help")

    places = [outcome.out.find(f"│ {name} ") for name in COMMANDS]
    assert outcome.status == 0
    assert [place for place in places if place >= 0] == sorted(place for place in places if place >= 0)
    assert all(place > 0 for name, place in zip(COMMANDS, places, strict=True) if name in ("account", "key", "send"))


@pytest.mark.parametrize("arguments", [("nonsense",), ("account", "nonsense"), ("key", "create"), ("--nonsense",)])
def test_what_cannot_be_understood_is_a_misuse(run, arguments):
    outcome = run(*arguments)

    assert outcome.status == 2
    assert outcome.out == ""
    assert "Usage: heliograph" in outcome.err


def test_a_refusal_is_a_sentence_on_stderr_and_no_traceback(run, tmp_path):
    outcome = run("account", "list", "-c", tmp_path / "nowhere.toml")

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"heliograph: {tmp_path}/nowhere.toml does not exist: make it, or name another with -c\n"


def test_help_loads_nothing_that_only_a_gateway_needs():
    script = (
        "import sys; sys.argv = ['heliograph', '--help']\n"
        "from heliograph.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "typer" in loaded
    assert loaded.isdisjoint({"aiohttp", "apsw", "argon2", "asyncpg", "falcon", "uvicorn", "uvloop"})
