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

# A body of the right shape may say what is impossible (a date in a year's time, letters in hex): that is a 400, and so
# its check of "valid data is accepted" is left out. Its examples are the same in every run.
COMMAND = (
    "run",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=15",
    "--generation-deterministic",
    "--exclude-checks=positive_data_acceptance",
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
