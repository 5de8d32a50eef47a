"""Every number of an output that has a name becomes a figure."""

from pathlib import Path
from time import process_time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report

from grader.evidence.outputs import reported
from grader.evidence.shown import MOST_FIGURES, shown
from grader.evidence.tasks import cell_tasks
from grader.intake import intake
from grader.labs import load_lab
from grader.model import Cell, CellRun, Figure, Lab, Output
from tests import build

TRAINER = """
<progress value='81' max='81'></progress>[81/81 00:02, Epoch 3/3]
<table border="1" class="dataframe"><thead><tr><th>Epoch</th><th>Training Loss</th>
<th>Validation Loss</th><th>Accuracy</th></tr></thead><tbody>
<tr><td>1</td><td>0.334089</td><td>0.382150</td><td>0.866667</td></tr>
<tr><td>2</td><td>0.169563</td><td>0.433994</td><td>0.850000</td></tr></tbody></table>
"""
PREDICTED = (
    "PredictionOutput(predictions=array([[ 2.5, -1.25, -1.5]], dtype=float32), "
    "label_ids=array([0]), metrics={'test_loss': 0.0262451171875, 'test_accuracy': 1.0, "
    "'test_fl': 1.0, 'test_runtime': 0.0953, 'test_samples_per_second': 10.495})"
)


def figures(
    *outputs: Output | str, source: str = "score()", lab: Lab | None = None
) -> tuple[Figure, ...]:
    """Figures of one code cell."""
    given = tuple(
        Output(kind="stdout", text=each) if isinstance(each, str) else each for each in outputs
    )
    made = build.submission(Cell(index=0, kind="code", source=source, outputs=given))
    lab = lab or build.lab()
    return shown(made, (), lab, cell_tasks(made, lab)).figures


def result(text: str) -> Output:
    return Output(kind="result", text=text)


def only(*outputs: Output | str, source: str = "score()") -> Figure:
    found = figures(*outputs, source=source)
    assert len(found) == 1, [each.name for each in found]
    return found[0]


