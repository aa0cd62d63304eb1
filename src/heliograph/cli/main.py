"""`heliograph`: every command by its name, and how each one ends.

Exit status: 0 done; 1 refused, with a sentence on stderr that says what to do next; 2 misused, with the usage.
"""

from __future__ import annotations

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


def main() -> None:
    """Run the command that the arguments name."""
    try:
        app(prog_name="heliograph")
    except REFUSALS as problem:
        complain(str(problem))
        sys.exit(1)
