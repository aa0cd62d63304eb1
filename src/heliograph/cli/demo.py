"""`heliograph demo`: a gateway, a simulated SMSC and a customer's webhook in one process, and what to type next.

Rule 1: nothing has to be set up, and nothing is left behind unless --data says where.
Rule 2: what is printed to be pasted is one line each, works as it stands, and works again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from heliograph.cli.serve import listen, reason, with_signals
from heliograph.cli.terminal import complain, now

if TYPE_CHECKING:
    from heliograph.app import Gateway
    from heliograph.cli.feed import Feed
    from heliograph.config import Config
    from heliograph.store.interface import Store

HOST = "127.0.0.1"
PORT = 8080
SMSC_PORT = 2775
TRIES = 100  # ports after the default one
ACCOUNT = "demo"
RECIPIENT = "41793026727"

Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help=f"The port of the HTTP API; {PORT} or the next free one.", show_default=False),
]
SmscPort = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help=f"The SMSC's port; {SMSC_PORT} or the next free one.", show_default=False),
]
Data = Annotated[
    Path | None,
    typer.Option(help="A folder to keep messages in; a temporary one unless given.", show_default=False),
]


class Ports(NamedTuple):
    """Where the demo listens."""

    http: int
    smsc: int


NoConsole = Annotated[
    bool,
    typer.Option("--no-console", help="Without the console. There is none yet; scripts may say so already."),
]


def demo(port: Port = None, smsc_port: SmscPort = None, data: Data = None, no_console: NoConsole = False) -> None:
    """Show it all: a gateway, a simulated SMSC, and an account with a key.

    Nothing has to be set up. It prints lines for curl to paste into another
    terminal, and then what happens to the messages. Ctrl-C stops everything.

    \b
    Examples:
        heliograph demo
        heliograph demo --port 9090 --data ./heliograph-demo
    """
    import uvloop

    from heliograph.observe import set_up_logs

    ports = Ports(_free(PORT, port, "--port"), _free(SMSC_PORT, smsc_port, "--smsc-port"))
    set_up_logs("error", quiet=True)
    if data is not None:
        _make(data)
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heliograph-demo-")))
        uvloop.run(_run(ports, folder, kept=data is not None))


def _free(default: int, wanted: int | None, option: str) -> int:
    """The port to listen on: the one that is wanted, or the first free one from the default on, and that is said."""
    problem = OSError()
    for port in range(default, default + TRIES) if wanted is None else (wanted,):
        try:
            with socket.create_server((HOST, port)) as listening:
                found: int = listening.getsockname()[1]
        except OSError as error:
            problem = error
            continue
        if wanted is None and found != default:
            print(f"Port {default} is busy: {found} is used instead ({option} chooses another).")
        return found
    place = f"{HOST}:{default if wanted is None else wanted}"
    complain(f"cannot listen on {place}: {reason(problem)}; choose another port with {option}")
    raise typer.Exit(1)


def _make(folder: Path) -> None:
    """The folder to keep messages in. Exits with a sentence where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        complain(f"{folder} cannot be made: {reason(problem)}; name another folder with --data")
        raise typer.Exit(1) from problem


async def _run(ports: Ports, folder: Path, *, kept: bool) -> None:
    from heliograph.app import Gateway
    from heliograph.cli.feed import Feed
    from heliograph.cli.sink import Sink
    from heliograph.simulator.server import Simulator

    simulator, sink, feed = Simulator(host=HOST, port=ports.smsc), Sink(lambda body: None), Feed(_writer())
    await simulator.start()
    await sink.start()
    try:
        gateway = await Gateway.open(_config(ports.http, simulator.port, folder), watch=feed)
        key = await fresh_key(gateway.store, ACCOUNT)
        await gateway.gate.load()
        await listen(gateway)
        with_signals(gateway.stop)
        place = Ports(gateway.port, simulator.port)
        await _play(gateway, feed, lambda: _welcome(place, folder, kept, key, sink.url))
    finally:
        await simulator.stop()
        await sink.stop()
    _farewell(feed, folder, kept)


async def _play(gateway: Gateway, feed: Feed, welcome: Callable[[], None]) -> None:
    """Run the gateway until it is told to stop, and tell what happens."""
    import asyncio

    from heliograph.app import Unfinished, leaves
    from heliograph.store.errors import EpochEnded

    cut_off: list[BaseException] = []
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(gateway.run())
            telling = group.create_task(feed.run())
            await gateway.started.wait()
            welcome()
            await running
            telling.cancel()
    except* (EpochEnded, Unfinished) as problems:
        cut_off += leaves(problems)
    if cut_off:
        complain(str(cut_off[0]))
        raise typer.Exit(1)