@pytest.mark.parametrize(
    ("line", "metric", "value"),
    [
        ("Balanced accuracy: 0.81", "balanced_accuracy", 0.81),
        ("Top-3 accuracy: 97.1%", "top3_accuracy", 0.971),
        ("top 10 acc = 0.99", "top10_accuracy", 0.99),
        ("acc@5: 0.91", "top5_accuracy", 0.91),
        ("Recall@3: 0.667", "recall_at_3", 0.667),
        ("- Recall@3: 67% of relevant images were in top 3 results", "recall_at_3", 0.67),
        ("R@10 0.81", "recall_at_10", 0.81),
        ("Image-to-text Recall@1: 0.89", "image_to_text_recall_at_1", 0.89),
        ("BLEU-1 Score: 0.250", "bleu1", 0.25),
        ("==== Average BLEU-1 Score: 0.389 ====", "bleu1", 0.389),
        ("BLEU: 23.4", "bleu", 23.4),
        ("{'rouge1': 0.41}", "rouge1", 0.41),
        ("rougeL = 0.38", "rougel", 0.38),
        ("ROUGE-L: 0.38", "rougel", 0.38),
        ("chrF2 = 55.2", "chrf", 55.2),
        ("chrF: 55.2", "chrf", 55.2),
        ("TER: 60.1", "ter", 60.1),
        ("ROC-AUC: 0.99", "roc_auc", 0.99),
        ("roc_auc_score: 0.93", "roc_auc", 0.93),
        ("Error rate: 5.3%", "error_rate", 0.053),
        ("Matthews corrcoef: 0.7", "mcc", 0.7),
        ("Cohen's kappa: 0.6", "kappa", 0.6),
        ("Perplexity: 12.3", "perplexity", 12.3),
        ("Similarity score: 0.0943", "similarity_score", 0.0943),
        ("Score de similarit\u00e9 : 0.5969", "similarity_score", 0.5969),
        ("{'MulticlassAccuracy': tensor(0.8895)}", "accuracy", 0.8895),
        ("MulticlassF1Score: 0.88", "f1", 0.88),
        ("mAP: 0.44", "average_precision", 0.44),
        ("Fi Score: 1.0000", "f1", 1.0),
    ],
)
def test_a_metric_is_named_whatever_a_lab_asks_for(line: str, metric: str, value: float) -> None:
    figure = only(line)

    assert figure.metric == metric
    assert figure.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("line", "kind", "name", "value", "unit"),
    [
        ("Total parameters: 151,277,313", "parameters", "Total parameters", 151277313, ""),
        ("Params: 86.6M", "parameters", "Params", 86.6e6, "M"),
        ("CLIP inference time: 21.4 ms per image", "seconds", "CLIP inference time", 0.0214, "ms"),
        ("Inference took 2.35s", "seconds", "Inference took", 2.35, "s"),
        ("latency_ms: 12.1", "seconds", "latency_ms", 0.0121, ""),
        ("For 1M images: ~6.0 hours", "seconds", "For 1M images", 21600, "hours"),
        ("Throughput: 46.6 images/second", "rate", "Throughput", 46.6, "images/second"),
        ("test_samples_per_second: 10.5", "rate", "test_samples_per_second", 10.5, ""),
        ("Parameter size: ~0.61 GB (32-bit floats)", "bytes", "Parameter size", 0.61e9, "GB"),
        ("Percentage of total: 0.43%", "share", "Percentage of total", 0.0043, "%"),
        ("a photo of a boat: 0.5366 (53.66%)", "probability", "a photo of a boat", 0.5366, ""),
        ("1. Product 10 (score: 22.807)", "score", "Product 10 score", 22.807, ""),
        ("2. Product 7 (similarity: 0.31)", "similarity", "Product 7 similarity", 0.31, ""),
        ("Average cosine similarity: 0.31", "similarity", "Average cosine similarity", 0.31, ""),
        ("perte moyenne = 0.446", "loss", "perte moyenne", 0.446, ""),
        ("Loaded 12 images", "items", "Loaded images", 12, ""),
        ("Number of test images: 2000", "items", "Number of test images", 2000, ""),
        ("Nombre d'images : 150", "items", "Nombre d'images", 150, ""),
        ("X_test shape: (30, 2)", "items", "X_test shape rows", 30, ""),
        ("features torch.Size([12, 512])", "items", "features rows", 12, ""),
        ("Predicted: cat (98.3%)", "share", "Predicted: cat", 0.983, "%"),
        ("Done in 2.1 seconds, at last", "seconds", "Done in 2.1 seconds, at last", 2.1, "seconds"),
        ("Score (trace/N - rest): 0.0943", "score", "Score (trace/N - rest)", 0.0943, ""),
        ("{'label': 'tabby', 'score': 0.93}", "probability", "tabby", 0.93, ""),
        ("{'score': 0.93, 'label': 'tabby'}", "probability", "tabby", 0.93, ""),
        ("Monthly cost: $30.00", "other", "Monthly cost", 30, "$"),
        ("100%|\u2588\u2588\u2588| 128/128 [00:02<00:00, 55.2it/s]", "count", "Progress", 128, ""),
        (
            "Map: 100%|\u2588\u2588| 1034/1034 [00:01<00:00, 900.2 examples/s]",
            "items",
            "Map",
            1034,
            "",
        ),
        (
            "Generating test split: 100% 5000/5000 [00:00<00:00, 65.1 examples/s]",
            "items",
            "Generating test split",
            5000,
            "",
        ),
        ("7/7 [==============================] - 1s 3ms/step", "count", "Progress", 7, ""),
    ],
)
def test_a_quantity_is_told_by_its_name_and_unit(
    line: str, kind: str, name: str, value: float, unit: str
) -> None:
    figure = only(line)

    assert (figure.kind, figure.name, figure.unit) == (kind, name, unit)
    assert figure.value == pytest.approx(value)
    assert line[figure.place.start : figure.place.end] == figure.printed


