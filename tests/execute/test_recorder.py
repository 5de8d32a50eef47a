"""What the recorder sees of each kind of use, read the way the evidence stage reads it."""

import json

import pytest

from grader.evidence.recording import parse
from grader.model import Recording, Run, Tampering
from tests.execute.conftest import Runner, printed

pytestmark = pytest.mark.sandbox

LOAD = """
from datasets import load_dataset
data = load_dataset("beans", trust_remote_code=True)
few = load_dataset("lab/beans", "default", split="test[:5]")
labels = data["test"]["labels"]
"""
MODELS = """
import evaluate, inspect, numpy, torch
from sklearn import metrics
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoModelForImageClassification, CLIPModel, Trainer, TrainingArguments
accuracy = evaluate.load("accuracy")
model = AutoModelForImageClassification.from_pretrained("lab/tiny-vit")
clip = CLIPModel.from_pretrained("lab/tiny-clip")
"""
TRAIN = """
def collate(rows):
    pixels = [torch.tensor(numpy.array(row["image"]) / 255.0).permute(2, 0, 1) for row in rows]
    return {"pixel_values": torch.stack(pixels).float(),
            "labels": torch.tensor([row["labels"] for row in rows])}
def compute_metrics(prediction):
    guessed = numpy.argmax(prediction.predictions, axis=1)
    return {**accuracy.compute(predictions=guessed, references=prediction.label_ids),
            "f1": f1_score(prediction.label_ids, guessed, average="macro")}
arguments = TrainingArguments("out", num_train_epochs=1, per_device_train_batch_size=4,
    remove_unused_columns=False, eval_strategy="epoch", report_to="none")
trainer = Trainer(model, arguments, data_collator=collate, compute_metrics=compute_metrics,
    train_dataset=data["train"], eval_dataset=data["test"])
trainer.train()
"""
SCORE = """
prediction = trainer.predict(data["test"].select(range(2)))
trainer.evaluate(data["train"])
class Wrapped(torch.utils.data.Dataset):
    def __init__(self, rows): self.rows = rows
    def __len__(self): return len(self.rows)
    def __getitem__(self, index): return self.rows[index]
trainer.evaluate(Wrapped(data["test"]))
"""
METRICS = """
guesses = [0] * 9
accuracy_score(labels, guesses)
metrics.classification_report(labels, guesses, zero_division=0)
metrics.precision_score(y_true=labels, y_pred=numpy.array(guesses), average="weighted",
    zero_division=0)
for start in (0, 4): accuracy.add_batch(references=labels[start:start + 4],
    predictions=guesses[start:start + 4])
accuracy.add(reference=1, prediction=0)
accuracy.compute()
accuracy_score(numpy.zeros(300_000, int), numpy.zeros(300_000, int))
"""
FORWARD = """
images = torch.rand(7, 3, 8, 8)
with torch.no_grad():
    model(images)
    model(pixel_values=images)
    clip.get_image_features(pixel_values=images)
    clip(input_ids=torch.ones(2, 4, dtype=torch.long), pixel_values=images)
    clip.get_text_features(input_ids=torch.ones(2, 4, dtype=torch.long))
class Head(torch.nn.Module):
    def __init__(self): super().__init__(); self.body = model
    def forward(self, images): return self.body(pixel_values=images).logits
Head()(images[:2])
torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.ReLU())(images[:3])
"""
NAMES = """
import pandas
series, tensor, words = pandas.Series([1, 2]), torch.tensor([3, 4]), ["cat", "dog"]
history = {"loss": [0.5, 0.25], "best": numpy.float64(0.75), "seen": torch.tensor(3)}
correct, total, rate = 7, 9, 7 / 9
embeddings = numpy.array([[3.0, 4.0], [0.0, 1.0]])
large = numpy.ones((300, 400), "float32")
flags, losses, single, _hidden, nested = (True, False), [0.5, 0.25], [1], [7, 8], [[1], [2]]
"""
AGAIN = "series = pandas.Series([5, 6])"
LOOKS = """
print(accuracy_score.__name__, accuracy_score.__module__, inspect.signature(accuracy_score))
print(inspect.unwrap(f1_score) is not f1_score, Trainer.train.__name__)
"""
CELLS = (LOAD, MODELS, TRAIN, SCORE, METRICS, FORWARD, NAMES, AGAIN, LOOKS)
(LOAD_, MODELS_, TRAIN_, SCORE_, METRICS_, FORWARD_, NAMES_, AGAIN_, LOOKS_) = range(len(CELLS))
TRUE = (0, 1, 2, 0, 1, 2, 0, 1, 2)


