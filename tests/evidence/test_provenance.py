"""Numbers are found among the values of captured arrays, and invented ones are not."""

from collections.abc import Sequence
from random import Random
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu import corpus_bleu
from sklearn import metrics

from grader.evidence.provenance import provenance
from grader.model import (
    Evaluation,
    Figure,
    FigureKind,
    FloatArray,
    ForwardPass,
    Label,
    LabelArray,
    Matrix,
    MetricCall,
    ModelPass,
    NamedArray,
    NamedMatrix,
    NamedNumber,
    Place,
    Provenance,
    Recording,
    ServedRows,
    Tampering,
    TextMetricCall,
    TrainerCall,
    TrainingSteps,
)

NAMES = ("plane", "car", "bird", "cat", "deer")


def figure(
    printed: str,
    metric: str | None = "accuracy",
    *,
    kind: FigureKind = "score",
    cell: int = 9,
    source: Literal["saved", "rerun", "text"] = "rerun",
    name: str | None = None,
    **others: object,
) -> Figure:
    """A number as it is printed."""
    whole, _, decimals = printed.rstrip("%").partition(".")
    percent = printed.endswith("%")
    value, places = float(printed.rstrip("%")), len(decimals)
    found = Figure(
        place=Place(source=source, cell=cell, line=1, start=0, end=len(printed)),
        kind=kind,
        name=name or metric or kind,
        metric=metric,
        value=round(value / 100, places + 2) if percent else value,
        printed=printed,
        decimals=places + 2 if percent else places,
        digits=len((whole + decimals).lstrip("0")),
    )
    return found.model_copy(update=others)


def array(name: str, values: Sequence[Label]) -> LabelArray:
    return LabelArray(id=name, length=len(values), values=tuple(values))


def recording(cell: int = 3, **arrays: Sequence[Label]) -> Recording:
    """Arrays that stood in variables of these names after a cell."""
    return Recording(
        arrays={name: array(name, values) for name, values in arrays.items()},
        named=tuple(NamedArray(cell=cell, name=name, array=name) for name in arrays),
    )


def scored(true: Sequence[Label], said: Sequence[Label]) -> Recording:
    """The same of labels and predictions, which a library then scored."""
    call = MetricCall(
        cell=4, library="sklearn", function="accuracy_score", y_true="y_true", y_pred="y_pred",
        n=len(true), value=0.9876,
    )  # fmt: skip
    return recording(y_true=true, y_pred=said).model_copy(update={"metric_calls": (call,)})


def drawn(seed: int, *, n: int = 211, classes: int = 5) -> tuple[list[int], list[int]]:
    """Labels, and predictions that are right three times of four."""
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, n)
    said = np.where(random.random(n) < 0.75, true, random.integers(0, classes, n))
    return true.tolist(), said.tolist()


def one(
    found: Figure,
    captured: Recording | None,
    *evaluations: Evaluation,
    class_names: Sequence[Sequence[str]] = (),
) -> Provenance:
    """What is known of one number."""
    (only,) = provenance([found], captured, evaluations, class_names)
    return only


AVERAGED = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}
PLAIN = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "error_rate": metrics.zero_one_loss,
    "mcc": metrics.matthews_corrcoef,
    "kappa": metrics.cohen_kappa_score,
}
SCORES = [(name, None) for name in PLAIN] + [
    (name, average) for name in AVERAGED for average in ("macro", "weighted", "micro")
]


def score(metric: str, average: str | None, true: list[int], said: list[int]) -> float:
    """By scikit-learn."""
    if average is None:
        return float(PLAIN[metric](true, said))
    return float(AVERAGED[metric](true, said, average=average, zero_division=0))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("metric", "average"), SCORES)
def test_every_score_is_explained_by_its_own_function(
    seed: int, metric: str, average: str | None
) -> None:
    true, said = drawn(seed)
    value = score(metric, average, true, said)
    found = one(
        figure(f"{value:.4f}", metric, average=average), recording(y_true=true, y_pred=said)
    )
    assert found.verdict == "explained", found
    own = [each for each in found.explanations if abs(each.value - value) < 1e-9]
    assert {"y_true", "y_pred"} == set(own[0].of)
    assert found.chance <= 0.05


