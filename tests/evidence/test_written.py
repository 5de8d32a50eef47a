"""What the text of a submission states: numbers with a name, matrices, what was understood."""

import pytest

from grader.evidence.written import Written, written
from grader.model import Cell, Figure, Output
from tests import build

FOUR_SCORES = [
    (
        "Sur 10 000 images de test, le modèle CLIP atteint 71,25 % d'exactitude, 72,30 % de "
        "précision, un rappel de 71,25 % et un score F1 de 71,02 %."
    ),
    (
        "CLIP erreicht auf 10.000 Testbildern eine Genauigkeit von 71,25 %, eine Präzision von "
        "72,30 %, einen Recall von 71,25 % und ein F1 von 71,02 %."
    ),
    (
        "CLIP obtuvo en 10.000 imágenes de prueba una exactitud del 71,25 %, una precisión del "
        "72,30 %, una exhaustividad del 71,25 % y un F1 de 71,02 %."
    ),
    (
        "CLIP 在 10000 张测试图像上的准确率为 71.25%\uff0c精确率为 72.30%\uff0c"
        "召回率为 71.25%\uff0cF1 为 71.02%。"
    ),
    (
        "CLIP had an accuracy of 71.25%, precision of 72.30%, recall of 71.25%, and F1 score of "
        "71.02% on a 10,000-sample test set."
    ),
]


def read(*texts: str) -> Written:
    cells = [build.text(index, text) for index, text in enumerate(texts)]
    return written(build.submission(*cells), build.lab(), {})


def only(text: str) -> Figure:
    (figure,) = read(text).figures
    return figure


@pytest.mark.parametrize("text", FOUR_SCORES)
def test_four_scores_of_a_model_in_five_languages(text: str) -> None:
    scores = [each for each in read(text).figures if each.kind == "score"]
    assert [(each.metric, each.value) for each in scores] == [
        ("accuracy", 0.7125),
        ("precision", 0.723),
        ("recall", 0.7125),
        ("f1", 0.7102),
    ]
    assert {(each.model, each.n, each.split, each.task) for each in scores} == {
        ("CLIP", 10000, "test", "clip")
    }
    assert {each.decimals for each in scores} == {4}


@pytest.mark.parametrize("text", FOUR_SCORES)
def test_every_number_of_a_plain_report_is_understood(text: str) -> None:
    coverage = read(text).coverage
    assert (coverage.numbers, coverage.understood, coverage.missed) == (5, 5, ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("La précision de CLIP est de 0,89.", "précision"),
        ("La precisión fue de 0,89.", "precisión"),
        ("Die Präzision liegt bei 0,89.", "Präzision"),
        ("模型的精度为0.89。", "精度"),
    ],
)
def test_words_said_of_two_metrics_name_none_alone(text: str, name: str) -> None:
    figure = only(text)
    assert (figure.kind, figure.metric, figure.name, figure.value) == ("score", None, name, 0.89)


