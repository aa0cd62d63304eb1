"""`heliograph check`: what is wrong with a configuration, before anything depends on it.

Nothing is changed and no message can be lost: the store is not opened, and each SMSC sees one bind_transmitter,
which receives nothing, and its unbind at once.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from heliograph.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigPath, print_json, print_table

if TYPE_CHECKING:
    from heliograph.config import Config, SmscConfig

WITHIN: Final = 10.0  # seconds for each part
MAGIC: Final = b"SQLite format 3\0"


class Verdict(StrEnum):
    """How a part of the configuration is."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"


class Finding(NamedTuple):
    """What was found out about one part."""

    verdict: Verdict
    part: str
    sentence: str


def check(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Say what is wrong with a configuration; try its store and its SMSCs.

    Each SMSC gets a bind_transmitter and an unbind at once: nothing is sent, and
    nothing can be lost. The exit status is 0 when all is fine, warnings included,
    and 1 otherwise.

    \b
    Examples:
        heliograph check
        heliograph check -c /etc/heliograph/heliograph.toml --json
    """
    findings = list(_findings(config))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table(("verdict", "part", "finding"), findings)
    if any(finding.verdict is Verdict.WRONG for finding in findings):
        raise typer.Exit(1)


def _findings(path: Path) -> Iterator[Finding]:
    import asyncio

    from heliograph.config import ConfigError

    try:
        config = _load(path)
    except ConfigError as error:
        yield from (Finding(Verdict.WRONG, "configuration", problem) for problem in error.problems)
        return
    yield Finding(Verdict.FINE, "configuration", f"{path} can be read")
    if not config.smsc:
        yield Finding(Verdict.WARNING, "configuration", "there is no [[smsc]]: every destination will be refused")
    yield from asyncio.run(_try_all(config))


def _load(path: Path) -> Config:
    """The configuration. Where it cannot be used, the error names the passwords that the environment lacks, too."""
    from heliograph.config import ConfigError, load

    try:
        return load(path)  # what else can be tried is tried without them
    except ConfigError:
        return load(path, secrets=True)


async def _try_all(config: Config) -> list[Finding]:
    import asyncio

    tries: list[Awaitable[Finding]] = [_try_store(config.store.url), *map(_try_smsc, config.smsc)]
    return list(await asyncio.gather(*tries))


async def _try_store(url: str) -> Finding:
    from heliograph.values import SQLITE

    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        try:
            return _look_at_file(path)
        except OSError as error:
            return Finding(
                Verdict.WRONG,
                "store",
                f"{path} cannot be looked at: {error.strerror}; change that, or name another file",
            )
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=WITHIN)
        try:
            version = connection.get_server_version().major
        finally:
            await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = getattr(error, "strerror", None) or error or type(error).__name__
        return Finding(Verdict.WRONG, "store", f"PostgreSQL does not let us in: {said}")
    if version < 14:
        return Finding(Verdict.WRONG, "store", f"PostgreSQL {version} is too old: 14 is the oldest that will do")
    return Finding(Verdict.FINE, "store", f"PostgreSQL {version} lets us in")


def _look_at_file(path: Path) -> Finding:
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if path.is_dir():
        return Finding(Verdict.WRONG, "store", f"{path} is a folder: name a file in it")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return Finding(Verdict.WRONG, "store", f"{path} may not be written by this user: change its owner or mode")
    if path.exists() and not _is_database(path):
        return Finding(Verdict.WRONG, "store", f"{path} is no SQLite database: name another file, or move it away")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding(Verdict.WRONG, "store", f"{folder} may not be written by this user: change its owner or mode")
    return Finding(Verdict.FINE, "store", f"{path} {'can be written' if path.exists() else 'can be made'}")


def _is_database(path: Path) -> bool:
    """Whether SQLite has written the file, or nobody yet (https://www.sqlite.org/fileformat.html §1.3)."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")


async def _try_smsc(smsc: SmscConfig) -> Finding:
    from heliograph.cli.probe import probe
    from heliograph.config import ConfigError
    from heliograph.smpp.constants import Status

    part, place = f"smsc {smsc.name}", f"{smsc.host}:{smsc.port}"
    try:
        outcome = await probe(smsc, smsc.secret(), WITHIN)
    except ConfigError as error:
        return Finding(Verdict.WRONG, part, error.problems[0])
    if isinstance(outcome, str):
        return Finding(Verdict.WRONG, part, f"{place}: {outcome}")
    if outcome == Status.ESME_ROK:
        return Finding(Verdict.FINE, part, f'{place} lets "{smsc.system_id}" bind')
    if outcome == Status.ESME_RALYBND:
        sentence = f'{place} says that "{smsc.system_id}" is bound already (ESME_RALYBND): a gateway may be running'
        return Finding(Verdict.WARNING, part, sentence)
    return Finding(Verdict.WRONG, part, f'{place} refuses to let "{smsc.system_id}" bind: {_named(outcome)}')


def _named(status: int) -> str:
    from heliograph.smpp.constants import classify

    return f"{classify(status).name} ({status:#010x})"
