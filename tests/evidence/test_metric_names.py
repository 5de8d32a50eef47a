"""Names of metrics of captions, answers and retrieval, in outputs and in prose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.claims import claims
from grader.evidence.outputs import reported
from grader.evidence.tasks import cell_tasks
from grader.model import Cell, Lab, Output
from tests import build

I2T, T2I = "image_to_text_recall_at_", "text_to_image_recall_at_"


def read(text: str, lab: Lab | None = None) -> list[tuple[str, float]]:
    asked = lab or build.many_kinds()
    shown = (Output(kind="stdout", text=text),)
    made = build.submission(Cell(index=0, kind="code", source="show()", outputs=shown))
    return [
        (each.metric, round(each.value, 6))
        for each in reported(made, asked, cell_tasks(made, asked))
    ]


def stated(text: str) -> list[tuple[str, float]]:
    made = build.submission(build.text(0, text))
    return [(each.metric, each.value) for each in claims(made, build.many_kinds(), {})]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BLEU-4: 0.3121", [("bleu4", 0.3121)]),
        ("BLEU@4 = 31.21", [("bleu4", 0.3121)]),
        ("BLEU_4: 31.21%", [("bleu4", 0.3121)]),
        ("BLEU 45.2", [("bleu4", 0.452)]),
        ("BLEU 1.0", [("bleu4", 1.0)]),
        ("sacreBLEU: 31.2", [("bleu4", 0.312)]),
        ("Average BLEU-1 Score: 0.613", [("bleu1", 0.613)]),
        ("BLEU-1: 0.7 BLEU-2: 0.5 BLEU-3: 0.4", [("bleu1", 0.7), ("bleu2", 0.5), ("bleu3", 0.4)]),
        ("BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944)", [("bleu4", 0.4853)]),
        ("BLEU = 0.53 2.4/0.5/0.5/0.5 (BP = 0.943 ratio = 0.944)", [("bleu4", 0.0053)]),
        ("BLEU = 82.40 82.4 (BP = 1.000 ratio = 1.1)", [("bleu1", 0.824)]),
        ("{'bleu': 0.3121, 'precisions': [0.7, 0.5, 0.4, 0.2]}", [("bleu4", 0.3121)]),
        ("METEOR: 0.28", [("meteor", 0.28)]),
        ("CIDEr: 1.023", [("cider", 1.023)]),
        ("CIDEr-D: 102.3", [("cider", 1.023)]),
        ("VQA accuracy: 81.5%", [("vqa_accuracy", 0.815)]),
        ("Exact match: 0.75", [("exact_match", 0.75)]),
        ("exact_match_accuracy=0.75", [("exact_match", 0.75)]),
        ("Similarity score: 0.0546", [("similarity_score", 0.0546)]),
        ("Score de similarité : 0.0546", [("similarity_score", 0.0546)]),
        ("similarity score = -0.05", [("similarity_score", -0.05)]),
        ("Image-to-text R@1: 0.65 R@5: 0.9", [(I2T + "1", 0.65), (I2T + "5", 0.9)]),
        ("R@1 (i2t): 0.65", [(I2T + "1", 0.65)]),
        ("R@1 (i2t): 0.65, R@1 (t2i): 0.5", [(I2T + "1", 0.65), (T2I + "1", 0.5)]),
        ("text_to_image_recall_at_5: 0.91", [(T2I + "5", 0.91)]),
        ("Text retrieval recall@1: 0.5", [(I2T + "1", 0.5)]),
        ("Image→Text R@1 = 65.0%", [(I2T + "1", 0.65)]),
        ("image_to_text: {'R@1': 0.6, 'R@5': 0.8}", [(I2T + "1", 0.6), (I2T + "5", 0.8)]),
        (
            "Text-to-image\nR@1: 0.40\n\nImage-to-text\nR@1: 0.50",
            [(T2I + "1", 0.4), (I2T + "1", 0.5)],
        ),
        (
            "direction | R@1 | R@5\n---|---|---\nimage-to-text | 0.6 | 0.8\nt2i | 0.5 | 0.7",
            [(I2T + "1", 0.6), (I2T + "5", 0.8), (T2I + "1", 0.5), (T2I + "5", 0.7)],
        ),
        (
            "            R@1   R@5\nimage-to-text  0.61  0.81\ntext-to-image  0.51  0.71",
            [(I2T + "1", 0.61), (I2T + "5", 0.81), (T2I + "1", 0.51), (T2I + "5", 0.71)],
        ),
        (
            "    | i2t | t2i\n---|---|---\nR@1 | 0.6 | 0.5",
            [(I2T + "1", 0.6), (T2I + "1", 0.5)],
        ),
        ("Metric  Value\nBLEU-4  0.312\nCIDEr  1.02", [("bleu4", 0.312), ("cider", 1.02)]),
        ("Recall@5: 0.9", []),
        ("text-to-image Recall@10: 0.9", []),
        ("Recall at 5: 0.9", []),
        ("self-BLEU: 0.5", []),
        ("# Visual question Answering\nAccuracy: 0.8", []),
    ],
)
def test_printed(text: str, found: list[tuple[str, float]]) -> None:
    assert read(text) == found


def test_a_recall_without_direction_is_told_where_one_is_asked_for() -> None:
    asked = build.many_kinds()
    tasks = [
        each.model_copy(update={"metrics": (T2I + "5",)}) if each.kind == "retrieval" else each
        for each in asked.tasks
    ]
    one_way = asked.model_copy(update={"tasks": tuple(tasks)})
    assert read("Recall@5: 0.9", one_way) == [(T2I + "5", 0.9)]


@pytest.mark.parametrize(
    "text",
    ["BLEU: 0.31", "Recall@5: 0.9", "Top-5 accuracy: 0.9", "Exact match: 0.9", "i2t R@1: 0.5"],
)
def test_a_lab_of_classifications_reads_what_it_asks_for(text: str) -> None:
    assert read(text, build.lab()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We got a BLEU-4 of 0.312 and a CIDEr of 1.02.", [("bleu4", 0.312), ("cider", 1.02)]),
        (
            "It reached a BLEU-4 score of 31.2 and METEOR of 0.28.",
            [("bleu4", 0.312), ("meteor", 0.28)],
        ),
        ("VQA accuracy was 81.5%.", [("vqa_accuracy", 0.815)]),
        (
            "Image-to-text Recall@5 is 91.0%, text-to-image Recall@5 is 85%.",
            [(I2T + "5", 0.91), (T2I + "5", 0.85)],
        ),
        ("The similarity score is 0.0546.", [("similarity_score", 0.0546)]),
        ("| Metric | Value |\n|---|---|\n| CIDEr | 1.02 |", [("cider", 1.02)]),
        ("A BLEU of 3.1 is low.", []),
        ("Recall@5 is 0.91.", []),
    ],
)
def test_claimed(text: str, found: list[tuple[str, float]]) -> None:
    assert stated(text) == found


@given(st.integers(0, 10_000))
def test_hundredths_and_fractions_are_one_value(score: int) -> None:
    percent, plain = f"BLEU-4: {score / 100:.2f}%", f"BLEU-4: {score / 10_000:.4f}"
    assert read(percent) == read(plain) != []
    if score > 100:
        assert read(f"BLEU-4: {score / 100:.2f}") == read(plain)
