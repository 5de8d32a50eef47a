"""What the recorder inside the kernel saw, parsed and bounded.

These are statements of a process the student controls. They are used as leads: labels are
compared with the labels the harness served, metrics are recomputed outside.
"""

from typing import Literal

from pydantic import Field

from grader.model._base import Artifact

Label = int | str


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


class LabelArray(Artifact):
    """A one-dimensional array of class labels or predictions."""

    id: str
    """Digest of the values; equal arrays are stored once."""

    length: int
    """Number of elements."""

    values: tuple[Label, ...] | None
    """The elements; ``None`` when there were too many to record."""


class MetricCall(Artifact):
    """A call of a library's metric function."""

    cell: int | None
    """Cell that called it."""

    library: Literal["sklearn", "evaluate"]
    """Whose function."""

    function: str
    """E.g. ``accuracy_score`` or ``accuracy``."""

    y_true: str | None
    """Id of the array of true labels; ``None`` when they were no labels."""

    y_pred: str | None
    """Id of the array of predictions."""

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


class Matrix(Artifact):
    """A two-dimensional array of floats."""

    id: str
    """Digest of the values; equal matrices are stored once."""

    rows: int
    """Number of rows."""

    columns: int
    """Number of columns."""

    values: tuple[float, ...] | None
    """The elements, row by row; ``None`` when there were too many to record."""


class NamedMatrix(Artifact):
    """A two-dimensional array of floats that appeared in the namespace."""

    cell: int | None
    """Cell after which it was first seen with these values."""

    name: str
    """Variable name."""

    matrix: str
    """Id of the matrix."""


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


class NamedArray(Artifact):
    """A one-dimensional array of labels that appeared in the namespace."""

    cell: int | None
    """Cell after which it was first seen with these values."""

    name: str
    """Variable name."""

    array: str
    """Id of the array."""


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


class Recording(Artifact):
    """Everything recorded during one run, in order."""

    loads: tuple[LoadedAsset, ...] = ()
    metric_calls: tuple[MetricCall, ...] = ()
    trainer_calls: tuple[TrainerCall, ...] = ()
    forwards: tuple[ForwardPass, ...] = ()
    named: tuple[NamedArray, ...] = ()
    text_metrics: tuple[TextMetricCall, ...] = ()
    named_matrices: tuple[NamedMatrix, ...] = ()
    matrices: dict[str, Matrix] = Field(default_factory=dict)
    arrays: dict[str, LabelArray] = Field(default_factory=dict)

    tampering: tuple[Tampering, ...] = ()
    """Why the rest is doubtful; ``complete`` is then false."""

    complete: bool = True
    """Whether the recorder lived to the end."""

    def labels(self, array: str | None) -> tuple[Label, ...] | None:
        """Elements of an array, or ``None`` when unknown."""
        found = self.arrays.get(array) if array is not None else None
        return found.values if found is not None else None
