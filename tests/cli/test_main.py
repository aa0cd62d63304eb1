"""The command itself: what it offers, how it ends, how soon it answers."""

import os
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


def test_ctrl_c_is_no_traceback_even_while_the_command_is_loading():
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from heliograph.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_argument_that_is_not_utf_8_is_a_misuse():
    command = [sys.executable, "-m", "heliograph", "send", "--to", "1", "--key", "k", "--text", b"\xff"]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "heliograph: an argument is not UTF-8: write it in UTF-8, or set the terminal to it\n"


def test_a_store_that_cannot_be_used_is_told_with_the_next_step(run, tmp_path):
    path = tmp_path / "heliograph.toml"
    path.write_text(f'[store]\nurl = "sqlite://{tmp_path}"\n')

    outcome = run("account", "list", "-c", path)

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.splitlines() == [
        f"heliograph: {tmp_path}: unable to open database file",
        "heliograph: the store cannot be used: is its URL right? `heliograph check` tries that of a configuration",
    ]


@pytest.mark.parametrize(
    ("target", "said"), [("/dev/full", "heliograph: cannot write what is to be said: No space"), (None, "")]
)
def test_what_cannot_be_written_is_no_traceback(target, said):
    command = [sys.executable, "-m", "heliograph", "--version"]
    if target is None:  # nobody reads
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open(target, os.O_WRONLY)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr.startswith(said) and done.stderr.count("\n") == (1 if said else 0)