@pytest.mark.parametrize(
    ("metric", "average", "function"),
    [
        ("accuracy", None, "accuracy"),
        ("f1", "macro", "f1 (macro)"),
        ("precision", "weighted", "precision (weighted)"),
        ("error_rate", None, "1 - accuracy"),
    ],
)
def test_the_function_is_named(metric: str, average: str | None, function: str) -> None:
    true, said = drawn(1)
    value = score(metric, average, true, said)
    found = one(
        figure(f"{value:.4f}", metric, average=average), recording(y_true=true, y_pred=said)
    )
    assert function in [each.function for each in found.explanations]
    assert found.reason.endswith(f"of y_true and y_pred (n = 211) is {value:.4f}.")


def test_invented_numbers_are_not_explained() -> None:
    random = np.random.default_rng(3)
    explained = 0
    for seed in range(20):
        true, said = drawn(seed)
        captured = recording(y_true=true, y_pred=said, train=drawn(seed + 90)[0])
        numbers = [figure(f"{random.uniform(0.6, 0.99):.4f}") for _ in range(30)]
        explained += sum(each.verdict == "explained" for each in provenance(numbers, captured, ()))
    assert explained <= 0.05 * 600


@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_an_accuracy_is_explained_whatever_the_labels(true: list[int], random: Random) -> None:
    said = [random.randrange(4) for _ in true]
    share = sum(a == b for a, b in zip(true, said, strict=True)) / len(true)
    found = one(figure(f"{share:.4f}"), scored(true, said))
    assert found.verdict == "explained"
    assert found.explanations[0].value == pytest.approx(share)


def test_classes_by_name_and_by_number_are_the_same() -> None:
    true, said = drawn(5)
    names = [NAMES[each] for each in said]
    share = sum(a == b for a, b in zip(true, said, strict=True)) / len(true)
    captured = recording(labels=true, predicted_names=names)
    found = one(figure(f"{share:.4f}"), captured, class_names=[NAMES])
    assert found.verdict == "explained"
    without = one(figure(f"{share:.4f}"), captured)
    assert without.verdict == "unexplained"


def test_a_score_of_one_class_is_its_own() -> None:
    true, said = drawn(2)
    recalls = metrics.recall_score(true, said, average=None)
    captured = scored(true, said)
    assert one(
        figure(f"{recalls[2]:.2f}", "recall", name="bird recall"), captured, class_names=[NAMES]
    ).reason.startswith("Recall of class bird of y_true and y_pred")
    other = figure(f"{recalls[2]:.2f}", "recall", name="cat recall")
    assert abs(recalls[2] - recalls[3]) > 0.01
    assert one(other, captured, class_names=[NAMES]).verdict == "undecidable"


def test_a_number_is_not_explained_by_what_came_later() -> None:
    true, said = drawn(1)
    share = f"{metrics.accuracy_score(true, said):.4f}"
    captured = recording(cell=3, y_true=true, y_pred=said)
    assert one(figure(share, cell=3), captured).verdict == "explained"
    assert one(figure(share, cell=2), captured).verdict == "unexplained"


def test_what_the_process_says_explains_nothing() -> None:
    true, said = drawn(1)
    captured = scored(true, said).model_copy(
        update={
            "named_numbers": (
                NamedNumber(cell=4, name="acc", value=0.9876, whole=False),
                NamedNumber(cell=4, name="correct", value=9876, whole=True),
                NamedNumber(cell=4, name="total", value=10000, whole=True),
            ),
            "trainer_calls": (
                TrainerCall(cell=4, method="evaluate", rows=9, metrics={"eval_accuracy": 0.9876}),
            ),
        }
    )
    found = one(figure("0.9876"), captured)
    assert found.verdict == "unexplained"
    assert found.reason == f"None of {found.candidates} values computed of what was captured is it."


def counted(*, total: int = 400, rows: int = 400) -> Recording:
    return Recording(
        forwards=(ForwardPass(cell=4, model="vit", rows=rows, training=False),),
        named_numbers=(
            NamedNumber(cell=4, name="correct", value=357, whole=True),
            NamedNumber(cell=4, name="total", value=total, whole=True),
        ),
    )


def test_counters_count_only_with_as_many_rows_through_a_model() -> None:
    found = one(figure("0.8925"), counted())
    assert found.verdict == "explained"
    assert found.reason == ("Counters correct / total of images through vit (n = 400) is 0.8925.")
    assert one(figure("0.8925"), counted(rows=8)).verdict == "unexplained"
    arrays = recording(cell=4, y_true=[0, 1] * 200, y_pred=[0, 0] * 200)
    both = counted().model_copy(update={"arrays": arrays.arrays, "named": arrays.named})
    assert one(figure("0.8925"), both).verdict == "unexplained"


