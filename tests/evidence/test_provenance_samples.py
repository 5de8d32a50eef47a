"""Every metric that an honest sample prints is explained, and a typed-in one is not."""

from collections.abc import Iterator
from functools import cache

import pytest

from grader.cli.setting import class_setup
from grader.config import data_folder
from grader.evidence import gather
from grader.execute import RunOptions
from grader.intake import intake
from grader.model import Evidence
from grader.pipeline import load_lab

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

FAST, TYPED_IN = "tp1-multimodal", "typed-in-score"
SAMPLES = data_folder("submissions")
HONEST = sorted((path.parent.name, path.stem) for path in SAMPLES.glob("*/honest*.ipynb"))


@cache
def gathered(lab: str) -> dict[str, Evidence]:
    """Evidence of the honest samples of a lab, run as an instructor runs them, by name."""
    names = [name for of, name in HONEST if of == lab] + ([TYPED_IN] if lab == FAST else [])
    found = {}
    with class_setup(load_lab(lab)) as setup:
        assert setup.sandbox is not None
        options = RunOptions(limits=setup.lab.limits, seed=setup.seed)
        for name in names:
            submission = intake(SAMPLES / lab / f"{name}.ipynb", setup.lab)
            run = setup.sandbox.run(submission, options)
            found[name] = gather(submission, run, setup.lab, setup.truth)
    return found


def metrics(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What our run printed of a metric, and what is known of it."""
    for each in evidence.provenance:
        figure = evidence.figures[each.figure]
        if figure.place.source == "rerun" and figure.metric is not None:
            yield each.verdict, f"{figure.name} {figure.printed} in cell {figure.place.cell}"


@pytest.mark.parametrize(
    ("lab", "name"),
    [pytest.param(*each, marks=[] if each[0] == FAST else pytest.mark.slow) for each in HONEST],
)
def test_all_an_honest_notebook_prints_is_explained(lab: str, name: str) -> None:
    evidence = gathered(lab)[name]
    found = list(metrics(evidence))
    assert len(found) >= 4
    assert [said for verdict, said in found if verdict != "explained"] == []
    texts = [
        each for each in evidence.provenance if evidence.figures[each.figure].place.source == "text"
    ]
    assert [each for each in texts if each.verdict in ("contradicted", "unexplained")] == []


def test_a_typed_in_score_is_not_explained() -> None:
    found = list(metrics(gathered(FAST)[TYPED_IN]))
    assert [said for verdict, said in found if verdict == "unexplained"] == [
        "Score de similarité 0.9123 in cell 7"
    ]
