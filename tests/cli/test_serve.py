"""`heliograph serve`, as a person runs it: a process of its own."""

import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.process import HELIOGRAPH, Terminal, terminal
from heliograph.accounts.ring import TOO_OLD

SMSC = '[[smsc]]\nname = "north"\nhost = "127.0.0.1"\nport = 9\n'


def a_config(folder: Path, more: str = SMSC, port: int = 0) -> Path:
    path = folder / "heliograph.toml"
    path.write_text(f'[http]\nport = {port}\n[store]\nurl = "sqlite://{folder}/heliograph.db"\n{more}')
    return path


@contextmanager
def serving(config: Path) -> Iterator[tuple[Terminal, int]]:
    with terminal(*HELIOGRAPH, "serve", "-c", config) as found:
        yield found, int(found.until(r"event=serving .*port=(\d+)")[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(a_config(tmp_path)) as (found, port):
        client = http.client.HTTPConnection("127.0.0.1", port)
        client.request("GET", "/ready")
        answer = client.getresponse()
        answer.read()
        client.close()
        found.process.send_signal(number)
        status = found.end()

    assert answer.status == 200
    assert status == 0
    assert "Traceback" not in found.said


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_ends_it_in_order(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as (found, _):
        status = found.interrupt()

    assert status == 0
    assert "Traceback" not in found.said


def test_a_later_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as (found, port):
        slow = socket.create_connection(("127.0.0.1", port))
        slow.sendall(b"POST /sms/1/text/advanced HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{")
        began, status = time.monotonic(), None
        while status is None:
            found.process.send_signal(signal.SIGTERM)
            try:
                status = found.process.wait(0.1)
            except subprocess.TimeoutExpired:
                assert time.monotonic() - began < 5
        slow.close()

    assert status == -signal.SIGTERM


def test_a_port_that_is_taken_is_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [*HELIOGRAPH, "serve", "-c", a_config(tmp_path, port=port)], capture_output=True, text=True, timeout=20
        )

    assert done.returncode == 1
    assert done.stderr == (
        f"heliograph: cannot listen on 127.0.0.1:{port}: Address already in use; choose another port\n"
    )


def test_two_cannot_serve_from_one_file(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with serving(config) as (first, _):
        second = subprocess.run([*HELIOGRAPH, "serve", "-c", config], capture_output=True, text=True, timeout=20)
        assert first.interrupt() == 0

    assert second.returncode == 1
    assert second.stderr.startswith("heliograph: ")
    assert "Traceback" not in second.stderr


def test_without_an_smsc_it_serves_and_says_what_that_means(tmp_path: Path) -> None:
    with serving(a_config(tmp_path, more="")) as (found, _):
        assert found.interrupt() == 0

    assert "there is no [[smsc]]: every destination will be refused" in found.said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("colour = 1\n", "colour: is an unknown key"),
        (SMSC + SMSC, "name: is the name of another [[smsc]]"),
        (SMSC + '[[route]]\nsmsc = "south"\n', "'south'"),
        ("[[smsc", "is not TOML"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_in_sentences(run, tmp_path, more, sentence) -> None:
    outcome = run("serve", "-c", a_config(tmp_path, more))

    assert outcome.status == 1
    assert outcome.err.startswith("heliograph: ")
    assert sentence in outcome.err


def test_a_password_that_the_environment_lacks_is_said_before_anything_is_bound(tmp_path: Path) -> None:
    config = a_config(tmp_path, SMSC + 'password = { env = "NOBODY_SETS_THIS" }\n')
    done = subprocess.run([*HELIOGRAPH, "serve", "-c", config], capture_output=True, text=True, timeout=20)

    assert done.returncode == 1
    assert "NOBODY_SETS_THIS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_that_is_revoked_on_the_command_line_opens_nothing_when_the_command_ends(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with serving(config) as (_, port):

        def command(*words: str) -> str:
            called = [*HELIOGRAPH, *words, "-c", str(config)]
            return subprocess.run(called, capture_output=True, text=True, timeout=60, check=True).stdout.strip()

        def status(key: str) -> int:
            client = http.client.HTTPConnection("127.0.0.1", port)
            client.request("GET", "/sms/1/reports", headers={"authorization": f"App {key}"})
            found = client.getresponse().status
            client.close()
            return found

        command("account", "create", "acme")
        key, other = command("key", "create", "acme"), command("key", "create", "acme")
        id_ = json.loads(command("key", "list", "acme", "--json"))[0]["id"]
        assert (status(key), status(other)) == (200, 200)
        began = time.monotonic()
        busy = subprocess.Popen([*HELIOGRAPH, "key", "revoke", id_, "-c", str(config)])
        while busy.poll() is None:  # under traffic, too
            status(other)

        assert busy.returncode == 0
        assert (status(key), status(other)) == (401, 200)
        assert time.monotonic() - began > TOO_OLD / 1000