def test_predictions_of_a_model_and_labels_served_are_compared() -> None:
    true, said = drawn(6)
    captured = Recording(
        arrays={"a": array("a", true), "b": array("b", said)},
        served=(ServedRows(cell=2, dataset="cifar10", split="test", rows=211, labels="a"),),
        passes=(ModelPass(cell=4, model="clip", method="forward", rows=211, predictions="b"),),
    )
    share = metrics.accuracy_score(true, said)
    found = one(figure(f"{share:.4f}"), captured)
    assert found.reason == (
        f"Accuracy of labels of cifar10 and predictions of clip (n = 211) is {share:.4f}."
    )


def repeated(*, distinct: int | None = 70) -> tuple[Recording, list[float]]:
    """One cell that scores three prompts on the same 70 pictures, and its three accuracies."""
    true = drawn(6, n=70)[0]
    said = [(label + (row < wrong)) % 5 for wrong in (9, 17, 30) for row, label in enumerate(true)]
    captured = Recording(
        arrays={"a": array("a", true * 3), "b": array("b", said)},
        served=(ServedRows(cell=4, dataset="cifar10", split="test", rows=210, labels="a"),),
        passes=(
            ModelPass(
                cell=4, model="clip", method="forward", rows=210, distinct=distinct,
                predictions="b",
            ),
        ),
    )  # fmt: skip
    parts = [said[start : start + 70] for start in (0, 70, 140)]
    return captured, [metrics.accuracy_score(true, part) for part in parts]


def test_pictures_that_went_through_a_model_again_are_scored_each_time() -> None:
    captured, shares = repeated()
    assert len(set(shares)) == 3
    for share in shares:
        found = one(figure(f"{share:.4f}"), captured)
        assert found.verdict == "explained"
        assert found.explanations[0].n == 70
        assert found.explanations[0].arrays == ("a", "b")
    assert one(figure("0.9876"), captured).verdict == "unexplained"
    unknown, _ = repeated(distinct=None)
    assert one(figure(f"{shares[1]:.4f}"), unknown).verdict == "undecidable"


def test_a_cell_that_trains_leaves_its_scores_open() -> None:
    captured, _ = repeated()
    steps = TrainingSteps(cell=4, optimiser="AdamW", steps=20)
    trained = captured.model_copy(update={"training": (steps,)})
    found = one(figure("0.9876"), trained)
    assert found.verdict == "undecidable"
    assert found.reason.endswith(
        ": cell 4 trains a model, and what it gave meanwhile is not known."
    )


def test_top_five_accuracy_by_the_best_classes_of_a_model() -> None:
    random = np.random.default_rng(1)
    true = random.integers(0, 10, 90)
    best = np.array([random.permutation(10)[:5] for _ in range(90)])
    share = float((best == true[:, None]).any(axis=1).mean())
    captured = Recording(
        arrays={
            "a": array("a", true.tolist()),
            "b": array("b", [" ".join(map(str, row)) for row in best.tolist()]),
        },
        served=(ServedRows(cell=2, dataset="cifar10", split="test", rows=90, labels="a"),),
        passes=(ModelPass(cell=4, model="clip", method="forward", rows=90, distinct=90, top5="b"),),
    )
    found = one(figure(f"{share:.4f}", "top5_accuracy"), captured)
    assert found.verdict == "explained"
    assert found.reason == (
        f"Top-5 accuracy of labels of cifar10 and best classes of clip (n = 90) is {share:.4f}."
    )


