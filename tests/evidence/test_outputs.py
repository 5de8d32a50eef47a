"""Metrics are read from outputs of every form, and nothing else is."""

import json
from time import process_time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import classification_report

from grader.evidence.outputs import reported, reported_rerun
from grader.evidence.tasks import cell_tasks
from grader.model import Cell, CellRun, Output, Reported
from tests import build

LABELS = [0, 1, 2, 0] * 25
GUESSES = [0, 1, 1, 0] * 25


def read(*outputs: Output | str, source: str = "score()") -> tuple[Reported, ...]:
    """Metrics of one code cell."""
    shown = tuple(
        Output(kind="stdout", text=each) if isinstance(each, str) else each for each in outputs
    )
    made = build.submission(Cell(index=0, kind="code", source=source, outputs=shown))
    return reported(made, build.lab(), cell_tasks(made, build.lab()))


def values(*outputs: Output | str) -> list[tuple[str, float]]:
    return [(each.metric, each.value) for each in read(*outputs)]


@pytest.mark.parametrize(
    ("line", "metric", "value", "printed", "decimals"),
    [
        ("Accuracy: 0.8895", "accuracy", 0.8895, "0.8895", 4),
        ("📊 F1 Score: 0.8892", "f1", 0.8892, "0.8892", 4),
        ("Accuracy: 88.95%", "accuracy", 0.8895, "88.95%", 4),
        ("accuracy = 0.89", "accuracy", 0.89, "0.89", 2),
        ("test_accuracy: 1.0", "accuracy", 1.0, "1.0", 1),
        ("{'accuracy': 0.5}", "accuracy", 0.5, "0.5", 1),
        ("Fi Score: 1.0000", "f1", 1.0, "1.0000", 4),
        ("'test_fl': 1.0", "f1", 1.0, "1.0", 1),
        ("precison -> 0.93", "precision", 0.93, "0.93", 2),
        ("Recall: 0,88", "recall", 0.88, "0,88", 2),
        ("Accuracy: 98.0", "accuracy", 98.0, "98.0", 1),
        ("Accuracy (%): 88.95", "accuracy", 0.8895, "88.95", 4),
        ("accuracy: np.float64(0.8895)", "accuracy", 0.8895, "0.8895", 4),
        ("('accuracy', 0.8895)", "accuracy", 0.8895, "0.8895", 4),
        ("Top-1 Accuracy: 76.4%", "accuracy", 0.764, "76.4%", 3),
        ("Accuracy => 0.8895", "accuracy", 0.8895, "0.8895", 4),
        ("CLIP: Accuracy: 88.95% | 2000 images", "accuracy", 0.8895, "88.95%", 4),
        ("rec=0.883", "recall", 0.883, "0.883", 3),
        ("exactitude sur le jeu de test : 88,95 %", "accuracy", 0.8895, "88,95 %", 4),
        ("Genauigkeit auf den Testdaten: 0,8895", "accuracy", 0.8895, "0,8895", 4),
        ("测试集准确率\uff1a88.95%", "accuracy", 0.8895, "88.95%", 4),
        ("F1 分数\uff1a88.92%", "f1", 0.8892, "88.92%", 4),
        (
            "The model achieved an accuracy of 88.95% on the test set.",
            "accuracy",
            0.8895,
            "88.95%",
            4,
        ),
    ],
)
def test_line(line: str, metric: str, value: float, printed: str, decimals: int) -> None:
    (found,) = read(line)
    assert (found.metric, found.value) == (metric, value)
    assert (found.printed, found.decimals) == (printed, decimals)


def test_several_on_a_line() -> None:
    line = "Accuracy: 0.8895 Precision: 0.8930 Recall: 0.8895 F1 Score: 0.8892"
    assert values(line) == [
        ("accuracy", 0.8895),
        ("precision", 0.893),
        ("recall", 0.8895),
        ("f1", 0.8892),
    ]


def test_prediction_output() -> None:
    text = (
        "PredictionOutput(predictions=array([[ 2.94, -1.19]]), label_ids=array([0]), "
        "metrics={'test_loss': 0.0262451171875, 'test_accuracy': 1.0, 'test_precision': 1.0, "
        "'test_runtime': 0.0953, 'test_samples_per_second': 10.495})"
    )
    assert values(text) == [("accuracy", 1.0), ("precision", 1.0)]


