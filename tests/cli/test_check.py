"""What `heliograph check` finds, against real sockets."""

import socket
import threading
from contextlib import contextmanager

import pytest

from cli.conftest import in_thread
from heliograph.cli import check as check_module
from heliograph.simulator.behaviour import Behaviour
from heliograph.simulator.server import Simulator
from heliograph.smpp.constants import Status


def with_smsc(config, port, password="secret", name="north"):
    with config.open("a") as file:
        file.write(f'[[smsc]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\n')
        file.write(f'system_id = "heliograph"\npassword = {password}\n')
    return config


def found(outcome):
    return {one["part"]: (one["verdict"], one["sentence"]) for one in outcome.json}


@contextmanager
def listener(talk):
    """A server that is no SMSC: `talk` has its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_a_good_configuration_is_found_good(run, config):
    with in_thread(Simulator(Behaviour(system_id="heliograph", password="secret"))) as smsc:
        outcome = run("check", "--json", "-c", with_smsc(config, smsc.port, '"secret"'))

    assert outcome.status == 0
    assert {verdict for verdict, _ in found(outcome).values()} == {"ok"}
    assert smsc.counters.binds == 1
    assert smsc.counters.bound == 0


def test_it_is_a_table_for_people(run, config):
    with in_thread(Simulator()) as smsc:
        outcome = run("check", "-c", with_smsc(config, smsc.port, '"secret"'))

    assert outcome.out.splitlines()[0].split() == ["verdict", "part", "finding"]
    assert outcome.out.splitlines()[-1].startswith("ok       smsc north")


def test_nothing_is_made_in_the_store(run, config):
    run("check", "-c", config)

    assert not (config.parent / "store").exists()


@pytest.mark.parametrize(
    ("behaviour", "name"),
    [
        (Behaviour(password="other"), "ESME_RINVPASWD"),
        (Behaviour(system_id="other"), "ESME_RINVSYSID"),
        (Behaviour(bind_status=Status.ESME_RBINDFAIL), "ESME_RBINDFAIL"),
    ],
)
def test_a_refused_bind_is_wrong_and_named(run, config, behaviour, name):
    with in_thread(Simulator(behaviour)) as smsc:
        outcome = run("check", "--json", "-c", with_smsc(config, smsc.port, '"secret"'))

    verdict, sentence = found(outcome)["smsc north"]
    assert (outcome.status, verdict) == (1, "wrong")
    assert name in sentence


def test_being_bound_already_is_a_warning(run, config):
    behaviour = Behaviour(bind_status=Status.ESME_RALYBND)
    with in_thread(Simulator(behaviour)) as smsc:
        outcome = run("check", "--json", "-c", with_smsc(config, smsc.port, '"secret"'))

    verdict, sentence = found(outcome)["smsc north"]
    assert (outcome.status, verdict) == (0, "warning")
    assert "ESME_RALYBND" in sentence


def test_every_smsc_is_tried_whatever_the_others_do(run, config):
    with in_thread(Simulator()) as smsc, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with_smsc(config, nobody.getsockname()[1], '"secret"', "south")
        with_smsc(config, smsc.port, '{ env = "NO_SUCH_VARIABLE" }', "west")
        with_smsc(config, smsc.port, '"secret"')
        with config.open("a") as file:
            file.write('[[route]]\nsmsc = "north"\n')
        outcome = run("check", "--json", "-c", config)

    findings = found(outcome)
    assert outcome.status == 1
    assert findings["smsc north"][0] == "ok"
    assert "cannot connect" in findings["smsc south"][1]
    assert "NO_SUCH_VARIABLE" in findings["smsc west"][1]


def test_what_is_no_smsc_is_told_from_one(run, config, monkeypatch):
    monkeypatch.setattr(check_module, "WITHIN", 0.3)
    gone = threading.Event()

    with listener(lambda connection: gone.wait(10)) as silent, listener(lambda connection: None) as closing:
        with_smsc(config, silent, '"secret"', "silent")
        with_smsc(config, closing, '"secret"', "closing")
        with config.open("a") as file:
            file.write('[[route]]\nsmsc = "silent"\n')
        outcome = run("check", "--json", "-c", config)
        gone.set()

    findings = found(outcome)
    assert "no answer to bind_transmitter" in findings["smsc silent"][1]
    assert "closed without an answer" in findings["smsc closing"][1] or "lost before" in findings["smsc closing"][1]


def test_an_smsc_that_does_not_let_go_is_fine(run, config, monkeypatch):
    monkeypatch.setattr("heliograph.cli.probe.UNBIND_WITHIN", 0.1)
    gone = threading.Event()

    def talk(connection):
        request = connection.recv(1000)
        connection.sendall(b"\0\0\0\x11\x80\0\0\x02\0\0\0\0" + request[12:16] + b"\0")
        gone.wait(10)

    with listener(talk) as port:
        outcome = run("check", "--json", "-c", with_smsc(config, port, '"secret"'))
        gone.set()

    assert found(outcome)["smsc north"][0] == "ok"


def test_every_problem_of_the_configuration_is_told(run, tmp_path):
    config = tmp_path / "heliograph.toml"
    config.write_text(
        '[store]\nurl = "mysql://x"\n[[smsc]]\nname = "a"\nhost = "x"\n[[smsc]]\nname = "b"\nhost = "x"\n'
    )

    outcome = run("check", "--json", "-c", config)

    assert outcome.status == 1
    assert [one["verdict"] for one in outcome.json] == ["wrong", "wrong"]


def test_no_smsc_at_all_is_a_warning(run, config):
    outcome = run("check", "--json", "-c", config)

    assert outcome.status == 0
    assert "warning" in [one["verdict"] for one in outcome.json]


def test_a_store_that_cannot_be_written_is_wrong(run, tmp_path):
    (tmp_path / "file").write_text("")
    config = tmp_path / "heliograph.toml"
    for url in (f"sqlite://{tmp_path}", f"sqlite://{tmp_path}/file/heliograph.db", "postgresql://u:p@127.0.0.1:9/x"):
        config.write_text(f'[store]\nurl = "{url}"\n')
        outcome = run("check", "--json", "-c", config)
        assert (outcome.status, found(outcome)["store"][0]) == (1, "wrong")
        assert "u:p" not in outcome.out


def test_all_that_is_wrong_is_told_at_once_the_environment_included(run, config, monkeypatch):
    monkeypatch.delenv("NORTH_PASSWORD", raising=False)
    with with_smsc(config, 70_000, '{ env = "NORTH_PASSWORD" }').open("a") as file:
        file.write("lnks = 2\n")

    outcome = run("check", "--json", "-c", config)

    assert outcome.status == 1
    assert [one["sentence"].partition("[[smsc]] north: ")[2] for one in outcome.json] == [
        "port: must be from 1 to 65,535, not 70000",
        "lnks: is an unknown key; did you mean links?",
        "password: the environment has no NORTH_PASSWORD: set it to the password",
    ]


def test_a_file_that_is_no_database_is_wrong_and_an_empty_one_is_not(run, config):
    path = config.parent / "store" / "heliograph.db"
    path.parent.mkdir()
    for content, verdict in ((b"hello, this is no database", "wrong"), (b"", "ok"), (b"SQLite format 3\0...", "ok")):
        path.write_bytes(content)
        assert found(run("check", "--json", "-c", config))["store"][0] == verdict


def test_a_path_that_the_system_does_not_take_is_wrong(run, config):
    config.write_text(f'[store]\nurl = "sqlite://{config.parent}/{300 * "x"}"\n')

    verdict, sentence = found(run("check", "--json", "-c", config))["store"]

    assert (verdict, sentence.rpartition(": ")[2]) == ("wrong", "File name too long; change that, or name another file")
