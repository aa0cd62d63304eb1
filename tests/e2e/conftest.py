"""A House for whoever asks."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from e2e.gateway import House, house

Living = Callable[..., None]


def run(work: Awaitable[Any]) -> Any:
    """Run to its end on the loop that the product uses."""

    async def inside() -> Any:
        return await work

    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        result = runner.run(inside())
    except BaseException:
        with warnings.catch_warnings():
            # What a failed test leaves open is no news, and an error in uvloop's close makes it wait for ever.
            warnings.simplefilter("ignore", ResourceWarning)
            runner.close()
        raise
    runner.close()
    return result


@pytest.fixture
def live(tmp_path: Path) -> Living:
    """Runs a test's body in a House of its own; options as `house` has them."""

    def living(body: Callable[[House], Awaitable[None]], **options: Any) -> None:
        async def inside() -> None:
            async with house(tmp_path, **options) as one:
                await body(one)

        run(inside())

    return living
