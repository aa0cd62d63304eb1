"""POSTs to real servers on loopback: good ones, slow ones, and ones that misbehave."""

import asyncio
import socket
import time
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from heliograph.webhooks.client import ANSWER_LIMIT, Failed, Taken, WebhookClient, is_public

JSON = "application/json"


@asynccontextmanager
async def server(handle):
    """A customer's server: its port. It takes any path."""
    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def peer(talk):
    """A server that is nothing but `talk(reader, writer)`; the connections it saw are in its list."""
    seen = []

    async def serve(reader, writer):
        seen.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], seen
    finally:
        listening.close()
        for writer in seen:
            writer.transport.abort()


def post(port, *, path="/", timeout=5.0, body=b"{}"):
    async def once():
        async with WebhookClient(timeout, allow_private=True) as client:
            return await client.post(f"http://127.0.0.1:{port}{path}", JSON, body)

    return once()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_takes_the_post(status):
    async def handle(request):
        return web.Response(status=status)

    async def body():
        async with server(handle) as port:
            assert await post(port) == Taken()

    asyncio.run(body())


@pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 404, 410, 429, 500, 503])
def test_anything_else_does_not_and_redirects_are_not_followed(status):
    asked = []

    async def handle(request):
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async def body():
        async with server(handle) as port:
            assert await post(port) == Failed(f"answered {status}", answered=True)
        assert asked == ["/"]

    asyncio.run(body())


def test_the_post_arrives_as_it_was_given():
    seen = []

    async def handle(request):
        seen.append((request.method, request.raw_path, await request.read(), dict(request.headers)))
        return web.Response()

    async def body():
        async with server(handle) as port:
            assert await post(port, path="/a%2Fb/%C3%BC?sig=a%2Bb%3D&x=1+2&y=%41", body=b'{"results":[]}') == Taken()

    asyncio.run(body())
    [(method, path, octets, headers)] = seen
    assert (method, path, octets) == ("POST", "/a%2Fb/%C3%BC?sig=a%2Bb%3D&x=1+2&y=%41", b'{"results":[]}')
    assert headers["Content-Type"] == JSON
    assert headers["User-Agent"].startswith("heliograph/")
    assert headers["Content-Length"] == "14"


def test_user_and_password_of_a_url_become_basic():
    seen = []

    async def handle(request):
        seen.append(request.headers["Authorization"])
        return web.Response()

    async def body():
        async with server(handle) as port, WebhookClient(5, allow_private=True) as client:
            assert await client.post(f"http://user:secret@127.0.0.1:{port}/", JSON, b"{}") == Taken()

    asyncio.run(body())
    assert seen == ["Basic dXNlcjpzZWNyZXQ="]


