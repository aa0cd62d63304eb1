"""The server against clients that are slow, endless, or no HTTP at all."""

import socket
import time

import pytest

from api.wire import KEY, LIMITS, Client, Gateway, request

SEND = "/sms/1/binary/advanced"
GOOD = '{"messages":[{"binary":{"hex":"41"},"destinations":[{"to":"41793026727"}]}]}'


def test_a_head_that_trickles_in_is_cut_off_with_a_408(client: Client) -> None:
    started = time.monotonic()
    head = request("POST", SEND, GOOD)
    client.send(head[:20])
    reply = client.reply()
    assert (reply.status, reply.refusal["messageId"]) == (408, "REQUEST_TIMEOUT")
    assert client.is_closed()
    assert time.monotonic() - started >= LIMITS.header_seconds * 0.9


def test_octets_that_keep_coming_win_no_time_for_a_head(client: Client) -> None:
    client.socket.settimeout(0.02)
    client.send(b"GET /health HTTP/1.1\r\nX: ")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if client.socket.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            client.send(b"x")
    client.socket.settimeout(5)
    assert client.reply().status == 408


def test_a_connection_that_never_says_a_word_is_closed(client: Client) -> None:
    assert client.is_closed()


def test_blanks_between_requests_win_no_time(client: Client) -> None:
    assert client.request("GET", "/health").status == 200
    client.send(b"\r\n")
    assert client.reply().status == 408
    assert client.is_closed()


def test_a_second_head_on_the_same_connection_has_its_own_clock(client: Client) -> None:
    assert client.request("GET", "/health").status == 200
    client.send(b"GET /hea")
    assert client.reply().status == 408


def test_an_idle_connection_between_requests_stays_open(client: Client) -> None:
    assert client.request("GET", "/health").status == 200
    client.socket.settimeout(LIMITS.header_seconds * 2)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    client.socket.settimeout(5)
    client.send(request("GET", "/health"))
    assert client.socket.recv(12) == b"HTTP/1.1 200"


def test_a_connection_stays_open_after_a_request_that_says_it_has_no_body(client: Client) -> None:
    for _ in range(2):
        client.send(request("POST", "/ct/1/log/end/nothing", Content_Length="0"))
        assert client.reply().status == 404


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Idempotency-Key"])
@pytest.mark.parametrize("path", [SEND, SEND + "/"])
def test_a_header_that_decides_comes_once(client: Client, server: Gateway, name: str, path: str) -> None:
    given = {"Authorization": KEY, "Content-Type": "application/json", "Idempotency-Key": "k"}
    sent = request("POST", path, GOOD, **{name.replace("-", "_"): given[name]})
    reply = client.send(sent.replace(b"\r\n", f"\r\n{name}: {given[name]}\r\n".encode(), 1)).reply()
    assert (reply.status, reply.refusal["validationErrors"]) == (400, {name: ["must be given once"]})
    assert server.accepted == 0


def test_any_other_header_may_come_twice(client: Client) -> None:
    sent = request("POST", SEND, GOOD, X_Via="one")
    assert client.send(sent.replace(b"\r\n", b"\r\nX-Via: two\r\n", 1)).reply().status == 200


def test_a_body_that_never_ends_is_cut_off_with_a_408(client: Client, server: Gateway) -> None:
    client.send(request("POST", SEND, GOOD)[:-1])
    reply = client.reply()
    assert (reply.status, reply.refusal["messageId"]) == (408, "REQUEST_TIMEOUT")
    assert reply.headers["connection"] == "close"
    assert server.accepted == 0


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_who_has_said_all_and_still_listens_is_answered(client: Client, method: str) -> None:
    path, body = (SEND, GOOD) if method == "POST" else ("/sms/1/reports", None)
    client.send(request(method, path, body))
    client.socket.shutdown(socket.SHUT_WR)
    reply = client.reply()
    assert reply.status == 200
    assert client.is_closed()


def test_pipelined_requests_are_all_answered_to_who_has_said_all(client: Client) -> None:
    client.send(request("POST", SEND, GOOD) * 3)
    client.socket.shutdown(socket.SHUT_WR)
    assert [client.reply().status for _ in range(3)] == [200, 200, 200]
    assert client.is_closed()


def test_who_ends_in_the_middle_of_a_request_is_let_go(client: Client, server: Gateway) -> None:
    client.send(request("POST", SEND, GOOD)[:-1])
    client.socket.shutdown(socket.SHUT_WR)
    assert client.is_closed()
    assert server.accepted == 0


