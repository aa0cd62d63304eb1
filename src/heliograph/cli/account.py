"""`heliograph account`: the customers, their passwords and their own settings."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, in_store, instant, now, print_json, print_table

if TYPE_CHECKING:
    from heliograph.store.interface import Store
    from heliograph.store.keyring import AccountRow, Keyring

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make accounts, and look at them.")
Name = Annotated[str, typer.Argument(help="The account.", show_default=False)]


class Policy(StrEnum):
    """What becomes of a segment whose submit_sm_resp was lost."""

    RESEND = "resend"
    HOLD = "hold"
    SMSC = "smsc"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="1 to 64 letters, digits, '-', '_' and '.'.", show_default=False)],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make an account.

    \b
    Example:
        heliograph account create acme -c heliograph.toml
    """
    from heliograph.accounts import admin

    account = in_store(config, lambda store: admin.create_account(store, name, now()))
    print(f"account {account.name} is made; give it a key: heliograph key create {account.name}{_option(config)}")


@app.command()
def password(
    name: Name,
    secret: Annotated[
        str | None,
        typer.Option("--password", help="The new password; asked for when it is not given here.", show_default=False),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Set the password with which an account comes in by Basic.

    \b
    Examples:
        heliograph account password acme
        heliograph account password acme --password "$SECRET"
    """
    from heliograph.accounts import admin

    told = _asked() if secret is None else secret
    in_store(config, lambda store: admin.set_password(store, name, told))
    print(f"the password of {name} is set; a running gateway takes it within two seconds")


def _asked() -> str:
    """The password, typed twice and not shown."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("give it here: there is no terminal to ask on", param_hint="--password")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


@app.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List all accounts.

    \b
    Examples:
        heliograph account list
        heliograph account list --json
    """
    shown = [_shown(account, ring) for ring in [in_store(config, _ring)] for account in ring.accounts]
    if as_json:
        print_json(shown)
    else:
        columns = ("name", "open_keys", "has_password", "default_sender", "on_no_response", "created_at")
        print_table(columns, [[one[column] for column in columns] for one in shown])


@app.command()
def show(name: Name, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one account.

    \b
    Example:
        heliograph account show acme --json
    """
    from heliograph.accounts import admin

    async def look(store: Store) -> dict[str, Any]:
        return _shown(await admin.find_account(store, name), await store.load_keyring())

    shown = in_store(config, look)
    if as_json:
        print_json(shown)
    else:
        print_table(("setting", "value"), shown.items())


@app.command("set")
def set_(
    name: Name,
    default_sender: Annotated[
        str | None, typer.Option(help="The sender of messages that name none; '' for the SMSC's.", show_default=False)
    ] = None,
    on_no_response: Annotated[
        Policy | None,
        typer.Option(
            help="What becomes of a segment whose answer was lost; smsc: as the SMSC says.", show_default=False
        ),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Change an account's own settings; what is not named stays.

    \b
    Examples:
        heliograph account set acme --default-sender ACME
        heliograph account set acme --on-no-response hold
    """
    from heliograph.accounts import admin

    if default_sender is None and on_no_response is None:
        raise typer.BadParameter("name --default-sender or --on-no-response")
    policy = "" if on_no_response is Policy.SMSC else on_no_response
    in_store(
        config,
        lambda store: admin.set_account(store, name, default_sender=default_sender, on_no_response=policy),
    )
    print(f"account {name} is changed; a running gateway knows within two seconds")


async def _ring(store: Store) -> Keyring:
    return await store.load_keyring()


def _shown(account: AccountRow, ring: Keyring) -> dict[str, Any]:
    keys = [key for key in ring.keys if key.account == account.id and key.revoked_at is None]
    return {
        "name": account.name,
        "id": str(account.id),
        "open_keys": len(keys),
        "has_password": account.password is not None,
        "default_sender": account.default_sender,
        "on_no_response": account.on_no_response,
        "created_at": instant(account.created_at),
    }


def _option(config: Path) -> str:
    return "" if config == DEFAULT_CONFIG else f" -c {config}"
