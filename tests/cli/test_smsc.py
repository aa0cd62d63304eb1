"""`heliograph smsc`, as a person runs it: a process of its own."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from typer.testing import CliRunner

from heliograph.cli.main import app
from heliograph.cli.smsc import flag
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from simulator.esme import Scene, a_submit_sm

RUN = [sys.executable, "-c", "from heliograph.cli.main import main; main()", "smsc", "--port", "0"]
HELP = CliRunner().invoke(app, ["smsc", "--help"], env={"COLUMNS": "200"}, terminal_width=200)


@contextmanager
def running(*flags: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    with subprocess.Popen([*RUN, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            listens = re.search(r"listens on 127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert listens is not None
            yield process, int(listens[1])
        finally:
            process.kill()


def test_it_takes_binds_and_submits_and_ends_well_on_ctrl_c() -> None:
    async def one_message(port: int) -> str | None:
        scene = Scene(Simulator(port=port))
        esme = await scene.connect()
        assert await esme.bind("trx", "one", "wrong") == 0x0E
        esme = await scene.connect()
        assert await esme.bind("trx", "one", "secret") == 0
        await esme.answers_to(a_submit_sm())
        [receipt] = await esme.receipts_of(1)
        scene.leave()
        await esme.until(lambda esme: esme.gone)
        return receipt.text.stat

    with running("--system-id", "one", "--password", "secret", "--state", "FAILED", "--receipt-delay", "0") as found:
        process, port = found
        assert asyncio.run(one_message(port)) == "FAILED"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, err) == (0, "")
    assert "submits 1 " in out
    assert "receipts 1 " in out


def test_a_port_that_is_taken_is_said_and_ends_with_1() -> None:
    with running() as (_, port):
        second = CliRunner().invoke(app, ["smsc", "--port", str(port)])

    assert second.exit_code == 1
    assert f"127.0.0.1:{port}" in second.stderr
    assert "--port" in second.stderr


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--dialect", "klingon"], "klingon"),
        (["--state", "failed"], "--state: must be 1 to 16 capitals"),
        (["--err", "00000"], "--err: must be up to 4 letters and digits"),
        (["--refuse-rate", "3"], "--refuse-rate"),
        (["--refuse-status", "many"], "--refuse-status"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_behaviour_that_cannot_be_is_misuse(flags: list[str], named: str) -> None:
    result = CliRunner().invoke(app, ["smsc", *flags], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert named in result.stderr


@pytest.mark.parametrize("field", [field.name for field in msgspec.structs.fields(Behaviour)])
def test_every_field_of_the_behaviour_is_a_flag_with_a_description(field: str) -> None:
    assert flag(field) in HELP.stdout


def test_the_help_has_examples() -> None:
    assert HELP.exit_code == 0
    assert "heliograph smsc --port 2776 --system-id north" in HELP.stdout
    assert "!status=0x58 times=2" in HELP.stdout