@pytest.mark.parametrize(
    ("text", "kind", "value", "printed", "unit"),
    [
        ("Inference time: 21.4 ms per image", "seconds", 0.0214, "21.4 ms", "ms"),
        ("Das Training dauerte 45 Minuten.", "seconds", 2700.0, "45 Minuten", "Minuten"),
        ("L'entraînement a pris 2 heures.", "seconds", 7200.0, "2 heures", "heures"),
        ("训练耗时3小时", "seconds", 10800.0, "3小时", "小时"),
        ("Throughput: 46.6 images/second", "rate", 46.6, "46.6 images/second", "images/second"),
        ("It has ~150M parameters.", "parameters", 150e6, "150M parameters", "parameters"),
        ("mit 86 Mio. Parametern", "parameters", 86e6, "86 Mio. Parametern", "Parametern"),
        ("模型有1.5亿个参数", "parameters", 150e6, "1.5亿个参数", "个参数"),
        ("a scale of 400M+ image-text pairs", "items", 400e6, "400M+ image-text pairs", ""),
        ("we kept 1,000 images", "items", 1000.0, "1,000 images", "images"),
        ("avec 10 000 images", "items", 10000.0, "10 000 images", "images"),
        ("mit 10.000 Bildern", "items", 10000.0, "10.000 Bildern", "Bildern"),
        ("tiene 10 clases", "classes", 10.0, "10 clases", "clases"),
        ("trained for 5 epochs", "count", 5.0, "5 epochs", "epochs"),
        ("a GPU with 8GB VRAM", "bytes", 8e9, "8GB", "GB"),
        ("3 million images per month", "other", 3e6, "3 million images per month", ""),
        ("The validation loss was 0.35.", "loss", 0.35, "0.35", ""),
        ("cosine similarity of 0.27", "similarity", 0.27, "0.27", ""),
        ("the dog has probability 0.93", "probability", 0.93, "0.93", ""),
        ("12% of the images are blurred", "share", 0.12, "12%", "%"),
        ("a learning rate of 2e-5", "other", 2e-5, "2e-5", ""),
        ("Break-even point: 2.3", "other", 2.3, "2.3", ""),
    ],
)
def test_other_numbers(text: str, kind: str, value: float, printed: str, unit: str) -> None:
    figure = only(text)
    assert (figure.kind, figure.value, figure.printed) == (kind, value, printed)
    assert unit in figure.unit
    assert figure.name


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("The ROC-AUC was 0.97.", "roc_auc"),
        ("The balanced accuracy is 0.8123.", "balanced_accuracy"),
        ("Recall@3 of 0.812", "recall_at_3"),
        ("top-3 accuracy: 0.95", "top3_accuracy"),
        ("BLEU-1 = 0.389", "bleu1"),
        ("ROUGE-1: 0.41", "rouge1"),
        ("Le taux d'erreur est de 0,11.", "error_rate"),
    ],
)
def test_metrics_no_lab_asks_for(text: str, metric: str) -> None:
    assert only(text).metric == metric


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("The accuracy was between 0.85 and 0.90.", [0.85, 0.90]),
        ("an accuracy of 85-90 %", [0.85, 0.90]),
        ("une exactitude de 85 à 90 %", [0.85, 0.90]),
        ("eine Genauigkeit zwischen 85 und 90 %", [0.85, 0.90]),
        ("it takes 2-3 minutes", [120.0, 180.0]),
    ],
)
def test_both_ends_of_a_range_are_inexact(text: str, values: list[float]) -> None:
    figures = read(text).figures
    assert [each.value for each in figures] == values
    assert all(each.hedged for each in figures)


@pytest.mark.parametrize(
    "text",
    [
        "about 89% accuracy",
        "environ 89 % d'exactitude",
        "etwa 89 % Genauigkeit",
        "aproximadamente 89 % de exactitud",
        "准确率约为89%",
    ],
)
def test_hedged(text: str) -> None:
    figure = only(text)
    assert (figure.metric, figure.hedged) == ("accuracy", True)


@pytest.mark.parametrize(
    "text",
    [
        "We aim for 90% accuracy.",
        "Objectif : 90 % d'exactitude.",
        "Ziel: eine Genauigkeit von 90 %.",
        "El objetivo es una exactitud del 90 %.",
        "目标准确率为90%。",
    ],
)
def test_target(text: str) -> None:
    assert [(each.value, each.target) for each in read(text).figures] == [(0.9, True)]


@pytest.mark.parametrize(
    "text",
    [
        "It reached 100% accuracy for the single test image evaluated.",
        "The accuracy was 100%. However, this is not statistically meaningful.",
        "Achieved 100% accuracy in a single-sample test (not statistically representative).",
        "Nous avons obtenu 100 % d'exactitude sur un seul échantillon.",
        "100 % d'exactitude, ce qui n'est pas significatif.",
        "100 % Genauigkeit auf einem einzelnen Testbild, also nicht aussagekräftig.",
        "100% de exactitud, pero no es estadísticamente significativo.",
        "准确率为100%\uff0c但只有一张测试图像\uff0c不具有统计意义。",
    ],
)
def test_disclaimed(text: str) -> None:
    figure = only(text)
    assert (figure.metric, figure.value, figure.disclaimed) == ("accuracy", 1.0, True)


