"""Which places score predictions, of which library, and how many rows of which split."""

import pytest

from grader.model import Scoring, SourceGraph
from tests.evidence.source_cases import graph_of, value_of

START = """
import numpy as np, torch, torchmetrics, evaluate, sacrebleu, keras
from datasets import load_dataset
from transformers import pipeline, Trainer, AutoModel
ds = load_dataset("beans")
test = ds["test"].select(range(40))
model = AutoModel.from_pretrained("a")
y = test["labels"]
p = pipeline("image-classification")(test["image"])
refs = test["labels"]
hyps = model.generate(test["image"])
"""


def only(code: str) -> tuple[SourceGraph, Scoring]:
    graph = graph_of(START, code)
    (scoring,) = graph.scorings
    return graph, scoring


@pytest.mark.parametrize(
    ("code", "how", "metric"),
    [
        ("from sklearn.metrics import f1_score\nf1_score(y, p)", "sklearn", "f1_score"),
        ("from sklearn import metrics as m\nm.f1_score(y_pred=p, y_true=y)", "sklearn", "f1_score"),
        ("m = evaluate.load('f1')\nm.compute(predictions=p, references=y)", "evaluate", "f1"),
        (
            "from torchmetrics.functional import accuracy\naccuracy(p, y)",
            "functional",
            "accuracy",
        ),
        (
            "m = torchmetrics.Accuracy(task='multiclass', num_classes=3)\nm(p, y)",
            "torchmetrics",
            "Accuracy",
        ),
        (
            "m = torchmetrics.Accuracy()\nm.update(p, y)\nprint(m.compute())",
            "torchmetrics",
            "Accuracy",
        ),
        (
            "m = torchmetrics.F1Score().to('cpu')\nfor a, b in zip(p, y):\n    m.update(a, b)",
            "torchmetrics",
            "F1Score",
        ),
        ("np.mean(p == y)", "by-hand", None),
        ("sum(a == b for a, b in zip(p, y)) / len(y)", "by-hand", None),
        ("(p == y).sum().item() / len(y)", "by-hand", None),
        (
            "def my_accuracy(p, y):\n    return (p == y).float().mean()\nmy_accuracy(p, y)",
            "by-hand",
            None,
        ),
        (
            "def f1_score(y_true, y_pred):\n"
            "    tp = count(y_true, y_pred)\n    return 2 * tp / (2 * tp + 1)\nf1_score(y, p)",
            "by-hand",
            "f1_score",
        ),
    ],
)
def test_labels_and_predictions_are_told_apart(code: str, how: str, metric: str | None) -> None:
    graph, scoring = only(code)
    assert (scoring.how, scoring.metric) == (how, metric)
    assert scoring.y_true is not None
    assert scoring.y_pred is not None
    assert "labels" in graph.tags(scoring.y_true)
    assert "model-output" not in graph.tags(scoring.y_true)
    assert "model-output" in graph.tags(scoring.y_pred)
    assert (scoring.n, scoring.split) == (40, "test")


@pytest.mark.parametrize(
    "code",
    [
        "from nltk.translate.bleu_score import corpus_bleu\ncorpus_bleu(refs, hyps)",
        "from nltk.translate.meteor_score import meteor_score\nmeteor_score(refs, hyps)",
        "sacrebleu.corpus_bleu(hyps, refs)",
        "from sacrebleu.metrics import BLEU\nBLEU().corpus_score(hyps, refs)",
        "bleu = sacrebleu.BLEU()\nbleu.corpus_score(hypotheses=hyps, references=refs)",
        "from rouge_score import rouge_scorer\n"
        "rouge_scorer.RougeScorer(['rouge1']).score(refs, hyps)",
        "from pycocoevalcap.cider.cider import Cider\nCider().compute_score(refs, hyps)",
        "from torchmetrics.functional.text import bleu_score\nbleu_score(hyps, refs)",
        "from torchmetrics.text import BLEUScore\nBLEUScore()(hyps, refs)",
        "import jiwer\njiwer.wer(refs, hyps)",
    ],
)
def test_sentences_and_references_are_told_apart(code: str) -> None:
    graph, scoring = only(code)
    assert scoring.how == "text"
    assert (scoring.y_true, scoring.y_pred) != (None, None)
    assert graph.nodes[scoring.y_true or 0].name == "refs"
    assert graph.nodes[scoring.y_pred or 0].name == "hyps"


def test_a_trainer_scores_the_data_it_is_given() -> None:
    _, scoring = only("trainer = Trainer(model)\nprint(trainer.predict(ds['test']).metrics)")
    assert (scoring.how, scoring.split, scoring.n, scoring.y_true) == (
        "trainer",
        "test",
        None,
        None,
    )


def test_a_trainer_scores_the_data_it_was_made_with() -> None:
    _, scoring = only("Trainer(model, eval_dataset=ds['validation'].select(range(9))).evaluate()")
    assert (scoring.how, scoring.split, scoring.n) == ("trainer", "validation", 9)


def test_a_trainer_nobody_made_scores_in_a_report() -> None:
    (scoring,) = graph_of("pred = trainer.predict(ready['test'].select(range(1)))").scorings
    assert (scoring.how, scoring.n) == ("trainer", 1)
    assert graph_of("pred = somebody.predict(ready['test'])").scorings == ()


def test_a_keras_model_scores_its_test_set() -> None:
    _, scoring = only(
        "(a, b), (x, t) = keras.datasets.mnist.load_data()\n"
        "net = keras.Sequential([])\nnet.compile(metrics=['accuracy'])\nnet.fit(a, b)\n"
        "net.evaluate(x[:500], t[:500])"
    )
    assert (scoring.how, scoring.split, scoring.n) == ("keras", "test", 500)


def test_an_estimator_scores() -> None:
    graph, scoring = only(
        "from sklearn.linear_model import LogisticRegression\n"
        "clf = LogisticRegression()\nclf.fit(p, y)\nclf.score(p, y)"
    )
    assert (scoring.how, scoring.y_true) == ("sklearn", graph.nodes[scoring.node].arguments[1].node)


@pytest.mark.parametrize(
    "code",
    [
        "trainer = Trainer(model)\ntrainer.train()",
        "torchmetrics.Accuracy(task='multiclass')",
        "sacrebleu.BLEU()",
        "pred = model.predict(test)",
        "from sklearn.metrics.pairwise import cosine_similarity\ncosine_similarity(y, p)",
        "same = (left == right).mean()",
    ],
)
def test_what_scores_nothing(code: str) -> None:
    assert graph_of(START, code).scorings == ()


def test_the_steps_of_one_score_are_one_scoring() -> None:
    graph, scoring = only("hits = (p == y)\nright = hits.sum()\naccuracy = right / len(y)")
    assert scoring.node == value_of(graph, "accuracy")
