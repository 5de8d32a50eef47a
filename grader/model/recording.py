"""What the recorder inside the kernel saw, parsed and bounded.

These are statements of a process the student controls. They are used as leads: labels are
compared with the labels the harness served, metrics are recomputed outside.
"""

from typing import Literal

from pydantic import Field

from grader.model._base import Artifact
from grader.model.arrays import (
    FloatArray,
    Label,
    LabelArray,
    Matrix,
    NamedArray,
    NamedMatrix,
    NamedNumber,
    RowNorms,
)


class LoadedAsset(Artifact):
    """A model, dataset or metric that was loaded, or a file that was fetched."""

    cell: int | None
    """Cell that loaded it."""

    kind: Literal["model", "dataset", "metric", "url"]
    """What it is."""

    asset: str
    """Canonical id (aliases resolved); the argument as written when the lab does not serve it."""

    split: str | None = None
    """Split asked for, ``None`` for all."""

    rows: int | None = None
    """Rows loaded."""


class MetricCall(Artifact):
    """A call of a library's metric function."""

    cell: int | None
    """Cell that called it."""

    library: Literal["sklearn", "evaluate", "torchmetrics", "keras"]
    """Whose function."""

    function: str
    """E.g. ``accuracy_score`` or ``accuracy``."""

    y_true: str | None
    """Id of the array of true labels; ``None`` when they were no labels."""

    y_pred: str | None
    """Id of the array of predictions."""

    scores: str | None = None
    """Id of the array of floats that stood in the place of predictions, e.g. probabilities of the
    positive class; ``None`` when they were none."""

    n: int | None
    """Number of items."""

    average: str | None = None
    """Averaging asked for."""

    value: float | None = None
    """The result, as the student's process reports it."""

    in_trainer: bool = False
    """Whether the Trainer called it, inside ``evaluate`` or ``predict``."""


class TextMetricCall(Artifact):
    """A call of a library's metric for texts: BLEU, METEOR and their like."""

    cell: int | None
    """Cell that called it."""

    library: Literal["sacrebleu", "nltk", "evaluate", "rouge_score", "torchmetrics"]
    """Whose function."""

    function: str
    """E.g. ``corpus_bleu``."""

    predictions: str | None
    """Id of the array of texts that were scored; ``None`` when they could not be read."""

    references: tuple[str, ...] = ()
    """Ids of the arrays they were compared with: the first holds the first reference of every
    item, and so on; an item with fewer references has an empty text there."""

    n: int | None
    """Number of items."""

    value: float | None = None
    """The result, as the student's process reports it, in the library's own unit; the mean of the
    results of calls for one item each, which are counted as one call a cell."""


class TrainerCall(Artifact):
    """A call of a transformers ``Trainer`` method."""

    cell: int | None
    """Cell that called it."""

    method: Literal["train", "evaluate", "predict"]
    """Which method."""

    model: str | None = None
    """Id the model was loaded from."""

    dataset: str | None = None
    """Id of the dataset, where it carries one."""

    split: str | None = None
    """Split the dataset object names."""

    rows: int | None = None
    """Rows it iterated."""

    is_training_data: bool | None = None
    """Whether it is the very dataset the trainer trains on."""

    has_compute_metrics: bool = False
    """Whether ``compute_metrics`` was set."""

    metrics: dict[str, float] = Field(default_factory=dict)
    """Numbers it returned."""

    y_true: str | None = None
    """Id of the label array it returned or gathered."""

    y_pred: str | None = None
    """Id of the argmax of the predictions."""

    steps: int | None = None
    """Optimiser steps, for ``train``."""


class ForwardPass(Artifact):
    """Image rows that went through one loaded model in one cell."""

    cell: int | None
    """Cell that was running."""

    model: str
    """Id the model was loaded from, or its class."""

    rows: int
    """Images, summed over the calls."""

    training: bool
    """Whether ``Trainer.train`` was running with gradients on; a hand-written evaluation loop
    that forgets ``model.eval()`` is therefore not mistaken for training."""


TamperingKind = Literal[
    "forged",
    "called",
    "changed",
    "copied",
    "replaced",
    "import",
    "memory",
    "gc",
    "ctypes",
    "frames",
    "trace",
    "audit",
    "noise",
    "lost",
]


class Tampering(Artifact):
    """Something that may make the recording untrue."""

    cell: int | None
    """Cell that was running; ``None`` when it shows only at the end."""

    kind: TamperingKind
    """``forged``: a line in the recorder's stream that it did not write; ``noise``: bytes there
    that are no event; ``lost``: events are missing; ``called``, ``changed``, ``copied``: a part of
    the recorder was; ``replaced``: something else stands in the place of a recorded function;
    ``import``: the recorder's module was asked for; the others: a way was used that leads to every
    object of the process, the recorder's among them."""

    detail: str = ""
    """E.g. the function or the audit event."""

    by: Literal["notebook", "library"] = "notebook"
    """Whether what stands there now, or what did it, is the notebook's own code."""


