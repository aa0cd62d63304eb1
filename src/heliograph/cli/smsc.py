"""`heliograph smsc`: the simulated SMSC alone, right or wrong on demand.

Its flags are the fields of `simulator.behaviour.Behaviour`, each with its description: a new field is a new flag.
"""

import asyncio
import inspect
import signal
import time
from collections.abc import Iterator
from typing import Annotated, Any, get_type_hints

import msgspec
import typer

from heliograph.cli.terminal import complain
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 takes a free one.")]

HELP = """A simulated SMSC to develop and test against: SMPP 3.4, receipts in every dialect, faults on demand.

\b
Examples:
  heliograph smsc
  heliograph smsc --port 2776 --system-id north --password secret
  heliograph smsc --state UNDELIV --err 027 --dialect payload
  heliograph smsc --throttle 100 --refuse-every 50 --refuse-status 0x08
  heliograph smsc --receipts-first --duplicates 1 --drop-after 1000

A message whose text begins with an exclamation mark gives orders for itself, whatever the flags say:

\b
  !status=0x58 times=2            refuse it twice, then take it
  !noanswer   !late=0.5   !drop   !garbage=nack
  !receipt=UNDELIV err=027 dialect=ucs2 delay=2
  !receiptfirst   !intermediate   !duplicates   !noreceipt

Ctrl-C stops it.
"""


def smsc(host: Host = "127.0.0.1", port: Port = 2775, **behaviour: Any) -> None:
    """Run until Ctrl-C. Exit status 1 where the port is taken, 2 for a behaviour that cannot be."""
    try:
        simulator = Simulator(Behaviour(**behaviour), host=host, port=port)
    except ValueError as problem:
        field, _, sentence = str(problem).partition(": ")
        raise typer.BadParameter(f"{flag(field)}: {sentence}") from problem
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(simulator.start())
        except OSError as problem:
            complain(
                f"Cannot listen on {host}:{port}: {problem.strerror or problem}. Try another one with --port or --host."
            )
            raise typer.Exit(1) from problem
        runner.run(_run(simulator))


async def _run(simulator: Simulator) -> None:
    from rich.live import Live

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"The simulated SMSC listens on {simulator.host}:{simulator.port}. Ctrl-C stops it.", flush=True)
    lines = _status_lines(simulator)
    with Live(next(lines), auto_refresh=False) as live:
        while not stopped.is_set():
            try:
                await asyncio.wait_for(stopped.wait(), 1.0)
            except TimeoutError:
                live.update(next(lines), refresh=True)
        live.update(next(lines))
    await simulator.stop()


def _status_lines(simulator: Simulator) -> Iterator[str]:
    """What happened so far in one line, and the rate since the line before."""
    counters, before, since = simulator.counters, 0, time.monotonic()
    while True:
        now = time.monotonic()
        rate = (counters.submits - before) / (now - since) if now > since else 0.0
        before, since = counters.submits, now
        cells = {
            "submits": counters.submits,
            "refused": counters.refused.total(),
            "receipts": counters.receipts,
            "acknowledged": counters.acknowledged[0],
            "pending": simulator.pending,
        }
        told = "  ".join(f"{name} {value:,}" for name, value in cells.items())
        yield f"bound {counters.bound}  {rate:,.0f}/s  {told}"


def flag(field: str) -> str:
    """The flag of a field of Behaviour."""
    return f"--{field.replace('_', '-')}"


def number(value: str | int) -> int:
    """An integer, decimal or 0x…; a default is one already."""
    return value if isinstance(value, int) else int(value, 0)


def _parameters() -> Iterator[inspect.Parameter]:
    kinds = get_type_hints(Behaviour, include_extras=True)
    for field in msgspec.structs.fields(Behaviour):
        kind, metas = kinds[field.name].__origin__, kinds[field.name].__metadata__
        help_text = next((meta.description for meta in metas if meta.description), "")
        names = [f"{flag(field.name)}/{flag('no_' + field.name)}" if field.default is True else flag(field.name)]
        integer = kind is int
        option = typer.Option(
            *names, help=help_text, parser=number if integer else None, metavar="INTEGER" if integer else None
        )
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[kind, option]
        )


def _spell_out(function: Any) -> None:
    """Give a function of **behaviour a parameter for each field, where typer looks for them."""
    own = [found for found in inspect.signature(function).parameters.values() if found.kind is not found.VAR_KEYWORD]
    spelt = [found.replace(kind=inspect.Parameter.KEYWORD_ONLY) for found in own] + list(_parameters())
    function.__signature__ = inspect.Signature(spelt)
    function.__annotations__ = {found.name: found.annotation for found in spelt}
    function.__doc__ = HELP


_spell_out(smsc)
