"""The POST to a customer's server: taken, or failed and why.

Rule 1: every POST ends within its own deadline, whatever the server does. How many there are at a time is the
caller's to say.
Rule 2: only public addresses are connected to. The address is judged where its socket is made, so a name cannot
resolve to one thing for the judge and to another for the connection.
Rule 3: nothing is logged here, and a reason never holds a body or a URL.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

RESOLVERS: Final = 16  # names looked up at a time: a name server that hangs holds one of them
KEEP_SECONDS: Final = 4.0  # shorter than the 5 s after which common servers close what is idle
ANSWER_LIMIT: Final = 64 * 1024  # octets of an answer that are read, so that its connection can be used again

# IPv6 addresses that carry an IPv4 address in their last four octets: deprecated IPv4-compatible, and NAT64.
_CARRIERS: Final = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")  # RFC 8215
NOT_PUBLIC: Final = "the address is not public"


class Taken(msgspec.Struct, frozen=True):
    """The server answered 2xx."""


class Failed(msgspec.Struct, frozen=True):
    """It did not take the POST; `reason` is for people.

    answered: whether there was an answer of HTTP; None: nobody was asked for one.
    """

    reason: str
    answered: bool | None = False


UNREADABLE: Final = Failed("the URL cannot be read", None)


class NotPublic(OSError):
    """An address that customers may not make us connect to."""

    def __init__(self) -> None:
        super().__init__(NOT_PUBLIC)


class WebhookClient:
    """Posts to customers' servers. Make it inside a running loop; close it, or use it as a context.

    timeout: seconds for resolving, connecting, sending and the answer's head together.
    allow_private: also post to addresses that are not public.
    """

    def __init__(self, timeout: float, *, allow_private: bool = False) -> None:
        self._timeout = timeout
        self._resolver = Resolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                limit_per_host=0,
                resolver=self._resolver,
                keepalive_timeout=KEEP_SECONDS,
                socket_factory=_any_socket if allow_private else _public_socket,
            ),
            headers={"User-Agent": f"heliograph/{version('heliograph')}", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def __aenter__(self) -> WebhookClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give up all connections."""
        await self._session.close()

    async def post(self, url: str, content_type: str, body: bytes) -> Taken | Failed:
        """One POST, without redirects; any 2xx takes it."""
        try:
            target = URL(url, encoded=url.isascii())  # what is ASCII stands as its owner wrote it
        except ValueError:
            return UNREADABLE
        headers = {"Content-Type": content_type}
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                answer = await self._session.post(target, data=body, headers=headers, allow_redirects=False)
        except TimeoutError:
            return Failed(f"no answer within {self._timeout:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return UNREADABLE if isinstance(error, aiohttp.InvalidURL) else Failed(_reason(error))
        # The verdict is in the head. A body that is late, broken or endless changes nothing but the connection.
        try:
            async with asyncio.timeout_at(deadline.when()):
                await _skip(answer)
        except (aiohttp.ClientError, OSError):
            pass
        finally:
            if not answer.content.at_eof():
                answer.close()
            answer.release()
        return Taken() if 200 <= answer.status < 300 else Failed(f"answered {answer.status}", True)


class Resolver(AbstractResolver):
    """Looks names up in threads of its own: slow name servers of customers hold up nobody but customers."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`. Raises OSError."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Look nothing more up; who hangs in a name server is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(text: str) -> bool:
    """Whether a literal address belongs to the internet, and not to a host, a network or a link, or to nobody.

    What an IPv6 address carries of IPv4 (mapped, compatible, 6to4, NAT64) has to be public as well.
    """
    return all(map(_is_public, _carried(ip_address(text.partition("%")[0]))))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return isinstance(address, IPv4Address) or not (address.is_site_local or address in _LOCAL_NAT64)


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if any(address in network for network in _CARRIERS):
        return [IPv4Address(address.packed[12:])]
    return [address] if address.sixtofour is None else [address, address.sixtofour]


def _any_socket(info: Any) -> socket.socket:
    return socket.socket(info[0], info[1], info[2])


def _public_socket(info: Any) -> socket.socket:
    if not is_public(str(info[4][0])):
        raise NotPublic
    return _any_socket(info)


async def _skip(answer: aiohttp.ClientResponse) -> None:
    left = ANSWER_LIMIT
    while left > 0 and (octets := await answer.content.read(left)):
        left -= len(octets)


# The first row that fits; aiohttp's classes overlap.
REASONS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "the host name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "the certificate of the server is not valid"),
    (ssl.SSLError, "TLS failed"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientResponseError, "the answer is not HTTP"),
)


def _reason(error: BaseException) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if NOT_PUBLIC in str(cause):  # of several addresses that all failed, one sentence holds all reasons
        return "the host resolves to an address that is not public"
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {os.strerror(error.os_error.errno) if error.os_error.errno else 'nobody answers'}"
    return "the connection was lost"
