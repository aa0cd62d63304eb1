"""`heliograph account set`: an account's own settings, an option each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, ConfigPath, in_store


class Policy(StrEnum):
    """What becomes of a segment whose submit_sm_resp was lost."""

    RESEND = "resend"
    HOLD = "hold"
    SMSC = "smsc"


def set_(
    name: Annotated[str, typer.Argument(help="The account.", show_default=False)],
    default_sender: Annotated[
        str | None, typer.Option(help="The sender of messages that name none; '' for the SMSC's.", show_default=False)
    ] = None,
    on_no_response: Annotated[
        Policy | None,
        typer.Option(
            help="What becomes of a segment whose answer was lost; smsc: as the SMSC says.", show_default=False
        ),
    ] = None,
    notify_url: Annotated[
        str | None, typer.Option(help="Where reports go of messages without a notifyUrl.", show_default=False)
    ] = None,
    notify_content_type: Annotated[
        str | None, typer.Option(help="application/json or application/xml: how these are written.", show_default=False)
    ] = None,
    inbound_url: Annotated[
        str | None, typer.Option(help="Where inbound messages go; without it they are pulled.", show_default=False)
    ] = None,
    allowed_sender: Annotated[
        list[str] | None,
        typer.Option(help="The only sender it may use, '' for any; may be given again.", show_default=False),
    ] = None,
    rate_limit: Annotated[str | None, typer.Option(help="Requests a second; 0: no limit.", show_default=False)] = None,
    price: Annotated[str | None, typer.Option(help="Of a segment: a decimal, like 0.0125.", show_default=False)] = None,
    prepaid: Annotated[
        bool | None, typer.Option(help="It sends only what its balance pays for.", show_default=False)
    ] = None,
    flood_identical: Annotated[
        str | None,
        typer.Option(help="Identical messages for a recipient in an hour; 0: no limit.", show_default=False),
    ] = None,
    flood_different: Annotated[
        str | None,
        typer.Option(help="Different messages for a recipient in an hour; 0: no limit.", show_default=False),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option(
            help="Its number for inbound messages, or number/KEYWORD, or *: all that nobody has; may be given again.",
            show_default=False,
        ),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Change an account's own settings; what is not named stays, and '' takes a setting away.

    \b
    Examples:
        heliograph account set acme --default-sender ACME
        heliograph account set acme --on-no-response hold --price 0.0125 --prepaid
        heliograph account set acme --number 41793026700 --number 41793026701/STOP
        heliograph account set acme --allowed-sender ''
    """
    from heliograph.accounts import admin
    from heliograph.config import load

    given = {
        "default_sender": default_sender,
        "on_no_response": "" if on_no_response is Policy.SMSC else on_no_response,
        "notify_url": notify_url,
        "notify_content_type": notify_content_type,
        "inbound_url": inbound_url,
        "allowed_senders": allowed_sender or None,
        "rate_limit": rate_limit,
        "price": price,
        "prepaid": None if prepaid is None else str(prepaid).lower(),
        "flood_identical": flood_identical,
        "flood_different": flood_different,
        "numbers": number or None,
    }
    named = {setting: value for setting, value in given.items() if value is not None}
    if not named:
        raise typer.BadParameter("name a setting, like --default-sender; --help shows them all")
    allow_private = load(config).webhooks.allow_private_networks
    in_store(config, lambda store: admin.set_account(store, name, allow_private=allow_private, **named))
    print(f"account {name} is changed; a running gateway knows within two seconds")
