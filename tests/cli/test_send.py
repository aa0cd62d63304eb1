"""Sending from the command line, through a whole gateway to a simulated SMSC and back."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

TO = "41793026727"


@pytest.fixture
def send(run, house):
    return lambda *arguments: run("send", "--url", house.url, "--key", house.key, *arguments)


def last_submit(house, outcome):
    assert outcome.status == 0, outcome.err
    fields = house.simulator.submits[-1].fields
    return fields["short_message"], fields["data_coding"], fields["esm_class"]


def test_a_text_goes_out_in_the_gsm_alphabet_where_it_can(send, house):
    assert last_submit(house, send("--to", TO, "--text", "10 \u20ac @ 5", "--wait")) == (b"10 \x1b\x65 \0 5", 0, 0)


def test_any_other_text_goes_out_in_ucs2(send, house):
    octets = "\u0416 \U0001f600".encode("utf-16-be")
    assert last_submit(house, send("--to", TO, "--text", "\u0416 \U0001f600", "--wait")) == (octets, 8, 0)


def test_octets_go_out_as_they_are(send, house):
    outcome = send("--to", TO, "--hex", "06 05 04 0b84 23f0 01", "--data-coding", "4", "--esm-class", "64", "--wait")
    assert last_submit(house, outcome) == (bytes.fromhex("0605040b8423f001"), 4, 64)


def test_the_sender_is_named(send, house):
    assert send("--to", TO, "--from", "ACME", "--text", "x", "--wait").status == 0
    assert house.simulator.submits[-1].fields["source_addr"] == "ACME"


def test_the_answer_is_a_short_table(send):
    outcome = send("--to", TO, "--text", "hello")

    assert (outcome.status, outcome.err) == (0, "")
    head, row = outcome.out.splitlines()
    assert head.split() == ["to", "message", "status", "segments", "description"]
    assert row.split()[0] == TO
    assert row.split()[2:4] == ["PENDING_ENROUTE", "1"]


def test_json_is_the_answer_as_it_came_and_the_reports_with_it(send):
    document = send("--to", TO, "--to", "41793026731", "--text", "hello", "--json", "--wait").json

    assert [one["to"] for one in document["messages"]] == [TO, "41793026731"]
    assert {one["messageId"] for one in document["messages"]} == {one["messageId"] for one in document["reports"]}
    assert {one["status"]["name"] for one in document["reports"]} == {"DELIVERED_TO_HANDSET"}


def test_waiting_ends_with_the_report(send):
    outcome = send("--to", TO, "--text", "hello", "--wait")

    assert outcome.status == 0
    assert outcome.out.splitlines()[-1].split()[2:4] == ["DELIVERED_TO_HANDSET", "NO_ERROR"]


def test_a_message_that_is_not_delivered_is_not_done(send):
    outcome = send("--to", TO, "--text", "!receipt=UNDELIV", "--wait")

    assert outcome.status == 1
    assert "UNDELIVERABLE" in outcome.out


def test_waiting_ends_when_no_report_comes_in_time(send):
    outcome = send("--to", TO, "--text", "!noreceipt", "--wait", "--timeout", "0.3")

    assert outcome.status == 1
    assert "wait longer with --timeout" in outcome.err


def test_a_recipient_that_is_refused_is_not_done(send):
    outcome = send("--to", TO, "--to", "nonsense", "--text", "hello")

    assert outcome.status == 1
    assert "REJECTED" in outcome.out.splitlines()[2]


def test_a_request_that_is_refused_names_its_fields(send):
    outcome = send("--to", TO, "--hex", "4 1")

    assert (outcome.status, outcome.out) == (1, "")
    assert "Bad request" in outcome.err
    assert "heliograph: messages[0].binary.hex: " in outcome.err


def test_url_and_key_may_stand_in_the_environment(run, house, monkeypatch):
    monkeypatch.setenv("HELIOGRAPH_URL", house.url + "/")
    monkeypatch.setenv("HELIOGRAPH_KEY", house.key)

    assert run("send", "--to", TO, "--text", "hello").status == 0


def test_a_key_that_nobody_knows_is_told_where_keys_come_from(run, house):
    outcome = run("send", "--to", TO, "--text", "x", "--url", house.url, "--key", "wrong")

    assert outcome.status == 1
    assert "heliograph key create" in outcome.err


def test_a_gateway_that_is_not_there_is_told_how_to_start(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        outcome = run("send", "--to", TO, "--text", "x", "--key", "k", "--url", url)

    assert (outcome.status, outcome.out) == (1, "")
    assert url in outcome.err
    assert "heliograph serve" in outcome.err


@pytest.mark.parametrize("status", [200, 404, 500])
def test_another_server_is_not_taken_for_a_gateway(run, status):
    class Other(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        outcome = run("send", "--to", TO, "--text", "x", "--key", "k", "--url", url)
        thread.join()

    assert outcome.status == 1
    assert "is --url right?" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--hex", "41", "--text", "A"),
        ("--text", "\udcff"),
        ("--text", "A", "--data-coding", "8"),
        ("--hex", "41", "--data-coding", "256"),
        ("--text", "A", "--url", "127.0.0.1:8080"),
    ],
)
def test_what_makes_no_message_is_a_misuse(run, arguments):
    assert run("send", "--to", TO, "--key", "k", *arguments).status == 2
    assert run("send", "--to", TO, "--text", "no key").status == 2


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8080", "ftp://h", "http://", "http://h:abc", "http://h:0", "http://[::1", "http://a b", "http://é/"],
)
def test_what_is_no_url_is_a_misuse(run, url):
    outcome = run("send", "--to", "41793026727", "--key", "k", "--text", "x", "--url", url)

    assert (outcome.status, outcome.out) == (2, "")
    assert "Invalid value for --url: must be a URL such as http://127.0.0.1:8080" in outcome.err


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nend", "kéy"])
def test_what_can_be_no_key_is_a_misuse(run, key):
    outcome = run("send", "--to", "41793026727", "--key", key, "--text", "x")

    assert (outcome.status, outcome.out) == (2, "")
    assert "Invalid value for --key: is no key: `heliograph key create ACCOUNT` makes one" in outcome.err


@pytest.mark.parametrize(
    "answer",
    [b"\x00\x00\x00\x10\x80\x00\x00\x00\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"HTTP/1.1 x\r\n\r\n"],
)
def test_a_port_where_something_else_answers_is_told(run, answer):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(10_000):  # what is left unread would reset the connection
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        outcome = run("send", "--to", "41793026727", "--key", "k", "--text", "x", "--url", url)
        thread.join(10)

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"heliograph: what answers at {url} is no gateway (")
    assert outcome.err.endswith("): is --url right?\n")
