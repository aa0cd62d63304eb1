"""The description of the API is valid, and the gateway does what it says, whatever it is sent."""

import asyncio
import os
import sys
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from e2e.conftest import Living
from e2e.gateway import House
from heliograph.api.endpoints import ENDPOINTS
from heliograph.web import openapi

# Two of its checks are left out. What has the right shape may say what is impossible (a date in a year's time, letters
# in hex), and is refused; and what has not may be taken, because of a name given twice the last counts, and an empty
# value is an absent one. Its examples are the same in every run.
COMMAND = (
    "run",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=15",
    "--generation-deterministic",
    "--exclude-checks=positive_data_acceptance,negative_data_rejection",
    "--no-color",
)


def test_the_description_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(openapi.document(ENDPOINTS)).iter_errors()] == []  # type: ignore[arg-type]


def test_whatever_is_sent_is_answered_as_the_description_says(live: Living, tmp_path: Path) -> None:
    async def body(h: House) -> None:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *COMMAND,
            f"--header=Authorization: App {h.customer.key}",
            f"http://127.0.0.1:{h.gateway.port}/openapi.json",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
            env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)},
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()

    live(body)
