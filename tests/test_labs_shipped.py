"""The labs on vision and language, as they ship: read, checked, and their samples graded."""

import json
from typing import Any

import nbformat
import pytest
import yaml

from grader.config import data_folder
from grader.labs import lab_names, load_lab
from tests.cli.command import grader

LABS = ("module08-vlm", "tp1-multimodal")
GRAVE = ("invalid", "major")
EXPECTED: dict[tuple[str, str], dict[str, Any]] = {
    (lab, student): expected
    for lab in LABS
    for student, expected in yaml.safe_load(
        (data_folder("submissions") / lab / "expected.yaml").read_text(encoding="utf-8")
    ).items()
}
Rows = dict[tuple[str, str], dict[str, Any]]


@pytest.mark.parametrize("name", lab_names())
def test_every_lab_has_a_staff_notebook_that_names_what_it_serves(name: str) -> None:
    lab = load_lab(name)
    path = data_folder("reference") / name / "solution.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    served = {each for task in lab.tasks for each in task.models}
    served |= {asset.id for asset in lab.assets if asset.kind == "dataset"}
    assert [each for each in served if each not in code] == []
    assert "inference_mode" in code


@pytest.mark.parametrize("name", LABS)
def test_a_staff_notebook_is_without_findings(name: str) -> None:
    path = data_folder("reference") / name / "solution.ipynb"
    done = grader("check", path, "--lab", name, "--format", "json")
    assert done.code == 0, done.err + done.out
    assert json.loads(done.out)["submissions"][0]["findings"] == []


@pytest.mark.parametrize("name", LABS)
def test_a_starter_has_a_place_for_every_answer(name: str) -> None:
    starter = nbformat.read(data_folder("rubrics") / name / "starter.ipynb", as_version=4)
    nbformat.validate(starter)
    text = "\n".join(cell.source for cell in starter.cells if cell.cell_type == "markdown")
    for task in load_lab(name).tasks:
        assert f"## {task.title}" in text
    for answer in load_lab(name).answers:
        assert answer.title in text


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Every sample of these labs, graded."""
    found: Rows = {}
    for lab in LABS:
        out = tmp_path_factory.mktemp(lab) / "out"
        done = grader(
            "grade", data_folder("submissions") / lab, "--lab", lab, "--out", out, "--jobs", "2",
            "--format", "json", timeout=300,
        )  # fmt: skip
        assert done.code == 0, done.err
        found |= {(lab, row["student"]): row for row in json.loads(done.out)["submissions"]}
    return found


@pytest.mark.sandbox
@pytest.mark.timeout(400)
def test_every_sample_has_its_row(rows: Rows) -> None:
    assert set(rows) == set(EXPECTED)


@pytest.mark.sandbox
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("lab", "student"), EXPECTED)
def test_the_planted_mistake_is_found_and_nothing_else(rows: Rows, lab: str, student: str) -> None:
    row, expected = rows[lab, student], EXPECTED[lab, student]
    assert row["outcome"] == expected["outcome"], row["message"]
    found = {
        (one["name"], one["task"], one["severity"], one["confidence"])
        for one in row["findings"]
        if one["confidence"] != "hint"
    }
    wanted = {
        (one["name"], one["task"], one["severity"], one["confidence"])
        for one in expected["findings"]
    }
    assert wanted <= found
    assert {one for one in found if one[2] in GRAVE} <= wanted


@pytest.mark.sandbox
@pytest.mark.timeout(400)
@pytest.mark.parametrize("lab", LABS)
def test_an_honest_notebook_gets_every_point_that_is_no_person_s_to_give(
    rows: Rows, lab: str
) -> None:
    manual = {each.id for each in load_lab(lab).criteria if each.manual}
    graded = rows[lab, "honest"]["criteria"]
    assert {each["id"] for each in graded if each["points"] is None} == manual
    assert all(each["points"] == each["max_points"] for each in graded if each["id"] not in manual)


@pytest.mark.sandbox
@pytest.mark.timeout(400)
@pytest.mark.parametrize("lab", LABS)
def test_what_an_honest_notebook_printed_is_recomputed(rows: Rows, lab: str) -> None:
    entries = rows[lab, "honest"]["comparisons"]
    asked = {(task.id, metric) for task in load_lab(lab).tasks for metric in task.metrics}
    assert {(each["task"], each["metric"]) for each in entries} == asked
    for each in entries:
        assert each["recomputed"] is not None, each
        if each["rerun"] is not None:
            assert each["saved"] == each["rerun"]
            # Scenes with equal captions tie, and a recall depends on how a sort breaks ties.
            near = 5e-3 if "recall" in each["metric"] else 1e-4
            assert each["recomputed"] == pytest.approx(each["rerun"], abs=near)