@pytest.mark.parametrize(
    "line",
    [
        "eval_loss: 0.3",
        "Accuracy: nan",
        "probability: 0.99",
        "Top-5 Accuracy: 96.4%",
        "Recall@5: 0.9",
        "Training Accuracy: 0.99, F1: 0.98",
        "{'train_accuracy': 0.99}",
        "Balanced accuracy: 0.8",
        "Baseline accuracy: 0.1",
        "Target accuracy: 0.9",
        "Accuracy of plane : 50 %",
        "cat: precision=0.9 recall=0.8",
        "Class 0 precision: 0.9",
        "Epoch 1: loss 0.3, accuracy 0.9",
        "mixed precision: 16",
        "Precision: 32",
        "{'accuracy': array([0.9, 0.8])}",
        "100%|██████| 10/10 [00:01<00:00, accuracy=0.9]",
        "313/313 [======] - 1s - loss: 0.25 - accuracy: 0.91",
        "UndefinedMetricWarning: Precision is ill-defined and being set to 0.0 in labels",
        "Accuracy improvement: 0.05",
        "Accuracy: 0.8-0.9",
        "accuracy_score(y_true, y_pred)",
        "Average Precision: 0.7",
        "Accuracy on CIFAR 10 is fine",
    ],
)
def test_not_a_score(line: str) -> None:
    assert read(line) == ()


def test_items_on_the_line() -> None:
    (found,) = read("Accuracy of CLIP on 2000 images: 87.5 %")
    assert (found.value, found.decimals, found.n, found.task) == (0.875, 3, 2000, "clip")


@pytest.mark.parametrize("line", ["Accuracy: 889/1000 = 88.9%", "Accuracy: 88.9% (889/1000)"])
def test_ratio_states_the_items(line: str) -> None:
    assert [(each.value, each.n) for each in read(line)] == [(0.889, 1000)]


def test_ratio_of_something_else_states_nothing() -> None:
    assert [each.n for each in read("Accuracy: 88.9% (3/10)")] == [None]


def test_items_stated_above() -> None:
    assert [each.n for each in read("Evaluated 100 test images\nAccuracy: 0.9")] == [100]


def test_averaging_is_read() -> None:
    found = read("Macro F1: 0.87\nF1 (weighted): 0.88\nprecision_micro: 0.5")
    assert [each.average for each in found] == ["macro", "weighted", "micro"]


AVERAGED = [
    ("accuracy", None, 100),
    ("precision", "macro", 100),
    ("recall", "macro", 100),
    ("f1", "macro", 100),
    ("precision", "weighted", 100),
    ("recall", "weighted", 100),
    ("f1", "weighted", 100),
]


@pytest.mark.parametrize("names", [None, ["angular leaf spot", "bean rust", "healthy"]])
def test_classification_report(names: list[str] | None) -> None:
    text = classification_report(LABELS, GUESSES, zero_division=0, target_names=names)
    found = read(f"📊 Classification Report:\n\n{text}")
    assert [(each.metric, each.average, each.n) for each in found] == AVERAGED
    assert found[0].value == 0.75
    assert [each.printed for each in found[1:4]] == ["0.50", "0.67", "0.56"]
    assert text.splitlines()[found[1].line - 3].split()[:2] == ["macro", "avg"]


def test_classification_report_as_dictionary() -> None:
    report = classification_report(LABELS, GUESSES, zero_division=0, output_dict=True)
    assert [(each.metric, each.average, each.n) for each in read(str(report))] == AVERAGED
    pretty = read(json.dumps(report, indent=1))
    assert [(each.metric, each.average) for each in pretty] == [each[:2] for each in AVERAGED]


def test_classification_report_as_frame() -> None:
    report = classification_report(LABELS, GUESSES, zero_division=0, output_dict=True)
    for frame in (pd.DataFrame(report), pd.DataFrame(report).T):
        found = read(Output(kind="result", text=str(frame), html=frame.to_html()))
        assert {(each.metric, each.average) for each in found} == {each[:2] for each in AVERAGED}
        assert [each.value for each in found if each.metric == "accuracy"] == [0.75]


def test_trainer_table() -> None:
    html = (
        "<div><progress value='2' max='2'></progress></div><table border='1' class='dataframe'>"
        "<thead><tr style='text-align: left;'><th>Epoch</th><th>Training Loss</th>"
        "<th>Validation Loss</th><th>Accuracy</th><th>F1</th></tr></thead><tbody>"
        "<tr><td>1</td><td>No log</td><td>0.53</td><td>0.889500</td><td>0.88</td></tr>"
        "<tr><td>2</td><td>0.40</td><td>0.43</td><td>0.910000</td><td>0.90</td></tr></tbody></table><p>"
    )
    found = read(Output(kind="display", text="<IPython.core.display.HTML object>", html=html))
    assert [(each.metric, each.value, each.n) for each in found] == [
        ("accuracy", 0.8895, None),
        ("f1", 0.88, None),
        ("accuracy", 0.91, None),
        ("f1", 0.9, None),
    ]


MODELS = pd.DataFrame(
    {"Model": ["ViT", "CLIP", "ResNet"], "Accuracy": [1.0, 0.8895, 0.5], "F1": [1.0, 0.8892, 0.4]}
)
METRICS = pd.DataFrame(
    {"Metric": ["Accuracy", "F1"], "ViT": [1.0, 1.0], "CLIP": [0.8895, 0.8892], "Paper": [0.9, 0.9]}
)


