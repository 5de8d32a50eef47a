"""Evaluations as a submission shows them: by its code, its outputs and its text."""

from collections.abc import Sequence

import pytest

from grader.evidence.source import build as graph_of
from grader.evidence.stated import stated
from grader.evidence.tasks import cell_tasks
from grader.model import Average, Cell, Figure, FigureKind, Place, PrintedMatrix, Stated
from tests import build

VIT = """# Task 1: ViT
import evaluate
from datasets import load_dataset
from transformers import ViTForImageClassification, Trainer
ds = load_dataset("AI-Lab-Makerere/beans")
accuracy = evaluate.load("accuracy")
def compute_metrics(p):
    return accuracy.compute(predictions=p.predictions.argmax(-1), references=p.label_ids)
model = ViTForImageClassification.from_pretrained(
    "google/vit-base-patch16-224-in21k", num_labels=3)
trainer = Trainer(model=model, train_dataset=ds["train"], compute_metrics=compute_metrics)
trainer.train()
"""
CLIP = """# Task 2: CLIP
from datasets import load_dataset
from transformers import pipeline
from sklearn.metrics import accuracy_score, f1_score
test = load_dataset("uoft-cs/cifar10", split="test[:200]")
class_names = ["airplane", "automobile", "bird", "cat"]
clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
y_true = test["label"]
y_pred = [clip(image, candidate_labels=class_names)[0]["label"] for image in test["img"]]
"""
FOUR = ("accuracy", "precision", "recall", "f1")


def figure(
    cell: int,
    metric: str | None,
    value: float,
    *,
    source: str = "saved",
    start: int = 0,
    kind: FigureKind = "score",
    average: Average | None = None,
    **said: object,
) -> Figure:
    output = None if source == "text" else 0
    place = Place.model_validate(
        {"source": source, "cell": cell, "output": output, "line": 1, "start": start, "end": start}
    )
    known: dict[str, object] = {
        "place": place,
        "kind": kind,
        "name": metric or kind,
        "metric": metric,
        "average": average,
        "value": value,
        "printed": str(value),
        "decimals": 4,
        "digits": 4,
    }
    return Figure.model_validate({**known, **said})


def four(cell: int, values: Sequence[float], **said: object) -> list[Figure]:
    return [
        figure(cell, metric, value, **said)  # type: ignore[arg-type]
        for metric, value in zip(FOUR, values, strict=True)
    ]


def shown(
    *cells: Cell | str,
    figures: Sequence[Figure] = (),
    matrices: Sequence[PrintedMatrix] = (),
) -> tuple[Stated, ...]:
    submission = build.submission(*cells)
    tasks = cell_tasks(submission, build.lab())
    graph = graph_of(submission)
    return stated(submission, graph, figures, build.lab(), tasks, matrices)


def test_code_tells_task_size_split_classes_dataset_and_model() -> None:
    (one,) = shown(VIT, "pred = trainer.predict(ds['test'].select(range(1)))\npred")
    assert (one.source, one.cell, one.line) == ("code", 1, 1)
    assert (one.task, one.n, one.split, one.classes) == ("vit", 1, "test", 3)
    assert one.dataset == "AI-Lab-Makerere/beans"
    assert one.model == "google/vit-base-patch16-224-in21k"
    assert one.scores == ()


def test_metrics_of_the_same_predictions_are_one_evaluation() -> None:
    (one,) = shown(CLIP, "accuracy_score(y_true, y_pred)", "f1_score(y_true, y_pred)")
    assert (one.cell, one.task, one.n, one.split) == (1, "clip", 200, "test")
    assert (one.classes, one.model) == (4, "openai/clip-vit-base-patch32")


def test_predictions_scored_again_by_hand_are_one_evaluation() -> None:
    (one,) = shown(
        VIT,
        "pred = trainer.predict(ds['test'])\n"
        "hits = (pred.predictions.argmax(-1) == pred.label_ids).sum()\n"
        "print(hits / len(pred.label_ids))",
    )
    assert (one.cell, one.line, one.n) == (1, 1, None)


def test_two_models_are_two_evaluations() -> None:
    found = shown(CLIP, "accuracy_score(y_true, y_pred)", VIT, "trainer.evaluate(ds['test'])")
    assert [(each.cell, each.task) for each in found] == [(1, "clip"), (3, "vit")]


def test_a_function_nobody_calls_makes_no_evaluation() -> None:
    assert shown(CLIP, "def late(a, b):\n    return accuracy_score(a, b)") == ()


def test_a_function_makes_its_evaluation_where_it_is_called() -> None:
    (one,) = shown(
        CLIP, "def report(y, p):\n    return accuracy_score(y, p)", "report(y_true, y_pred)"
    )
    assert (one.cell, one.n) == (2, 200)


def test_labels_that_were_drawn_tell_how_many_they_are() -> None:
    (one,) = shown(
        "import random\nfrom sklearn.metrics import accuracy_score\nn = 100\n"
        "y_true = [random.randint(0, 9) for _ in range(n)]\n"
        "y_pred = [y if random.random() > 0.2 else 0 for y in y_true]\n"
        "accuracy_score(y_true, y_pred)"
    )
    assert (one.n, one.model, one.dataset) == (100, None, None)


def test_an_output_belongs_to_the_code_of_its_cell() -> None:
    figures = four(1, (1.0, 1.0, 1.0, 1.0))
    (one,) = shown(VIT, "trainer.evaluate(ds['test'].select(range(1)))", figures=figures)
    assert (one.source, one.n, one.scores) == ("code", 1, (0, 1, 2, 3))


