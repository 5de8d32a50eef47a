"""Laws of what is told from recorded labels, and what takes no time in a notebook of any size."""

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.detect import detect, load_detectors
from grader.detect._canonical import agreement, by_chance, renamed, same_items
from grader.model import Finding
from tests import build

LABELS = st.lists(st.integers(0, 9), min_size=1, max_size=60)
RENAMED = "LAB003"
SECONDS = 10.0
"""Far more than it takes, for a busy machine."""


def findings(code: str, *cells: str, recorded: build.Facts | None = None) -> list[Finding]:
    case = build.case(*cells, recorded=recorded)
    chosen = [each for each in load_detectors() if each.code == code]
    detection = detect(case, chosen)
    assert [one.reason for one in detection.unassessed if "Error:" in one.reason] == []
    return list(detection.findings)


def scored(true: list[int], pred: list[int]) -> build.Facts:
    fields = {"cell": 0, "library": "sklearn", "function": "accuracy_score", "value": 0.5}
    return [{"metric": {**fields, "y_true": true, "y_pred": pred}}]


@given(LABELS, st.permutations(range(10)))
def test_a_renaming_is_found_again(labels: list[int], names: list[int]) -> None:
    new = [names[label] for label in labels]
    found = renamed(labels, new)
    assert found == {label: names[label] for label in labels}


@given(LABELS, st.randoms())
def test_another_order_keeps_the_items(labels: list[int], order: random.Random) -> None:
    other = order.sample(labels, len(labels))
    assert same_items(labels, other)
    assert 0 <= agreement(labels, other) <= len(labels)
    assert 0 < by_chance(labels, other) <= 1


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_guesses_are_no_renaming(seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - guesses, not secrets
    true = [drawn.randrange(4, 8) for _ in range(120)]
    pred = [drawn.randrange(4, 8) for _ in range(120)]
    assert (
        findings(RENAMED, "# Task 2: CLIP\nscore(y_true, y_pred)", recorded=scored(true, pred))
        == []
    )


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 3]))
@settings(max_examples=15, deadline=None)
def test_good_predictions_under_other_numbers_are_a_renaming(seed: int, shift: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - errors, not secrets
    true = [drawn.randrange(4, 8) for _ in range(160)]
    pred = [
        4 + (label - 4 + shift) % 4 if drawn.random() < 0.9 else drawn.randrange(4, 8)
        for label in true
    ]
    cell = "# Task 2: CLIP\nscore(y_true, y_pred)"
    assert [one.code for one in findings(RENAMED, cell, recorded=scored(true, pred))] == [RENAMED]


def test_many_comparisons_take_no_time() -> None:
    cells = [
        "from datasets import load_dataset\nfrom sklearn.metrics import accuracy_score\n"
        "from transformers import CLIPModel\nt = load_dataset('uoft-cs/cifar10', split='test')\n"
        "m = CLIPModel.from_pretrained('openai/clip-vit-base-patch32')\n"
        "p = m(**f(t['img'])).logits_per_image.argmax(-1)\ny = t['label']"
    ]
    cells += [
        "y = [(a + 1) if a == b else a for a, b in zip(y, p)]\np = p + y\n"
        "print(accuracy_score(y, p), sum(a == b for a, b in zip(y, p)) / len(y))"
    ] * 60
    case = build.case(*cells)
    mine = [each for each in load_detectors() if each.family in {"labels", "sample"}]
    started = time.process_time()
    detect(case, mine)
    assert time.process_time() - started < SECONDS
