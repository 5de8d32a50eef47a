"""Of several evaluations of a task, the one the notebook reports is judged."""

from grader.model import Cell, Evaluation
from tests import build

TRUE = list(build.TRUTH["uoft-cs/cifar10", "test"][:200])
GOOD = [(label + 1) % 10 if i % 10 == 0 else label for i, label in enumerate(TRUE)]
"""Nine of ten are right."""

GUESSED = [i * 3 % 10 for i in range(200)]
CALL = {"library": "sklearn", "function": "accuracy_score"}


def judged(*facts: dict[str, dict[str, object]], printed: dict[int, str]) -> Evaluation:
    cells: list[Cell | str] = [build.text(0, "# Task 2: CLIP"), "score()", "score()"]
    best = build.case(*cells, rerun=printed, recorded=facts).evidence.best("clip")
    assert best is not None
    return best


def scored(cell: int, y_true: list[int], y_pred: list[int]) -> dict[str, dict[str, object]]:
    return {"metric": {**CALL, "cell": cell, "y_true": y_true, "y_pred": y_pred}}


def test_a_baseline_printed_later_is_not_judged() -> None:
    best = judged(
        scored(1, TRUE, GOOD),
        scored(2, TRUE, GUESSED),
        printed={1: "accuracy: 0.9000\nrecall: 0.9000", 2: "guessing: 0.1"},
    )
    assert (best.cell, best.headline) == (1, True)


def test_a_baseline_on_more_items_is_not_judged() -> None:
    every = list(build.TRUTH["uoft-cs/cifar10", "test"])
    best = judged(
        scored(1, every, [i * 3 % 10 for i in range(2000)]),
        scored(2, TRUE, GOOD),
        printed={1: "random baseline accuracy: 0.1000", 2: "accuracy: 0.9000"},
    )
    assert best.cell == 2


def test_a_check_with_shuffled_labels_is_not_judged() -> None:
    best = judged(
        scored(1, TRUE, GOOD),
        scored(2, [(label * 7 + i) % 10 for i, label in enumerate(TRUE)], GOOD),
        printed={1: "accuracy: 0.9000"},
    )
    assert best.cell == 1


def test_the_model_of_another_task_does_not_stand_for_this_one() -> None:
    vit = "google/vit-base-patch16-224-in21k"
    clip = "openai/clip-vit-base-patch32"
    best = judged(
        {"forward": {"cell": 1, "model": clip, "rows": 200, "training": False}},
        scored(1, TRUE, GUESSED),
        {"forward": {"cell": 2, "model": vit, "rows": 200, "training": False}},
        scored(2, TRUE, GOOD),
        printed={1: "", 2: ""},
    )
    assert best.cell == 1


def test_a_demonstration_on_few_images_is_not_judged_however_good() -> None:
    best = judged(
        scored(1, TRUE, GOOD),
        scored(2, TRUE[1:4], TRUE[1:4]),
        printed={1: "done", 2: "accuracy: 1.0000"},
    )
    assert best.n == 200
