"""The record of the staff's own runs."""

from typing import Literal, Self

from pydantic import Field, model_validator

from grader.model._base import Artifact
from grader.model.arrays import Label, LabelArray
from grader.model.comparison import Band
from grader.model.evidence import Evaluation
from grader.model.metric import METRICS, MetricName
from grader.model.run import Machine


class Span(Artifact):
    """How far one run's value may be due to which items were scored."""

    low: float
    """Lower end."""

    high: float
    """Upper end."""

    confidence: float = 0.95
    """Between 0 and 1."""

    method: str
    """How it was found."""


class ReferenceScore(Artifact):
    """One metric of one task over the reference runs."""

    task: str
    metric: MetricName
    average: str | None = None
    """Averaging, for precision, recall and F1."""

    values: tuple[float, ...]
    """One value per run, in the order of ``seeds``."""

    band: Band
    """What a student's score is compared with."""

    n: tuple[int, ...] = ()
    """Items of each value."""

    intervals: tuple[Span | None, ...] = ()
    """Of each value; ``None`` where what it was computed from is not known item by item."""

    @property
    def mean(self) -> float:
        """Over the runs."""
        return sum(self.values) / len(self.values)


class ClassFigures(Artifact):
    """One class over all runs together."""

    label: Label
    """Its label in the arrays."""

    name: str
    """Its name in the lab, else its label."""

    n: int
    """Items of this class in one run."""

    recall: float | None
    """Share of them predicted as it; ``None`` without items."""

    precision: float | None
    """Share right of what was predicted as it; ``None`` where it never was."""


class ReferenceTask(Artifact):
    """What was evaluated in the reference runs of one task."""

    task: str
    model: str | None
    dataset: str | None
    split: str | None
    n: int

    trained: bool | None = None
    """Whether the notebook trains the model, so that runs differ; ``None`` in old records."""

    exact: bool | None = None
    """Whether all runs gave the same answer to every item; ``None`` where answers are unknown."""

    same: float | None = None
    """Smallest share of items on which a run answers as the first one did."""

    prompts: tuple[str, ...] | None = None
    """Texts the notebook hands to the model, ``{}`` standing for what is put in; ``None`` where
    its source does not show any."""

    items: dict[MetricName, tuple[float, ...]] = Field(default_factory=dict)
    """Difficulty: the mean over the runs of what each item scored, in the order of the arrays;
    of accuracy, the share of seeds that have it right. Only metrics that are a mean over items,
    and the BLEU of single captions: of 4-grams, or of as many words as a caption has."""

    classes: tuple[ClassFigures, ...] = ()
    """Of a classification, in label order."""

    confusion: tuple[tuple[int, ...], ...] = ()
    """Counts over all runs, shape (classes, classes): rows are true classes, columns predicted
    ones, both in the order of ``classes``."""


class ReferenceRun(Artifact):
    """What one reference run was seen to evaluate."""

    seed: int
    """Seed set before the first cell."""

    evaluations: tuple[Evaluation, ...]
    """The evaluation each task is judged by, in lab order."""

    arrays: dict[str, LabelArray]
    """Labels and predictions these evaluations name, unless an earlier run has them."""

    seconds: float | None = None
    """Wall time of the run; ``None`` in old records."""

    def evaluation(self, task: str) -> Evaluation | None:
        """The one of this task."""
        return next((each for each in self.evaluations if each.task == task), None)


class Published(Artifact):
    """A figure somebody published, or what a course calls good and bad. Never compared with."""

    task: str | None = None
    """Task of the lab it belongs to; ``None`` where the lab has no such task."""

    metric: MetricName
    """Metric."""

    average: Literal["macro", "weighted"] | None = None
    """Averaging, where it is known."""

    about: str = ""
    """Model and data, as published; e.g. ``ViT-L/14``."""

    value: float | None = None
    """In the unit of the metric."""

    n: int | None = Field(default=None, ge=1)
    """Items, where they are known."""

    good_above: float | None = None
    """What counts as good."""

    bad_below: float | None = None
    """What counts as bad."""

    source: str = Field(min_length=1)
    """Where it stands."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        figures = (self.value, self.good_above, self.bad_below)
        if all(each is None for each in figures):
            raise ValueError("give `value`, `good_above` or `bad_below`")
        highest = METRICS[self.metric].highest
        wrong = [each for each in figures if each is not None and abs(each) > highest]
        if wrong:
            raise ValueError(f"{self.metric} is at most {highest:g}, not {wrong[0]:g}")
        return self


class ReferenceRecord(Artifact):
    """Recorded reference runs of one lab and profile."""

    lab: str
    profile: str
    seeds: tuple[int, ...]
    notebook: str
    """Digest of the staff notebook that was run."""

    date: str
    """Day of the runs, ISO 8601."""

    machine: Machine
    """Where they ran."""

    cpu: str | None = None
    """Processor's model; ``None`` where it is not known."""

    lab_version: int | None = None
    """Version of the lab; ``None`` in old records."""

    assets: dict[str, str] = Field(default_factory=dict)
    """What was served, by id: the commit that was downloaded, else the digest the lab declares."""

    tasks: tuple[ReferenceTask, ...]
    scores: tuple[ReferenceScore, ...]

    published: tuple[Published, ...] = ()
    """Figures from elsewhere, to stand beside those measured."""

    runs: tuple[ReferenceRun, ...] = ()
    """Evidence of each run, in the order of ``seeds``."""

    def task(self, task: str) -> ReferenceTask | None:
        """What was evaluated for this task."""
        return next((each for each in self.tasks if each.task == task), None)

    def score(self, task: str, metric: str, average: str | None = None) -> ReferenceScore | None:
        """The values of a metric, averaging as asked."""
        for score in self.scores:
            if (score.task, score.metric, score.average) == (task, metric, average):
                return score
        return None

    def band(self, task: str, metric: str, average: str | None = None) -> Band | None:
        """The band of a metric, averaging as asked."""
        found = self.score(task, metric, average)
        return found.band if found else None

    def labels(self, array: str | None) -> tuple[Label, ...] | None:
        """Elements of an array of any run, or ``None`` when unknown."""
        for run in self.runs:
            if array is not None and array in run.arrays:
                return run.arrays[array].values
        return None
