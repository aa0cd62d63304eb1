"""`heliograph serve`: the gateway, until a signal ends it.

Rule 1: the first SIGTERM or SIGINT ends in order, with exit status 0; the second ends the process where it stands.
Rule 2: an end that has to be cut off, or comes because another process took over, is a sentence on stderr, and exit
status 1.
Rule 3: what was answered with 200 is on disk: no way of ending loses it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, ConfigPath, complain
from heliograph.process import allow_descriptors, relax_collector

if TYPE_CHECKING:
    from heliograph.app import Gateway
    from heliograph.config import Config

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SAME_SIGNAL = 0.5  # seconds


def serve(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Run the gateway.

    Logs go to stderr. SIGTERM or Ctrl-C ends it in order: answers that are on
    their way are waited for, links unbind. What is not done after 30 s is cut
    off. A second signal ends it at once. Nothing that was accepted is lost by
    either.

    \b
    Examples:
        heliograph serve
        heliograph serve -c /etc/heliograph/heliograph.toml
    """
    import uvloop

    from heliograph.config import load
    from heliograph.observe import set_up_logs

    loaded = load(config, secrets=True)
    set_up_logs(loaded.log_level)

    from heliograph.app import Unfinished
    from heliograph.store.errors import EpochEnded

    try:
        uvloop.run(_serve(loaded))
    except (EpochEnded, Unfinished) as problem:
        complain(str(problem))
        raise typer.Exit(1) from problem


async def _serve(config: Config) -> None:
    import structlog

    from heliograph.app import Gateway

    if not config.smsc:
        structlog.get_logger(__name__).warning("there is no [[smsc]]: every destination will be refused")
    allow_descriptors()
    gateway = await Gateway.open(config)
    await listen(gateway)
    with_signals(gateway.stop)
    relax_collector()
    await gateway.run()


async def listen(gateway: Gateway) -> None:
    """Bind the gateway's port. typer.Exit with status 1, a sentence and a closed store where it cannot be had."""
    http = gateway.config.http
    try:
        gateway.bind()
    except OSError as problem:
        await gateway.close()
        complain(f"cannot listen on {http.host}:{http.port}: {reason(problem)}; choose another port")
        raise typer.Exit(1) from problem


def reason(problem: OSError) -> str:
    """Why a port cannot be had, as the system says it."""
    return os.strerror(problem.errno) if problem.errno and problem.errno > 0 else problem.strerror or str(problem)


def with_signals(stop: Callable[[], None]) -> None:
    """Call `stop` at the first SIGTERM or SIGINT; a later one kills, as it would without us. In a running loop.

    What comes within half a second is the first one again: some send it to the process and to its group.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    stopping = False

    def let_go() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    def first() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            loop.call_later(SAME_SIGNAL, let_go)
            stop()

    for number in SIGNALS:
        loop.add_signal_handler(number, first)
