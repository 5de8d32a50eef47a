"""What the recorder sees of metrics of texts, and of matrices, as the evidence stage reads it."""

import json
import shutil
from pathlib import Path

import pytest

from grader.evidence.recording import parse
from grader.execute import ForkSandbox, RunOptions
from grader.model import Limits, Recording, Run, TextMetricCall
from tests.execute.conftest import notebook

pytestmark = pytest.mark.sandbox

METRIC = """
import datasets
import evaluate

class Bleu(evaluate.Metric):
    def _info(self):
        texts = datasets.Value("string")
        features = datasets.Features(
            {"predictions": texts, "references": datasets.Sequence(texts)}
        )
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="", features=features
        )

    def _compute(self, predictions, references):
        import sacrebleu
        streams = [list(each) for each in zip(*references)]
        return {"bleu": sacrebleu.corpus_bleu(predictions, streams).score / 100}
"""
TEXTS = ("a cat on a mat", "two dogs running fast here")
FIRST = ("a cat on the mat", "two dogs run fast here")
SECOND = ("the cat on a mat", "dogs running")
CELLS = (
    f"texts, first, second = {list(TEXTS)}, {list(FIRST)}, {list(SECOND)}\nboth = [first, second]",
    "import sacrebleu\nfrom sacrebleu.metrics import BLEU\n"
    "sacrebleu.corpus_bleu(texts, both)\nBLEU(lowercase=True).corpus_score(texts, both)\n"
    "sacrebleu.corpus_chrf(texts, [first])\nsacrebleu.corpus_ter(texts, [first])",
    "for text, one in zip(texts, first): sacrebleu.sentence_bleu(text, [one])",
    "from nltk.translate.bleu_score import corpus_bleu, sentence_bleu\n"
    "corpus_bleu([[one.split(), other.split()] for one, other in zip(first, second)],\n"
    "            [text.split() for text in texts])\n"
    "scores = [sentence_bleu([one.split()], text.split(), weights=(1, 0, 0, 0))\n"
    "          for one, text in zip(first, texts)]",
    "import evaluate\nbleu = evaluate.load('bleu')\n"
    "bleu.compute(predictions=texts, references=[list(each) for each in zip(*both)])\n"
    "for text, one in zip(texts, first): bleu.add_batch(predictions=[text], references=[[one]])\n"
    "bleu.compute()",
    "sacrebleu.corpus_bleu(['x' * 500, 'y'], [first])\n"
    "sacrebleu.corpus_bleu(['y'] * 21_000, [['y'] * 21_000])",
    "sacrebleu.corpus_bleu(texts, [first[:1]])",
    "import numpy as np, torch\nscores = np.array([[0.1, 2.0], [3.0, -4.0]])\n"
    "half = torch.tensor([[1.5, 2.5, 3.5], [0.25, 0.5, 0.75]], dtype=torch.float16)\n"
    "large, huge = np.zeros((400, 400)), np.array([[1e300, 1.0], [0.0, 1.0]])\n"
    "whole, row = np.eye(3, dtype=int), np.ones((1, 5))",
    "scores[0, 1] = 5.0\nsame = half",
    "budget = [np.random.rand(300, 300) for _ in range(40)]\n"
    "for number, each in enumerate(budget): globals()[f'part{number}'] = each",
)
(NAMES, SACREBLEU, LOOP, NLTK, EVALUATE, BOUNDS, SHORT, MATRICES, CHANGED, MANY) = range(len(CELLS))