@pytest.mark.parametrize(
    "line",
    [
        "torch version: 2.1",
        "Python: 3.10",
        "Date: 2024-05-01 12:30:11",
        "see https://example.org/page:80",
        "<Model object at 0x7f00deadbeef>: 3",
        "UserWarning: 5 weights were not used",
        "model.safetensors: 100% 605M/605M [00:09<00:00, 61.1MB/s]",
        "Downloading data: 100%|###| 12/12 [00:00<00:00]",
        "Requirement already satisfied: numpy==1.26",
        "    (0): Linear(in_features=768, out_features=10)",
        "started at 12:30",
        "Image size: 224x224",
    ],
)
def test_what_is_no_result_is_no_figure(line: str) -> None:
    assert figures(line) == ()


@pytest.mark.parametrize(
    ("line", "printed", "decimals", "digits"),
    [
        ("Accuracy: 88.95%", "88.95%", 4, 4),
        ("accuracy = 0.8895", "0.8895", 4, 4),
        ("score: 0.0546", "0.0546", 4, 3),
        ("inference time: 21.4 ms", "21.4 ms", 4, 3),
        ("Total parameters: 151,277,300", "151,277,300", 0, 7),
        ("Recall: 0,88", "0,88", 2, 2),
        ("Accuracy: 1.0000", "1.0000", 4, 5),
    ],
)
def test_the_printed_precision_is_kept(line: str, printed: str, decimals: int, digits: int) -> None:
    figure = only(line)

    assert (figure.printed, figure.decimals, figure.digits) == (printed, decimals, digits)


@pytest.mark.parametrize(
    "line", ["Accuracy std: 0.02", "Accuracy improvement: 3.2%", "F1 threshold = 0.5"]
)
def test_what_is_said_of_a_metric_is_not_the_metric(line: str) -> None:
    assert only(line).metric is None


def test_aims_and_other_people_s_numbers_are_marked() -> None:
    target, baseline, own, about = figures(
        "Target accuracy: 0.9\nBaseline accuracy: 0.5\nAccuracy: 0.8\nSize: ~0.6 GB"
    )

    assert (target.target, target.cited) == (True, False)
    assert (baseline.target, baseline.cited) == (False, True)
    assert (own.target, own.cited, own.hedged) == (False, False, False)
    assert about.hedged


def test_scores_on_one_line_are_told_apart() -> None:
    found = figures("Accuracy: 0.8895 Precision: 0.8930 Recall: 0.8895 F1 Score: 0.8892")

    assert [(each.metric, each.value) for each in found] == [
        ("accuracy", 0.8895),
        ("precision", 0.8930),
        ("recall", 0.8895),
        ("f1", 0.8892),
    ]


def test_the_output_of_a_prediction_says_on_how_many_it_rests() -> None:
    found = {each.name: each for each in figures(result(PREDICTED))}

    assert found["test_loss"].kind == "loss"
    assert found["test_fl"].metric == "f1"
    assert found["test_runtime"].kind == "seconds"
    assert found["test_samples_per_second"].kind == "rate"
    assert found["test_accuracy"].n == 1
    assert found["test_accuracy"].split == "test"


def test_a_heading_or_a_label_names_the_model() -> None:
    heading = figures("=== CLIP Model Statistics ===\nTotal parameters: 1,234\n\nSize: 0.6 GB")
    labels = figures("ViT-B/32: 0.0546\nRN50x4   0.0520")
    table = figures("Model\t\tScore\nViT-L/14\t\t0.0927\nRN50\t\t0.0520\n")

    assert [each.model for each in heading] == ["CLIP", "CLIP"]
    assert [each.model for each in labels] == ["ViT-B/32", "RN50x4"]
    assert [(each.model, each.kind, each.value) for each in table] == [
        ("ViT-L/14", "score", 0.0927),
        ("RN50", "score", 0.0520),
    ]


def test_found_images_belong_to_classes() -> None:
    found = figures("Found 4 images belonging to 2 classes.\nAccuracy: 1.0")

    assert [(each.kind, each.value) for each in found[:2]] == [("items", 4), ("classes", 2)]
    assert found[2].n == 4


