"""What the commands share: their common options, the store they open, and how they print.

Rule 1: what a script may want to read goes to stdout, all else to stderr.
Rule 2: whatever is expensive to import is imported by the command that needs it, when it runs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from heliograph.store.interface import Store

T = TypeVar("T")

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT_CONFIG = Path("heliograph.toml")


def in_store(path: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do `work` in the store of a configuration, beside a gateway that may be running.

    Raises ConfigError, StoreUnavailable, StoreTooNew, and what `work` raises.
    """
    import asyncio

    from heliograph.app import open_store
    from heliograph.config import load

    async def run() -> T:
        store = await open_store(load(path).store.url, exclusive=False)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def now() -> int:
    """The wall clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def instant(at: int | None) -> str | None:
    """UTC milliseconds as people and programs read them."""
    from heliograph.sms.schedule import render_instant

    return None if at is None else render_instant(at)


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Aligned columns, never cut: an id must survive being copied."""
    lines = [list(columns), *(["-" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def complain(sentence: str) -> None:
    """Tell the person, on stderr."""
    for line in sentence.splitlines():
        print(f"heliograph: {line}", file=sys.stderr)