@pytest.fixture(scope="module")
def run(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("texts") / "home"
    shutil.copytree(assets, home)
    (home / "metrics/bleu").mkdir()
    (home / "metrics/bleu/bleu.py").write_text(METRIC)
    serving = json.loads((home / "serving.json").read_text())
    serving["metrics"]["bleu"] = "metrics/bleu"
    (home / "serving.json").write_text(json.dumps(serving))
    with ForkSandbox(home, "tiny") as sandbox:
        limits = Limits(cell_seconds=60, run_seconds=120)
        done = sandbox.run(notebook(*CELLS), RunOptions(limits=limits))
    assert [(cell.index, cell.error) for cell in done.cells if cell.outcome != "ok"] == []
    assert not [event for event in done.events if event.name in ("recorder-error", "tamper")]
    assert done.recorder_complete
    return done


@pytest.fixture(scope="module")
def recording(run: Run) -> Recording:
    return parse(run.events, run.recorder_complete)


def calls(recording: Recording, cell: int) -> list[TextMetricCall]:
    return [each for each in recording.text_metrics if each.cell == cell]


def given(recording: Recording, call: TextMetricCall) -> tuple[object, ...]:
    """Texts, and the references of each stream."""
    return tuple(recording.labels(each) for each in (call.predictions, *call.references))


def test_sacrebleu(recording: Recording) -> None:
    found = calls(recording, SACREBLEU)
    names = ["corpus_bleu", "corpus_bleu", "corpus_chrf", "corpus_ter"]
    assert [each.function for each in found] == names
    assert {each.library for each in found} == {"sacrebleu"}
    assert given(recording, found[0]) == (TEXTS, FIRST, SECOND)
    assert given(recording, found[2]) == (TEXTS, FIRST)
    assert found[0].n == 2
    assert found[0].value == pytest.approx(56.0132, abs=1e-4)


def test_calls_for_one_item_each_are_put_together(recording: Recording) -> None:
    (found,) = calls(recording, LOOP)
    assert (found.function, found.n) == ("sentence_bleu", 2)
    assert given(recording, found) == (TEXTS, FIRST)
    assert found.value is not None
    assert 0 < found.value < 100


def test_nltk_tokens_are_joined_by_blanks(recording: Recording) -> None:
    corpus, sentences = calls(recording, NLTK)
    assert given(recording, corpus) == (TEXTS, FIRST, SECOND)
    assert corpus.value == pytest.approx(0.560132, abs=1e-6)
    assert given(recording, sentences) == (TEXTS, FIRST)
    assert sentences.function == "sentence_bleu"
    assert sentences.value == pytest.approx(0.8)


def test_evaluate_counts_once_whatever_it_calls(recording: Recording) -> None:
    whole, batches = calls(recording, EVALUATE)
    assert (whole.library, whole.function) == ("evaluate", "bleu")
    assert given(recording, whole) == (TEXTS, FIRST, SECOND)
    assert whole.value == pytest.approx(0.560132, abs=1e-6)
    assert given(recording, batches) == (TEXTS, FIRST)
    assert not [each for each in recording.metric_calls if each.cell == EVALUATE]


def test_what_is_too_long_is_unknown(recording: Recording) -> None:
    wide, many = calls(recording, BOUNDS)
    assert (wide.predictions, wide.n) == (None, 2)
    assert recording.labels(many.predictions) is None
    (short,) = calls(recording, SHORT)
    assert (short.n, short.references) == (2, ())


def test_matrices_that_appear_or_change(recording: Recording) -> None:
    named = {(each.cell, each.name): each.matrix for each in recording.named_matrices}
    values = {key: recording.matrices[matrix].values for key, matrix in named.items()}
    assert values[MATRICES, "scores"] == pytest.approx((0.1, 2.0, 3.0, -4.0), rel=1e-7)
    assert values[MATRICES, "half"] == (1.5, 2.5, 3.5, 0.25, 0.5, 0.75)
    assert values[CHANGED, "scores"] == pytest.approx((0.1, 5.0, 3.0, -4.0), rel=1e-7)
    assert named[CHANGED, "same"] == named[MATRICES, "half"]
    assert values[MATRICES, "large"] is None
    assert recording.matrices[named[MATRICES, "large"]].rows == 400
    assert values[MATRICES, "huge"] is None
    assert {name for cell, name in named if cell in (MATRICES, CHANGED)} == {
        *("scores", "half", "large", "huge", "same"),
    }


def test_matrices_end_with_their_budget(recording: Recording) -> None:
    parts = [each for each in recording.named_matrices if each.name.startswith("part")]
    known = [recording.matrices[each.matrix].values is not None for each in parts]
    assert 5 < sum(known) < 40
