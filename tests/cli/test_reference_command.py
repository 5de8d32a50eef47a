"""``grader reference`` as a user meets it."""

import json
from pathlib import Path

import pytest

from grader.labs import load_lab
from grader.store import reference_path
from tests.cli.command import grader

LAB = "week9-vit-clip"


def altered(folder: Path, **changes: object) -> Path:
    """A copy of the shipped record with some of its fields changed."""
    record = json.loads(reference_path(LAB, "tiny").read_text(encoding="utf-8"))
    path = folder / "record.json"
    path.write_text(json.dumps(record | changes), encoding="utf-8")
    return path


def test_show_prints_n_intervals_bands_and_published_figures() -> None:
    done = grader("reference", "show", LAB)
    assert done.code == 0, done.err
    line = next(each for each in done.out.splitlines() if each.startswith("clip  Accuracy "))
    for part in ("2,000", "0.8955", "0.8813 to 0.9082", "equal answers", "0.8655 to 0.9255"):
        assert part in line
    assert "0.8895 (CLIP ViT-B/32" in line
    assert '"a photo of a {}"' in done.out
    assert done.err == "", "the shipped record is made with the shipped notebook and lab"


def test_show_as_json_is_the_record_without_its_runs() -> None:
    told = json.loads(grader("reference", "show", LAB, "--format", "json").out)
    assert told["schema"] == "grader/reference/v1"
    assert {each["task"] for each in told["scores"]} == {"vit", "clip"}
    assert "runs" not in told
    assert len(told["tasks"][1]["items"]["accuracy"]) == 2000


def test_show_without_a_record_names_the_command_that_makes_one() -> None:
    done = grader("reference", "show", LAB, "--profile", "full")
    assert done.code == 2
    assert f"grader reference run {LAB} --profile full" in done.err


def test_a_record_does_not_differ_from_itself(tmp_path: Path) -> None:
    done = grader("reference", "diff", LAB, altered(tmp_path))
    assert (done.code, done.out) == (0, "The records say the same.\n")


def test_diff_names_what_differs(tmp_path: Path) -> None:
    done = grader("reference", "diff", LAB, altered(tmp_path, lab_version=7, cpu="another"))
    assert done.code == 1
    assert f"lab version: {load_lab(LAB).version} / 7" in done.out
    assert "processor: " in done.out


@pytest.mark.parametrize("text", ["{}", "not json", '{"lab": "x", "surprise": 1}'])
def test_a_record_that_cannot_be_read_names_itself_and_the_remedy(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    done = grader("reference", "diff", LAB, path)
    assert done.code == 2
    assert str(path) in done.err
    assert "grader reference run LAB" in done.err


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize("lab", [LAB, "module08-vlm", "tp1-multimodal"])
def test_the_shipped_records_are_verified(lab: str) -> None:
    done = grader("reference", "verify", lab, timeout=280)
    assert done.code == 0, done.out + done.err


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_same_seed_gives_the_same_answers(tmp_path: Path) -> None:
    """On one machine with the same versions even the trained model answers alike."""
    paths = [tmp_path / name for name in ("one.json", "two.json")]
    for path in paths:
        done = grader("reference", "run", LAB, "--seeds", "3", "--out", path, timeout=280)
        assert done.code == 0, done.err
    assert grader("reference", "diff", *paths).out == "The records say the same.\n"
