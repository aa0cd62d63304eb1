"""The environments of the published clients: one for each, in `.clients` of the checkout, made once from its lock.

Rule 1: what is in an environment is told by its lock alone; another lock, or another Python, makes it anew.
Rule 2: the mark is written last, so an environment that was half made is made anew.
Rule 3: who makes one holds its file lock, so two runs of the tests at once are no trouble.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LOCKS = HERE / "locks"
PROGRAMS = HERE / "programs"
FOLDER = HERE.parents[1] / ".clients"
MAKES_WITHIN = 900  # seconds, on a slow line


class NotMade(Exception):
    """An environment could not be made; with what the installer said."""


@dataclass(frozen=True, slots=True)
class Client:
    """A published client: its lock, a file for pip or a folder for npm, and the program that uses it."""

    name: str
    lock: str
    program: str

    @property
    def needs_npm(self) -> bool:
        return self.program.endswith(".mjs")

    def command(self, environment: Path) -> list[str]:
        """How its program is run. Nothing of the environment of the tests may be found by it."""
        if self.needs_npm:
            return ["node", str(PROGRAMS / self.program), str(environment)]
        return [str(environment / "bin" / "python"), "-E", "-s", str(PROGRAMS / self.program)]


CLIENTS = (
    Client("infobip-api-python-client 3.0.3", "python-3.0.3.txt", "python_3.py"),
    Client("infobip-api-python-client 4.0.0", "python-4.0.0.txt", "python_4.py"),
    Client("infobip-api-python-client 6.0.0", "python-6.0.0.txt", "python_6.py"),
    Client("infobip-api-python-sdk 5.0.1", "sdk-python-5.0.1.txt", "sdk.py"),
    Client("@infobip-api/sdk 0.3.2", "sdk-js-0.3.2", "sdk.mjs"),
)


def has_npm() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


def prepare(client: Client, say: Callable[[str], None], folder: Path = FOLDER) -> Path:
    """The client's environment, made if it is not there; `say` is told when that begins. NotMade where it fails."""
    lock, environment = LOCKS / client.lock, folder / Path(client.lock).name.removesuffix(".txt")
    folder.mkdir(exist_ok=True)
    with open(folder / f"{environment.name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mark, wanted = environment / "made-from", digest(lock)
        if mark.exists() and mark.read_text() == wanted:
            return environment
        say(f"Installing {client.name}, unmodified, in an environment of its own: once")
        shutil.rmtree(environment, ignore_errors=True)
        (_node if client.needs_npm else _python)(environment, lock)
        mark.write_text(wanted)
    return environment


def digest(lock: Path) -> str:
    """What an environment is made from: the lock, or the files of its folder, and this Python."""
    files = sorted(lock.iterdir()) if lock.is_dir() else [lock]
    made_from = hashlib.sha256(sys.version.encode())
    for file in files:
        made_from.update(file.read_bytes())
    return made_from.hexdigest()


def _python(environment: Path, lock: Path) -> None:
    _run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-deps", "--requirement", str(lock)])


def _node(environment: Path, lock: Path) -> None:
    shutil.copytree(lock, environment)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(environment)])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=MAKES_WITHIN, check=False)
    if done.returncode != 0:
        raise NotMade(f"{' '.join(command)}: {done.stdout}{done.stderr}")
