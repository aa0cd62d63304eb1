"""Stores to test: what is asked of `play` is asked of every engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store.scene import Place, Play, perform


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty store of each engine."""
    if request.param == "sqlite":
        return Place("sqlite", str(tmp_path / "heliograph.db"))
    return Place("postgres", request.getfixturevalue("database_url"))


@pytest.fixture
def play(place: Place) -> Play:
    """Runs an async body with an open store."""
    return lambda body: asyncio.run(perform(place, body))
