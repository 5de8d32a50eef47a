"""Commands that execute nothing."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from grader.cli.main import COMMANDS, cli
from grader.detect import load_detectors
from tests.cli.command import SAMPLES, grader

ISSUED = {
    "assets",
    "check",
    "demo",
    "detectors",
    "doctor",
    "environment",
    "evidence",
    "grade",
    "labs",
    "reference",
    "rescore",
}


def test_every_command_is_listed_with_a_sentence() -> None:
    listed = grader("--help").out
    assert set(COMMANDS) == ISSUED
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert f"  {name} " in listed
        assert command is not None
        assert command.help


def test_labs_names_tasks_and_points() -> None:
    done = grader("labs")
    assert (done.code, done.err) == (0, "")
    assert "week9-vit-clip" in done.out
    assert "100 points, tasks: vit, clip" in done.out


def test_detectors_are_listed_one_a_line() -> None:
    done = grader("detectors")
    assert done.code == 0
    lines = done.out.strip().splitlines()
    assert [line.split()[:2] for line in lines] == [[d.code, d.name] for d in load_detectors()]


@pytest.mark.parametrize("word", ["single-sample-eval", "SMP001", "smp001"])
def test_a_manual_page_is_found_by_name_or_code(word: str) -> None:
    done = grader("detectors", word)
    assert done.code == 0
    assert done.out.startswith("# single-sample-eval (SMP001)")
    assert "## Why it matters" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["detectors", "single-sample"], "Did you mean 'single-sample-eval'?"),
        (["check", "nowhere.ipynb", "--lab", "week9-vit-clip"], "nowhere.ipynb"),
        (["grade", "nowhere", "--lab", "week9-vit-clip", "--out", "unused"], "nowhere"),
        (["grade", ".", "--lab", "week9-vit-clp", "--out", "unused"], "did you mean"),
        (["grade", ".", "--lab", "week9-vit-clip"], "--out"),
        (["rescore", "nowhere"], "nowhere"),
        (["check", "no-*.ipynb"], "there is no notebook"),
        (
            ["check", str(SAMPLES / "honest.ipynb"), "--run"],
            "--lab: module08-vlm, tp1-multimodal, week9",
        ),
        (["check", str(SAMPLES / "honest.ipynb"), "--select", "SMP,randm-labels"], "did you mean"),
        (["grad"], "grad"),
    ],
)
def test_a_usage_error_exits_with_2_and_says_what_to_do(arguments: list[str], said: str) -> None:
    done = grader(*arguments)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_broken_rubric_is_a_usage_error_before_anything_runs(tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("id: x\ntitle: X\nversion: 1\ntasks: []\ncriterea: []\n", encoding="utf-8")
    done = grader("grade", SAMPLES, "--lab", lab, "--out", tmp_path / "out")
    assert done.code == 2
    assert f"{lab}:5: 'criterea' is not a key here; did you mean 'criteria'?" in done.err
    assert not (tmp_path / "out").exists()


def test_check_names_cells_and_lines() -> None:
    done = grader("check", SAMPLES / "random-labels.ipynb", "--lab", "week9-vit-clip")
    assert done.code == 1
    assert "LAB001 random-labels (invalid, likely)" in done.out
    assert "PRD011 label-derived-predictions (invalid, likely)" in done.out
    assert "MET002 metric-defined-never-called" in done.out
    first = done.out.splitlines()[0]
    assert ": cell " in first
    assert ", line " in first


def test_check_as_json_follows_the_schema_of_results() -> None:
    done = grader(
        "check", SAMPLES / "random-labels.ipynb", "--lab", "week9-vit-clip", "--format", "json"
    )
    assert done.code == 1
    document = json.loads(done.out)
    assert document["schema"] == "grader/results/v1"
    names = {one["name"] for one in document["submissions"][0]["findings"]}
    assert "random-labels" in names


def test_check_of_an_honest_notebook_exits_with_0() -> None:
    done = grader("check", SAMPLES / "honest.ipynb", "--lab", "week9-vit-clip")
    assert done.code == 0
    assert "No findings." in done.out


def test_check_of_an_unreadable_file_says_so_and_is_a_usage_error() -> None:
    done = grader("check", SAMPLES / "truncated-json.ipynb", "--lab", "week9-vit-clip")
    assert done.code == 2
    assert "hand in a complete copy" in done.err


def test_the_static_check_imports_nothing_heavy() -> None:
    """What takes long to import must stay off the path that answers at once."""
    models = ("torch", "transformers", "sklearn", "scipy", "pandas", "numpy")
    heavy = (*models, "nbclient", "jinja2", "IPython", "yaml", "asyncio", "rich")
    program = (
        "import sys; from grader.cli import main; "
        f"sys.argv = ['grader', 'check', {str(SAMPLES / 'random-labels.ipynb')!r}]; main(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