def test_numbers_without_bound_are_none() -> None:
    assert [each.value for each in figures("a  images\nx  1e400\ny  12\nrows: 1e999")] == [12]


def test_sizes_of_splits_are_items() -> None:
    lines = figures("train 420 [140 140 140]\nvalidation 60 [20 20 20]\ntest 128 [43 43 42]")
    hub = figures(
        result("DatasetDict({\n    test: Dataset({\n        features: ['image'],\n"
               "        num_rows: 128\n    })\n})")
    )  # fmt: skip

    assert [(each.split, each.value) for each in lines] == [
        ("train", 420),
        ("validation", 60),
        ("test", 128),
    ]
    assert [(each.kind, each.split, each.value) for each in hub] == [("items", "test", 128)]


def test_probabilities_of_labels_add_up_to_one() -> None:
    found = figures("cat: 0.7\ndog: 0.2\nbird: 0.1\n\nmargin: 0.5")

    assert [each.kind for each in found] == ["probability"] * 3 + ["other"]


def test_a_ratio_says_on_how_many_its_score_rests() -> None:
    hits, share, _, score = figures("Correct: 1790/2000 = 0.895\nAccuracy: 1790/2000 (89.5%)")

    assert (hits.kind, hits.value, hits.n) == ("count", 1790, 2000)
    assert (share.value, share.n) == (0.895, 2000)
    assert (score.metric, score.value, score.n) == ("accuracy", 0.895, 2000)


def test_training_logs_say_their_split() -> None:
    keras = figures("5/5 [=====] - 1s 3ms/step - loss: 0.35 - accuracy: 0.9 - val_loss: 0.4")
    printed = figures("Epoch 2/3, Loss: 0.4, Acc: 0.8, Val Acc: 0.7")
    trained = figures("{'loss': 0.5, 'grad_norm': 1.5, 'epoch': 1.0}\n{'eval_loss': 0.3}")

    assert [(each.name, each.split) for each in keras[1:]] == [
        ("loss", "train"),
        ("accuracy", "train"),
        ("val_loss", "validation"),
    ]
    assert [(each.name, each.split) for each in printed] == [
        ("Epoch 2 Loss", "train"),
        ("Epoch 2 Acc", "train"),
        ("Epoch 2 Val Acc", "validation"),
    ]
    assert [each.split for each in trained if each.kind == "loss"] == ["train", None]


def test_a_report_gives_its_classes_and_their_support() -> None:
    report = classification_report([0, 1, 1, 0] * 5, [0, 1, 0, 0] * 5, target_names=["cat", "dog"])
    found = {each.name: each for each in figures(report)}

    assert found["cat recall"].value == 1.0
    assert found["cat recall"].n == 10
    assert found["dog support"].kind == "items"
    assert (found["macro avg precision"].average, found["macro avg precision"].n) == ("macro", 20)
    assert (found["accuracy"].value, found["accuracy"].n) == (0.75, 20)


def test_classes_that_are_numbers_leave_the_averages_whole() -> None:
    truth = [0, 1, 2, 0] * 5
    found = {each.name: each for each in figures(classification_report(truth, truth))}

    assert (found["2 recall"].value, found["2 recall"].n) == (1.0, 5)
    assert (found["weighted avg f1-score"].average, found["accuracy"].n) == ("weighted", 20)


def test_a_table_of_models_says_the_units_in_its_headers() -> None:
    table = (
        "Model    | Accuracy | Time (ms)\n---|---|---\nViT-B/16 | 0.9123 | 12.5\nCLIP | 0.88 | 4"
    )
    found = {each.name: each for each in figures(table)}

    assert found["ViT-B/16 Accuracy"].metric == "accuracy"
    assert (found["ViT-B/16 Time (ms)"].kind, found["ViT-B/16 Time (ms)"].value) == (
        "seconds",
        0.0125,
    )


