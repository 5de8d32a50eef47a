"""Scores that were computed are never called impossible, however they are printed."""

import random
import sys
from subprocess import run

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    precision_recall_fscore_support,
)

from grader.detect import Detector, detect, load_detectors
from grader.model import Case, Cell
from tests import build

CODES = {"NUM001", "NUM002", "NUM003", "NUM004", "NUM005", "NUM007", "OUT006"}
SOURCE = """# Task 2: CLIP on the test split of uoft-cs/cifar10
print(f"Accuracy: {{accuracy_score(y_true, y_pred)}} (n={{len(y_true)}})")
print(f"Precision: {{precision_score(y_true, y_pred, average='{average}')}}")
print(f"Recall: {{recall_score(y_true, y_pred, average='{average}')}}")
print(f"F1: {{f1_score(y_true, y_pred, average='{average}')}}")
"""


def numeric() -> list[Detector]:
    return [each for each in load_detectors() if each.code in CODES]


def labels(pick: random.Random, n: int, classes: int) -> tuple[list[int], list[int]]:
    """Labels and predictions of some classifier; the classes may be of any size."""
    weights = [pick.choice([0.05, 1, 1, 3]) for _ in range(classes)]
    y_true = [*range(classes), *pick.choices(range(classes), weights, k=n - classes)]
    good = pick.choice([0.1, 0.5, 0.8, 0.95, 1])
    wrong = [pick.random() for _ in range(classes)]
    guesses = pick.choices(range(classes), wrong, k=n)
    pairs = zip(y_true, guesses, strict=True)
    return y_true, [true if pick.random() < good else guess for true, guess in pairs]


def printed(pick: random.Random, value: float) -> str:
    """A score as notebooks print it."""
    decimals = pick.choice([2, 3, 4])
    cut = int(value * 10**decimals + 1e-9) / 10**decimals
    return pick.choice(
        [
            f"{value:.{decimals}f}",
            f"{value:.{decimals}%}",
            f"{cut:.{decimals}f}",
            repr(float(value)),
            repr(float(np.float32(value))),
            str(round(value, decimals)),
        ]
    )


def honest(seed: int) -> Case:
    """A notebook whose cells print what scikit-learn computes."""
    pick = random.Random(seed)  # noqa: S311 - a seeded choice
    classes = pick.choice([2, 3, 5, 10])
    n = classes + pick.choice([0, 5, pick.randrange(40), pick.randrange(400), pick.randrange(3000)])
    y_true, y_pred = labels(pick, n, classes)
    average = pick.choice(["macro", "weighted", "micro", *(["binary"] if classes == 2 else [])])
    scores = precision_recall_fscore_support(
        y_true, y_pred, average=average, zero_division=pick.choice([0, 1])
    )[:3]
    accuracy = accuracy_score(y_true, y_pred)
    lines = [f"Accuracy: {printed(pick, accuracy)} (n={n})"]
    lines += [
        f"{name}: {printed(pick, value)}"
        for name, value in zip(("Precision", "Recall", "F1"), scores, strict=True)
    ]
    right = sum(true == guess for true, guess in zip(y_true, y_pred, strict=True))
    report = classification_report(
        y_true, y_pred, digits=pick.choice([2, 3, 4, 5]), zero_division=pick.choice([0, 1])
    )
    matrix = confusion_matrix(y_true, y_pred)
    cells: list[Cell] = [
        build.code(0, SOURCE.format(average=average), "\n".join(lines)),
        build.code(
            1,
            "# Task 2: CLIP\nprint(accuracy_score(y_true, y_pred))\n"
            "print(classification_report(y_true, y_pred))\nprint(confusion_matrix(y_true, y_pred))",
            f"Accuracy: {printed(pick, accuracy)} ({right}/{n})\n{report}\n{matrix}\n",
        ),
        build.text(
            2,
            f"## Task 2: CLIP\n\nOn the {n} test images CLIP has an accuracy of "
            f"{accuracy:.4f}, a {average} precision of {scores[0]:.3f}, a {average} recall of "
            f"{scores[1]:.3f} and a {average} F1 of {scores[2]:.3f}.\n",
        ),
    ]
    return build.case(*cells)


def accusations(seed: int) -> list[str]:
    found = detect(honest(seed), numeric())
    assert [one.reason for one in found.unassessed if "Error:" in one.reason] == []
    return [f"seed {seed}: {one.code} {one.message}" for one in found.findings]


def test_computed_scores_are_never_called_impossible() -> None:
    for seed in range(60):
        assert accusations(seed) == []


@pytest.mark.slow
def test_computed_scores_are_never_called_impossible_in_many_notebooks() -> None:
    for seed in range(60, 1000):
        assert accusations(seed) == []


def test_loading_the_detectors_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom grader.detect import load_detectors\nload_detectors()\n"
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