def test_a_whole_request_without_its_last_chunk_is_not_sent(client: Client, server: Gateway) -> None:
    head = request("POST", SEND, Transfer_Encoding="chunked")
    client.send(head + b"%x\r\n%s\r\n" % (len(GOOD), GOOD.encode()))
    client.close()
    other = Client(server.port)
    assert other.request("GET", "/health").status == 200
    other.close()
    assert server.accepted == 0


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(client: Client) -> None:
    client.send(request("POST", SEND, Content_Length="100000000", Content_Type="application/json"))
    reply = client.reply()
    assert (reply.status, reply.refusal["messageId"]) == (413, "PAYLOAD_TOO_LARGE")
    assert reply.headers["connection"] == "close"


def test_a_body_that_hides_its_length_is_refused_when_it_is_too_long(client: Client) -> None:
    client.send(request("POST", SEND, Transfer_Encoding="chunked"))
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _ in range(LIMITS.body // 0x10000 + 1):
        client.send(chunk)
    assert client.reply().status == 413


def test_who_sends_a_hundred_megabytes_gets_to_read_why_not(server: Gateway) -> None:
    client = Client(server.port)
    client.send(request("POST", SEND, Content_Length="104857600", Content_Type="application/json"))
    sent = 0
    try:
        while sent < 104_857_600:
            client.send(bytes(1 << 20))
            sent += 1 << 20
    except OSError:
        assert sent >= 32 << 20
    assert client.reply().status == 413
    client.close()


def test_a_body_at_the_limit_is_read(client: Client) -> None:
    body = GOOD + " " * (LIMITS.body - len(GOOD))
    assert client.request("POST", SEND, body).status == 200


def test_who_is_not_let_in_is_told_before_the_body(client: Client) -> None:
    client.send(request("POST", SEND, Content_Length="1000", Authorization="App wrong"))
    assert client.reply().status == 401


def test_nobody_is_asked_for_a_body_that_is_refused_anyway(client: Client) -> None:
    client.send(request("POST", SEND, Content_Length="1000", Expect="100-continue", Content_Type="text/plain"))
    assert client.reply().status == 415


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_head_that_is_too_long_is_refused(client: Client, pieces: int) -> None:
    head = request("GET", "/health", **{f"X_{number}": "x" * 900 for number in range(LIMITS.header_octets // 900 + 1)})
    step = len(head) // pieces + 1
    for at in range(0, len(head), step):
        client.send(head[at : at + step])
    reply = client.reply()
    assert (reply.status, reply.refusal["messageId"]) == (431, "REQUEST_HEADER_FIELDS_TOO_LARGE")
    assert client.is_closed()


def test_a_long_body_in_one_piece_with_its_head_makes_no_long_head(client: Client) -> None:
    assert client.request("POST", SEND, GOOD + " " * LIMITS.header_octets * 2).status == 200


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /sms/1/reports HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /sms/1/reports HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
    b"GET /health?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /health HTTP/1.1\r\nbad header\r\n\r\n",
    request("POST", SEND, Transfer_Encoding="chunked") + b"zz\r\n",
    request("POST", SEND, GOOD, X="1\r\nContent-Length: 3"),
    request("POST", SEND, GOOD, Content_Length=f"{len(GOOD)}, {len(GOOD)}"),
    request("POST", SEND, GOOD, Content_Length="9" * 30),
    request("POST", SEND, Transfer_Encoding="gzip"),
    request("GET", "/health", X="a\0b"),
    request("BREW", SEND),
]


@pytest.mark.parametrize("octets", NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_is_refused_in_the_envelope(client: Client, octets: bytes) -> None:
    reply = client.send(octets).reply()
    assert (reply.status, reply.refusal["messageId"]) == (400, "BAD_REQUEST")
    assert reply.refusal["validationErrors"] == {
        "request": ["is no HTTP/1.1: its first line, a header or a length is malformed"]
    }
    assert client.is_closed()


def test_an_upgrade_nobody_offers_is_an_ordinary_request(client: Client) -> None:
    reply = client.request("GET", "/health", Connection="Upgrade", Upgrade="websocket")
    assert reply.status == 200


@pytest.mark.parametrize("target", ["*", "http://gateway.example", "//"])
def test_odd_targets_are_answered(client: Client, target: str) -> None:
    assert client.request("OPTIONS", target).status in (200, 400, 404)
