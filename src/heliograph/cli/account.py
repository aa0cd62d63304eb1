"""`heliograph account`: the customers, their passwords, their own settings and their balances."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heliograph.cli import block, setting
from heliograph.cli.key import is_open
from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, in_store, instant, now, print_json, print_table

if TYPE_CHECKING:
    from heliograph.store.interface import Store
    from heliograph.store.keyring import AccountRow, Keyring

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make accounts, look at them, change them.")
Name = Annotated[str, typer.Argument(help="The account.", show_default=False)]


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
        columns = ("name", "open_keys", "has_password", "default_sender", "prepaid", "price", "created_at")
        print_table(columns, [[one[column] for column in columns] for one in shown])


@app.command()
def show(name: Name, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one account.

    \b
    Example:
        heliograph account show acme --json
    """
    from heliograph.accounts import admin, money

    async def look(store: Store) -> dict[str, Any]:
        account = await admin.find_account(store, name)
        balance = await admin.balance_of(store, account.id)
        money_of = {"balance": money.render(balance.available), "reserved": money.render(balance.reserved)}
        return {**_shown(account, await store.load_keyring()), **money_of}

    shown = in_store(config, look)
    if as_json:
        print_json(shown)
    else:
        print_table(("setting", "value"), [(name, _told(value)) for name, value in shown.items()])


@app.command(context_settings={"ignore_unknown_options": True})  # an amount below 0 is no option
def topup(
    name: Name,
    amount: Annotated[str, typer.Argument(help="A decimal, like 100 or 12.5; below 0 takes away.", show_default=False)],
    reference: Annotated[
        str | None,
        typer.Option(help="Its name, 1 to 64 characters: given again, it changes nothing.", show_default=False),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Add to what an account has to spend, or take away from it.

    \b
    Examples:
        heliograph account topup acme 100
        heliograph account topup acme -12.5
        heliograph account topup acme 100 --reference invoice-2026-118
    """
    from heliograph.accounts import admin, money

    balance = in_store(config, lambda store: admin.top_up(store, name, amount, now(), reference))
    print(f"the balance of {name} is {money.render(balance.available)}")


app.command("set")(setting.set_)
app.command()(block.block)
app.command()(block.unblock)
app.command()(block.blocked)


async def _ring(store: Store) -> Keyring:
    return await store.load_keyring()


def _shown(account: AccountRow, ring: Keyring) -> dict[str, Any]:
    from heliograph.accounts import settings

    keys = [key for key in ring.keys if key.account == account.id and is_open(key)]
    return {
        "name": account.name,
        "id": str(account.id),
        "open_keys": len(keys),
        "has_password": account.password is not None,
        "created_at": instant(account.created_at),
        **settings.render(settings.load(account.settings)),
    }


def _told(value: object) -> object:
    """A value of one cell; a list is one too, and nothing where it is empty."""
    return (", ".join(value) or None) if isinstance(value, list) else value


def _option(config: Path) -> str:
    return "" if config == DEFAULT_CONFIG else f" -c {config}"
