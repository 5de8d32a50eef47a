"""A lab: what is asked, what it is worth, and what it needs to run."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from grader.model._base import Artifact
from grader.model.metric import METRICS, MetricName, TaskKind

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
"""An id: lower-case words joined by hyphens."""

Severity = Literal["invalid", "major", "minor", "review"]


def _python(value: object) -> object:
    if isinstance(value, float):
        # YAML reads 3.10 as 3.1.
        raise ValueError('write a version in quotes, as in "3.11"')
    if isinstance(value, str) and not _is_path(value) and not re.fullmatch(r"3\.\d+", value):
        raise ValueError('write a version, as in "3.11", or the path of an interpreter')
    return value


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text


class Libraries(Artifact):
    """The Python and the libraries a lab's notebooks run with, where not the grader's own."""

    requirements: str | None = None
    """A file of pip requirements beside ``lab.yaml``. They are installed, with what a kernel
    needs, into an environment of their own in the grader's cache."""

    python: Annotated[str | None, BeforeValidator(_python)] = None
    """Version to install the requirements for, e.g. ``"3.11"``, or path of an interpreter. A path
    alone names an environment that has everything already, ipykernel included."""

    @property
    def names_an_interpreter(self) -> bool:
        """Whether ``python`` is a path, not a version."""
        return self.python is not None and _is_path(self.python)

    @model_validator(mode="after")
    def _says_enough(self) -> "Libraries":
        if self.requirements is None and not self.names_an_interpreter:
            raise ValueError("name a file of requirements, or the path of an interpreter")
        return self


class Limits(Artifact):
    """Ceilings for one run; reaching one is the submission's outcome."""

    cell_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Wall time of one cell."""

    run_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """Wall time of the whole notebook."""

    memory_mib: Annotated[int, Field(gt=0)] = 8192
    """Memory of the kernel and its children together, resident."""

    disk_mib: Annotated[int, Field(gt=0)] = 2048
    """Files the notebook keeps at one time. They lie in memory, beside ``memory_mib``."""

    output_bytes: Annotated[int, Field(gt=0)] = 1 << 20
    """Text kept per cell; the rest is cut with a note."""

    run_output_bytes: Annotated[int, Field(gt=0)] = 16 << 20
    """Text kept of the whole notebook; the rest is cut with a note."""

    outputs: Annotated[int, Field(gt=0)] = 1000
    """Outputs kept per cell, printed text in a row counting once; the rest is cut with a note."""


class Task(Artifact):
    """One evaluation the lab asks for."""

    id: Name
    """Stable id, e.g. ``vit``."""

    title: str
    """What the student is told it is about."""

    keywords: Annotated[tuple[str, ...], Field(min_length=1)]
    """Words that name the task in headings, comments and prose; case is ignored."""

    kind: TaskKind = "classification"
    """What is evaluated."""

    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1)]
    """Metrics to report."""

    average: Literal["macro", "weighted"] = "macro"
    """Averaging of precision, recall and F1 asked for; either is accepted when named."""

    classes: Annotated[int, Field(ge=2)] | None = None
    """Number of classes of a classification; other tasks have none. A lab names it for each of
    its own; ``None`` is for notebooks that answer no lab."""

    class_names: tuple[str, ...] = ()
    """Names of the classes in label order, for tables; none means that numbers are shown."""

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    """Ids of the models this task uses."""

    datasets: Annotated[tuple[str, ...], Field(min_length=1)]
    """Ids of the datasets this task may be evaluated on."""

    split: str = "test"
    """Split that counts as the test set."""

    min_n: Annotated[int, Field(ge=1)] = 100
    """Fewest test items that make a valid evaluation."""

    trained: bool = False
    """Whether the task trains a model, so that a band over seeds applies."""

    margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    """Largest difference to the reference that does not matter: half the width of the band of
    deterministic inference, and the margin of the equivalence test on other items. In the unit
    of the metric; CIDEr-D, from 0 to 10, has ten times that. ``docs/comparison.md`` says where
    0.03 comes from."""

    captions_per_image: Annotated[int, Field(ge=1)] = 1
    """Captions of each image in a row, in a retrieval: column ``j`` belongs to image
    ``j // captions_per_image``."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Task":
        if self.kind != "classification" and self.classes is not None:
            raise ValueError("a classification, and nothing else, has a number of classes")
        wrong = [name for name in self.metrics if self.kind not in METRICS[name].kinds]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be asked of a task of kind {self.kind}")
        return self


