"""An independent analyser reads what went over the wire, and finds nothing wrong with it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import vectors
from e2e.capture import Tap, pdus_of, write_pcap
from e2e.conftest import run
from e2e.gateway import Customer, configure, make_account, message, running, until
from heliograph.config import parse
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator

TSHARK = shutil.which("tshark")


async def conversation(folder: Path) -> Tap:
    """Everything that the gateway says to an SMSC: binds, every kind of message, receipts, inbound, enquire, unbind."""
    simulator = Simulator(Behaviour(receipt_delay=0.0, enquire_after=0.2), keep=True)
    await simulator.start()
    async with Tap(simulator.port).run() as tap, aiohttp.ClientSession() as session:
        timing = "enquire_link_seconds = 0.1"
        config = parse(configure(f"sqlite://{folder / 'heliograph.db'}", tap.port, smsc=f'bind = "pair"\n{timing}'))
        async with running(config) as gateway:
            customer = Customer(session, gateway.port, await make_account(gateway.store))
            messages = [message(binary=_binary(case["input"])) for case in vectors.of_kind("split")]
            messages += [message(text=text) for text in ("!intermediate", "!receipt=UNDELIV err=027", "!status=0x0B")]
            for one in messages:
                await customer.send(one | {"intermediateReport": True, "validityPeriod": 720})
            await customer.pulled(len(messages))
            fields: dict[str, Any] = {
                "source_addr": "41790000001",
                "destination_addr": "12345",
                "short_message": b"STOP",
            }
            assert await simulator.deliver(**fields) == 0
            await until(lambda: any(pdu[4:8] == b"\x80\x00\x00\x15" for n in (0, 1) for pdu in _whole(tap, n)))
    await simulator.stop()
    return tap


def _binary(given: dict[str, object]) -> dict[str, object]:
    return {name: given[name] for name in ("hex", "dataCoding", "esmClass")}


def _whole(tap: Tap, number: int) -> list[bytes]:
    """What the SMSC has said on a connection, up to its last whole PDU."""
    found, stream = [], tap.stream(number, True)
    while len(stream) >= 16 and len(stream) >= (length := int.from_bytes(stream[:4], "big")):
        found.append(stream[:length])
        stream = stream[length:]
    return found


def test_an_analyser_finds_no_malformed_pdu_in_a_whole_conversation(tmp_path: Path) -> None:
    if TSHARK is None:
        pytest.skip("tshark is not installed (Debian's package of that name): nobody independent can read the capture")
    tap = run(conversation(tmp_path))
    capture = tmp_path / "smpp.pcap"
    write_pcap(capture, tap)
    pdus = [pdu for n in range(tap.connections) for way in (False, True) for pdu in pdus_of(tap.stream(n, way))]

    assert _read(capture, "-Y", "_ws.malformed || smpp && _ws.expert.severity >= 0x600000") == []
    read = _read(capture, "-T", "fields", "-e", "smpp.command_id", "-Y", "smpp")
    commands = [int(word, 0) for line in read for word in line.split(",")]
    assert sorted(commands) == sorted(int.from_bytes(pdu[4:8], "big") for pdu in pdus)
    said = {"submit_sm", "deliver_sm", "bind_transmitter", "bind_receiver", "enquire_link", "unbind"}
    numbers = {
        "submit_sm": 4,
        "deliver_sm": 5,
        "bind_transmitter": 2,
        "bind_receiver": 1,
        "enquire_link": 21,
        "unbind": 6,
    }
    assert {numbers[name] for name in said} | {numbers[name] | 0x80000000 for name in said} == set(commands)


def test_the_analyser_would_see_a_malformed_pdu(tmp_path: Path) -> None:
    if TSHARK is None:
        pytest.skip("tshark is not installed (Debian's package of that name): nobody independent can read the capture")
    broken = Tap(0, pieces=[(0, False, bytes.fromhex("00000012000000040000000000000001ffff"))])
    write_pcap(tmp_path / "broken.pcap", broken)
    assert len(_read(tmp_path / "broken.pcap", "-Y", "_ws.malformed")) == 1


def _read(capture: Path, *words: str) -> list[str]:
    command = [TSHARK or "tshark", "-n", "-r", str(capture), "-d", "tcp.port==2775,smpp", *words]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return found.stdout.splitlines()
