"""`heliograph bench`: its figures, and the proof that comes with them."""

import asyncio
import socket

import msgspec
import pytest

from heliograph.cli.load import FIRST, Load, Reports, requests
from heliograph.cli.sink import Sink
from heliograph.cli.trial import Plan, measure

KEYS = {
    *("destinations", "messages", "connections", "accepted_per_second", "end_to_end_per_second"),
    *("answer_p50_ms", "answer_p99_ms", "cpu_us_per_message", "peak_bytes", "problems"),
}


def reports(*numbers: int, group: int = 3) -> bytes:
    return msgspec.json.encode({"results": [{"to": str(FIRST + n), "status": {"groupId": group}} for n in numbers]})


def test_its_figures_agree_with_each_other(run):
    outcome = run("bench", "--destinations", 1, "--destinations", 50, "--messages", 300, "--connections", 4, "--json")

    assert outcome.status == 0, outcome.err
    single, many = outcome.json["trials"]
    assert set(single) == KEYS
    assert (single["destinations"], many["destinations"]) == (1, 50)
    for trial in (single, many):
        assert trial["problems"] == []
        assert trial["messages"] == 300
        assert trial["accepted_per_second"] >= trial["end_to_end_per_second"] > 0
        assert trial["answer_p99_ms"] >= trial["answer_p50_ms"] > 0
        assert trial["cpu_us_per_message"] > 0
        assert trial["peak_bytes"] > 10_000_000


def test_a_table_says_it_to_people_with_the_range_of_repeated_trials(run):
    outcome = run("bench", "--destinations", 10, "--messages", 100, "--repeat", 2)

    assert outcome.status == 0, outcome.err
    assert "CPU µs" in outcome.out
    assert "–" in outcome.out
    assert "100/100" in outcome.err


def test_a_store_that_cannot_be_had_is_a_sentence(run):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    outcome = run("bench", "--messages", 10, "--store", f"postgresql://a:b@127.0.0.1:{port}/c")

    assert (outcome.status, outcome.out) == (1, "")
    assert "heliograph: " in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        (["--state", "UNDELIV"], "110 of 110 messages were reported as not delivered"),
        (["--refuse-every", "100", "--refuse-status", "0x58"], "111 submit_sm reached the SMSC for 110 messages"),
    ],
)
def test_what_goes_wrong_under_load_is_found_out(faults, problem):
    figures = asyncio.run(measure(Plan(10, 100, 2), None, lambda count: None, faults))

    assert figures.problems == [problem]


def test_what_is_reported_exactly_once_is_not_amiss():
    found = Reports()
    found.expect(2)
    found.take(reports(1))
    assert not found.complete.is_set()
    found.take(reports(0))

    assert found.complete.is_set()
    assert list(found.amiss()) == []


@pytest.mark.parametrize(
    ("bodies", "sentence"),
    [
        ([reports(0)], "1 of 2 messages were never reported"),
        ([reports(0, 1), reports(1)], "1 of 2 messages were reported more than once"),
        ([reports(0), reports(1, group=2)], "1 of 2 messages were reported as not delivered"),
    ],
)
def test_what_is_not_is_told(bodies, sentence):
    found = Reports()
    found.expect(2)
    for body in bodies:
        found.take(body)

    assert list(found.amiss()) == [sentence]


def test_every_message_of_a_load_has_a_recipient_of_its_own():
    octets = b"".join(requests(8080, "key", "http://127.0.0.1:1/", range(7), 3))

    assert octets.count(b"POST ") == 3
    assert all(octets.count(b'"to":"%d"' % (FIRST + number)) == 1 for number in range(7))


@pytest.mark.parametrize(
    ("destinations", "messages", "warm_up"), [(1, 200, 20), (100, 100_000, 5_000), (1000, 50, 1000)]
)
def test_the_warm_up_is_whole_requests(destinations, messages, warm_up):
    assert Plan(destinations, messages, 1).warm_up == warm_up


def test_a_load_ends_when_its_server_goes_away_and_knows_what_was_refused():
    async def scene() -> Load:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno")
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        load = Load(requests(1, "key", "http://127.0.0.1:1/", range(3), 1), 1)
        async with server, asyncio.timeout(5):
            await load.run(server.sockets[0].getsockname()[1])
        return load

    load = asyncio.run(scene())
    assert (load.accepted, load.refusal, len(load.seconds)) == (0, "no", 1)


def test_the_sink_takes_requests_in_whatever_pieces_they_come():
    taken: list[bytes] = []
    octets = b"POST /reports HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\ncontent-length:0\r\n\r\n"

    async def scene() -> bytes:
        sink = Sink(taken.append)
        await sink.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sink.url.rpartition(":")[2].partition("/")[0]))
        for octet in octets:
            writer.write(bytes([octet]))
            await writer.drain()
        answers = await reader.readexactly(76)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        await sink.stop()
        return answers

    assert asyncio.run(scene()).count(b"HTTP/1.1 200 OK") == 2
    assert taken == [b"abc", b""]
