"""What the recorder sees of rows served, of models at work and of their training."""

from pathlib import Path

import pytest

from grader.assets import image_digest
from grader.assets.truth import rows_of
from grader.evidence.recording import parse
from grader.model import ModelPass, Recording
from tests.execute.conftest import Runner

pytestmark = pytest.mark.sandbox

LOAD = """
import numpy, torch
from datasets import load_dataset
from transformers import AutoImageProcessor, AutoModelForImageClassification, CLIPModel
test = load_dataset("beans", split="test")
train = load_dataset("beans", split="train").shuffle(seed=1)
processor = AutoImageProcessor.from_pretrained("lab/tiny-vit")
model = AutoModelForImageClassification.from_pretrained("lab/tiny-vit").eval()
clip = CLIPModel.from_pretrained("lab/tiny-clip").eval()
"""
PREDICT = """
predictions, scores = [], []
with torch.no_grad():
    for start in range(0, 9, 4):
        batch = test[start:start + 4]
        inputs = processor(batch["image"], return_tensors="pt")
        logits = model(**inputs).logits
        predictions += logits.argmax(-1).tolist()
        scores += logits.max(-1).values.tolist()
truth = test["labels"][:]
"""
REPEAT = """
one = processor(test[3]["image"], return_tensors="pt")
for _ in range(5): model(**one)
features = clip.get_image_features(**processor([row["image"] for row in test], return_tensors="pt"))
"""
TRAIN = """
optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
model.train()
for row in train.select(range(6)):
    pixels = processor(row["image"], return_tensors="pt")["pixel_values"]
    loss = model(pixel_values=pixels, labels=torch.tensor([row["labels"]])).loss
    loss.backward(); optimiser.step(); optimiser.zero_grad()
model.eval()
for row in test.select(range(2)):
    model(processor(row["image"], return_tensors="pt")["pixel_values"])
"""
FORMATS = """
arrays = test.with_format("torch")[:]
for batch in test.iter(5): pass
rows = [test[int(i)] for i in numpy.array([8, 0, 8])]
"""
MAP = "wide = test.map(lambda row: {'width': row['image'].width})"
CELLS = (LOAD, PREDICT, REPEAT, TRAIN, FORMATS, MAP)
(LOAD_, PREDICT_, REPEAT_, TRAIN_, FORMATS_, MAP_) = range(len(CELLS))
TRUE = (0, 1, 2, 0, 1, 2, 0, 1, 2)


@pytest.fixture(scope="module")
def recording(run: Runner) -> Recording:
    lab = run(*CELLS)
    assert [cell.outcome for cell in lab.cells] == ["ok"] * len(CELLS), [
        cell.error for cell in lab.cells
    ]
    assert not [event.data for event in lab.events if event.name == "recorder-error"]
    assert lab.recorder_complete
    return parse(lab.events, lab.recorder_complete)


@pytest.fixture(scope="module")
def digests(assets: Path) -> dict[str, tuple[str, ...]]:
    """Of the pictures of each split, as the harness computes them."""
    served = rows_of(assets / "data/beans")
    return {
        split: tuple(image_digest(row.pixels) for row in rows) for split, rows in served.items()
    }


def passed(recording: Recording, cell: int, method: str = "forward") -> ModelPass:
    (found,) = (each for each in recording.passes if (each.cell, each.method) == (cell, method))
    return found


def test_served_rows_carry_their_pictures_and_labels(
    recording: Recording, digests: dict[str, tuple[str, ...]]
) -> None:
    both, column = (each for each in recording.served if each.cell == PREDICT_)
    assert (both.dataset, both.split, both.rows) == ("lab/beans", "test", 9)
    assert recording.labels(both.images) == digests["test"]
    assert recording.labels(both.labels) == TRUE
    assert (column.rows, column.images, column.labels) == (9, None, both.labels)


def test_rows_of_derived_datasets_keep_their_digests(
    recording: Recording, digests: dict[str, tuple[str, ...]]
) -> None:
    trained, looked_at = (each for each in recording.served if each.cell == TRAIN_)
    assert (trained.dataset, trained.split, trained.rows) == ("lab/beans", "train", 6)
    images = recording.labels(trained.images) or ()
    assert len(set(images)) == 6
    assert set(images) <= set(digests["train"])
    assert [digests["train"].index(str(each)) % 3 for each in images] == list(
        recording.labels(trained.labels) or ()
    )
    assert recording.labels(looked_at.images) == digests["test"][:2]


def test_arrays_have_the_digests_of_their_pictures(
    recording: Recording, digests: dict[str, tuple[str, ...]]
) -> None:
    (served,) = (each for each in recording.served if each.cell == FORMATS_)
    test = digests["test"]
    assert recording.labels(served.images) == (*test, *test, test[8], test[0], test[8])
    assert recording.labels(served.labels) == (*TRUE, *TRUE, 2, 0, 2)


def test_pictures_decoded_for_a_function_are_served(
    recording: Recording, digests: dict[str, tuple[str, ...]]
) -> None:
    (served,) = (each for each in recording.served if each.cell == MAP_)
    assert (served.dataset, recording.labels(served.images)) == (None, digests["test"])


def test_what_a_model_is_given_leads_back_to_what_was_served(recording: Recording) -> None:
    (prepared,) = (each for each in recording.prepared if each.cell == PREDICT_)
    done = passed(recording, PREDICT_)
    assert (done.model, done.rows, done.distinct) == ("lab/tiny-vit", 9, 9)
    assert prepared.inputs == done.inputs
    assert prepared.images == next(
        each.images for each in recording.served if each.cell == PREDICT_
    )


def test_predictions_are_those_the_notebook_gathers(recording: Recording) -> None:
    done = passed(recording, PREDICT_)
    held = {each.name: each.array for each in recording.named if each.cell == PREDICT_}
    assert done.predictions == held["predictions"]
    best = recording.labels(done.top5) or ()
    assert [int(str(each)[0]) for each in best] == list(recording.labels(done.predictions) or ())
    assert (done.train_mode, done.gradients) == (False, False)


def test_one_picture_five_times_is_one_picture(recording: Recording) -> None:
    repeated = passed(recording, REPEAT_)
    assert (repeated.rows, repeated.distinct, repeated.gradients) == (5, 1, True)
    features = passed(recording, REPEAT_, "get_image_features")
    assert (features.model, features.rows, features.distinct) == ("lab/tiny-clip", 9, 9)
    assert features.predictions is None
    (norms,) = (each for each in recording.norms if each.name == "get_image_features")
    assert (norms.rows, norms.columns) == (9, 8)
    assert 0 < norms.low <= norms.high


def test_steps_are_about_the_rows_before_them(recording: Recording) -> None:
    (steps,) = recording.training
    assert (steps.cell, steps.optimiser, steps.steps) == (TRAIN_, "SGD", 6)
    assert (steps.model, steps.rows) == ("lab/tiny-vit", 6)
    done = passed(recording, TRAIN_)
    assert (done.rows, done.train_mode) == (8, True)
    inputs = recording.labels(done.inputs) or ()
    assert recording.labels(steps.inputs) == inputs[:6]


def test_changed_weights_are_noticed(recording: Recording) -> None:
    found = [(each.cell, each.model, each.changed) for each in recording.weights]
    assert found == [
        (PREDICT_, "lab/tiny-vit", False),
        (REPEAT_, "lab/tiny-clip", False),
        (REPEAT_, "lab/tiny-vit", False),
        (TRAIN_, "lab/tiny-vit", True),
    ]
