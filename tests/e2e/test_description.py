"""The description of the API is valid, and the gateway does what it says, whatever it is sent."""

import asyncio
import os
import sys
import time
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from e2e.conftest import Living
from e2e.gateway import House
from heliograph import sites
from heliograph.accounts import admin

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
ADMIN = "^/admin/"
# Nine of ten accounts that are named would not be there. What is sent to this one hurts nobody: whoever sends it has a
# key of another, whose id nobody guesses.
NAMES = '[parameters]\n"path.name" = "acme"\n'


def test_the_description_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(sites.document()).iter_errors()] == []  # type: ignore[arg-type]


async def ask_anything(h: House, folder: Path, key: str, *which: str) -> None:
    """Send whatever the description allows, and what it does not, to some of the paths."""
    config = folder / "schemathesis.toml"
    config.write_text(NAMES)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={config}",
        *COMMAND,
        *which,
        f"--header=Authorization: App {key}",
        f"http://127.0.0.1:{h.gateway.port}/openapi.json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder)},
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def test_whatever_is_sent_is_answered_as_the_description_says(live: Living, tmp_path: Path) -> None:
    async def body(h: House) -> None:
        await ask_anything(h, tmp_path, h.customer.key, f"--exclude-path-regex={ADMIN}")

    live(body)


def test_whatever_an_operator_sends_is_answered_as_the_description_says(live: Living, tmp_path: Path) -> None:
    async def body(h: House) -> None:
        now = time.time_ns() // 1_000_000
        await admin.create_account(h.gateway.store, "ops", now)
        key = await admin.create_key(h.gateway.store, "ops", now, granted=["admin"])
        await h.gateway.gate.load()
        await ask_anything(h, tmp_path, key, f"--include-path-regex={ADMIN}")

        assert len(await admin.list_keys(h.gateway.store, "acme")) > 1, "no key was made: the account was not found"
        [own] = await admin.list_keys(h.gateway.store, "ops")
        assert own.revoked_at is None

    live(body)
