"""The cases that foreign decoders judged, by kind: `data/vectors.json` is the project's own copy."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
CASES: list[dict[str, Any]] = json.loads((DATA / "vectors.json").read_text())
TABLES: dict[str, list[dict[str, Any]]] = json.loads((DATA / "tables.json").read_text())
BY_ID = {case["id"]: case for case in CASES}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["kind"] == kind]