def test_one_number_for_all_with_its_single_sample() -> None:
    figures = read(
        "The ViT model achieved perfect scores - 100% accuracy, precision, recall, and F1 - on the "
        "single test sample evaluated."
    ).figures
    assert [each.metric for each in figures] == ["accuracy", "precision", "recall", "f1"]
    assert {(each.value, each.n, each.model, each.disclaimed, each.target) for each in figures} == {
        (1.0, 1, "ViT", True, False)
    }
    assert len({each.place for each in figures}) == 1


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("**CLIP ViT-B/32** reaches an accuracy of 0.61.", ["CLIP ViT-B/32"]),
        ("#### CLIP:\n\n- 0.61 accuracy", ["CLIP"]),
        ("- ViT:\n  - loss of 0.3\n- CLIP:\n  - loss of 0.4", ["ViT", "CLIP"]),
        (
            "### ViT\n\nloss of 0.3\n\n### CLIP\n\nloss of 0.4\n\n## Both\n\nloss of 0.5",
            ["ViT", "CLIP", None],
        ),
        ("The ViT-L/14@336px model has a score of 0.094.", ["ViT-L/14@336px"]),
        ("BLIP-2 needs 8 GB, while GPT-4V needs 80 GB.", ["BLIP-2", "GPT-4V"]),
        ("RN50x4 : 0.061", ["RN50x4"]),
        ("ResNet-50 and BERT had losses of 0.3 and 0.4", ["ResNet-50", "BERT"]),
    ],
)
def test_model_of_a_number(text: str, models: list[str | None]) -> None:
    assert [each.model for each in read(text).figures] == models


def test_heading_holds_over_the_next_cell() -> None:
    figures = read("## CLIP", "The loss was 0.4.").figures
    assert [(each.place.cell, each.model) for each in figures] == [(1, "CLIP")]


@pytest.mark.parametrize(
    "text",
    [
        "On May 3, 2024 and 2024-05-03 we used Python 3.11 and torch 2.13.0.",
        "See Fig. 3, Table 2 and [12] (Miller, 2020).",
        "1. first\n2. second\n   1) third",
        "## 3.2 Results of task 1",
        "Use ViT-B/32, GPT-4 or ResNet-50 on CIFAR-10 and Food101.",
        "`lr=0.1` and $x_1 = 0.5$ and https://example.org/12/0.5",
        "```\naccuracy 0.5\n```",
        "The name<sup>1</sup> of 224x224 pictures at 12:30",
        "Bild 3, Abbildung 4, Tableau 5, 图 6",
    ],
)
def test_numbers_that_state_nothing_are_not_counted(text: str) -> None:
    found = read(text)
    assert found.figures == ()
    assert found.coverage.numbers == 0


def test_what_is_not_understood_is_said() -> None:
    text = "It was 0.75 then, and the accuracy was 0.9."
    found = read(text)
    assert (found.coverage.numbers, found.coverage.understood) == (2, 1)
    assert [text[place.start : place.end] for place in found.coverage.missed] == ["0.75"]


def test_differences_are_no_scores() -> None:
    assert only("The accuracy improved by 5%.").kind == "other"
    assert [each.kind for each in read("F1 = 0.88 ± 0.02").figures] == ["score", "other"]


def test_text_of_the_starter_is_not_the_students() -> None:
    cell = Cell(index=0, kind="markdown", source="The accuracy is 0.9.", from_starter=True)
    found = written(build.submission(cell), build.lab(), {})
    assert (found.figures, found.coverage.numbers) == ((), 0)


MARKED_TABLE = """Our results.

Model\t\tScore
<b>ViT-L/14@336px</b>\t\t<b>0.084371</b>
<b>RN50x4</b>\t\t<b>0.051293</b>
<b>RN50</b>\t\t<b>0.042011</b>
"""


def test_table_with_stray_tags_and_tabs() -> None:
    cell = Cell(index=2, kind="markdown", source=MARKED_TABLE, line=40)
    figures = written(build.submission(cell), build.lab(), {}).figures
    assert [(each.model, each.value, each.name) for each in figures] == [
        ("ViT-L/14@336px", 0.084371, "Score"),
        ("RN50x4", 0.051293, "Score"),
        ("RN50", 0.042011, "Score"),
    ]
    assert {(each.kind, each.decimals, each.metric) for each in figures} == {("score", 6, None)}
    place = figures[0].place
    assert (place.line, place.file_line) == (4, 43)
    assert MARKED_TABLE[place.start : place.end] == figures[0].printed == "0.084371"


