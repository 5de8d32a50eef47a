"""Running without walls: said twice for others' notebooks, and recorded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, grader

LAB = "week9-vit-clip"


def test_grading_without_walls_needs_a_second_yes(notebook: Path, tmp_path: Path) -> None:
    done = grader("grade", notebook, "--lab", LAB, "--out", tmp_path / "out", "--sandbox", "none")
    assert done.code == 2
    assert "set LAB_GRADER_UNSAFE=yes" in done.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_level_is_a_usage_error(notebook: Path) -> None:
    done = grader("check", notebook, "--run", "--sandbox", "some")
    assert done.code == 2
    assert "'full', 'landlock', 'none'" in done.err


@pytest.mark.slow
@pytest.mark.sandbox
def test_grading_at_landlock_needs_no_yes_but_says_so(notebook: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = grader("grade", notebook, "--lab", LAB, "--out", out, "--sandbox", "landlock")
    assert done.code == 0, done.err
    assert "`grader doctor` lists what it leaves open" in done.err
    (run,) = out.glob("runs/**/2-run.json")
    assert json.loads(run.read_text())["machine"]["sandbox"].startswith("landlock-")
    assert "landlock-" in next(out.glob("students/*.html")).read_text(encoding="utf-8")


@pytest.mark.sandbox
def test_the_results_and_the_page_say_that_there_were_no_walls(
    notebook: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ["grade", notebook, "--lab", LAB, "--out", out, "--sandbox", "none"]
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, command)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LAB_GRADER_UNSAFE": "yes"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = list(out.glob("runs/**/2-run.json"))
    assert [json.loads(each.read_text())["machine"]["sandbox"] for each in runs] == ["none"]
    page = next(out.glob("students/*.html")).read_text(encoding="utf-8")
    assert "without network" not in page
    assert "no sandbox" in page