def test_a_report_as_a_dictionary_gives_its_classes_too() -> None:
    report = classification_report([0, 1, 1, 0], [0, 1, 0, 0], output_dict=True)
    found = {each.name: each for each in figures(result(repr(report)))}

    assert (found["0 recall"].value, found["0 recall"].n) == (1.0, 2)
    assert found["weighted avg f1-score"].average == "weighted"


def test_a_trainer_table_gives_every_epoch() -> None:
    found = figures(Output(kind="display", text="<HTML object>", html=TRAINER))

    assert [(each.name, each.split, each.value) for each in found[:3]] == [
        ("Epoch 1 Training Loss", "train", 0.334089),
        ("Epoch 1 Validation Loss", "validation", 0.38215),
        ("Epoch 1 Accuracy", "validation", 0.866667),
    ]
    assert found[2].metric == "accuracy"
    assert (found[0].place.start, found[0].place.end) == (0, 0)


def test_a_styled_report_is_read_with_its_averages() -> None:
    report = classification_report([0, 1, 1, 0], [0, 1, 0, 0], output_dict=True)
    html = pd.DataFrame(report).T.to_html()
    found = {each.name: each for each in figures(Output(kind="display", text="", html=html))}

    assert found["accuracy"].metric == "accuracy"
    assert (found["macro avg f1-score"].average, found["macro avg f1-score"].n) == ("macro", 4)
    assert found["0 precision"].metric == "precision"


@pytest.mark.parametrize(
    "html",
    ["<table></table><table>", "<table><td></table>", "<table><tr><th>n<tr><td>1e400</table>"],
)
def test_broken_html_shows_nothing(html: str) -> None:
    assert figures(Output(kind="display", text="images: 1e400", html=html)) == ()


def test_rows_of_data_are_no_figures() -> None:
    html = (
        "<table><tr><th></th><th>width</th><th>note</th></tr>"
        "<tr><td>0</td><td>3.5</td><td>a</td></tr><tr><td>1</td><td>2.5</td><td>b</td></tr></table>"
    )

    assert figures(Output(kind="result", text="", html=html)) == ()


def test_a_bare_number_is_called_by_its_cell() -> None:
    scored = only(result("0.8895"), source="model.fit(X, y)\nmodel.score(X_test, y_test)")
    known = only(result("np.float64(0.75)"), source="f1_score(y, p, average='macro')")

    assert (scored.name, scored.kind, scored.metric) == (
        "model.score(X_test, y_test)",
        "score",
        None,
    )
    assert (known.metric, known.average, known.value) == ("f1", "macro", 0.75)


def test_a_list_is_called_as_the_progress_line_before_it() -> None:
    line = (
        "313/313 \u2501\u2501\u2501\u2501\u2501\u2501 1s 3ms/step - accuracy: 0.9102 - loss: 0.3512"
    )
    found = figures(
        line, result("[0.3512345552444458, 0.9101999998092651]"), source="m.evaluate(x_test, y)"
    )

    assert [(each.name, each.kind, each.metric) for each in found[-2:]] == [
        ("loss", "loss", None),
        ("accuracy", "score", "accuracy"),
    ]


def test_a_list_without_names_keeps_its_cell_s() -> None:
    loss, other = figures(result("[0.35, 0.91]"), source="model.evaluate(x, y)")

    assert loss.kind == "loss"
    assert (other.name, other.metric) == ("model.evaluate(x, y) [1]", None)


def test_an_error_shows_nothing() -> None:
    assert figures(Output(kind="error", text="Accuracy: 0.9")) == ()


def test_our_run_is_read_like_the_file() -> None:
    saved = build.submission(build.code(0, "score()", "Accuracy: 0.5"))
    again = (
        CellRun(
            index=0,
            outcome="ok",
            outputs=(Output(kind="stdout", text="Accuracy: 0.6"),),
            seconds=0.0,
        ),
    )
    found = shown(saved, again, build.lab(), {0: "vit"}).figures

    assert [(each.place.source, each.value, each.task) for each in found] == [
        ("saved", 0.5, "vit"),
        ("rerun", 0.6, "vit"),
    ]


