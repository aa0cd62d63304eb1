"""Epochs: whether a process still owns what it claims."""

from __future__ import annotations

from heliograph.store.errors import EpochEnded
from heliograph.store.script import Fetch, Script


def check_epoch(epoch: int) -> Script[None]:
    """Nothing, while `epoch` is the last that began. Raises EpochEnded."""
    if not (yield Fetch("open_epoch", params={"epoch": epoch})):
        raise EpochEnded
