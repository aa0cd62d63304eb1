"""`heliograph bench`: how much a gateway carries on this machine, and whether load makes it lose or double anything."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from heliograph.cli.terminal import AsJson, complain, print_json

if TYPE_CHECKING:
    from rich.progress import Progress

    from heliograph.cli.trial import Figures, Plan

# Up to so many destinations a request: messages enough for a steady figure in about ten seconds, and connections.
DEFAULTS = ((9, 20_000, 64), (999, 100_000, 16), (10_000, 200_000, 8))
MIB = 1024 * 1024
COLUMNS = (
    "per\nPOST",  # destinations of a request
    "messages",
    "accepted\n/s",
    "end to\nend /s",
    "answer\np50 ms",
    "answer\np99 ms",
    "CPU µs\n/message",
    "peak\nMiB",
)

Destinations = Annotated[
    list[int] | None,
    typer.Option(min=1, max=10_000, help="Destinations a request; may be repeated. 1, 100 and 1000 unless given."),
]
Messages = Annotated[
    int | None, typer.Option(min=1, max=100_000_000, help="Messages of a trial; 20,000 to 200,000 unless given.")
]
Connections = Annotated[
    int | None, typer.Option(min=1, max=1000, help="HTTP connections; 64 to 8 unless given: fewer for longer requests.")
]
Repeat = Annotated[int, typer.Option(min=1, help="Trials of each row; the one in the middle is shown.")]
Store = Annotated[
    str | None,
    typer.Option(help="The URL of a store to use, empty for good figures. A new SQLite file a trial unless given."),
]


def bench(
    destinations: Destinations = None,
    messages: Messages = None,
    connections: Connections = None,
    repeat: Repeat = 1,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Load a gateway through its whole path, and print what it carried.

    Messages go in over HTTP, are stored durably, go out by SMPP to a simulated
    SMSC over two links with windows of 500, come back as receipts and are
    reported to a webhook. Gateway and SMSC are processes of their own.

    The exit status is 1 when a message was not accepted, or did not reach the
    SMSC exactly once, or was not reported exactly once.

    \b
    Examples:
        heliograph bench
        heliograph bench --destinations 100 --repeat 5
        heliograph bench --store postgresql://user:password@host/database --json
    """
    import uvloop

    plans = [_plan(count, messages, connections) for count in destinations or [1, 100, 1000]]
    try:
        rows = uvloop.run(_run(plans, repeat, store))
    except asyncio.CancelledError:
        raise typer.Exit(1) from None
    if as_json:
        import msgspec

        print_json({"trials": msgspec.to_builtins([figures for trials in rows for figures in trials])})
    else:
        _print(rows)
    problems = [(figures, problem) for trials in rows for figures in trials for problem in figures.problems]
    for figures, problem in problems:
        complain(f"{figures.destinations:,} destinations a request: {problem}")
    if problems:
        raise typer.Exit(1)


def _plan(destinations: int, messages: int | None, connections: int | None) -> Plan:
    from heliograph.cli.trial import Plan

    row = next(row for row in DEFAULTS if destinations <= row[0])
    return Plan(destinations, messages or row[1], connections or row[2])


async def _run(plans: list[Plan], repeat: int, store: str | None) -> list[list[Figures]]:
    """The trials of each plan, the slowest first. SIGTERM ends them as Ctrl-C does: no child is left behind."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), auto_refresh=False) as progress:
        return [[await _trial(plan, store, progress, once) for once in range(repeat)] for plan in plans]


async def _trial(plan: Plan, store: str | None, progress: Progress, once: int) -> Figures:
    from heliograph.cli.trial import measure

    again = f", trial {once + 1}" if once else ""
    row = progress.add_task(f"{plan.destinations:,} a request{again}", total=plan.messages)

    def tell(reported: int) -> None:
        progress.update(row, completed=reported, refresh=True)

    return await measure(plan, store, tell)


def _print(rows: list[list[Figures]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title="The whole path: HTTP, store, SMPP, receipt, webhook", title_justify="left", box=SIMPLE_HEAD)
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for trials in rows:
        table.add_row(*_cells(trials))
    Console().print(table)


def _cells(trials: list[Figures]) -> list[str]:
    """The trial in the middle, the slower of two, with the range of all where there are several."""
    ordered = sorted(trials, key=lambda figures: figures.end_to_end_per_second)
    figures = ordered[(len(ordered) - 1) // 2]
    low, high = ordered[0].end_to_end_per_second, ordered[-1].end_to_end_per_second
    spread = f"\n{low:,.0f}–{high:,.0f}" if len(ordered) > 1 else ""
    return [
        f"{figures.destinations:,}",
        f"{figures.messages:,}",
        f"{figures.accepted_per_second:,.0f}",
        f"{figures.end_to_end_per_second:,.0f}{spread}",
        f"{figures.answer_p50_ms:,.1f}",
        f"{figures.answer_p99_ms:,.1f}",
        f"{figures.cpu_us_per_message:,.0f}",
        f"{figures.peak_bytes / MIB:,.0f}",
    ]