@pytest.fixture(scope="module")
def lab(run: Runner) -> Run:
    result = run(*CELLS)
    assert [cell.outcome for cell in result.cells] == ["ok"] * len(CELLS), [
        cell.error for cell in result.cells
    ]
    return result


@pytest.fixture(scope="module")
def recording(lab: Run) -> Recording:
    assert lab.recorder_complete
    assert not [event for event in lab.events if event.name == "recorder-error"]
    return parse(lab.events, lab.recorder_complete)


def test_loads(recording: Recording) -> None:
    found = [(each.cell, each.kind, each.asset, each.split, each.rows) for each in recording.loads]
    assert found == [
        (LOAD_, "dataset", "lab/beans", "train", 12),
        (LOAD_, "dataset", "lab/beans", "test", 9),
        (LOAD_, "dataset", "lab/beans", "test[:5]", 5),
        (MODELS_, "metric", "accuracy", None, None),
        (MODELS_, "model", "lab/tiny-vit", None, None),
        (MODELS_, "model", "lab/tiny-clip", None, None),
    ]


def test_trainer(recording: Recording) -> None:
    rows = [
        (each.cell, each.method, each.dataset, each.split, each.rows, each.is_training_data)
        for each in recording.trainer_calls
    ]
    assert rows == [
        (TRAIN_, "evaluate", "lab/beans", "test", 9, False),
        (TRAIN_, "train", "lab/beans", "train", 12, True),
        (SCORE_, "predict", "lab/beans", "test", 2, False),
        (SCORE_, "evaluate", "lab/beans", "train", 12, True),
        (SCORE_, "evaluate", "lab/beans", "test", 9, False),
    ]
    train, predict = recording.trainer_calls[1:3]
    assert (train.model, train.steps, train.y_true) == ("lab/tiny-vit", 3, None)
    assert predict.has_compute_metrics
    assert recording.labels(predict.y_true) == (0, 1)
    assert len(recording.labels(predict.y_pred) or ()) == 2
    assert 0 <= predict.metrics["test_accuracy"] <= 1


def test_metrics_inside_the_trainer_are_marked(recording: Recording) -> None:
    inside = [each for each in recording.metric_calls if each.in_trainer]
    assert {each.cell for each in inside} == {TRAIN_, SCORE_}
    assert {(each.library, each.function) for each in inside} == {
        ("evaluate", "accuracy"),
        ("sklearn", "f1_score"),
    }


def test_metrics_count_once_with_what_they_were_given(recording: Recording) -> None:
    calls = [each for each in recording.metric_calls if each.cell == METRICS_]
    assert [(each.library, each.function, each.average, each.n) for each in calls] == [
        ("sklearn", "accuracy_score", None, 9),
        ("sklearn", "classification_report", None, 9),
        ("sklearn", "precision_score", "weighted", 9),
        ("evaluate", "accuracy", None, 9),
        ("sklearn", "accuracy_score", None, 300_000),
    ]
    assert recording.labels(calls[0].y_true) == TRUE
    assert recording.labels(calls[2].y_pred) == (0,) * 9
    assert calls[0].value == pytest.approx(1 / 3)
    assert recording.labels(calls[3].y_true) == (*TRUE[:8], 1)
    assert recording.labels(calls[4].y_true) is None


def test_image_rows_count_exactly_once(recording: Recording) -> None:
    rows = {(each.cell, each.model, each.training): each.rows for each in recording.forwards}
    assert rows == {
        (TRAIN_, "lab/tiny-vit", True): 12,
        (TRAIN_, "lab/tiny-vit", False): 9,
        (SCORE_, "lab/tiny-vit", False): 2 + 12 + 9,
        (FORWARD_, "lab/tiny-vit", False): 7 + 7 + 2,
        (FORWARD_, "lab/tiny-clip", False): 7 + 7,
        (FORWARD_, "Sequential", False): 3,
    }


