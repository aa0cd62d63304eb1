"""A command of ours as a child process: started until it says that it is ready, measured, and stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from heliograph.accounts.errors import Refused

READY_WITHIN = 20.0  # seconds
STOPPED_WITHIN = 30.0  # seconds
LINES = 20  # that are kept of what it prints
TICKS = os.sysconf("SC_CLK_TCK")
PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


class Child:
    """`heliograph` with some arguments. `start`, then `stop`; what it prints is read all the time."""

    def __init__(self, *arguments: str) -> None:
        self.lines: deque[str] = deque(maxlen=LINES)
        self._arguments = arguments

    async def start(self, ready: re.Pattern[str]) -> str:
        """Start it; the first group of `ready` in the first line that has it. Refused where there is none in time."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "heliograph", *self._arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours; the children are stopped in their order
        )
        try:
            async with asyncio.timeout(READY_WITHIN):
                word = await self._word(ready)
        except TimeoutError:
            word = None
        except BaseException:
            await self._kill()
            raise
        if word is None:
            await self._kill()
            raise Refused(f"`heliograph {self._arguments[0]}` does not start: {self.said}")
        self._reading = asyncio.create_task(self._read())
        return word

    async def _word(self, ready: re.Pattern[str]) -> str | None:
        while line := await self._line():
            if found := ready.search(line):
                return found[1]
        return None

    @property
    def said(self) -> str:
        """The end of what it printed, in one line."""
        return " | ".join(filter(None, self.lines)) or "it says nothing"

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def cpu_seconds(self) -> float:
        """What it and its own children have used so far, in user and system mode."""
        ticks = 0
        for process in _family(self._process.pid):
            fields = _read(process, "stat").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        return ticks / TICKS

    def peak_bytes(self) -> int:
        """The most memory that it held at a time, and each of its own children."""
        found = (PEAK.search(_read(process, "status")) for process in _family(self._process.pid))
        return sum(int(peak[1]) * 1024 for peak in found if peak)

    async def stop(self) -> int:
        """End it in order, and with force where that takes too long; its exit status."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(STOPPED_WITHIN):
                await self._reading
                return await self._process.wait()
        except TimeoutError:
            return await self._kill()

    async def _kill(self) -> int:
        with suppress(ProcessLookupError):
            self._process.kill()
        return await self._process.wait()

    async def _read(self) -> None:
        while await self._line():
            pass

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode(errors="replace")
        self.lines.append(line.strip())
        return line


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _read(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()
