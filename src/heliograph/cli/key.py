"""`heliograph key`: what customers' programs come in with."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heliograph.accounts.scopes import SCOPES
from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, in_store, instant, now, print_json, print_table

if TYPE_CHECKING:
    from heliograph.store.keyring import KeyRow

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make keys, list them and revoke them.")
STEP = 100  # milliseconds
Account = Annotated[str, typer.Argument(help="The account.", show_default=False)]


@app.command()
def create(
    account: Account,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it opens; may be given again: {', '.join(SCOPES)}.", show_default=False),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: 90d, 12h, or a UTC date or time. Never, unless given.", show_default=False),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a key and print it, and nothing else: it cannot be shown again.

    \b
    Examples:
        heliograph key create acme
        heliograph key create acme --scope sms:message:send --scope account:read --expires 90d
        heliograph key create ops --scope admin --expires 2027-03-31
        export HELIOGRAPH_KEY=$(heliograph key create acme -c heliograph.toml)
    """
    from heliograph.accounts import admin, expiry

    at = now()
    end = None if expires is None else expiry.parse(expires, at)
    print(in_store(config, lambda store: admin.create_key(store, account, at, granted=scope or (), expires_at=end)))


@app.command("list")
def list_(account: Account, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List an account's keys by their ids, revoked ones too.

    \b
    Examples:
        heliograph key list acme
        heliograph key list acme --json
    """
    from heliograph.accounts import admin

    shown = [_shown(key) for key in in_store(config, lambda store: admin.list_keys(store, account))]
    if as_json:
        print_json(shown)
    else:
        columns = ("id", "created_at", "expires_at", "revoked_at", "scopes")
        print_table(columns, [[_told(one[column]) for column in columns] for one in shown])


@app.command()
def revoke(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The id that `key list` shows.", show_default=False)],
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Come back when no running gateway lets it in any more.")
    ] = True,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Shut a key out, and the tokens it gave; done when no running gateway lets it in any more, two seconds later.

    \b
    Examples:
        heliograph key revoke 1877000000000123456
        heliograph key revoke 1877000000000123456 --no-wait
    """
    from heliograph.accounts import admin
    from heliograph.accounts.ring import TOO_OLD

    in_store(config, lambda store: admin.revoke_key(store, id_, now()))
    if wait:
        _wait(TOO_OLD)
    print(f"key {id_} is revoked")


def is_open(key: KeyRow) -> bool:
    """Whether it lets anybody in now."""
    from heliograph.accounts import admin

    return admin.is_open(key, now())


def _wait(milliseconds: int) -> None:
    """Let the copies of running gateways grow too old to be believed, and a tenth of a second more."""
    from rich.console import Console
    from rich.progress import track

    steps = range(milliseconds // STEP + 1)
    print(f"it is revoked; a running gateway may let it in for {milliseconds // 1000} s more: waiting", file=sys.stderr)
    for _ in track(steps, "", console=Console(stderr=True), transient=True):
        time.sleep(STEP / 1000)


def _shown(key: KeyRow) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "scopes": None if key.scopes is None else key.scopes.split(","),
        "created_at": instant(key.created_at),
        "expires_at": instant(key.expires_at),
        "revoked_at": instant(key.revoked_at),
    }


def _told(value: object) -> object:
    return " ".join(value) if isinstance(value, list) else value
