"""The main job: a class of notebooks, graded as an instructor grades it."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.config import data_folder
from grader.model import Results
from tests.cli.command import SAMPLES, Done, grader

EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(
    (SAMPLES / "expected.yaml").read_text(encoding="utf-8")
)
GRAVE = ("invalid", "major")
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the sample submissions."""
    return tmp_path_factory.mktemp("class") / "out"


@pytest.fixture(scope="module")
def graded(out: Path) -> Done:
    return grader(
        "grade", SAMPLES, "--lab", "week9-vit-clip", "--out", out, "--jobs", "2",
        "--timeout", "30", "--format", "json", timeout=600,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows(graded: Done) -> dict[str, dict[str, Any]]:
    assert graded.code == 0, graded.err
    return {row["student"]: row for row in json.loads(graded.out)["submissions"]}


def test_every_sample_has_its_row(rows: dict[str, dict[str, Any]]) -> None:
    assert set(rows) == set(EXPECTED)
    assert {path.stem for path in SAMPLES.glob("*.ipynb")} == set(EXPECTED)


@pytest.mark.parametrize("student", EXPECTED)
def test_the_outcome_is_the_expected_one(rows: dict[str, dict[str, Any]], student: str) -> None:
    row, expected = rows[student], EXPECTED[student]
    assert row["outcome"] == expected["outcome"]
    assert expected.get("message", "") in row["message"]


def keys(findings: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {(one["name"], one["task"], one["severity"], one["confidence"]) for one in findings}


@pytest.mark.parametrize("student", EXPECTED)
def test_the_planted_mistake_is_found_and_nothing_else(
    rows: dict[str, dict[str, Any]], student: str
) -> None:
    found = [one for one in rows[student]["findings"] if one["confidence"] != "hint"]
    wanted = keys(EXPECTED[student]["findings"])
    assert wanted <= keys(found)
    assert keys([one for one in found if one["severity"] in GRAVE]) <= wanted


@pytest.mark.parametrize("student", [name for name, each in EXPECTED.items() if each["findings"]])
def test_every_finding_points_at_a_line(rows: dict[str, dict[str, Any]], student: str) -> None:
    for one in rows[student]["findings"]:
        assert one["cell"] is not None
        assert one["line"] is not None


@pytest.mark.parametrize("student", ["honest", "honest-loop"])
def test_an_honest_notebook_gets_every_point_that_is_no_person_s_to_give(
    rows: dict[str, dict[str, Any]], student: str
) -> None:
    open_ = {each["id"] for each in rows[student]["criteria"] if each["points"] is None}
    assert open_ == {"vit-observation", "clip-observation", "comparison-argument"}
    decided = [each for each in rows[student]["criteria"] if each["id"] not in open_]
    assert all(each["points"] == each["max_points"] for each in decided)


def test_the_five_values_of_an_honest_score_agree(rows: dict[str, dict[str, Any]]) -> None:
    entries = rows["honest"]["comparisons"]
    assert len(entries) == 8
    for entry in entries:
        assert entry["verdict"] == "within-band", entry
        assert entry["saved"] == entry["rerun"]
        assert entry["recomputed"] == pytest.approx(entry["rerun"], abs=1e-4)
        assert entry["reference"]["low"] <= entry["recomputed"] <= entry["reference"]["high"]


def test_pages_and_files_are_there(rows: dict[str, dict[str, Any]], out: Path) -> None:
    index = (out / "index.html").read_text(encoding="utf-8")
    for student in rows:
        assert (out / "students" / f"{student}.html").is_file()
        assert f'href="students/{student}.html"' in index
    Results.model_validate_json((out / "results.json").read_text(encoding="utf-8"))
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        assert {row["student"] for row in csv.DictReader(file)} == set(rows)


def test_a_broken_submission_has_a_page_that_says_what_happened(
    rows: dict[str, dict[str, Any]], out: Path
) -> None:
    for student in ("truncated-json", "empty", "endless-loop", "os-exit"):
        page = (out / "students" / f"{student}.html").read_text(encoding="utf-8")
        assert EXPECTED[student]["message"] in page
        assert rows[student]["outcome"] in ("unreadable", "timeout", "killed")


@pytest.fixture
def cheaper(tmp_path: Path) -> Path:
    """The lab with other points for one criterion."""
    text = (data_folder("rubrics") / "week9-vit-clip" / "lab.yaml").read_text(encoding="utf-8")
    lab = tmp_path / "lab.yaml"
    old = "task: clip\n    points: 10\n    min_n: 100"
    assert old in text
    lab.write_text(text.replace(old, old.replace("10\n", "4\n")), encoding="utf-8")
    return lab


RESCORE = """
import sys
from grader.cli import main
code = main()
print([n for n in ("nbclient", "jupyter_client", "torch", "sklearn") if n in sys.modules])
sys.exit(code)
"""


def test_rescore_uses_the_present_points_and_starts_no_kernel(
    rows: dict[str, dict[str, Any]], out: Path, cheaper: Path
) -> None:
    runs = {path: path.read_bytes() for path in out.glob("runs/*/2-run.json")}
    done = subprocess.run(
        [sys.executable, "-c", RESCORE, "rescore", str(out), "--lab", str(cheaper)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", "nothing that runs notebooks was imported"
    assert {path: path.read_bytes() for path in runs} == runs
    results = Results.model_validate_json((out / "results.json").read_text(encoding="utf-8"))
    again = {row.student: row for row in results.submissions}
    assert again["honest"].max_score == rows["honest"]["max_score"] - 6
    assert again["honest"].score == rows["honest"]["score"] - 6
    assert again["truncated-json"].outcome == "unreadable"
