"""What goes between a gateway and an SMSC, recorded on its way, and written as a capture of TCP that analysers read."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

RAW_IP = 101  # the link type of a pcap file whose packets begin with their IP header
SMPP_PORT, ESME_PORT = 2775, 40_000
ADDRESSES = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
SEGMENT = 1400  # octets
PUSH_ACK = 0x18


@dataclass
class Tap:
    """A TCP proxy in front of an SMSC; `octets` are all that went each way on the n-th connection, in pieces."""

    target: int
    port: int = 0
    pieces: list[tuple[int, bool, bytes]] = field(default_factory=list)  # connection, from the SMSC, octets
    connections: int = 0
    _carrying: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[Tap]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            if self._carrying:
                await asyncio.wait(self._carrying)
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        number, self.connections = self.connections, self.connections + 1
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.target)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._carry(number, False, reader, their_writer))
            group.create_task(self._carry(number, True, their_reader, writer))
        self._carrying.discard(task)

    async def _carry(
        self, number: int, from_smsc: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(65_536):
                self.pieces.append((number, from_smsc, octets))
                writer.write(octets)
                await writer.drain()
        writer.close()

    def stream(self, number: int, from_smsc: bool) -> bytes:
        """All that went one way on one connection."""
        return b"".join(octets for n, way, octets in self.pieces if (n, way) == (number, from_smsc))


def pdus_of(stream: bytes) -> list[bytes]:
    """The PDUs of a stream; it must end with one."""
    found = []
    while stream:
        length = int.from_bytes(stream[:4], "big")
        assert 16 <= length <= len(stream)
        found.append(stream[:length])
        stream = stream[length:]
    return found


def write_pcap(path: Path, tap: Tap) -> None:
    """Each piece as TCP segments between two addresses; the SMSC's port is the registered one of SMPP."""
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, RAW_IP)]
    at: dict[tuple[int, bool], int] = {}
    for number, from_smsc, octets in tap.pieces:
        for start in range(0, len(octets), SEGMENT):
            part = octets[start : start + SEGMENT]
            sequence, acknowledged = at.get((number, from_smsc), 1), at.get((number, not from_smsc), 1)
            at[number, from_smsc] = sequence + len(part)
            packet = _packet(ESME_PORT + number, from_smsc, sequence, acknowledged, part)
            packets.append(struct.pack("<IIII", len(packets) // 1000, len(packets) % 1000, len(packet), len(packet)))
            packets.append(packet)
    path.write_bytes(b"".join(packets))


def _packet(esme_port: int, from_smsc: bool, sequence: int, acknowledged: int, octets: bytes) -> bytes:
    ports = (SMPP_PORT, esme_port) if from_smsc else (esme_port, SMPP_PORT)
    addresses = ADDRESSES if from_smsc else ADDRESSES[::-1]
    tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, PUSH_ACK, 65_535, 0, 0)
    length = 20 + len(tcp) + len(octets)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, *addresses)
    total = sum(struct.unpack(">10H", ip))
    checksum = 0xFFFF - (total % 0xFFFF or 0xFFFF)
    return ip[:10] + checksum.to_bytes(2, "big") + ip[12:] + tcp + octets
