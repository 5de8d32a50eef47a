"""Every scoring is rebuilt outside the student's process."""

import pytest
import yaml

from grader.model import Cell, Evaluation, Evidence
from tests import build

LABELS = list(build.TRUTH["uoft-cs/cifar10", "test"][:500])
WRONG = [(label + 1) % 10 if i % 10 == 0 else label for i, label in enumerate(LABELS)]
"""Nine of ten are right."""


def evidence(facts: str, *, printed: str | None = None, **arrays: list[int]) -> Evidence:
    recorded = yaml.safe_load(facts)
    for fact in recorded:
        for fields in fact.values():
            for key in ("y_true", "y_pred", "array"):
                name = fields.get(key)
                if isinstance(name, str):
                    fields[key] = arrays.get(name, name)
    cells: list[Cell | str] = [build.text(0, "# Task 2: CLIP"), "score()", "score()"]
    return build.case(*cells, rerun={2: printed} if printed else None, recorded=recorded).evidence


def only(found: Evidence) -> Evaluation:
    assert len(found.evaluations) == 1
    return found.evaluations[0]


CALL = "- metric: {cell: 1, library: sklearn, function: accuracy_score, y_true: t, y_pred: p}\n"


def test_one_pair_of_arrays_is_one_evaluation() -> None:
    f1 = CALL.replace("accuracy_score", "f1_score")
    found = only(evidence(CALL + f1, t=LABELS, p=WRONG))
    assert (found.n, found.classes, found.source) == (500, 10, "sklearn")
    assert found.scores["accuracy"] == pytest.approx(0.9)
    assert found.scores["recall_weighted"] == pytest.approx(0.9)


def test_labels_are_placed_among_those_the_harness_served() -> None:
    found = only(evidence(CALL, t=LABELS, p=WRONG))
    assert found.origin is not None
    assert (found.origin.dataset, found.origin.split) == ("uoft-cs/cifar10", "test")
    assert (found.task, found.split) == ("clip", "test")


def test_labels_from_nowhere_stay_unplaced() -> None:
    found = only(evidence(CALL, t=[i * i % 7 for i in range(500)], p=WRONG))
    assert found.origin is None
    assert found.task == "clip", "the section still tells the task"


def test_swapped_arguments_are_turned_round() -> None:
    found = evidence(CALL, t=WRONG, p=LABELS)
    assert found.recording.labels(only(found).y_true) == tuple(LABELS)


def test_a_hand_made_accuracy_is_explained_by_arrays_in_the_namespace() -> None:
    named = (
        "- named: {cell: 2, name: targets, array: t}\n- named: {cell: 2, name: guesses, array: p}\n"
    )
    assert evidence(named, printed="done", t=LABELS, p=WRONG).evaluations == ()
    found = only(evidence(named, printed="Accuracy: 0.9000", t=LABELS, p=WRONG))
    assert (found.source, found.cell, found.n) == ("namespace", 2, 500)


def test_image_rows_of_another_task_do_not_count() -> None:
    forwards = (
        "- forward: {cell: 1, model: google/vit-base-patch16-224-in21k, rows: 500,"
        " training: false}\n"
        "- forward: {cell: 1, model: openai/clip-vit-base-patch32, rows: 20, training: false}\n"
        "- forward: {cell: 1, model: openai/clip-vit-base-patch32, rows: 90, training: true}\n"
    )
    assert only(evidence(forwards + CALL, t=LABELS, p=WRONG)).forward_rows == 20


def test_the_best_evaluation_is_judged_not_the_demonstration() -> None:
    demo = CALL.replace("y_true: t, y_pred: p", "y_true: [1], y_pred: [1]")
    later = CALL.replace("cell: 1", "cell: 2")
    best = evidence(demo + later, t=LABELS, p=WRONG).best("clip")
    assert best is not None
    assert (best.n, best.cell) == (500, 2)
    again = evidence(CALL + demo.replace("cell: 1", "cell: 2"), t=LABELS, p=WRONG).best("clip")
    assert again is not None
    assert again.n == 500


def test_a_trainer_s_arrays_may_come_from_its_compute_metrics() -> None:
    facts = (
        "- metric: {cell: 1, library: evaluate, function: accuracy, in_trainer: true,"
        " y_true: 0x60 1x60, y_pred: 0x66 1x54}\n"
        "- trainer: {cell: 1, method: evaluate, rows: 120, split: test,"
        " dataset: AI-Lab-Makerere/beans, is_training_data: false}\n"
    )
    found = only(evidence(facts))
    assert (found.task, found.source) == ("vit", "trainer.evaluate")
    assert found.scores["accuracy"] == pytest.approx(0.95)


def test_training_data_is_known_by_the_trainer_or_by_its_labels() -> None:
    train = list(build.TRUTH["uoft-cs/cifar10", "train"][:300])
    fitted = (
        "- trainer: {cell: 1, method: train, rows: 1000, split: train, dataset: uoft-cs/cifar10}\n"
    )
    assert only(evidence(fitted + CALL, t=train, p=train)).is_training_data is True
    assert only(evidence(fitted + CALL, t=LABELS, p=WRONG)).is_training_data is False
