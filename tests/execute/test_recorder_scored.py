"""What the recorder sees of libraries of metrics that the notebook brings along."""

import pytest

from grader.evidence.recording import parse
from grader.model import Recording
from tests.execute.conftest import Runner

pytestmark = pytest.mark.sandbox

METRIC = """
import torch
class Metric(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self._update_count, self.average = 0, "micro"
        self.update, self.compute = self._wrap_update(self.update), self._wrap_compute(self.compute)
        self.reset()
    def _wrap_update(self, update):
        def wrapped(*args, **kwargs):
            self._update_count += 1
            update(*args, **kwargs)
        return wrapped
    def _wrap_compute(self, compute):
        return lambda *args, **kwargs: compute(*args, **kwargs).squeeze()
    def reset(self): self._update_count, self.right, self.n = 0, 0, 0
    def forward(self, *args, **kwargs):
        before = self._update_count, self.right, self.n
        self.reset()
        self.update(*args, **kwargs)
        value = self.compute()
        self._update_count += before[0]
        self.right, self.n = self.right + before[1], self.n + before[2]
        return value
class BinaryAccuracy(Metric):
    def update(self, preds, target):
        guesses = preds if preds.dtype == torch.long else (preds > 0.5).long()
        self.right, self.n = self.right + int((guesses == target).sum()), self.n + len(target)
    def compute(self): return torch.tensor([self.right / self.n])
"""
"""The way metrics are made there, in little."""

FUNCTION = """
def accuracy(preds, target, task, average="micro"):
    return (preds.argmax(1) == target).float().mean()
"""
INSTALL = f"""
import pathlib, torch
for name, text in (
    ("metric.py", {METRIC!r}),
    ("functional/__init__.py", {FUNCTION!r}),
    ("__init__.py", "from torchmetrics.metric import BinaryAccuracy, Metric"),
):
    place = pathlib.Path("torchmetrics", name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
"""
USE = """
from torchmetrics import BinaryAccuracy
from torchmetrics.functional import accuracy
metric = BinaryAccuracy()
metric.update(torch.tensor([0.1, 0.9]), torch.tensor([0, 1]))
metric.update(preds=torch.tensor([0, 0]), target=torch.tensor([0, 1]))
metric.compute()
metric.reset()
metric(torch.tensor([0.7, 0.6, 0.2]), torch.tensor([1, 0, 0]))
metric(torch.tensor([0.7]), torch.tensor([1]))
metric.compute()
scores = torch.tensor([[0.1, 0.9], [0.8, 0.2]])
accuracy(scores, torch.tensor([1, 1]), task="multiclass")
"""
COPIED = """
other = BinaryAccuracy()
other._update_count, other.right, other.n = 3, 8, 10
other.update(torch.tensor([0.1, 0.9]), torch.tensor([0, 1]))
other.compute()
"""
SKLEARN = """
from sklearn.metrics import roc_auc_score
chances = [0.1, 0.4, 0.35, 0.8]
roc_auc_score([0, 0, 1, 1], chances)
"""


@pytest.fixture(scope="module")
def recording(run: Runner) -> Recording:
    done = run(INSTALL, USE, COPIED, SKLEARN)
    assert [cell.error for cell in done.cells] == [None] * 4
    assert not [event.data for event in done.events if event.name == "recorder-error"]
    assert done.recorder_complete
    return parse(done.events, done.recorder_complete)


def test_metrics_are_about_all_they_were_updated_with(recording: Recording) -> None:
    calls = [
        (each.function, recording.labels(each.y_true), recording.labels(each.y_pred), each.value)
        for each in recording.metric_calls
        if each.cell == 1
    ]
    assert calls == [
        ("BinaryAccuracy", (0, 1, 0, 1), (0, 1, 0, 0), 0.75),
        ("BinaryAccuracy", (1, 0, 0, 1), (1, 1, 0, 1), 0.75),
        ("accuracy", (1, 1), (1, 0), 0.5),
    ]
    assert {each.library for each in recording.metric_calls if each.cell == 1} == {"torchmetrics"}


def test_what_was_not_seen_is_unknown(recording: Recording) -> None:
    (copied,) = (each for each in recording.metric_calls if each.cell == 2)
    assert (copied.y_true, copied.y_pred, copied.n) == (None, None, None)
    assert copied.value == pytest.approx(10 / 12)


def test_scores_in_the_place_of_predictions(recording: Recording) -> None:
    (call,) = (each for each in recording.metric_calls if each.cell == 3)
    assert (call.function, call.y_pred, call.n, call.value) == ("roc_auc_score", None, 4, 0.75)
    (held,) = (each for each in recording.named_floats if each.name == "chances")
    assert call.scores == held.array
