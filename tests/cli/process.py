"""A command in a process of its own, as a person has it in a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HELIOGRAPH = (sys.executable, "-m", "heliograph")


class Terminal:
    """What the command has said so far, on stdout and stderr together."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read on to the line that matches, which may have been read already."""
        found = re.search(pattern, self.said, re.MULTILINE)
        while found is None:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert line, f"it ended without {pattern!r}: {self.said}"
            self.said += line
            found = re.search(pattern, self.said, re.MULTILINE)
        return found

    def interrupt(self) -> int:
        """Ctrl-C: the terminal tells the whole group. The exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.end()

    def end(self) -> int:
        """The exit status, when it has ended."""
        self.said += self.process.communicate(timeout=20)[0]
        return self.process.returncode


@contextmanager
def terminal(*command: object) -> Iterator[Terminal]:
    """Run a command; it is killed where the test has not ended it."""
    words = [str(word) for word in command]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    with process:
        try:
            yield Terminal(process)
        finally:
            process.kill()