@pytest.mark.parametrize("frame", [MODELS, MODELS.set_index("Model"), METRICS])
@pytest.mark.parametrize("form", ["text", "html", "bare"])
def test_frame_of_models(frame: pd.DataFrame, form: str) -> None:
    if form == "bare":
        found = read(frame.to_string(index=frame.index.name is not None))
    else:
        html = frame.to_html() if form == "html" else None
        found = read(Output(kind="result", text=str(frame), html=html))
    assert {(each.task, each.metric, each.value) for each in found} == {
        ("vit", "accuracy", 1.0),
        ("vit", "f1", 1.0),
        ("clip", "accuracy", 0.8895),
        ("clip", "f1", 0.8892),
    }


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"class": ["cat", "dog"], "precision": [0.8, 0.9]}),
        pd.DataFrame({"precision": [0.8, 0.9], "recall": [0.5, 0.6]}),
        pd.DataFrame({"accuracy": [0.8, 0.5]}).describe(),
    ],
)
def test_frame_of_classes_or_statistics(frame: pd.DataFrame) -> None:
    assert read(Output(kind="result", text=str(frame), html=frame.to_html())) == ()
    assert read(str(frame)) == ()


def test_table_of_bars() -> None:
    text = (
        "| Model | Accuracy | F1 |\n|---|---|---|\n| ViT | 0.91 | 0.90 |\n| CLIP | 88.9% | 0.88 |"
    )
    found = read(text)
    assert [(each.task, each.value) for each in found] == [
        ("vit", 0.91),
        ("vit", 0.9),
        ("clip", 0.889),
        ("clip", 0.88),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ViT Accuracy: 1.0 | CLIP Accuracy: 0.8895",
        "=== ViT ===\nAccuracy: 1.0\n=== CLIP ===\nAccuracy: 0.8895",
        '{"ViT": {"accuracy": 1.0}, "CLIP": {"accuracy": 0.8895}}',
    ],
)
def test_both_tasks_in_one_output(text: str) -> None:
    assert [(each.task, each.value) for each in read(text)] == [("vit", 1.0), ("clip", 0.8895)]


def test_task_of_the_cell() -> None:
    (found,) = read("Accuracy: 0.9", source="# Task 2 : Evaluate CLIP\nscore()")
    assert found.task == "clip"


def test_place() -> None:
    found = read("warming up\nAccuracy: 0.9\n", "Recall: 0.8")
    assert [(each.source, each.cell, each.output, each.line) for each in found] == [
        ("saved", 0, 0, 2),
        ("saved", 0, 1, 1),
    ]


def test_overwritten_line_shows_its_last_state() -> None:
    assert values("accuracy: 0.1\raccuracy: 0.9") == [("accuracy", 0.9)]


def test_rerun_is_read_the_same_way() -> None:
    shown = (Output(kind="stdout", text="Accuracy: 0.9"),)
    ran = CellRun(index=4, outcome="ok", seconds=0.1, outputs=shown)
    (found,) = reported_rerun((ran,), build.lab(), {4: "vit"})
    assert (found.source, found.cell, found.task, found.value) == ("rerun", 4, "vit", 0.9)


def test_traceback_reports_nothing() -> None:
    assert read(Output(kind="error", text="Accuracy: 0.9")) == ()


PIECES = st.sampled_from(
    [
        "accuracy",
        "F1",
        ": ",
        "0.8895",
        "88.95%",
        " ",
        "\n",
        "|",
        "{'",
        "': ",
        "}",
        "ViT",
        ",",
        "avg",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_never_raises_and_prints_what_stands_there(text: str) -> None:
    for each in read(text):
        assert each.printed in text.split("\n")[each.line - 1]
    read(Output(kind="display", text="x", html=f"<table><tr><td>{text}</table>accuracy"))


@pytest.mark.parametrize(
    "piece", ["a ", "1", "0.1,", "accuracy ", "| a ", "{", "<table><td>", "\n"]
)
def test_megabyte_takes_no_second_per_form(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = process_time()
    read(text)
    read(Output(kind="display", text="x", html=text))
    assert process_time() - start < 4, "linear: well under a second where nothing else runs"


def test_numbers_aligned_below_a_title_are_lines_of_their_own() -> None:
    printed = "ViT / test\n  exactitude  : 91,41 %\n  F1          : 91,3 %\n"
    assert values(printed) == [("accuracy", 0.9141), ("f1", 0.913)]


@pytest.mark.parametrize(
    "line",
    [
        "训练准确率\uff1a0.99",
        "exactitude sur le jeu d'entraînement : 0.99",
        "Genauigkeit auf den Trainingsdaten: 0,99",
        "exactitude de l'article : 0.913",
        "基线准确率\uff1a0.1",
    ],
)
def test_other_quantities_are_left_out_in_every_language(line: str) -> None:
    assert values(line) == []