def test_arrays_of_labels_in_the_namespace(recording: Recording) -> None:
    named = [(each.cell, each.name, recording.labels(each.array)) for each in recording.named]
    assert (LOAD_, "labels", TRUE) in named
    assert sorted(each[1:] for each in named if each[0] == NAMES_) == [
        ("flags", (1, 0)),
        ("series", (1, 2)),
        ("tensor", (3, 4)),
        ("words", ("cat", "dog")),
    ]
    assert [each[1:] for each in named if each[0] == AGAIN_] == [("series", (5, 6))]


def test_floats_and_numbers_in_the_namespace(recording: Recording) -> None:
    floats = {
        each.name: recording.floats[each.array].values
        for each in recording.named_floats
        if each.cell == NAMES_
    }
    assert floats == {"losses": (0.5, 0.25), "history[loss]": (0.5, 0.25)}
    numbers = {
        each.name: (each.value, each.whole)
        for each in recording.named_numbers
        if each.cell == NAMES_
    }
    assert numbers == {
        "history[best]": (0.75, False),
        "history[seen]": (3, True),
        "correct": (7, True),
        "total": (9, True),
        "rate": (7 / 9, False),
    }
    assert not [each for each in recording.named_numbers if each.cell == AGAIN_]
    results = {each.name for each in recording.named_floats + recording.named_numbers}
    assert "prediction.metrics[test_accuracy]" in results


def test_rows_of_matrices_are_measured(recording: Recording) -> None:
    norms = {each.name: (each.rows, each.low, each.high) for each in recording.norms}
    assert norms.items() >= {"embeddings": (2, 1.0, 5.0), "large": (300, 20.0, 20.0)}.items()


def test_wrapped_functions_look_like_themselves(lab: Run) -> None:
    first, second = printed(lab, LOOKS_).splitlines()
    assert first.startswith("accuracy_score sklearn.metrics._classification (y_true, y_pred, *")
    assert second == "True train"


def test_a_broken_recorder_breaks_nothing_but_is_noticed(run: Runner) -> None:
    sabotage = (
        "import os\n"
        "for fd in range(3, 200):\n"
        "    try:\n"
        "        if 'pipe' in os.readlink(f'/proc/self/fd/{fd}'): os.close(fd)\n"
        "    except OSError: pass"
    )
    quiet = run("get_ipython().events.callbacks['post_run_cell'].clear()", "print(1)")
    assert not quiet.recorder_complete
    assert printed(quiet, 1) == "1"
    assert not run(sabotage, cell_seconds=5).recorder_complete


def test_forged_events_are_no_events_and_are_reported_with_their_cell(run: Runner) -> None:
    forge = (
        "import os, json\n"
        "pipes = [fd for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}')\n"
        "    and 'pipe' in os.readlink(f'/proc/self/fd/{fd}')]\n"
        "line = json.dumps({'event': 'load', 'kind': 'dataset', 'asset': 'x', 'cell': 0}) + '\\n'\n"
        "for fd in pipes:\n"
        "    try: os.write(fd, line.encode() + b'nonsense\\n' + b'[' * 5000 + b'\\n')\n"
        "    except OSError: pass"
    )
    result = run("1", forge)
    assert "load" not in [event.name for event in result.events]
    reported = [(each.cell, each.kind) for each in tampering(result)]
    assert reported == [(1, "forged"), (1, "noise")]
    assert not result.recorder_complete
    json.loads(result.model_dump_json())
    assert not parse(result.events, True).complete


def test_torch_compile_and_trace_pass_through_the_hooks(run: Runner) -> None:
    result = run(
        "import torch\n"
        "model = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3), torch.nn.Flatten())\n"
        "images = torch.rand(5, 3, 8, 8)\n"
        "print(torch.compile(model, backend='eager', fullgraph=True)(images).shape)",
        "print(torch.jit.trace(model, images)(images).shape)",
        "print(torch.fx.symbolic_trace(model)(images).shape)",
    )
    assert [printed(result, cell) for cell in range(3)] == ["torch.Size([5, 36])"] * 3
    assert not [output for cell in result.cells for output in cell.outputs if "Warn" in output.text]
    assert result.recorder_complete
    recorded = parse(result.events, True)
    assert {each.rows for each in recorded.forwards if each.cell == 0} == {5}


def tampering(run: Run) -> tuple[Tampering, ...]:
    return parse(run.events, run.recorder_complete).tampering
