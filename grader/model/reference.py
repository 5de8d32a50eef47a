"""The record of the staff's own runs."""

from grader.model._base import Artifact
from grader.model.comparison import Band
from grader.model.evidence import Evaluation
from grader.model.metric import MetricName
from grader.model.recording import LabelArray
from grader.model.run import Machine


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


class ReferenceTask(Artifact):
    """What was evaluated in the reference runs of one task."""

    task: str
    model: str | None
    dataset: str | None
    split: str | None
    n: int


class ReferenceRun(Artifact):
    """What one reference run was seen to evaluate."""

    seed: int
    """Seed set before the first cell."""

    evaluations: tuple[Evaluation, ...]
    """The evaluation each task is judged by, in lab order."""

    arrays: dict[str, LabelArray]
    """Labels and predictions these evaluations name."""


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

    tasks: tuple[ReferenceTask, ...]
    scores: tuple[ReferenceScore, ...]

    runs: tuple[ReferenceRun, ...] = ()
    """Evidence of each run, in the order of ``seeds``."""

    def band(self, task: str, metric: str, average: str | None = None) -> Band | None:
        """The band of a metric, averaging as asked."""
        for score in self.scores:
            if (score.task, score.metric, score.average) == (task, metric, average):
                return score.band
        return None
