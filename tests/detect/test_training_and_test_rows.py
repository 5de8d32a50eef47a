"""Which rows are trained on and scored: in the source, and as the recorder saw them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from grader.detect import _called
from grader.detect._called import printed_test
from grader.detect._seen import PUBLISHED, Overlap, overlap, plain_split, split_scored
from grader.detect._splits import learned_in, rows_of, scored, trainings
from grader.model import Case, SourceGraph
from tests import build

VIT = "google/vit-base-patch16-224-in21k"
SPLIT = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
X_train, X_test, y_train, y_test = train_test_split(X, y)
clf = LogisticRegression().fit(X_train, y_train)
print("test accuracy:", accuracy_score(y_test, clf.predict(X_test)))
"""


def graph_of(source: str) -> SourceGraph:
    return build.case(source).evidence.source


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_chance_of_so_many_copies_is_the_binomial_one(learned: int, scored_images: int) -> None:
    learned = min(learned, scored_images)
    expected = binom.sf(learned - 1, scored_images, PUBLISHED)
    found = Overlap(scored=scored_images, learned=learned).chance
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-300)


@given(st.integers(0, 300), st.integers(300, 400))
def test_more_copies_are_less_likely(learned: int, scored_images: int) -> None:
    fewer = Overlap(scored=scored_images, learned=learned)
    more = Overlap(scored=scored_images, learned=learned + 1)
    assert 0 <= more.chance <= fewer.chance <= 1


def seen(predicted: str, *, trained_on: str, model: str = VIT) -> Case:
    """Twenty images a to t went through a model that was trained before."""
    images = " ".join(f"{chr(97 + at)}x1" for at in range(20))
    return build.case(
        "# Task 1: ViT\nfrom sklearn.metrics import accuracy_score\naccuracy_score(a, b)",
        recorded=[
            {
                "training": {
                    "cell": 0,
                    "optimiser": "SGD",
                    "steps": 1,
                    "model": model,
                    "inputs": trained_on,
                }
            },
            {
                "pass": {
                    "cell": 0,
                    "model": VIT,
                    "method": "forward",
                    "rows": 20,
                    "inputs": images,
                    "predictions": "0x10 1x5 2x5",
                }
            },
            {
                "metric": {
                    "cell": 0,
                    "library": "sklearn",
                    "function": "accuracy_score",
                    "y_true": "0x8 1x6 2x6",
                    "y_pred": predicted,
                    "value": 0.8,
                }
            },
        ],
    )


def overlap_of(case: Case) -> Overlap | None:
    best = case.evidence.best("vit")
    assert best is not None
    return overlap(case, best)


def test_images_scored_are_those_behind_the_predictions() -> None:
    case = seen("0x10 1x5 2x5", trained_on="ax1 bx1 zx3")
    assert overlap_of(case) == Overlap(scored=20, learned=2)


def test_predictions_may_be_scored_as_names() -> None:
    names = "angular_leaf_spotx10 bean_rustx5 healthyx5"
    found = overlap_of(seen(names, trained_on="ax1 bx1 cx1"))
    assert found == Overlap(scored=20, learned=3)


def test_what_is_unknown_is_no_overlap_of_zero() -> None:
    assert overlap_of(seen("2x20", trained_on="ax1")) is None
    assert overlap_of(seen("0x10 1x5 2x5", trained_on="ax1", model="another")) is None


def test_a_split_is_told_without_its_rows() -> None:
    assert plain_split("test[:100]") == "test"
    assert plain_split(" Train ") == "train"


def test_the_split_of_rows_that_were_handed_out_with_these_labels() -> None:
    labels = " ".join(str(at * at % 3) for at in range(20))
    case = build.case(
        "# Task 1: ViT",
        recorded=[
            {
                "served": {
                    "cell": 0,
                    "dataset": None,
                    "split": "validation[:20]",
                    "rows": 20,
                    "labels": labels,
                }
            },
            {
                "metric": {
                    "cell": 0,
                    "library": "sklearn",
                    "function": "accuracy_score",
                    "y_true": labels,
                    "y_pred": "0x20",
                    "value": 0.4,
                }
            },
        ],
    )
    best = case.evidence.best("vit")
    assert best is not None
    assert best.split is None
    assert split_scored(case, best) == "validation"


def test_parts_of_a_division_are_told_apart() -> None:
    graph = graph_of(SPLIT)
    (site,) = scored(graph)
    (training,) = trainings(graph)
    assert site.rows.splits == {"test"}
    assert training.rows.splits == {"train"}
    assert learned_in(graph, training, site)


def test_a_search_that_only_lends_settings_is_not_what_learned() -> None:
    graph = graph_of(
        SPLIT.replace(
            "clf = LogisticRegression()",
            "search = GridSearchCV(LogisticRegression(), {}).fit(X, y)\n"
            "clf = LogisticRegression(**search.best_params_)",
        )
    )
    (site,) = scored(graph)
    assert [learned_in(graph, each, site) for each in trainings(graph)] == [False, True]


def test_a_selection_keeps_only_some_rows() -> None:
    graph = graph_of(
        "from datasets import load_dataset\n"
        'test = load_dataset("cifar10", split="test")\n'
        "few = test.select(range(50))\n"
        'slice_of_it = load_dataset("cifar10", split="test[:50]")\n'
    )
    some = {
        each.name: [part.some for part in rows_of(graph, each.node).parts]
        for each in graph.bindings
    }
    assert some == {"test": [False], "few": [True], "slice_of_it": [True]}


@pytest.mark.parametrize("name", ["test_ds", "X_test", "testImages", "my_test", "test2"])
def test_names_of_a_test_split(name: str) -> None:
    graph = graph_of(f"{name} = rows()")
    nodes = frozenset(each.node for each in graph.bindings)
    assert [each.name for each in _called.test_names(graph, nodes)] == [name]


@pytest.mark.parametrize("name", ["latest", "contest_rows", "train_test", "val_test_rows", "rows"])
def test_names_of_no_test_split(name: str) -> None:
    graph = graph_of(f"{name} = rows()")
    assert not list(_called.test_names(graph, frozenset(each.node for each in graph.bindings)))


def test_a_text_beside_the_score_says_test() -> None:
    graph = graph_of(SPLIT)
    assert printed_test(graph, scored(graph)[0]) == "test accuracy:"
    other = graph_of(SPLIT.replace("test accuracy", "validation, not test"))
    assert printed_test(other, scored(other)[0]) is None
