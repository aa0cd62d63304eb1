"""`heliograph account block`, `unblock` and `blocked`: where an account sends nothing, and not as whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, in_store, print_json, print_table

if TYPE_CHECKING:
    from heliograph.store.blocklist import BlockKind
    from heliograph.store.interface import Store

    Change = Callable[[Store, str, BlockKind, Iterable[str]], Awaitable[int]]

Name = Annotated[str, typer.Argument(help="The account.", show_default=False)]
Recipients = Annotated[
    list[str] | None,
    typer.Option("--recipient", help="A number, or how numbers begin and *; may be given again.", show_default=False),
]
Senders = Annotated[
    list[str] | None,
    typer.Option("--sender", help="A sender, in any case; may be given again.", show_default=False),
]
File = Annotated[
    typer.FileText | None,
    typer.Option(encoding="utf-8-sig", help="Recipients, one a line; - for stdin.", show_default=False),
]


def block(
    name: Name,
    recipient: Recipients = None,
    sender: Senders = None,
    file: File = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Block recipients and senders; what is blocked already stays so.

    \b
    Examples:
        heliograph account block acme --recipient 41793026727 --recipient '4190*'
        heliograph account block acme --sender BANK
        heliograph account block acme --file numbers.txt
    """
    from heliograph.accounts import blocklist

    count = _change(blocklist.block, name, recipient, sender, file, config)
    print(f"{count:,} more {'is' if count == 1 else 'are'} blocked for {name}")


def unblock(
    name: Name,
    recipient: Recipients = None,
    sender: Senders = None,
    file: File = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let recipients and senders pass again, each written as it was blocked.

    \b
    Examples:
        heliograph account unblock acme --recipient '4190*'
        heliograph account unblock acme --file numbers.txt
    """
    from heliograph.accounts import blocklist

    count = _change(blocklist.unblock, name, recipient, sender, file, config)
    print(f"{count:,} {'is' if count == 1 else 'are'} no longer blocked for {name}")


def blocked(name: Name, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List what is blocked for an account.

    \b
    Examples:
        heliograph account blocked acme
        heliograph account blocked acme --json
    """
    from heliograph.accounts import blocklist

    async def look(store: Store) -> dict[BlockKind, list[str]]:
        return {
            "recipient": [value async for value in blocklist.blocked(store, name, "recipient")],
            "sender": [value async for value in blocklist.blocked(store, name, "sender")],
        }

    found = in_store(config, look)
    if as_json:
        print_json({"recipients": found["recipient"], "senders": found["sender"]})
    else:
        print_table(("kind", "value"), [(kind, value) for kind, values in found.items() for value in values])


def _change(
    change: Change,
    name: str,
    recipients: list[str] | None,
    senders: list[str] | None,
    file: typer.FileText | None,
    config: Path,
) -> int:
    numbers = [*(recipients or ()), *_lines(file)]
    if not numbers and not senders:
        raise typer.BadParameter("name --recipient, --sender or a --file with numbers")

    async def work(store: Store) -> int:
        by_sender = await change(store, name, "sender", senders) if senders else 0
        return by_sender + (await change(store, name, "recipient", numbers) if numbers else 0)

    return in_store(config, work)


def _lines(file: typer.FileText | None) -> list[str]:
    """What stands in a file; empty lines and what follows # are passed over."""
    if file is None:
        return []
    try:
        texts = [line.partition("#")[0].strip() for line in file]
    except UnicodeDecodeError:
        raise typer.BadParameter("it is not UTF-8", param_hint="--file") from None
    return [text for text in texts if text]