class Answer(Artifact):
    """A written answer the lab asks for."""

    id: Name
    """Stable id, e.g. ``comparison``."""

    title: str
    """What the student is told it is about."""

    keywords: Annotated[tuple[str, ...], Field(min_length=1)]
    """Words of the heading above it, each entry ``a+b`` meaning both words; case is ignored."""

    words: Annotated[int, Field(ge=1)]
    """Length asked for, in words."""


class Source(Artifact):
    """Where one profile takes an asset from."""

    place: str = ""
    """What is served, where that is not the id: in ``tiny`` the id of a shipped checkpoint or
    drawn dataset, in ``full`` a repository of the Hugging Face Hub, for an address a file below
    ``reference/assets``, or of an installed package, e.g. ``package:skimage/data/coffee.png``."""

    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """What must be served, as ``grader assets verify`` prints it; empty where that is not known,
    and then nothing is compared."""


class Asset(Artifact):
    """Something served under the id students write."""

    id: str
    """Published id, e.g. ``openai/clip-vit-base-patch32``, or the address students fetch."""

    kind: Literal["model", "dataset", "metric", "url"]
    """What it is."""

    aliases: tuple[str, ...] = ()
    """Other ids that name the same thing."""

    revision: Annotated[str, Field(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")] = "main"
    """Commit, tag or branch of what is published; a branch is pinned when it is pulled."""

    licence: str = "unknown"
    """Licence of what is published: its SPDX name, or ``unknown``."""

    config: str = ""
    """Configuration of a dataset that has several; its default one if empty."""

    tiny: Source = Source()
    """Where the ``tiny`` profile takes it from."""

    full: Source = Source()
    """Where the ``full`` profile takes it from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its id and its aliases."""
        return (self.id, *self.aliases)


class Criterion(Artifact):
    """One line of the rubric. Every condition given must hold."""

    id: Name
    """Stable id, e.g. ``vit-sample``."""

    title: str
    """What the student is told it is about."""

    points: Annotated[float, Field(gt=0)]
    """Points when met."""

    task: str | None = None
    """Task it belongs to; findings of other tasks do not count here."""

    absent: tuple[str, ...] = ()
    """Names of the detectors that must all have looked and found nothing."""

    valid: bool = False
    """Whether no detector at all, a plug-in's included, may find the evaluation invalid. Unlike
    those named in ``absent`` they need not all have been able to look."""

    reported: tuple[MetricName, ...] = ()
    """Metrics that must have been computed from recorded predictions (or saved, unexecuted)."""

    reproduced: bool = False
    """Whether every saved metric must agree with the re-run."""

    min_n: Annotated[int, Field(ge=1)] | None = None
    """Fewest test items the best evaluation of the task must have."""

    answer: str | None = None
    """Written answer that must reach ``min_words``."""

    min_words: Annotated[int, Field(ge=1)] | None = None
    """Fewest words of the answer."""

    manual: bool = False
    """Whether a person decides; the other fields are then shown as help."""


class Lab(Artifact):
    """A validated ``lab.yaml``."""

    id: Name
    """Same as the folder's name."""

    title: str
    """Title shown on every page."""

    version: Annotated[int, Field(ge=1)]
    """Bumped whenever a grade could change."""

    profile: Name = "tiny"
    """Profile of the assets used when none is asked for."""

    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    """Evaluations asked for."""

    answers: tuple[Answer, ...] = ()
    """Written answers asked for."""

    assets: tuple[Asset, ...] = ()
    """Models, datasets, metrics and addresses served."""

    limits: Limits = Limits()
    """Ceilings for one run."""

    cuda_without_gpu: Literal["environment", "cpu"] = "environment"
    """What becomes of a notebook that asks for ``cuda`` by name where there is no GPU.

    ``environment``: it fails as it must, nothing is scored, and it says that a GPU is missing.
    ``cpu``: where ``"cuda"``, ``.cuda()`` and the like are written out, the CPU is used instead,
    and each line changed is listed in the run.
    """

    environment: Libraries | None = None
    """What notebooks run with; the grader's own Python and libraries if not given."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """In the order the student reads them."""

    @property
    def max_score(self) -> float:
        """Sum of the points of all criteria."""
        return sum(criterion.points for criterion in self.criteria)

    def task(self, task: str) -> Task:
        """The task of this id.

        Raises:
            KeyError: If the lab has no such task.
        """
        for each in self.tasks:
            if each.id == task:
                return each
        raise KeyError(task)
