"""Numbers in prose become claims only where the words link them to a metric."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.claims import claims
from grader.model import Cell, Claim
from tests import build


def read(text: str, task: str | None = None) -> tuple[Claim, ...]:
    made = build.submission(build.text(0, text))
    return claims(made, build.lab(), {0: task} if task else {})


def stated(text: str) -> dict[str, float]:
    return {each.metric: each.value for each in read(text)}


CLIP_SCORES = {"accuracy": 0.8895, "precision": 0.893, "recall": 0.8895, "f1": 0.8892}


@pytest.mark.parametrize(
    "text",
    [
        "an accuracy of 88.95%, precision of 89.30%, recall of 88.95%, and F1 score of 88.92%",
        "Accuracy: 0.8895 Precision: 0.8930 Recall: 0.8895 F1 Score: 0.8892",
        "Accuracy 0.8895\nPrecision 0.8930\nRecall 0.8895\nF1 0.8892",
        "88.95% accuracy, 89.30% precision, 88.95% recall and a 88.92% F1 score",
        "Accuracy, precision, recall and F1 were 0.8895, 0.8930, 0.8895 and 0.8892.",
        "- **Accuracy:** 88,95 %\n- **Precision:** 89,30 %\n- **Recall:** 88,95 %\n- F1: 88,92 %",
        "| Metric | Value |\n|---|---|\n| Accuracy | 0.8895 |\n| Precision | 0.8930 |\n"
        "| Recall | 0.8895 |\n| F1 Score | 0.8892 |",
    ],
)
def test_four_metrics(text: str) -> None:
    assert stated(text) == CLIP_SCORES


def test_sentence_of_a_report() -> None:
    text = (
        "The CLIP model achieved high and balanced performance, with an accuracy of 88.95%, "
        "precision of 89.30%, recall of 88.95%, and F1 score of 88.92% on a 10,000-sample test "
        "set. Its training efficiency is impressive."
    )
    found = read(text)
    assert [each.n for each in found] == [10000] * 4
    assert [each.task for each in found] == ["clip"] * 4
    assert found[0].sentence.endswith("test set.")
    assert text[found[0].start : found[0].end] == found[0].printed == "88.95%"
    assert found[0].decimals == 4
    assert not any(each.hedged or each.target or each.cited for each in found)


def test_one_number_for_all() -> None:
    text = (
        "The ViT model achieved perfect scores - 100% accuracy, precision, recall, and F1 - which "
        "indicates flawless classification for the single test sample evaluated."
    )
    found = read(text)
    assert [each.metric for each in found] == ["accuracy", "precision", "recall", "f1"]
    assert {(each.value, each.n, each.task) for each in found} == {(1.0, 1, "vit")}


def test_exact_and_hedged_in_one_sentence() -> None:
    found = read(
        "- Achieved 88.95% accuracy on a 10,000-image test set with balanced precision, recall, "
        "and F1 scores (~89%)."
    )
    assert [(each.metric, each.value, each.hedged) for each in found] == [
        ("accuracy", 0.8895, False),
        ("precision", 0.89, True),
        ("recall", 0.89, True),
        ("f1", 0.89, True),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("accuracy reached 0,87", 0.87),
        ("The accuracy on the test set was 88.95.", 0.8895),
        ("accuracy of 88.95 percent", 0.8895),
        ("It scored 88.95% on accuracy.", 0.8895),
        ("accuracy rate of `0.91`", 0.91),
        ("<b>Accuracy</b>: 0.91", 0.91),
        ("The paper's idea works.\nOur accuracy is 0.91 (91%).", 0.91),
    ],
)
def test_one_claim(text: str, value: float) -> None:
    assert stated(text) == {"accuracy": value}


@pytest.mark.parametrize(
    "text",
    [
        "400M+ image-text pairs improve accuracy",
        "224x224 images and their accuracy",
        "After 3 epochs the accuracy improved",
        "accuracy with 90% of the training data",
        "top-5 accuracy of 96%",
        "In 2023, accuracy was high",
        "a learning rate of 0.0001 gives good accuracy",
        "accuracy improved by 5%",
        "a 5% accuracy gain",
        "5% higher accuracy",
        "the difference in accuracy is 5%",
        "training accuracy of 99%",
        "balanced accuracy of 80%",
        "it does not reach 90% accuracy",
        "Accuracy is 1 of the most important metrics",
        "16-bit precision with 0.5 dropout",
        "Recall that 90% of the data is used",
        "The model reached 88.95%.",
        "Loss: 0.35 Accuracy 0.90",
        "```\naccuracy: 0.9\n```",
        "<!-- accuracy: 0.9 -->",
        "| Class | Precision |\n|---|---|\n| cat | 0.9 |",
        "accuracy https://example.org/0.9",
    ],
)
def test_no_claim(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    "word",
    ["about", "around", "approximately", "roughly", "nearly", "~", "over", "more than", "almost"],
)
def test_hedged(word: str) -> None:
    assert [each.hedged for each in read(f"an accuracy of {word} 89%")] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "We aim for an accuracy of 90%.",
        "The goal was an accuracy of 90%.",
        "A good model should reach an accuracy of 90%.",
        "Accuracy above 70% is good.",
        "Good: zero-shot accuracy above 70% on standard datasets.",
        "Is an accuracy of 90% enough?",
        "We expect an accuracy of at least 90%.",
    ],
)
def test_target(text: str) -> None:
    assert [each.target for each in read(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "The published accuracy of 76% was measured on another set.",
        "The paper reports an accuracy of 76%.",
        "Accuracy of 76% was reported by the authors.",
        "State of the art accuracy is 76%.",
        "The accuracy is 76% [1].",
        "Accuracy: 76% (https://example.org)",
    ],
)
def test_cited(text: str) -> None:
    assert [each.cited for each in read(text)] == [True]


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("CLIP reached 89% accuracy while ViT had an accuracy of 1.0.", ["clip", "vit"]),
        ("88% accuracy for CLIP and 91% accuracy for ViT", ["clip", "vit"]),
        ("Compared to ViT, CLIP's accuracy was 0.8895.", ["clip"]),
        ("The accuracy of ViT and CLIP was 0.91 and 0.89, respectively.", ["vit", "clip"]),
        ("ViT (accuracy: 0.91) vs CLIP (accuracy: 0.8895)", ["vit", "clip"]),
        ("CLIP outperformed ViT with 88.95% accuracy.", [None]),
        ("An accuracy of 88.95% was achieved by CLIP.", ["clip"]),
        ("### ViT\nAccuracy: 0.91\n### CLIP\nAccuracy: 0.89", ["vit", "clip"]),
        ("### CLIP\n- ViT:\n  - accuracy: 0.91\n- CLIP:\n  - accuracy: 0.89", ["vit", "clip"]),
        ("| Model | Accuracy |\n|---|---|\n| ViT | 0.91 |\n| CLIP | 0.89 |", ["vit", "clip"]),
        ("Metric | ViT | CLIP\n---|---|---\nAccuracy | 0.91 | 0.89", ["vit", "clip"]),
    ],
)
def test_task_named_in_the_text(text: str, tasks: list[str | None]) -> None:
    assert [each.task for each in read(text)] == tasks


@pytest.mark.parametrize(
    "text",
    [
        "L'exactitude de CLIP est de 88,95 % (n = 10 000).",
        "La exactitud de CLIP es del 88,95 % (n = 10.000).",
        "Die Genauigkeit von CLIP beträgt 88,95 % (n = 10.000).",
        "CLIP的准确率为\uff18\uff18\uff0e\uff19\uff15\uff05\uff08n = 10000\uff09。",
        "88,95 % d'exactitude pour CLIP sur 10 000 images",
    ],
)
def test_other_languages(text: str) -> None:
    found = read(text)
    assert [(each.metric, each.value, each.n, each.task) for each in found] == [
        ("accuracy", 0.8895, 10000, "clip")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "La précision est de 0,89.",
        "La precisión es de 0,89.",
        "Die Präzision liegt bei 0,89.",
        "Точность: 0,89",
        "模型的精度为0.89。",
        "Rappel : 90 % des images sont nettes.",
        "准确率提高了5%",
        "Die Genauigkeit stieg um 5 %.",
    ],
)
def test_words_said_of_something_else_too(text: str) -> None:
    assert read(text) == ()


def test_ambiguous_word_beside_another_metric() -> None:
    assert stated("Précision : 0,89, rappel : 0,88") == {"precision": 0.89, "recall": 0.88}
    assert stated("La précision (accuracy) est de 0,89.") == {"accuracy": 0.89}


@pytest.mark.parametrize("text", ["It achieved perfect scores: 100% accuracy."])
def test_perfect_results_are_results(text: str) -> None:
    assert [each.target for each in read(text)] == [False]


def test_task_of_the_cell() -> None:
    assert [each.task for each in read("Accuracy: 0.9", task="vit")] == ["vit"]


def test_text_of_the_starter_is_not_the_students() -> None:
    cell = Cell(index=0, kind="markdown", source="Accuracy: 0.9", from_starter=True)
    assert claims(build.submission(cell), build.lab(), {}) == ()


PIECES = st.sampled_from(
    [
        "accuracy",
        "F1",
        " of ",
        "0.8895",
        "88.95%",
        " ",
        "\n",
        "|",
        "and ",
        "ViT ",
        ", ",
        "CLIP ",
        "(~",
        "\uff18%",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_offsets_index_the_printed_number(text: str) -> None:
    for each in read(text):
        assert text[each.start : each.end] == each.printed
        assert 0 <= each.value <= 1


@given(st.integers(0, 10000))
def test_value_is_within_the_printed_precision(hundredths: int) -> None:
    (found,) = read(f"an accuracy of {hundredths / 100:.2f}%")
    assert abs(found.value - hundredths / 10000) < 0.5 * 10.0**-found.decimals


@pytest.mark.parametrize("piece", ["a ", "1", "0.1,", "accuracy, ", "| a ", "<!--", "[", "\n"])
def test_megabyte_takes_no_second_per_form(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = process_time()
    read(text)
    assert process_time() - start < 4, "linear: well under a second where nothing else runs"
