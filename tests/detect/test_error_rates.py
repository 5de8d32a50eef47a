"""The page of error rates is what the detectors do today, and passes its gates."""

import pytest

from grader.cli.rates.counting import Rates, counted
from grader.cli.rates.labelled import labelled
from grader.cli.rates.measuring import by_reading
from grader.cli.rates.page import Report, gates, page
from grader.detect import load_detectors
from tests.cli.command import ROOT
from tests.corpus.__main__ import write

FOLDER = ROOT / "docs" / "detectors"
FRESH = "run `grader detectors eval`"


@pytest.fixture(scope="module")
def kept() -> Report:
    """What the repository says was measured."""
    text = (FOLDER / "error-rates.json").read_text(encoding="utf-8")
    return Report.model_validate_json(text)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Rates:
    """What reading all notebooks of the corpus gives now."""
    folder = tmp_path_factory.mktemp("corpus")
    assert write.callback is not None
    write.callback(folder)
    measured = by_reading(folder, labelled(folder))
    assert measured.failed == ()
    return counted(measured.verdicts, [each.name for each in load_detectors()])


def test_what_reading_finds_is_what_is_written_down(kept: Report, read: Rates) -> None:
    for name, counts in read.detectors.items():
        assert kept.read.detectors.get(name) == counts, FRESH
    assert kept.read == read, FRESH


def test_the_page_says_what_was_measured(kept: Report) -> None:
    assert (FOLDER / "error-rates.md").read_text(encoding="utf-8") == page(
        kept, load_detectors()
    ), FRESH


def test_every_gate_is_met(kept: Report) -> None:
    assert kept.run is not None
    assert gates(kept, load_detectors()) == []


def test_a_gate_that_is_not_met_is_named(kept: Report) -> None:
    accused = kept.read.model_copy(update={"accused": ("a/b/honest",), "single": 0})
    unmet = gates(kept.model_copy(update={"read": accused, "run": None}), load_detectors())
    assert any("a/b/honest is honest" in each for each in unmet)
    assert any("told in one finding" in each for each in unmet)


def test_there_are_notebooks_enough(kept: Report) -> None:
    assert kept.read.honest >= 24
    assert kept.read.mutants >= 300