def test_a_report_s_lines_count_from_its_file() -> None:
    figure = only(Output(kind="stdout", text="x\nAccuracy: 0.5", line=40))

    assert (figure.place.line, figure.place.file_line) == (2, 41)


SAMPLES = sorted((Path(__file__).parents[2] / "submissions").glob("*/honest*.ipynb"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_metric_of_an_honest_sample_is_a_figure(path: Path) -> None:
    lab = load_lab(path.parent.name)
    submission = intake(path, lab)
    tasks = cell_tasks(submission, lab)
    found = {
        (each.place.cell, each.place.line, each.metric, each.average, each.value, each.task)
        for each in shown(submission, (), lab, tasks).figures
    }
    printed = reported(submission, lab, tasks)

    assert printed
    for each in printed:
        assert (each.cell, each.line, each.metric, each.average, each.value, each.task) in found


def test_what_a_terminal_wrote_over_is_not_read() -> None:
    text = "\rloss: 0.9\rloss: 0.5\nAccuracy: 0.8"
    found = figures(text)

    assert [each.value for each in found] == [0.5, 0.8]
    assert text[found[1].place.start : found[1].place.end] == "0.8"


def test_a_long_output_is_read_at_both_ends() -> None:
    text = "Accuracy: 0.1\n" + "x\n" * 500_000 + "Accuracy: 0.9"
    first, last = figures(text)

    assert (first.place.line, last.place.line) == (1, 500_002)
    assert text[last.place.start : last.place.end] == "0.9"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{i / 7:.4f}" for i in range(1_000_000)),
        "[[" + ", ".join(f"{i / 7:.4f}" for i in range(1_000_000)) + "]]",
        "{'a': " * 500_000,
        "(" * 1_000_000 + ": 1",
        "5 images of " * 200_000,
        "|1" * 1_000_000,
        "\ud800: 1 " * 200_000,
        ("5%" + " " * 900 + "\n") * 1_000,
        ("a" + " = " * 2_000 + "\t1\n") * 100,
        ("x " * 450 + "(\n") * 500,
    ],
    ids=[
        "numbers",
        "list",
        "braces",
        "brackets",
        "counts",
        "bars",
        "surrogates",
        "blanks",
        "marks",
        "shapes",
    ],
)
def test_hostile_outputs_take_well_under_a_second(text: str) -> None:
    began = process_time()
    figures(result(text))

    assert process_time() - began < 1.0


def test_many_large_outputs_stay_within_the_budget() -> None:
    log = "\n".join(f"Step {i}: loss {i / 7:.4f} accuracy: 0.{i % 1000:03}" for i in range(25_000))
    made = build.submission(*(build.code(i, "train()", log) for i in range(50)))
    began = process_time()
    found = shown(made, (), build.lab(), {}).figures

    assert process_time() - began < 2.0
    assert len(found) <= MOST_FIGURES
    assert {each.place.cell for each in found} == set(range(50))


_WORDS = st.sampled_from(
    ["accuracy", "Recall@1", "loss", "{", "}", "[", "]", "(", ")", ":", "=", "|", "\t", "\n", "\r",
     "0.5", "88.95%", "1,000", "images", "-", "...", "'", "nan", "BLEU-4", "Epoch 1", "support",
     "\u0665", "\uff05", "\ud800", "1e400", "9" * 30, " ", "  ", "macro avg", "tensor(", "%|",
     "3/3 ["]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(_WORDS, max_size=60).map(" ".join), st.text(max_size=400)))
def test_any_text_is_read_and_holds_what_the_lab_s_readers_find(text: str) -> None:
    made = build.submission(
        Cell(index=0, kind="code", source="f()", outputs=(result(text),)),
    )
    lab = build.many_kinds()
    found = shown(made, (), lab, {}).figures
    numbers = {(each.place.line, each.metric, each.value, each.printed) for each in found}

    for each in reported(made, lab, {}):
        assert (each.line, each.metric, each.value, each.printed) in numbers
    for figure in found:
        assert figure.name
        assert len(figure.name) <= 80
        assert text[figure.place.start : figure.place.end] == figure.printed
