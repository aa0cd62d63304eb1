"""Stores for flows: what is asked of `engine` is asked of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.engines import Engine, OnPostgres, OnSqlite
from heliograph.store import postgres


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An empty store of each engine; nobody waits long to connect again."""
    monkeypatch.setattr(postgres, "RECONNECT_AFTER", 0.01)
    if request.param == "sqlite":
        return OnSqlite(tmp_path / "heliograph.db")
    return OnPostgres(request.getfixturevalue("database_url"))
