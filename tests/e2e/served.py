"""`heliograph serve` in a process of its own, which may be killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from e2e.gateway import children, command_of

STARTS_WITHIN = 30.0  # seconds
SERVING = re.compile(r"\bevent=serving\b.*\bport=(\d+)")


class Served:
    """A gateway's process: `port` is where it listens, `log` what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.log: list[str] = []
        self.port = 0
        self._process = process
        self._serving = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, config: Path) -> Served:
        """Run it; back when it serves. AssertionError, with what it said, when it ends before that."""
        command = (sys.executable, "-m", "heliograph", "serve", "-c", str(config))
        pipe = asyncio.subprocess.PIPE
        served = cls(await asyncio.create_subprocess_exec(*command, stderr=pipe, start_new_session=True))
        async with asyncio.timeout(STARTS_WITHIN):
            await served._serving.wait()
        assert served.port, "\n".join(served.log)
        return served

    @property
    def pid(self) -> int:
        """Of the gateway itself."""
        return self._process.pid

    def strike(self, *, alone: bool = False) -> None:
        """Give it no chance to do anything more, nor its store's process: a power loss. `alone`: only itself."""
        if self._process.returncode is None:
            (os.kill if alone else os.killpg)(self._process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """Strike, and wait until it is gone."""
        self.strike()
        await self.ended()

    async def stop(self) -> int:
        """Ask it to end in order; its exit status."""
        self._process.terminate()
        return await self.ended()

    async def kill_store(self) -> int:
        """Kill the process of its store alone; the exit status of what is left."""
        [pid] = [pid for pid in children(self._process.pid) if "heliograph.store" in command_of(pid)]
        os.kill(pid, signal.SIGKILL)
        return await self.ended()

    async def ended(self) -> int:
        """Until it has ended; its exit status."""
        status = await self._process.wait()
        await self._reading
        return status

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log.append(line.decode().rstrip())
            found = SERVING.search(self.log[-1])
            if found:
                self.port = int(found[1])
                self._serving.set()
        self._serving.set()