def matrix(values: "np.ndarray[Any, Any]", name: str = "similarity") -> Recording:
    rows, columns = values.shape
    kept = Matrix(id="m", rows=rows, columns=columns, values=tuple(values.ravel().tolist()))
    return Recording(
        matrices={"m": kept}, named_matrices=(NamedMatrix(cell=3, name=name, matrix="m"),)
    )


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_recall_at_any_k_in_both_directions(k: int) -> None:
    random = np.random.default_rng(k)
    values = random.normal(size=(40, 80))
    for image in range(40):
        values[image, 2 * image : 2 * image + 2] += 1.2
    best = np.argsort(-values, axis=1)[:, :k]
    images = float(np.mean([any(j // 2 == i for j in row) for i, row in enumerate(best)]))
    back = np.argsort(-values, axis=0)[:k]
    captions = float(np.mean([j // 2 in back[:, j] for j in range(80)]))
    for value, metric in (
        (images, f"image_to_text_recall_at_{k}"),
        (captions, f"text_to_image_recall_at_{k}"),
        (images, f"recall_at_{k}"),
    ):
        found = one(figure(f"{value:.4f}", metric), matrix(values))
        assert found.verdict == "explained", (metric, found)
        assert found.explanations[0].function.startswith(f"recall@{k}, ")


def test_statistics_of_similarities() -> None:
    values = np.random.default_rng(0).uniform(0.1, 0.4, size=(8, 8)) + 0.3 * np.eye(8)
    own = values.diagonal().mean()
    rest = values[~np.eye(8, dtype=bool)].mean()
    expected = {
        "diagonal mean minus mean of the rest": own - rest,
        "mean of the diagonal": own,
        "mean beside the diagonal": rest,
        "largest similarity": values.max(),
        "an element": values[3, 5],
    }
    for function, value in expected.items():
        found = one(figure(f"{value:.4f}", None, kind="similarity"), matrix(values))
        assert function in [each.function for each in found.explanations], (function, found)
    score = figure(f"{own - rest:.4f}", "similarity_score")
    assert one(score, matrix(values)).verdict == "explained"
    assert one(figure("0.2929", "similarity_score"), matrix(values)).verdict == "unexplained"


def test_top_k_accuracy_and_best_columns_of_a_matrix_of_scores() -> None:
    random = np.random.default_rng(1)
    true = random.integers(0, 10, 90)
    scores = random.normal(size=(90, 10))
    scores[np.arange(90), true] += 1.5
    labels = recording(y_true=true.tolist())
    captured = matrix(scores, "logits").model_copy(
        update={"arrays": labels.arrays, "named": labels.named}
    )
    for k, metric in ((1, "accuracy"), (3, "top3_accuracy"), (5, "top5_accuracy")):
        value = metrics.top_k_accuracy_score(true, scores, k=k)
        found = one(figure(f"{value:.4f}", metric), captured)
        assert found.verdict == "explained", (metric, found)
        assert "logits" in found.reason


def test_losses_of_the_trainer_and_of_nobody() -> None:
    call = TrainerCall(cell=4, method="evaluate", rows=60, metrics={"eval_loss": 0.38217})
    captured = Recording(trainer_calls=(call,))
    found = one(figure("0.3822", None, kind="loss"), captured)
    assert found.verdict == "explained"
    assert found.reason == "Eval_loss of trainer.evaluate (n = 60) is 0.3822."
    other = one(figure("0.4311", None, kind="loss"), captured)
    assert other.verdict == "undecidable"
    assert "losses are recorded only where the trainer logs them" in other.reason


def test_means_of_arrays_count_where_as_many_images_were_seen() -> None:
    hits = tuple(float(each % 7 != 0) for each in range(120))
    mean = f"{sum(hits) / 120:.4f}"
    floats = Recording(
        floats={"h": FloatArray(id="h", length=120, values=hits)},
        named_floats=(NamedArray(cell=4, name="scores", array="h"),),
        forwards=(ForwardPass(cell=4, model="blip", rows=120, training=False),),
    )
    assert one(figure(mean, "vqa_accuracy"), floats).reason.startswith("Mean of scores (n = 120)")
    unseen = floats.model_copy(update={"forwards": ()})
    assert one(figure(mean, "vqa_accuracy"), unseen).verdict == "unexplained"


def test_bleu_of_texts_that_no_evaluation_holds() -> None:
    said = [f"a red cross beside the number {each}" for each in range(30)]
    known = [f"a red cross stands beside number {each}" for each in range(30)]
    call = TextMetricCall(
        cell=4, library="sacrebleu", function="corpus_bleu", predictions="said",
        references=("known",), n=30,
    )  # fmt: skip
    captured = Recording(
        arrays={"said": array("said", said), "known": array("known", known)}, text_metrics=(call,)
    )
    score = corpus_bleu(said, [known]).score
    found = one(figure(f"{score:.2f}", "bleu4"), captured)
    assert found.verdict == "explained"
    assert found.explanations[0].value == pytest.approx(score / 100)


def of_vit(**scores: float) -> Evaluation:
    return Evaluation(
        task="vit", cell=3, source="sklearn", n=211, y_true="y_true", y_pred="y_pred", classes=5,
        scores=scores,
    )  # fmt: skip


def said_in_text(printed: str, metric: str = "accuracy", **others: object) -> Figure:
    found = figure(printed, metric, source="text", cell=12)
    return found.model_copy(update={"task": "vit", **others})


def test_a_text_is_contradicted_by_what_is_recomputed() -> None:
    true, said = drawn(1)
    share = metrics.accuracy_score(true, said)
    captured = recording(y_true=true, y_pred=said)
    evaluation = of_vit(accuracy=share)
    found = one(said_in_text("92%"), captured, evaluation)
    assert found.verdict == "contradicted"
    assert found.reason == (
        f"The text says 92%, but accuracy of y_true and y_pred (n = 211) is {share:.4f}."
    )
    assert found.contradictions[0].value == share
    # Two decimals are never explained, even where they are right.
    right = one(said_in_text(f"{share:.2f}"), captured, evaluation)
    assert (right.verdict, right.reason) == (
        "undecidable", "Too few digits to tell where it comes from."
    )  # fmt: skip


@pytest.mark.parametrize("mark", ["hedged", "target", "cited"])
def test_aims_and_the_results_of_others_are_never_contradicted(mark: str) -> None:
    true, said = drawn(1)
    found = one(
        said_in_text("92.13%").model_copy(update={mark: True}),
        recording(y_true=true, y_pred=said),
        of_vit(accuracy=metrics.accuracy_score(true, said)),
    )
    assert found.verdict == "undecidable"


def test_cut_off_digits_contradict_nothing() -> None:
    true = [0] * 600 + [1] * 400
    said = [0] * 598 + [1] * 399 + [0] * 3
    share = metrics.accuracy_score(true, said)
    assert share == pytest.approx(0.995)
    captured = recording(y_true=true, y_pred=said)
    assert one(said_in_text("99%"), captured, of_vit(accuracy=share)).verdict == "undecidable"
    assert one(said_in_text("98%"), captured, of_vit(accuracy=share)).verdict == "contradicted"


def test_a_text_of_another_dataset_or_split_is_not_contradicted() -> None:
    true, said = drawn(1)
    captured = recording(y_true=true, y_pred=said)
    evaluation = of_vit(accuracy=metrics.accuracy_score(true, said)).model_copy(
        update={"dataset": "uoft-cs/cifar10", "split": "test"}
    )
    assert one(said_in_text("92%", dataset="ImageNet"), captured, evaluation).verdict != (
        "contradicted"
    )
    assert one(said_in_text("92%", split="train"), captured, evaluation).verdict != "contradicted"
    assert one(said_in_text("92%", dataset="CIFAR-10"), captured, evaluation).verdict == (
        "contradicted"
    )


def test_another_seed_contradicts_nothing_where_no_output_was_saved() -> None:
    true, said = drawn(1)
    share = metrics.accuracy_score(true, said)
    captured = recording(y_true=true, y_pred=said).model_copy(
        update={"trainer_calls": (TrainerCall(cell=2, method="train", rows=9),)}
    )
    near = said_in_text(f"{share + 0.021:.4f}")
    assert one(near, captured, of_vit(accuracy=share)).verdict == "undecidable"
    far = said_in_text(f"{share - 0.2:.4f}")
    assert one(far, captured, of_vit(accuracy=share)).verdict == "contradicted"


def test_an_output_of_a_scoring_that_gives_another_number_is_contradicted() -> None:
    true, said = drawn(1)
    share = metrics.accuracy_score(true, said)
    captured = recording(y_true=true, y_pred=said)
    found = one(figure("0.9713", cell=3), captured, of_vit(accuracy=share))
    assert found.verdict == "contradicted"
    assert found.reason.startswith("The output shows 0.9713, but accuracy of y_true and y_pred")


def judged(figures: Sequence[Figure], captured: Recording | None = None) -> list[Provenance]:
    return list(provenance(figures, captured, ()))


def test_without_a_run_a_text_is_compared_with_outputs() -> None:
    saved = figure("0.8895", cell=7, source="saved", task="vit")
    same, other, unrelated = judged(
        [
            saved,
            said_in_text("88.95%"),
            said_in_text("91.20%"),
            said_in_text("71.20%", "f1"),
        ]
    )[1:]
    assert (same.verdict, same.reason) == (
        "undecidable",
        "Stands in the output of cell 7; not recomputed, because the notebook was not run.",
    )
    assert other.verdict == "contradicted"
    assert other.reason == "The text says 91.20%, but the outputs show 0.8895 in cell 7."
    assert unrelated.verdict == "undecidable"
    assert "not run" in unrelated.reason


def test_a_text_of_one_model_is_not_contradicted_by_the_output_of_another() -> None:
    saved = figure("0.8895", cell=7, source="saved", task="vit", model="ViT-B/16")
    assert judged([saved, said_in_text("91.20%", model="ViT-B/32")])[1].verdict == "undecidable"
    assert judged([saved, said_in_text("91.20%", model="vit-b/16")])[1].verdict == "contradicted"


def test_a_saved_number_that_our_run_prints_otherwise() -> None:
    pair = [figure("0.8895", source="saved"), figure("0.7712")]
    saved, own = judged(pair, Recording())
    assert saved.verdict == "contradicted"
    assert saved.reason == "The output shows 0.8895, but our run prints 0.7712 in cell 9."
    assert own.verdict == "unexplained"
    trained = Recording(trainer_calls=(TrainerCall(cell=2, method="train", rows=9),))
    assert judged(pair, trained)[0].verdict == "unexplained"


def test_a_text_repeats_what_nothing_gives() -> None:
    assert judged([figure("0.9876", task="vit"), said_in_text("98.76%")], Recording())[
        1
    ].reason == (
        "Stands in the output of cell 9, but none of 0 values computed of what was captured is it."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"complete": False}, "the run was not recorded to its end"),
        (
            {"forwards": (ForwardPass(cell=4, model="vit", rows=300, training=False),)},
            "what vit gave for 300 images in cell 4 is not known",
        ),
    ],
)
def test_what_was_not_captured_leaves_a_number_open(change: dict[str, Any], said: str) -> None:
    found = one(figure("0.9867"), Recording().model_copy(update=change))
    assert found.verdict == "undecidable"
    assert found.reason == f"Not known: {said}."


def test_few_images_leave_open_only_what_they_can_give() -> None:
    seen = Recording(forwards=(ForwardPass(cell=4, model="vit", rows=4, training=False),))
    assert one(figure("0.9867"), seen).verdict == "unexplained"
    assert one(figure("0.7500"), seen).verdict == "undecidable"


def test_a_notebook_that_changes_the_recorder_leaves_nothing_open() -> None:
    changed = Recording(
        complete=False, tampering=(Tampering(cell=2, kind="replaced", detail="accuracy_score"),)
    )
    assert one(figure("0.9867"), changed).verdict == "unexplained"
    lost = changed.model_copy(update={"tampering": (Tampering(cell=2, kind="lost"),)})
    assert one(figure("0.9867"), lost).verdict == "undecidable"


@pytest.mark.parametrize(("decimals", "chance"), [(2, 0.63), (3, 0.095), (4, 0.01)])
def test_the_chance_of_a_coincidence(decimals: int, chance: float) -> None:
    # 100 values, spread evenly: a hundredth apart, each a number of its own.
    values = np.linspace(0.005, 0.995, 100).reshape(10, 10)
    found = one(figure(f"{0.5001:.{decimals}f}", None, kind="similarity"), matrix(values))
    assert found.chance == pytest.approx(chance, rel=0.08)


ODD = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(st.tuples(ODD, st.integers(0, 400), st.sampled_from(["accuracy", "top999_accuracy",
        "recall_at_0", "", "x", None])), max_size=5),
    st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=30),
    st.lists(ODD, min_size=4, max_size=4),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_nothing_in_a_recording_breaks_it(
    numbers: list[tuple[float, int, str | None]], labels: list[Label], floats: list[float]
) -> None:
    asked = [
        figure("0.5").model_copy(update={"value": value, "decimals": places, "metric": metric})
        for value, places, metric in numbers
    ]
    captured = recording(y_true=labels, y_pred=labels[::-1], other=labels).model_copy(
        update={
            "matrices": {"m": Matrix(id="m", rows=2, columns=2, values=tuple(floats))},
            "named_matrices": (NamedMatrix(cell=1, name="s", matrix="m"),),
            "floats": {"f": FloatArray(id="f", length=4, values=tuple(floats * 5))},
            "named_floats": (NamedArray(cell=1, name="f", array="f"),),
        }
    )
    evaluation = of_vit(accuracy=floats[0], f1=floats[1])
    first = provenance(asked, captured, (evaluation,))
    assert len(first) == len(asked)
    assert all(0 <= each.chance <= 1 for each in first)
    assert str(provenance(asked, captured, (evaluation,))) == str(first)
