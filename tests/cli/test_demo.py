"""`heliograph demo`, as a newcomer meets it."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from cli.process import HELIOGRAPH, Terminal, terminal
from heliograph.cli.demo import PORT, curl, curl_binary, export, send

READY = r"^Ctrl-C stops everything"


def demo(*options: object) -> tuple[object, ...]:
    return (*HELIOGRAPH, "demo", "--port", 0, "--smsc-port", 0, *options)


def line_of(found: Terminal, word: str) -> str:
    return found.until(rf"^(.*{word}.*)$")[1]


def key_of(found: Terminal) -> str:
    return found.until(r'^The key of the account "demo": (\S+)$')[1]


def in_shell(line: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30)


@dataclass(frozen=True, slots=True)
class Shown:
    """A demo that was: all it said, its exit status, and what its lines gave when they were pasted."""

    said: str
    status: int
    key: str
    answers: "list[subprocess.CompletedProcess[str]]"
    binary: "subprocess.CompletedProcess[str]"
    sent: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    with terminal(*demo()) as found:
        found.until(READY)
        answers = [in_shell(line_of(found, "^curl .*/text/")) for _ in range(2)]
        binary = in_shell(line_of(found, "^curl .*/binary/"))
        found.until(r"webhook +\d+ report")
        sent = in_shell(line_of(found, "heliograph send"))
        found.until(r"pulled +1 report")
        status = found.interrupt()
        yield Shown(found.said, status, key_of(found), answers, binary, sent)


def test_the_line_for_curl_works_each_time_it_is_pasted(shown: Shown) -> None:
    answers = [msgspec.json.decode(done.stdout)["messages"][0] for done in shown.answers]

    assert [answer["status"]["name"] for answer in answers] == ["PENDING_ACCEPTED"] * 2
    assert answers[0]["messageId"] != answers[1]["messageId"]


def test_the_line_for_a_binary_message_works(shown: Shown) -> None:
    assert msgspec.json.decode(shown.binary.stdout)["messages"][0]["status"]["name"] == "PENDING_ENROUTE"


def test_the_line_for_the_shell_names_the_gateway_and_the_key(shown: Shown) -> None:
    found = re.search(
        r"^export HELIOGRAPH_URL=(http://127\.0\.0\.1:\d+) HELIOGRAPH_KEY=(\S+)$", shown.said, re.MULTILINE
    )

    assert found is not None
    assert found[2] == shown.key
    assert f"curl {found[1]}/sms/" in shown.said


def test_the_line_for_its_own_command_waits_for_the_report(shown: Shown) -> None:
    assert shown.sent.returncode == 0
    assert "DELIVERED_TO_HANDSET" in shown.sent.stdout


@pytest.mark.parametrize(
    "event",
    [
        r"accepted +1 message stored and answered with 200",
        r"sent +\d segments? taken by the SMSC \(submit_sm\)",
        r"delivered +\d receipts? from the SMSC \(deliver_sm\)",
        r"webhook +\d reports? taken by its notifyUrl",
        r"pulled +1 report fetched over HTTP",
    ],
)
def test_what_happens_to_a_message_is_a_line_each(shown: Shown, event: str) -> None:
    assert re.search(rf"^\d\d:\d\d:\d\d  {event}$", shown.said, re.MULTILINE)


def test_ctrl_c_stops_it_in_order(shown: Shown) -> None:
    assert shown.status == 0
    assert "Stopped. 4 messages were accepted" in shown.said
    assert "Traceback" not in shown.said


def test_nothing_of_a_message_is_shown(shown: Shown) -> None:
    events = shown.said.partition("Ctrl-C stops everything.")[2]

    assert not [word for word in ("48 65", "Hello", "41793026727", shown.key) if word in events]


def test_its_temporary_folder_is_said_and_gone_afterwards(shown: Shown) -> None:
    folder = re.search(r"^Messages are in (\S+), until this ends", shown.said, re.MULTILINE)

    assert folder is not None
    assert not Path(folder[1]).exists()


def test_a_busy_default_port_gives_way_to_the_next_free_one_and_that_is_said() -> None:
    busy = socket.socket()
    with closing(busy):
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if busy.connect_ex(("127.0.0.1", PORT)):  # nobody has it: then we do
            busy.close()
            busy = socket.create_server(("127.0.0.1", PORT))
        with closing(busy), terminal(*HELIOGRAPH, "demo", "--smsc-port", 0) as found:
            port = int(found.until(rf"^Port {PORT} is busy: (\d+) is used instead")[1])
            found.until(READY)
            line = line_of(found, "^curl ")
            assert found.interrupt() == 0

    assert PORT < port < PORT + 100
    assert f"http://127.0.0.1:{port}/" in line


def test_a_port_that_was_asked_for_and_is_busy_is_refused(run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = run("demo", "--port", port)

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == (
        f"heliograph: cannot listen on 127.0.0.1:{port}: Address already in use; choose another port with --port\n"
    )


def test_a_folder_for_the_data_is_kept_and_every_start_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        with terminal(*demo("--data", tmp_path)) as found:
            found.until(READY)
            keys.append(key_of(found))
            assert in_shell(line_of(found, "heliograph send")).returncode == 0
            assert found.interrupt() == 0
        assert f"kept in {tmp_path}" in found.said

    assert keys[0] != keys[1]
    assert (tmp_path / "heliograph.db").stat().st_size > 0


def test_the_lines_survive_a_shell_whatever_stands_in_them() -> None:
    key, url = "k'e y", "http://127.0.0.1:1/it's"

    for line in (curl(url, key, url), curl_binary(url, key, url), send(url, key), export(url, key)):
        words = in_shell(f"printf '%s\\n' {line}").stdout.splitlines()
        assert any(word.endswith(key) for word in words)
        assert "\n" not in line


def test_the_help_has_examples(run) -> None:
    outcome = run("demo", "--help")

    assert outcome.status == 0
    assert "heliograph demo --port 9090" in outcome.out


def test_a_folder_that_cannot_be_made_is_told(run, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run("demo", "--port", "0", "--smsc-port", "0", "--data", tmp_path / "file")

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"heliograph: {tmp_path}/file cannot be made: File exists; name another folder with --data\n"
