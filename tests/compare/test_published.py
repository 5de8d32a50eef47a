"""Published figures are validated against the lab."""

from pathlib import Path

import pytest

from grader.compare.published import read_published
from grader.config import data_folder
from grader.errors import LabError
from grader.labs import lab_names, load_lab
from tests import build


@pytest.mark.parametrize("name", lab_names())
def test_those_of_every_shipped_lab_are_valid(name: str) -> None:
    found = read_published(data_folder("reference") / name / "published.yaml", load_lab(name))
    assert all(each.source for each in found)


def test_the_figures_of_the_first_lab() -> None:
    path = data_folder("reference") / "week9-vit-clip" / "published.yaml"
    found = {each.metric: (each.value, each.n) for each in read_published(path, build.lab())}
    assert found == {
        "accuracy": (0.8895, 10000),
        "precision": (0.8930, 10000),
        "recall": (0.8895, 10000),
        "f1": (0.8892, 10000),
    }


def test_no_file_is_no_figures(tmp_path: Path) -> None:
    assert read_published(tmp_path / "published.yaml", build.lab()) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{task: clip, metric: accuracy, value: 88.95, source: s}", "at most 1, not 88.95"),
        ("{task: clap, metric: accuracy, value: 0.9, source: s}", "no task 'clap'"),
        ("{task: clip, metric: bleu4, value: 0.9, source: s}", "of kind classification"),
        ("{task: clip, metric: accuracy, source: s}", "give `value`"),
        ("{task: clip, metric: accuracy, value: 0.9}", "source"),
        ("{task: clip, metric: accuracy, value: 0.9, source: s, by: me}", "by"),
        ("{", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "published.yaml"
    path.write_text(f"figures:\n  - {line}\n")
    with pytest.raises(LabError) as caught:
        read_published(path, build.lab())
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