def _config(port: int, smsc_port: int, folder: Path) -> Config:
    from heliograph.config import Config, Http, SmscConfig, StoreConfig, Webhooks

    return Config(
        http=Http(host=HOST, port=port),
        store=StoreConfig(url=f"sqlite://{folder / 'heliograph.db'}"),
        webhooks=Webhooks(allow_private_networks=True),
        smsc=[SmscConfig(name="simulated", host=HOST, port=smsc_port, system_id=ACCOUNT, links=2, window=100)],
    )


async def fresh_key(store: Store, account: str) -> str:
    """A new key of an account, which is made unless an earlier run has."""
    from heliograph.accounts import admin
    from heliograph.accounts.errors import NameTaken

    with suppress(NameTaken):
        await admin.create_account(store, account, now())
    return await admin.create_key(store, account, now())


def _writer() -> Callable[[str], None]:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)

    def write(line: str) -> None:
        at, label, rest = line[:10], line[10:24], line[24:]
        console.print(Text.assemble((at, "dim"), (label, STYLES.get(label.strip(), "red")), rest))
        console.file.flush()

    return write


STYLES = {"accepted": "cyan", "sent": "blue", "delivered": "green", "webhook": "magenta", "pulled": "magenta"}


def _welcome(ports: Ports, folder: Path, kept: bool, key: str, notify_url: str) -> None:
    url = f"http://{HOST}:{ports.http}"
    place = f"kept in {folder}" if kept else f"in {folder}, until this ends; --data keeps them"
    print(
        f"""
Heliograph is up: the gateway at {url}, a simulated SMSC at {HOST}:{ports.smsc}.
Messages are {place}.

The key of the account "{ACCOUNT}": {key}

Send a text from another terminal, as often as you like, and see it travel below:

{curl(url, key, notify_url)}

The same with Heliograph's own command, which waits for the report:

{send(url, key)}

A binary message:

{curl_binary(url, key, notify_url)}

For `heliograph send` and the lines of the documentation (those for curl ask port {PORT}) say in that terminal:

{export(url, key)}

Ctrl-C stops everything.
""",
        flush=True,
    )


def curl(url: str, key: str, notify_url: str) -> str:
    """The line that sends a text, with no id in it: it can be pasted twice."""
    return _post(f"{url}/sms/2/text/advanced", key, {"text": "Hello", "notifyUrl": notify_url})


def curl_binary(url: str, key: str, notify_url: str) -> str:
    """The line that sends a binary message; it can be pasted twice, too."""
    binary = {"hex": "48 65 6c 6c 6f", "dataCoding": 0, "esmClass": 0}
    return _post(f"{url}/sms/1/binary/advanced", key, {"binary": binary, "notifyUrl": notify_url})


def _post(url: str, key: str, content: dict[str, Any]) -> str:
    import msgspec

    message = {"from": "Heliograph", "destinations": [{"to": RECIPIENT}], **content}
    words = ["curl", url, "-H", f"Authorization: App {key}", "-H", "Content-Type: application/json"]
    return shlex.join([*words, "-d", msgspec.json.encode({"messages": [message]}).decode()])


def export(url: str, key: str) -> str:
    """The line that tells a shell the gateway and the key."""
    return f"export HELIOGRAPH_URL={shlex.quote(url)} HELIOGRAPH_KEY={shlex.quote(key)}"


def send(url: str, key: str) -> str:
    """The line that sends a message and waits for its report."""
    return shlex.join([*_command(), "send", "--to", RECIPIENT, "--text", "Hello", "--wait", "--url", url, "--key", key])


def _command() -> list[str]:
    """How this very program is called, from any folder."""
    called = Path(sys.argv[0])
    found = shutil.which("heliograph")
    if called.name != "heliograph":
        return [sys.executable, "-m", "heliograph"]
    if found is None or Path(found).resolve() != called.resolve():
        return [os.fspath(called.absolute())]
    return ["heliograph"]


def _farewell(feed: Feed, folder: Path, kept: bool) -> None:
    feed.tell()
    gone = f"kept in {folder}" if kept else "gone with its folder"
    print(f"\nStopped. {feed.accepted_messages:,} messages were accepted; what was stored is {gone}.", flush=True)
