"""The commands on a system that is not Linux, as far as one can be had on Linux."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import ROOT, SAMPLES, Done
from tests.execute import elsewhere

LAB = "week9-vit-clip"
CELLS = (
    "print(6 * 7)",
    "from sklearn.metrics import accuracy_score\naccuracy_score([0, 1], [0, 0])",
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return elsewhere.interpreter(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "id": f"c{number}"}
        | {"execution_count": None}
        for number, source in enumerate(CELLS)
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "heron.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def grader(python: Path, *arguments: str | Path, **variables: str) -> Done:
    done = subprocess.run(
        [python, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **variables},
        check=False,
        timeout=240,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["labs", "detectors", "doctor"])
def test_commands_that_run_no_notebook_work(python: Path, command: str) -> None:
    done = grader(python, command)
    assert done.code in (0, 1), done.err
    assert done.out
    assert "Traceback" not in done.err


def test_reading_a_notebook_works(python: Path) -> None:
    sample = next(SAMPLES.rglob("*.ipynb"))
    done = grader(python, "check", sample, "--lab", LAB)
    assert done.code in (0, 1), done.err
    assert "indings" in done.out


@pytest.mark.sandbox
def test_a_student_may_run_an_own_notebook_without_walls(python: Path, notebook: Path) -> None:
    done = grader(python, "check", notebook, "--lab", LAB, "--run", "--sandbox", "none")
    assert done.code == 0, done.err
    assert done.out.startswith("No findings.")
    assert "read, not run" not in done.out


@pytest.mark.slow
@pytest.mark.sandbox
def test_grading_without_walls_says_so_in_the_run(
    python: Path, notebook: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("grade", notebook, "--lab", LAB, "--out", out, "--sandbox", "none")
    refused = grader(python, *command)
    assert refused.code == 2
    assert "set LAB_GRADER_UNSAFE=yes" in refused.err
    done = grader(python, *command, LAB_GRADER_UNSAFE="yes")
    assert done.code == 0, done.err
    run = json.loads(next(out.glob("runs/**/2-run.json")).read_text(encoding="utf-8"))
    assert run["machine"]["sandbox"] == "none"
    assert run["recorder_complete"]
    assert [each["outcome"] for each in run["cells"]] == ["ok", "ok"]


def test_walls_are_refused_with_what_to_do(python: Path, notebook: Path) -> None:
    done = grader(python, "check", notebook, "--lab", LAB, "--run")
    assert done.code == 3
    assert "run a notebook of your own with --sandbox none" in done.err
    assert "grade those of others on Linux" in done.err
