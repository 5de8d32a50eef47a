"""``grader check`` on any notebook: files, folders, choice of detectors, comments, formats."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.command import ROOT, SAMPLES, grader

FLAWED = "from random import randint\nfrom sklearn.metrics import accuracy_score\n"
RANDOM = "y_true = [randint(0, 9) for _ in range(100)]"
SCORED = "print(accuracy_score(y_true, model.predict(images)))\n"


def write(path: Path, *sources: str, indent: int | None = 1) -> Path:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True) if indent else source,
        }
        for source in sources
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=indent), encoding="utf-8")
    return path


def codes(arguments: Sequence[str | Path], cwd: Path) -> list[str]:
    done = grader("check", *arguments, "--format", "json", cwd=cwd)
    rows = json.loads(done.out)["submissions"]
    return [one["code"] for row in rows for one in row["findings"]]


def test_a_notebook_needs_no_lab(tmp_path: Path) -> None:
    write(tmp_path / "any.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    done = grader("check", "any.ipynb", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("any.ipynb: cell 0, line 3: LAB001 random-labels (invalid, likely)")


def test_a_folder_is_looked_through_and_hidden_copies_are_not(tmp_path: Path) -> None:
    write(tmp_path / "week" / "a.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    write(tmp_path / "week" / ".ipynb_checkpoints" / "a.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    write(tmp_path / "solutions" / "b.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    done = grader("check", "--exclude", "solutions", cwd=tmp_path)
    assert done.out.count("LAB001") == 1
    both = grader("check", "*/*.ipynb", cwd=tmp_path)
    assert "2 files. Findings: 2 invalid." in both.out


def test_one_file_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", "print(1)")
    (tmp_path / "b.ipynb").write_text('{"cells": [', encoding="utf-8")
    done = grader("check", cwd=tmp_path)
    assert done.code == 2
    assert "Error: b.ipynb: The file ends" in done.err
    assert "2 files. No findings." in done.out


def test_a_cell_that_is_not_python_is_named(tmp_path: Path) -> None:
    write(tmp_path / "old.ipynb", "x = 1", "print 'hello'\n" + FLAWED + RANDOM + "\n" + SCORED)
    done = grader("check", "old.ipynb", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith("old.ipynb: cell 1, line 1: This cell is not Python 3 (Missing")


def test_detectors_are_chosen_by_family_code_and_name(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    assert "LAB001" in codes(["a.ipynb"], tmp_path)
    assert codes(["a.ipynb", "--select", "SMP,MET"], tmp_path) == []
    assert codes(["a.ipynb", "--ignore", "random-labels"], tmp_path) == []
    assert codes(["a.ipynb", "--select", "lab001"], tmp_path) == ["LAB001"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (f"{FLAWED}{RANDOM}  # grader: allow[random-labels]\n{SCORED}", False),
        (f"{FLAWED}# grader: allow[LAB001]\n{RANDOM}\n{SCORED}", False),
        (f"# grader: allow[SMP001, LAB001]\n{FLAWED}{RANDOM}\n{SCORED}", False),
        (f"{FLAWED}{RANDOM}  # grader: allow[single-sample-eval]\n{SCORED}", True),
        (f"{FLAWED}{RANDOM}\n{SCORED}# grader: allow[random-labels]", True),
    ],
)
def test_a_comment_keeps_a_detector_silent_and_is_counted(
    tmp_path: Path, source: str, shown: bool
) -> None:
    write(tmp_path / "a.ipynb", source)
    done = grader("check", "a.ipynb", "--select", "LAB001", cwd=tmp_path)
    assert ("LAB001" in done.out) == shown
    assert ("1 allowed by a comment" in done.out) != shown
    assert done.code == (1 if shown else 0)


def test_settings_stand_in_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "a.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.grader]\nignore = ["LAB"]\n', encoding="utf-8")
    assert codes(["deep/a.ipynb"], tmp_path) == []
    assert codes(["deep/a.ipynb", "--ignore", "SMP"], tmp_path) == ["LAB001"]
    settings.write_text('[tool.grader]\nignor = ["LAB"]\n', encoding="utf-8")
    done = grader("check", "deep/a.ipynb", cwd=tmp_path)
    assert done.code == 2
    assert "has no key 'ignor'; did you mean 'ignore'?" in done.err


@pytest.mark.parametrize("indent", [1, None])
def test_sarif_names_the_line_of_the_file(tmp_path: Path, indent: int | None) -> None:
    path = write(tmp_path / "a.ipynb", "print(1)", FLAWED + RANDOM + "\n" + SCORED, indent=indent)
    done = grader("check", "a.ipynb", "--select", "LAB", "--format", "sarif", cwd=tmp_path)
    run = json.loads(done.out)["runs"][0]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    line = path.read_text(encoding="utf-8").splitlines()[place["region"]["startLine"] - 1]
    assert RANDOM in line
    assert place["artifactLocation"]["uri"] == "a.ipynb"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "LAB001"
    assert all(rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])


def test_github_shows_commands_that_a_notebook_cannot_forge(tmp_path: Path) -> None:
    write(tmp_path / "a,b:c%.ipynb", FLAWED + RANDOM + "\n" + SCORED)
    done = grader("check", "--select", "LAB", "--format", "github", cwd=tmp_path)
    (line,) = done.out.splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25.ipynb,line=")
    assert "title=LAB001 random-labels::cell 0: " in line


def test_the_samples_of_a_folder_give_what_each_is_named_for() -> None:
    done = grader("check", SAMPLES, "--format", "json")
    rows = {
        Path(row["path"]).stem: {one["name"] for one in row["findings"]}
        for row in json.loads(done.out)["submissions"]
    }
    assert "single-sample-eval" in rows["single-sample"]
    assert "random-labels" in rows["random-labels"]
    assert rows["honest"] == set()


def test_a_hook_for_pre_commit_is_offered() -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert "entry: grader check" in hook
