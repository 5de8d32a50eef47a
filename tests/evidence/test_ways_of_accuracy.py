"""Ten ways to come by an accuracy, each in a notebook with a real model, run in the sandbox.

Metric functions that are watched see one of them. An accuracy that the captured labels and
predictions give is explained, however it was computed; one that they do not give is not, however
it was made.
"""

import json
from collections.abc import Callable, Iterator

import pytest

from grader.cli.setting import class_setup
from grader.evidence import gather
from grader.execute import RunOptions
from grader.intake import intake
from grader.model import Evidence, Provenance
from grader.pipeline import Setup, load_lab

pytestmark = pytest.mark.sandbox

PREDICT = """
import numpy as np
import torch
from datasets import load_dataset
from transformers import CLIPModel, CLIPProcessor

model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32").eval()
processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
cifar = load_dataset("uoft-cs/cifar10", split="test[:200]")
prompts = [f"a photo of a {name}" for name in cifar.features["label"].names]
with torch.no_grad():
    inputs = processor(text=prompts, images=cifar[:]["img"], return_tensors="pt", padding=True)
    p = model(**inputs).logits_per_image.argmax(dim=1).numpy()
y = np.array(cifar["label"])
"""
COUNT = """
def evaluate():
    right = 0
    for start in range(0, len(cifar), 50):
        batch = cifar[start : start + 50]
        with torch.no_grad():
            inputs = processor(
                text=prompts, images=batch["img"], return_tensors="pt", padding=True
            )
            said = model(**inputs).logits_per_image.argmax(dim=1)
        right += (said == torch.tensor(batch["label"])).sum().item()
    return right / len(cifar)

y = range(len(cifar))
"""
PRINT = '\nprint(f"Number of test images: {len(y)}")\nprint(f"Accuracy: {acc:.4f}")'

GENUINE = {
    "metric function": "from sklearn.metrics import accuracy_score\nacc = accuracy_score(y, p)",
    "private path": (
        "from sklearn.metrics._classification import accuracy_score\nacc = accuracy_score(y, p)"
    ),
    "numpy mean": "acc = (y == p).mean()",
    "pure Python": ("acc = sum(int(a == b) for a, b in zip(y.tolist(), p.tolist())) / len(y)"),
    "unwrapped function": (
        "import sklearn.metrics as m\n"
        "acc = getattr(m.accuracy_score, '__wrapped__', m.accuracy_score)(y, p)"
    ),
}
OTHERS = {
    "literal": "acc = 0.8123",
    "replaced function": (
        "import sklearn.metrics as m\n"
        "m.accuracy_score = lambda *arguments: 0.97\nacc = m.accuracy_score(y, p)"
    ),
    "subprocess": (
        "import subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-c', 'print(.9137)'], capture_output=True)\n"
        "acc = float(done.stdout)"
    ),
    "cleared log": (
        "import __main__\ncalls = [('accuracy_score', y, p)]\n__main__.calls.clear()\nacc = 0.9917"
    ),
    "class that equals everything": (
        "class Any(int):\n    __eq__ = lambda self, other: True\n    __hash__ = int.__hash__\n"
        "acc = sum(Any(b) == a for a, b in zip(y.tolist(), p.tolist())) / len(y)"
    ),
    "typed-in counters": "correct, total = 8123, 10000\nacc = correct / total",
}


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    with class_setup(load_lab("week9-vit-clip")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ran(setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Evidence]:
    """Evidence of a notebook that predicts and then comes by an accuracy."""
    path = tmp_path_factory.mktemp("ways") / "way.ipynb"

    def runner(predict: str, way: str) -> Evidence:
        sources = ("# CLIP on CIFAR-10\n" + predict, way + PRINT)
        cells = [
            {"cell_type": "code", "source": each, "metadata": {}, "outputs": []} for each in sources
        ]
        whole = {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
        path.write_text(json.dumps(whole), encoding="utf-8")
        assert setup.sandbox is not None
        submission = intake(path, setup.lab)
        run = setup.sandbox.run(submission, RunOptions(limits=setup.lab.limits))
        assert [cell.outcome for cell in run.cells] == ["ok", "ok"], run.cells
        return gather(submission, run, setup.lab, setup.truth)

    return runner


def of_accuracy(evidence: Evidence) -> Provenance:
    """What is known of the accuracy that our run printed."""
    (found,) = (
        each
        for each in evidence.provenance
        if evidence.figures[each.figure].metric == "accuracy"
        and evidence.figures[each.figure].place.source == "rerun"
    )
    return found


@pytest.mark.parametrize("way", GENUINE)
def test_a_genuine_accuracy_is_explained(ran: Callable[[str, str], Evidence], way: str) -> None:
    found = of_accuracy(ran(PREDICT, GENUINE[way]))
    assert found.verdict == "explained", found
    assert found.explanations[0].function == "accuracy"
    assert found.explanations[0].of == ("y", "p")
    assert found.explanations[0].n == 200
    assert found.chance < 0.01


@pytest.mark.parametrize("way", OTHERS)
def test_any_other_is_not(ran: Callable[[str, str], Evidence], way: str) -> None:
    found = of_accuracy(ran(PREDICT, OTHERS[way]))
    assert found.verdict in ("unexplained", "contradicted"), found
    assert found.explanations == ()


def test_an_accuracy_counted_in_a_function_is_explained(
    ran: Callable[[str, str], Evidence],
) -> None:
    """No array of it ever stands in a variable; what was served and predicted is known."""
    loading = PREDICT.partition("with torch.no_grad()")[0]
    found = of_accuracy(ran(loading + COUNT, "acc = evaluate()"))
    assert found.verdict == "explained", found
    assert found.explanations[0].of == (
        "labels of uoft-cs/cifar10",
        "predictions of openai/clip-vit-base-patch32",
    )
