"""`heliograph serve` in a process of its own, which may be killed."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

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
        served = cls(await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE))
        async with asyncio.timeout(STARTS_WITHIN):
            await served._serving.wait()
        assert served.port, "\n".join(served.log)
        return served

    async def kill(self) -> None:
        """Give it no chance to do anything more."""
        if self._process.returncode is None:
            self._process.kill()
        await self._gone()

    async def stop(self) -> int:
        """Ask it to end in order; its exit status."""
        self._process.terminate()
        return await self._gone()

    async def _gone(self) -> int:
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