class ServedRows(Artifact):
    """Rows of a dataset that were handed to the notebook."""

    cell: int | None
    """Cell that asked for them."""

    dataset: str | None
    """Canonical id, where the object still carries it."""

    split: str | None
    """Split, likewise."""

    rows: int
    """Rows handed out, repetitions counted."""

    images: str | None = None
    """Id of an array of the digests of their images, in order; ``None`` when there were none, or
    too many to record."""

    labels: str | None = None
    """Id of the array of their labels, in the same order, likewise."""


class PreparedImages(Artifact):
    """Images that a processor turned into what a model takes."""

    cell: int | None
    """Cell that called it."""

    images: str
    """Id of an array of the digests of the images, in order."""

    inputs: str
    """Id of an array of the digests of the rows made of them, in the same order."""


class ModelPass(Artifact):
    """What went through one loaded model in one cell, and what came out."""

    cell: int | None
    """Cell that was running."""

    model: str
    """Id the model was loaded from, or its class."""

    method: str
    """``forward``, ``generate``, or the method that was called, e.g. ``get_image_features``."""

    rows: int
    """Rows, summed over the calls."""

    distinct: int | None = None
    """Different inputs among them; ``None`` when not all were looked at."""

    inputs: str | None = None
    """Id of an array of the digests of the rows, in order; ``None`` when too many to record."""

    predictions: str | None = None
    """Id of the array of the argmax of the outputs, in order, where they are scores of classes."""

    top5: str | None = None
    """Id of an array of the five best classes of each row, as ``3 1 4 0 2``, likewise."""

    train_mode: bool = False
    """Whether ``model.training`` was true in some call."""

    gradients: bool = False
    """Whether gradients were on in some call."""


class TrainingSteps(Artifact):
    """Steps of an optimiser in one cell."""

    cell: int | None
    """Cell that was running."""

    optimiser: str
    """Its class."""

    steps: int
    """Steps."""

    model: str | None = None
    """Model whose weights it holds, where known."""

    rows: int | None = None
    """Image rows that went through that model, with gradients on, before the steps."""

    inputs: str | None = None
    """Id of an array of the digests of these rows; ``None`` when unknown or too many."""


class WeightsChanged(Artifact):
    """Whether a loaded model's weights are those it was loaded with, at the end of a cell."""

    cell: int | None
    """Cell that ended."""

    model: str
    """Id the model was loaded from."""

    changed: bool
    """Whether they differ."""


class RandomDraw(Artifact):
    """An array that a random number generator made."""

    cell: int | None
    """Cell that was running."""

    function: str
    """E.g. ``numpy.random.randint``."""

    array: str
    """Id of the array, as of any other array with these elements."""

    n: int
    """Elements."""


class CaughtException(Artifact):
    """An exception that the notebook's own ``except`` clause took."""

    cell: int | None
    """Cell that was running."""

    line: int
    """One-based line of the ``except`` in the cell that defines it."""

    defined_in: int | None = None
    """Cell that holds the clause, where it is another."""

    error: str
    """Class of the exception."""

    times: int = 1
    """How often."""


class Attempt(Artifact):
    """Something that leads out of the notebook's process."""

    cell: int | None
    """Cell that was running."""

    kind: Literal["subprocess", "socket"]
    """A program that was started, or a connection that was tried."""

    target: str
    """Program or address, at most 200 characters."""


class Dropped(Artifact):
    """What the recorder saw and did not keep, because there was too much of it."""

    cell: int | None
    """Cell that was running."""

    what: str
    """E.g. ``arrays``, ``matrices``, ``row digests``."""

    times: int
    """How many."""

    why: str
    """``bytes``, ``time`` or ``number``; ``version`` where a library cannot be watched."""


class Recording(Artifact):
    """Everything recorded during one run, in order."""

    loads: tuple[LoadedAsset, ...] = ()
    metric_calls: tuple[MetricCall, ...] = ()
    trainer_calls: tuple[TrainerCall, ...] = ()
    forwards: tuple[ForwardPass, ...] = ()
    named: tuple[NamedArray, ...] = ()
    text_metrics: tuple[TextMetricCall, ...] = ()
    named_matrices: tuple[NamedMatrix, ...] = ()
    named_floats: tuple[NamedArray, ...] = ()
    named_numbers: tuple[NamedNumber, ...] = ()
    norms: tuple[RowNorms, ...] = ()
    served: tuple[ServedRows, ...] = ()
    prepared: tuple[PreparedImages, ...] = ()
    passes: tuple[ModelPass, ...] = ()
    training: tuple[TrainingSteps, ...] = ()
    weights: tuple[WeightsChanged, ...] = ()
    draws: tuple[RandomDraw, ...] = ()
    caught: tuple[CaughtException, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    matrices: dict[str, Matrix] = Field(default_factory=dict)
    arrays: dict[str, LabelArray] = Field(default_factory=dict)
    floats: dict[str, FloatArray] = Field(default_factory=dict)

    tampering: tuple[Tampering, ...] = ()
    """Why the rest is doubtful; ``complete`` is then false."""

    complete: bool = True
    """Whether the recorder lived to the end."""

    def labels(self, array: str | None) -> tuple[Label, ...] | None:
        """Elements of an array, or ``None`` when unknown."""
        found = self.arrays.get(array) if array is not None else None
        return found.values if found is not None else None