def test_an_output_belongs_to_the_code_whose_result_it_shows() -> None:
    (one,) = shown(
        VIT,
        "results = trainer.evaluate(ds['test'])",
        "print(results)",
        figures=[figure(2, "accuracy", 0.9141, n=128)],
    )
    assert (one.source, one.cell, one.n, one.scores) == ("code", 1, 128, (0,))


def test_labels_printed_in_full_tell_how_many_they_are() -> None:
    cell = build.code(1, "show()", "PredictionOutput(label_ids=array([0]), metrics={...})")
    (one,) = shown("x = 1", cell, figures=[figure(1, "accuracy", 1.0)])
    assert (one.source, one.cell, one.n) == ("output", 1, 1)


@pytest.mark.parametrize("printed", ["label_ids=array([0, 1, ..., 2])", "label_ids=array([])", ""])
def test_labels_not_printed_in_full_tell_nothing(printed: str) -> None:
    (one,) = shown("x = 1", build.code(1, "s()", printed), figures=[figure(1, "accuracy", 1.0)])
    assert one.n is None


def test_a_confusion_matrix_tells_items_and_classes() -> None:
    place = Place(source="saved", cell=1, output=1, line=1, start=0, end=9)
    matrix = PrintedMatrix(place=place, kind="confusion", values=((40, 3), (2, 45)), decimals=0)
    (one,) = shown("x = 1", "y = 2", figures=[figure(1, "accuracy", 0.94)], matrices=[matrix])
    assert (one.n, one.classes, one.scores) == (90, 2, (0,))
    (alone,) = shown("x = 1", "y = 2", matrices=[matrix])
    assert (alone.n, alone.classes, alone.scores) == (90, 2, ())
    cut = matrix.model_copy(update={"truncated": True})
    (unknown,) = shown("x = 1", "y = 2", matrices=[cut])
    assert (unknown.n, unknown.classes) == (None, None)


def test_a_report_of_two_models_gives_two_evaluations() -> None:
    """Scores in an output and again in sentences, as a report tells them."""
    perfect, good = (1.0,) * 4, (0.8895, 0.893, 0.8895, 0.8892)
    prose = (
        "Accuracy: 0.8895 Precision: 0.8930 Recall: 0.8895 F1 Score: 0.8892\n\n"
        "It has an accuracy of 88.95%, ... on a 10,000-sample test set."
    )
    figures = [
        *four(1, perfect, task="vit"),
        *four(2, perfect, task="vit"),
        *four(3, perfect, source="text", task="vit", n=1, disclaimed=True),
        *four(5, good, source="text", task="clip"),
        *four(5, good, source="text", task="clip", start=75, n=10_000, split="test"),
        figure(7, "accuracy", 1.0, source="text", model="ViT", n=1),
        figure(7, "accuracy", 0.8895, source="text", model="CLIP", n=10_000),
        figure(7, "accuracy", 0.9, source="text", model="CLIP", target=True),
        figure(7, "accuracy", 0.7, source="text", model="CLIP", cited=True),
    ]
    found = shown(
        build.text(0, "## Task 1: Evaluate ViT"),
        build.code(
            1,
            "pred = trainer.predict(prepared['test'].select(range(1)))\npred",
            "PredictionOutput(predictions=array([[2.9]]), label_ids=array([0]), metrics={...})",
        ),
        build.code(2, "results = pred.metrics\nprint(results['test_accuracy'])", "Accuracy: 1.0"),
        build.text(3, "perfect scores for the single test sample"),
        build.text(4, "## Task 2: Evaluate CLIP"),
        build.text(5, prose),
        build.text(6, "# Comparison"),
        build.text(7, "both"),
        figures=figures,
    )
    assert [(each.task, each.n, len(each.scores)) for each in found] == [
        ("vit", 1, 4),
        ("clip", 10_000, 4),
    ]
    assert found[0].scores == (0, 1, 2, 3)
    assert found[1].split == "test"


def test_other_values_of_the_same_task_are_another_evaluation() -> None:
    figures = [
        figure(0, "accuracy", 0.70, source="text", task="vit"),
        figure(0, "accuracy", 0.91, source="text", task="vit"),
    ]
    found = shown(build.text(0, "From 70 % to 91 %."), figures=figures)
    assert [each.scores for each in found] == [(0,), (1,)]


def test_one_equal_score_of_unknown_models_is_no_proof() -> None:
    figures = [
        figure(0, "accuracy", 0.91, source="text"),
        figure(1, "accuracy", 0.91, source="text"),
    ]
    assert len(shown(build.text(0, "a"), build.text(1, "b"), figures=figures)) == 2


def test_our_own_run_is_left_out_where_the_file_shows_the_cell() -> None:
    figures = [figure(0, "accuracy", 0.9), figure(0, "accuracy", 0.9, source="rerun")]
    (one,) = shown("x = 1", figures=figures)
    assert one.scores == (0,)


def test_numbers_of_something_else_are_no_evaluation() -> None:
    figures = [
        figure(0, None, 0.5, kind="loss"),
        figure(0, None, 128, kind="items"),
        figure(0, None, 0.3),
    ]
    assert shown("x = 1", figures=figures) == ()


def test_a_million_scores_are_bounded() -> None:
    figures = [figure(i % 3000, "accuracy", i / 6000, n=i) for i in range(6000)]
    assert len(shown(*["x = 1"] * 3000, figures=figures)) <= 1500
