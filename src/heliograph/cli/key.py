"""`heliograph key`: what customers' programs come in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, in_store, instant, now, print_json, print_table

if TYPE_CHECKING:
    from heliograph.store.keyring import KeyRow

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make keys, list them and revoke them.")
Account = Annotated[str, typer.Argument(help="The account.", show_default=False)]


@app.command()
def create(account: Account, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Make a key and print it, and nothing else: it cannot be shown again.

    \b
    Examples:
        heliograph key create acme
        export HELIOGRAPH_KEY=$(heliograph key create acme -c heliograph.toml)
    """
    from heliograph.accounts import admin

    print(in_store(config, lambda store: admin.create_key(store, account, now())))


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
        print_table(("id", "created_at", "revoked_at"), [tuple(one.values()) for one in shown])


@app.command()
def revoke(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The id that `key list` shows.", show_default=False)],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Shut a key out; running gateways follow within two seconds.

    \b
    Example:
        heliograph key revoke 1877000000000123456
    """
    from heliograph.accounts import admin

    in_store(config, lambda store: admin.revoke_key(store, id_, now()))
    print(f"key {id_} is revoked")


def _shown(key: KeyRow) -> dict[str, str | None]:
    return {"id": str(key.id), "created_at": instant(key.created_at), "revoked_at": instant(key.revoked_at)}