@pytest.mark.parametrize("dripping", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_server_that_does_not_answer_fails_at_the_deadline(dripping):
    async def talk(reader, writer):
        while True:
            writer.write(dripping)
            await writer.drain()
            await asyncio.sleep(0.05)

    async def body():
        async with peer(talk) as (port, _):
            began = time.monotonic()
            assert await post(port, timeout=0.2) == Failed("no answer within 0.2 s")
            assert time.monotonic() - began < 2

    asyncio.run(body())


def test_a_server_that_takes_no_connection_fails_at_the_deadline():
    async def body():
        with socket.socket() as full:  # its backlog is taken: further connections hang
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            hanging = []
            for _ in range(4):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(full.getsockname())
                hanging.append(one)
            assert await post(full.getsockname()[1], timeout=0.2) == Failed("no answer within 0.2 s")
            for one in hanging:
                one.close()

    asyncio.run(body())


def test_a_server_that_resets_or_talks_nonsense_fails():
    async def reset(reader, writer):
        linger = b"\x01\0\0\0\0\0\0\0"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async def nonsense(reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()

    async def body():
        async with peer(reset) as (port, _):
            answer = await post(port)
            assert answer in (Failed("the connection was lost"), Failed("the connection was closed without an answer"))
        async with peer(nonsense) as (port, _):
            assert await post(port) == Failed("the answer is not HTTP")

    asyncio.run(body())


def test_nobody_listening_and_no_such_host_fail():
    async def body():
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            assert await post(closed.getsockname()[1]) == Failed("cannot connect: Connection refused")
        async with WebhookClient(10, allow_private=True) as client:
            answer = await client.post("http://no-such-host.invalid/", JSON, b"{}")
            assert answer == Failed("the host name cannot be resolved")

    asyncio.run(body())


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1", "http://a:99999/", "ftp://a/", "http://a b/"])
def test_what_is_no_url_fails_without_a_crash(url):
    async def body():
        async with WebhookClient(1, allow_private=True) as client:
            answer = await client.post(url, JSON, b"{}")
            assert isinstance(answer, Failed)
            assert not answer.answered

    asyncio.run(body())


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1"])
def test_a_url_that_cannot_be_read_is_no_failure_of_a_host(url):
    async def body():
        async with WebhookClient(1, allow_private=True) as client:
            assert await client.post(url, JSON, b"{}") == Failed("the URL cannot be read", answered=None)

    asyncio.run(body())


def test_an_endless_answer_is_read_to_64_kib_and_dropped():
    written = 0

    async def endless(reader, writer):
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async def body():
        async with peer(endless) as (port, _):
            assert await post(port) == Taken()

    asyncio.run(body())
    assert written < ANSWER_LIMIT + 16 * 1024 * 1024  # what sockets hold


def test_an_answer_whose_body_breaks_off_or_never_ends_was_still_a_yes():
    async def broken(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async def hanging(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await asyncio.sleep(60)

    async def body():
        async with peer(broken) as (port, _):
            assert await post(port) == Taken()
        async with peer(hanging) as (port, _):
            assert await post(port, timeout=0.2) == Taken()

    asyncio.run(body())


def test_a_packed_answer_is_not_unpacked():
    async def bomb(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip")
        await writer.drain()

    async def body():
        async with peer(bomb) as (port, _):
            assert await post(port) == Taken()

    asyncio.run(body())


def test_connections_are_used_again():
    together, most, peers = 0, 0, set()

    async def handle(request):
        nonlocal together, most
        peers.add(request.transport.get_extra_info("peername"))
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.01)
        together -= 1
        return web.Response(text="thank you")

    async def body():
        async with server(handle) as port, WebhookClient(5, allow_private=True) as client:
            for n in range(10):
                posts = (client.post(f"http://127.0.0.1:{port}/{n}", JSON, b"{}") for _ in range(4))
                assert await asyncio.gather(*posts) == [Taken()] * 4

    asyncio.run(body())
    assert most == 4
    assert len(peers) == 4


def test_a_host_that_hangs_holds_up_no_other():
    async def hang(reader, writer):
        await asyncio.sleep(60)

    async def handle(request):
        return web.Response()

    async def body():
        async with peer(hang) as (bad, _), server(handle) as good, WebhookClient(0.5, allow_private=True) as client:
            stuck = asyncio.gather(*(client.post(f"http://127.0.0.1:{bad}/", JSON, b"{}") for _ in range(4)))
            await asyncio.sleep(0)
            began = time.monotonic()
            assert await client.post(f"http://127.0.0.1:{good}/", JSON, b"{}") == Taken()
            assert time.monotonic() - began < 0.4
            assert {type(answer) for answer in await stuck} == {Failed}

    asyncio.run(body())


def test_a_name_server_that_hangs_ends_at_the_deadline(monkeypatch):
    slow = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: time.sleep(0.6) or slow("127.0.0.1", *args[1:]))

    async def body():
        async with WebhookClient(0.2, allow_private=True) as client:
            assert await client.post("http://slow.example/", JSON, b"{}") == Failed("no answer within 0.2 s")

    asyncio.run(body())


PRIVATE = "the host resolves to an address that is not public"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_private_address_is_not_connected_to_by_any_name(host):
    asked = []

    async def handle(request):
        asked.append(request.path)
        return web.Response()

    async def body():
        async with server(handle) as port, WebhookClient(5) as client:
            assert await client.post(f"http://{host}:{port}/", JSON, b"{}") == Failed(PRIVATE)

    asyncio.run(body())
    assert asked == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "017700000001"])
def test_an_address_in_a_spelling_of_old_is_not_connected_to(host):
    asked = []

    async def handle(request):
        asked.append(request.path)
        return web.Response()

    async def body():
        async with server(handle) as port, WebhookClient(5) as client:
            assert isinstance(await client.post(f"http://{host}:{port}/", JSON, b"{}"), Failed)

    asyncio.run(body())
    assert asked == []


def test_a_name_that_changes_its_address_is_judged_by_the_one_that_is_connected_to(monkeypatch):
    asked = []
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])
    resolve = socket.getaddrinfo

    async def handle(request):
        asked.append(request.path)
        return web.Response()

    def rebinding(host, *rest):
        return resolve(next(answers), *rest)

    async def body():
        async with server(handle) as port, WebhookClient(0.3) as client:
            monkeypatch.setattr(socket, "getaddrinfo", rebinding)
            monkeypatch.setattr(client._session.connector, "_use_dns_cache", False)
            assert isinstance(await client.post(f"http://rebinding.example:{port}/", JSON, b"{}"), Failed)
            assert await client.post(f"http://rebinding.example:{port}/", JSON, b"{}") == Failed(PRIVATE)

    asyncio.run(body())
    assert asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("193.0.6.139", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.53", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("203.0.113.7", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.0", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%lo", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("2001:db8::1", False),
        ("2002:7f00:1::", False),
        ("2002:a00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::1", False),
    ],
)
def test_what_belongs_to_the_internet(address, public):
    assert is_public(address) is public
