"""A lab: what is asked, what it is worth, and what it needs to run."""

from typing import Annotated, Literal

from pydantic import Field

from grader.model._base import Artifact

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
"""An id: lower-case words joined by hyphens."""

MetricName = Literal["accuracy", "precision", "recall", "f1"]
Severity = Literal["invalid", "major", "minor", "review"]


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

    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1)]
    """Metrics to report."""

    average: Literal["macro", "weighted"] = "macro"
    """Averaging of precision, recall and F1 asked for; either is accepted when named."""

    classes: Annotated[int, Field(ge=2)]
    """Number of classes."""

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


class Asset(Artifact):
    """Something served under the id students write."""

    id: str
    """Published id, e.g. ``openai/clip-vit-base-patch32``."""

    kind: Literal["model", "dataset", "metric"]
    """What it is."""

    aliases: tuple[str, ...] = ()
    """Other ids that name the same thing."""


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
    """Models, datasets and metrics served."""

    limits: Limits = Limits()
    """Ceilings for one run."""

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
