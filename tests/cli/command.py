"""Use the command as a user does: a new process, its exit code, its two streams."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "submissions" / "week9-vit-clip"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def grader(*arguments: str | Path, cwd: Path | None = None, timeout: float = 240) -> Done:
    """Run ``grader`` and wait."""
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd or ROOT,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
