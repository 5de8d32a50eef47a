"""What each item scored, and intervals, for every kind of task."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from grader.compare import counts
from grader.compare.items import Scored
from grader.metrics.bleu import bleu
from grader.metrics.cider import cider_d
from grader.metrics.classification import confusion
from grader.metrics.retrieval import retrieval, similarity_score
from grader.model import Evaluation, LabelArray, LabelOrigin, Matrix, Recording, Task

SAID = ["a red circle", "two blue squares", "a green star above a square", "one circle"]
REFERENCES = [
    ["a red circle", "one red round shape"],
    ["two blue squares side by side", "blue squares"],
    ["a green star over a square", "a star above a square"],
    ["one yellow circle", "a circle"],
]


def scored(kind: str, arrays: Mapping[str, Sequence[Any]], **rest: Any) -> Scored:  # noqa: ANN401 - of several artifacts
    """An evaluation of a task of a kind; ``rest`` are fields of task, evaluation and recording."""
    classes = {"classes": 10} if kind == "classification" else {}
    task = Task.model_validate(
        {
            "id": "task",
            "title": "Task",
            "keywords": ["task"],
            "kind": kind,
            "metrics": rest.pop("metrics"),
            "models": ["model"],
            "datasets": ["data"],
            "captions_per_image": rest.pop("captions_per_image", 1),
            **classes,
        }
    )
    table = rest.pop("table", None)
    matrices = {}
    if table is not None:
        rows, columns = np.shape(table)
        values = tuple(map(float, np.ravel(table)))
        matrices = {"m": Matrix(id="m", rows=rows, columns=columns, values=values)}
        rest["matrix"] = "m"
    recording = Recording(
        arrays={
            name: LabelArray(id=name, length=len(each), values=tuple(each))
            for name, each in arrays.items()
        },
        matrices=matrices,
    )
    served = rest.pop("served", {})
    names = {name: name if name in arrays else None for name in ("y_true", "y_pred")}
    evaluation = Evaluation(
        task="task", cell=1, kind=kind, source="sklearn", classes=None, **names, **rest
    )
    return Scored(evaluation=evaluation, task=task, recording=recording, served=served)


def captions(scores: dict[str, float], **rest: Any) -> Scored:  # noqa: ANN401 - as above
    arrays = {
        "y_pred": SAID,
        "one": [each[0] for each in REFERENCES],
        "two": [each[1] for each in REFERENCES],
    }
    return scored(
        "captioning",
        arrays,
        metrics=["bleu4", "cider"],
        n=4,
        references=("one", "two"),
        scores=scores,
        **rest,
    )


def test_captions_have_bleu_and_cider_of_each_and_a_bootstrap_interval() -> None:
    corpus, rare = bleu(SAID, REFERENCES).score / 100, cider_d(SAID, REFERENCES)
    found = captions({"bleu4": corpus, "cider": float(rare.mean())})
    assert found.items["cider"] == pytest.approx(tuple(rare), abs=1e-6)
    assert found.items["bleu4"][0] == pytest.approx(1.0)
    for span, value in ((found.span("bleu4"), corpus), (found.span("cider"), rare.mean())):
        assert span is not None
        assert span.low <= value <= span.high
        assert "bootstrap" in span.method


def test_scores_that_the_items_do_not_give_have_no_items_and_no_interval() -> None:
    found = captions({"bleu4": 0.9, "cider": 9.0})
    assert "cider" not in found.items
    assert (found.span("bleu4"), found.span("cider")) == (None, None)


def test_served_captions_go_before_those_recorded() -> None:
    rows = [["nothing"], *REFERENCES]
    origin = LabelOrigin(dataset="data", split="test", start=1)
    corpus = bleu(SAID, REFERENCES).score / 100
    found = captions({"bleu4": corpus}, origin=origin, served={("data", "test"): rows})
    assert found.span("bleu4") is not None
    shifted = captions({"bleu4": corpus}, served={("data", "test"): rows})
    assert shifted.texts == found.texts


def test_answers_are_scored_one_by_one() -> None:
    people = {("data", "test"): [["yes"] * 10, ["no"] * 8 + ["yes"] * 2, ["2"] * 9 + ["3"]]}
    origin = LabelOrigin(dataset="data", split="test", start=0)
    found = scored(
        "vqa",
        {"y_true": ["yes", "no", "2"], "y_pred": ["Yes", "yes", "two"]},
        metrics=["vqa_accuracy", "exact_match"],
        n=3,
        origin=origin,
        served=people,
        scores={"vqa_accuracy": (1 + 2 / 3 + 1) / 3, "exact_match": 2 / 3},
    )
    assert found.items["vqa_accuracy"] == pytest.approx((1, 2 / 3, 1), abs=1e-6)
    assert found.items["exact_match"] == (1.0, 0.0, 1.0)
    span = found.span("exact_match")
    assert span is not None
    assert "Wilson" in span.method


@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_either_way_round_gives_the_hits_of_each_query(turned: bool) -> None:
    table = np.random.default_rng(1).normal(size=(6, 12))
    owners = [column // 2 for column in range(12)]
    recall = retrieval(table, owners, (1, 5))
    scores = {
        "image_to_text_recall_at_1": recall.image_to_text[1],
        "text_to_image_recall_at_1": recall.text_to_image[1],
    }
    found = scored(
        "retrieval",
        {},
        metrics=list(scores),
        n=6,
        scores=scores,
        captions_per_image=2,
        table=table.T if turned else table,
    )
    assert len(found.items["image_to_text_recall_at_1"]) == 6
    assert len(found.items["text_to_image_recall_at_1"]) == 12
    span = found.span("text_to_image_recall_at_1")
    assert span is not None
    assert "6 items" in span.method, "images are drawn, not captions"


def test_a_similarity_score_is_the_mean_of_its_items_and_varies_with_them() -> None:
    table = np.random.default_rng(2).normal(size=(8, 8)) + 3 * np.eye(8)
    score = similarity_score(table)
    found = scored(
        "similarity",
        {},
        metrics=["similarity_score"],
        n=8,
        scores={"similarity_score": score},
        table=table,
    )
    assert np.mean(found.items["similarity_score"]) == pytest.approx(score, abs=1e-5)
    span = found.span("similarity_score")
    assert span is not None
    assert span.low < score < span.high


labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60)


@given(labels, st.sampled_from(["macro", "weighted"]))
def test_counts_give_what_scikit_learn_gives(pairs: list[tuple[int, int]], average: str) -> None:
    y_true, y_pred = [each[0] for each in pairs], [each[1] for each in pairs]
    by_sklearn = precision_recall_fscore_support(y_true, y_pred, average=average, zero_division=0)
    table = confusion(y_true, y_pred, range(5)).counts
    found = [
        float(counts.scores(table, "precision", average)),
        float(counts.scores(table, "recall", average)),
        float(counts.scores(table, "f1", average)),
    ]
    assert found == pytest.approx(by_sklearn[:3])


def test_drawing_counts_is_drawing_items() -> None:
    """The multinomial interval against a plain bootstrap over the items."""
    draw = np.random.default_rng(3)
    y_true = draw.integers(0, 3, 300)
    y_pred = np.where(draw.random(300) < 0.8, y_true, draw.integers(0, 3, 300))
    rows = [draw.integers(0, 300, 300) for _ in range(1000)]
    plain = [
        float(
            counts.scores(confusion(y_true[r].tolist(), y_pred[r].tolist()).counts, "f1", "macro")
        )
        for r in rows
    ]
    found = counts.interval(confusion(y_true.tolist(), y_pred.tolist()).counts, "f1", "macro")
    assert (found.low, found.high) == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.01)