def test_table_with_units_in_its_header() -> None:
    figures = read(
        "| Model | Accuracy (%) | Time (ms) | Params (M) | Images |\n|---|---|---|---|---|\n"
        "| ViT | 91.2 | 21.4 | 86 | 500 |\n| CLIP | 88.95 | 30.1 | 151 | 500 |"
    ).figures
    of_vit = [each for each in figures if each.model == "ViT"]
    assert [(each.kind, each.value) for each in of_vit[:3]] == [
        ("score", 0.912),
        ("seconds", 0.0214),
        ("parameters", 86e6),
    ]
    assert [(each.metric, each.n) for each in of_vit[:1]] == [("accuracy", 500)]


def test_table_with_the_models_as_columns() -> None:
    figures = read("| Metric | ViT | CLIP |\n|--|--|--|\n| Accuracy | 0.91 | 0.89 |").figures
    assert [(each.metric, each.model, each.task) for each in figures] == [
        ("accuracy", "ViT", "vit"),
        ("accuracy", "CLIP", "clip"),
    ]


SIMILARITIES = """Cosine similarity for RN50x4

\t\t\t
a cup of tea on a tray\t0.42\t0.27\t0.23
a grey horse\t0.26\t0.45\t0.23
two boats\t0.28\t0.29\t0.40
"""


def test_similarity_matrix_with_captions() -> None:
    found = read(SIMILARITIES)
    (matrix,) = found.matrices
    assert (matrix.kind, matrix.title) == ("similarity", "Cosine similarity for RN50x4")
    assert matrix.model == "RN50x4"
    assert matrix.rows == ("a cup of tea on a tray", "a grey horse", "two boats")
    assert matrix.values == ((0.42, 0.27, 0.23), (0.26, 0.45, 0.23), (0.28, 0.29, 0.40))
    assert matrix.decimals == 2
    assert matrix.place.line == 4
    assert found.figures == ()
    assert (found.coverage.numbers, found.coverage.understood) == (9, 9)


def test_confusion_matrix_drawn_with_bars() -> None:
    (matrix,) = read(
        "      | Predicted: Cat | Predicted: Dog |\n      |---|---|\n"
        "      | Actual: Cat |  85  |  15  |\n      | Actual: Dog |  8   |  92  |\n"
    ).matrices
    assert matrix.kind == "confusion"
    assert matrix.rows == ("Actual: Cat", "Actual: Dog")
    assert matrix.columns == ("Predicted: Cat", "Predicted: Dog")
    assert matrix.values == ((85.0, 15.0), (8.0, 92.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('It wrote "a group of people" here.', ["a group of people"]),
        ("It wrote \u201ca group of people\u201d here.", ["a group of people"]),
        ("Le texte « un chat noir » convient.", ["un chat noir"]),
        ("Der Text \u201eein roter Hund\u201c passt.", ["ein roter Hund"]),
        ("描述「一只猫在睡觉」很好", ["一只猫在睡觉"]),
        ("The model answered 'outdoors' to it.", ["outdoors"]),
        ("It answered \"one\", it's not what we don't want.", ["one"]),
        ('So-called "intelligence" is not it.', []),
        ("The dogs' bowl and the cats' bed aren't quoted.", []),
        ('Run `print("a b c")` first.', []),
        ("```\nprint('a b c')\n```", []),
    ],
)
def test_quotations(text: str, words: list[str]) -> None:
    found = read(text).quotations
    assert [each.text for each in found] == words
    assert [text[each.place.start : each.place.end] for each in found] == words


def test_quotations_are_looked_for_in_code_and_outputs() -> None:
    shown = Cell(
        index=1,
        kind="code",
        source="show('a red kite')",
        outputs=(Output(kind="stdout", text="Generated: A group of\n  people\n"),),
    )
    text = build.text(0, '"a group of people." and "a red kite" and "group of peo" and "two cats"')
    found = written(build.submission(text, shown), build.lab(), {}).quotations
    assert [each.found for each in found] == [(1,), (1,), (), ()]


def test_nothing_can_be_found_without_outputs() -> None:
    cells = build.text(0, '"a red kite"'), build.code(1, "show('a red kite')")
    found = written(build.submission(*cells), build.lab(), {}).quotations
    assert [each.found for each in found] == [None]
