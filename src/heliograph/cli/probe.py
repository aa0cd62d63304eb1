"""One try at an SMSC: connect, bind_transmitter, unbind at once."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from heliograph.config import SmscConfig
from heliograph.smpp.constants import Command
from heliograph.smpp.pdu import PduError
from heliograph.smpp.session import BindRefused, Bound, Closed, Event, Role, Session, State

INTERFACE_VERSION = 0x34
READ_SIZE = 65_536
UNBIND_WITHIN = 2.0  # seconds
CLOSED = "connected, and closed without an answer to bind_transmitter: is it an SMSC?"


async def probe(smsc: SmscConfig, password: str, seconds: float) -> int | str:
    """The command_status of the bind_resp; a sentence where there was none within `seconds`."""
    fields = {
        "system_id": smsc.system_id,
        "password": password,
        "system_type": smsc.system_type,
        "interface_version": INTERFACE_VERSION,
    }
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(smsc.host, smsc.port)
    except TimeoutError:
        return f"no connection within {seconds:g} s: is a firewall in between?"
    except OSError as error:
        return f"cannot connect ({error.strerror or error}): are host and port right?"
    session = Session(Role.ESME, time.monotonic())
    try:
        session.bind(Command.BIND_TRANSMITTER, fields, time.monotonic())
        async with asyncio.timeout(seconds):
            verdict = await _answer(session, reader, writer)
        await _unbind(session, reader, writer)
    except PduError as error:
        return f"the bind cannot be written: {error}"
    except TimeoutError:
        return f"connected, and no answer to bind_transmitter within {seconds:g} s: is it an SMSC?"
    except OSError as error:
        return f"connected, and lost before the answer to bind_transmitter ({error.strerror or error})"
    finally:
        writer.close()
    return verdict


async def _answer(session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int | str:
    """Until the bind is answered, or the session ends without."""
    while True:
        for event in await _exchange(session, reader, writer):
            match event:
                case Bound():
                    return 0
                case BindRefused(status=status):
                    return status
                case Closed():
                    return CLOSED


async def _unbind(session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Leave in good order, if the SMSC lets us; the verdict stands already."""
    session.unbind(time.monotonic())
    with suppress(OSError):
        async with asyncio.timeout(UNBIND_WITHIN):
            while session.state is not State.CLOSED:
                await _exchange(session, reader, writer)


async def _exchange(session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[Event]:
    """Write what there is to write, and read once. An end of the connection closes the session."""
    writer.write(session.take_output())
    await writer.drain()
    if octets := await reader.read(READ_SIZE):
        return session.receive(octets, time.monotonic())
    session.lost()
    return [Closed(CLOSED)]
