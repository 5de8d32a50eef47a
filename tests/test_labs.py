"""A lab file is either right, or its error names file, line and the nearest valid word."""

from pathlib import Path

import pytest

from grader.config import data_folder
from grader.detect import load_detectors
from grader.errors import LabError
from grader.labs import lab_names, load_lab
from grader.labs.reading import read_lab

SHIPPED = data_folder("rubrics") / "week9-vit-clip" / "lab.yaml"


@pytest.mark.parametrize("name", lab_names())
def test_every_shipped_lab_is_valid(name: str) -> None:
    lab = load_lab(name, detectors=[each.name for each in load_detectors()])
    assert lab.id == name
    assert lab.max_score == 100


def changed(tmp_path: Path, old: str, new: str) -> tuple[Path, int]:
    """The shipped lab with one line changed, and that line's number."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "lab.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min_n: 100", "min_m: 100", "'min_m' is not a key here; did you mean 'min_n'?"),
        ("metrics: [accuracy,", "metrics: [acuracy,", "did you mean 'accuracy'?"),
        ("absent: [stale-output]", "absent: [stale-outptu]", "did you mean 'stale-output'?"),
        ("    task: vit\n", "    task: vti\n", "there is no task 'vti'; did you mean 'vit'?"),
        ("models: [google/vit-base-patch16-224-in21k]", "models: [google/vit]", "no asset"),
        ("points: 10", "points: -1", "greater than 0"),
        ("    answer: comparison\n", "    answer: comparsion\n", "did you mean 'comparison'?"),
        ("classes: 3", "classes: three", "valid integer"),
        ("    classes: 3\n", "", "a classification has a number of classes"),
        ("class_names: [angular_leaf_spot, ", "class_names: [", "2 names for 3 classes"),
        (
            "profile: tiny",
            "environment: {requirement: a.txt}",
            "'requirement' is not a key here; did you mean 'requirements'?",
        ),
        ("profile: tiny", "environment: {requirements: no.txt}", "there is no file"),
        ("profile: tiny", "environment: {python: 3.10}", 'in quotes, as in "3.11"'),
        ("profile: tiny", 'environment: {python: "three"}', "or the path of an interpreter"),
        ("profile: tiny", 'environment: {python: "3.10"}', "name a file of requirements"),
    ],
)
def test_a_wrong_word_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path, line = changed(tmp_path, old, new)
    with pytest.raises(LabError) as caught:
        read_lab(path, detectors=[each.name for each in load_detectors()])
    assert f"{path}:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path, line = changed(tmp_path, "tasks:\n", "tasks: [\n")
    with pytest.raises(LabError, match="not valid YAML") as caught:
        read_lab(path)
    assert str(path) in str(caught.value)
    assert line > 1


def test_two_criteria_cannot_share_an_id(tmp_path: Path) -> None:
    path, line = changed(tmp_path, "- id: vit-sample", "- id: vit-metrics")
    with pytest.raises(LabError, match="used twice") as caught:
        read_lab(path)
    assert f":{line}: " in str(caught.value)


def test_an_unknown_lab_lists_the_known_ones() -> None:
    with pytest.raises(LabError, match=r"did you mean 'week9-vit-clip'\? Labs: .*week9-vit-clip"):
        load_lab("week9-vit-clp")


def test_a_lab_can_be_named_by_its_file_or_folder() -> None:
    assert load_lab(str(SHIPPED)) == load_lab(str(SHIPPED.parent)) == load_lab("week9-vit-clip")


def test_files_of_an_environment_are_found_beside_the_lab(tmp_path: Path) -> None:
    keys = 'environment: {requirements: pinned/requirements.txt, python: "3.11"}'
    (tmp_path / "pinned").mkdir()
    (tmp_path / "pinned" / "requirements.txt").write_text("transformers<5\n", encoding="utf-8")
    environment = read_lab(changed(tmp_path, "profile: tiny", keys)[0]).environment
    assert environment is not None
    assert environment.requirements == str(tmp_path / "pinned" / "requirements.txt")
    assert environment.python == "3.11"
    keys = "environment: {python: env/bin/python}"
    environment = read_lab(changed(tmp_path, "profile: tiny", keys)[0]).environment
    assert environment is not None
    assert environment.python == str(tmp_path / "env" / "bin" / "python")
