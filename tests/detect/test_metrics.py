"""Which calls score predictions, which argument is which, and when they run."""

import pytest

from grader.detect._metrics import dead, running_cells, scorings
from grader.model import SourceGraph
from tests import build


def graph(*cells: str) -> SourceGraph:
    return build.case(*cells).evidence.source


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("from sklearn.metrics import f1_score\nf1_score(y, p)", "sklearn"),
        ("from sklearn import metrics\nmetrics.f1_score(y_pred=p, y_true=y)", "sklearn"),
        (
            "import evaluate\nm = evaluate.load('f1')\nm.compute(predictions=p, references=y)",
            "evaluate",
        ),
        (
            "from torchmetrics.functional import accuracy\naccuracy(p, y, task='multiclass')",
            "functional",
        ),
        ("import numpy as np\nacc = np.mean(p == y)", "by-hand"),
        ("acc = (p == y).sum() / 100", "by-hand"),
        ("acc = sum(a == b for a, b in zip(p, y)) / 100", "by-hand"),
    ],
)
def test_tells_labels_from_predictions(source: str, how: str) -> None:
    start = (
        "from datasets import load_dataset\nfrom transformers import pipeline\n"
        "ds = load_dataset('beans', split='test')\ny = ds['labels']\n"
        "p = pipeline('image-classification')(ds['image'])\n"
    )
    found = graph(start + source)
    (scoring,) = scorings(found)
    assert scoring.how == how
    assert "labels" in found.tags(scoring.y_true)
    assert "model-output" in found.tags(scoring.y_pred)
    assert "model-output" not in found.tags(scoring.y_true)


def test_operands_nothing_tells_apart_are_left_out() -> None:
    assert scorings(graph("same = (left == right).mean()")) == ()


def test_a_function_runs_in_the_cells_that_call_it() -> None:
    found = graph(
        "from sklearn.metrics import accuracy_score\n"
        "def score(y, p):\n    return accuracy_score(y, p)\n"
        "def main():\n    print(score(labels, preds))",
        "main()",
    )
    scoring = scorings(found)[0]
    assert scoring.node.cell == 0
    assert running_cells(found, scoring.node) == {1}
    assert not dead(found, scoring.node)


def test_a_function_nothing_calls_is_dead() -> None:
    found = graph(
        "from sklearn.metrics import accuracy_score\n"
        "def score(y, p):\n    return accuracy_score(y, p)"
    )
    scoring = scorings(found)[0]
    assert dead(found, scoring.node)
    assert running_cells(found, scoring.node) == frozenset()
