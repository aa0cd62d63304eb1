"""The wheel is all that somebody needs."""

import os
import subprocess
import sys
from pathlib import Path

from cli.process import terminal

ROOT = Path(__file__).parents[1]


def test_the_wheel_runs_the_demo_in_an_empty_virtual_environment(tmp_path: Path) -> None:
    def do(*command: object) -> None:
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    do(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    [wheel] = tmp_path.glob("*.whl")
    do(sys.executable, "-m", "venv", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    do(programs / "pip", "install", "--constraint", ROOT / "constraints.txt", wheel)

    with terminal(programs / "heliograph", "demo", "--port", 0, "--smsc-port", 0) as found:
        found.until(r"^Ctrl-C stops everything")
        line = found.until(r"^(.*heliograph send .*)$")[1]
        sent = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30, cwd=os.sep)
        status = found.interrupt()

    assert sent.returncode == 0, sent.stderr
    assert "DELIVERED_TO_HANDSET" in sent.stdout
    assert status == 0
