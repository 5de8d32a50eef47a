"""The two ways the benchmark of reference runs compares must predict the same."""

import os
import subprocess
import sys
from pathlib import Path

REFERENCE = Path(__file__).parents[1] / "benchmarks" / "reference.py"


def test_batches_predict_what_single_pictures_do() -> None:
    done = subprocess.run(
        [sys.executable, REFERENCE, "--check", "--only", "CLIP"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    head, row = done.stdout.splitlines()
    assert head.split()[:3] == ["model", "profile", "same"]
    assert row.split()[:3] == ["CLIP", "tiny", "100%"]
