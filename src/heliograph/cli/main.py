"""`heliograph`: every command by its name, and how each one ends.

Exit status: 0 done; 1 refused, with a sentence on stderr that says what to do next; 2 misused, with the usage.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from heliograph.accounts.errors import Refused
from heliograph.cli.terminal import complain
from heliograph.config import ConfigError
from heliograph.store.errors import StoreInUse, StoreTooNew, StoreUnavailable

# Where each command lives, in the order of the help: a function, or a Typer of subcommands.
COMMANDS = {
    "demo": "heliograph.cli.demo:demo",
    "serve": "heliograph.cli.serve:serve",
    "check": "heliograph.cli.check:check",
    "account": "heliograph.cli.account:app",
    "key": "heliograph.cli.key:app",
    "send": "heliograph.cli.send:send",
    "smsc": "heliograph.cli.smsc:smsc",
    "bench": "heliograph.cli.bench:bench",
}
REFUSALS = (Refused, ConfigError, StoreInUse, StoreTooNew, StoreUnavailable)


UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EIO)  # stdout: nobody reads, the disk is full, the terminal is gone


class Commands(TyperGroup):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands that are installed."""
        return [name for name, place in COMMANDS.items() if find_spec(place.partition(":")[0])]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None: there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False)
            found.command(cmd_name)(function)
        command = get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="heliograph", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"heliograph {version('heliograph')}")
        raise typer.Exit


@app.callback()
def heliograph(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted SMS gateway: HTTP in, SMPP out, and the truth about every message.

    `heliograph demo` shows all of it, with a simulated SMSC and nothing to set up.
    """


def _is_text(argument: str) -> bool:
    """Whether it is UTF-8: what is not comes with lone surrogates (PEP 383), which nothing that follows can write."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def main() -> None:
    """Run the command that the arguments name."""
    if not all(map(_is_text, sys.argv)):
        complain("an argument is not UTF-8: write it in UTF-8, or set the terminal to it")
        sys.exit(2)
    try:
        try:
            app(prog_name="heliograph")
        finally:
            sys.stdout.flush()
    except OSError as problem:
        if problem.errno not in UNWRITABLE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written has nowhere to go
        if problem.errno != errno.EPIPE:
            complain(f"cannot write what is to be said: {problem.strerror}")
        sys.exit(1)
    except REFUSALS as problem:
        complain(str(problem))
        if isinstance(problem, StoreUnavailable):
            complain("the store cannot be used: is its URL right? `heliograph check` tries that of a configuration")
        sys.exit(1)
