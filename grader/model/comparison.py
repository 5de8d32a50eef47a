"""One metric of one task, seen from five sides."""

from typing import Literal

from grader.model._base import Artifact
from grader.model.metric import MetricName

ComparisonVerdict = Literal[
    "agrees",
    "within-band",
    "above-band",
    "below-band",
    "not-comparable",
    "not-reproduced",
    "not-evaluated",
]


class Value(Artifact):
    """A number with what it rests on."""

    value: float
    """As a fraction."""

    printed: str | None = None
    """As the student spelled it; ``None`` for what the harness computed."""

    n: int | None = None
    """Items it was computed from; ``None`` when unknown."""

    cell: int | None = None
    """Cell it stands in."""


class Band(Artifact):
    """The range of scores a correct run reaches."""

    low: float
    """Lower end."""

    high: float
    """Upper end."""

    n: int
    """Test items of the reference runs."""

    runs: int
    """How many runs it rests on."""

    method: str
    """How the band was computed from them."""


class Comparison(Artifact):
    """Five values for one metric; ``None`` is unknown, never zero."""

    task: str
    """Task."""

    metric: MetricName
    """Metric."""

    average: str | None = None
    """Averaging of the recomputed value, for precision, recall and F1."""

    claimed: Value | None = None
    """Stated in the text."""

    saved: Value | None = None
    """Printed in the file handed in."""

    rerun: Value | None = None
    """Printed in our own run."""

    recomputed: Value | None = None
    """Computed outside the student's process from recorded predictions."""

    explained: bool | None = None
    """Whether the re-run value is the recomputed one, at the precision printed."""

    reproduced: bool | None = None
    """Whether the saved value is the re-run one; a trained model may differ by the band."""

    n: int | None = None
    """Items of the evaluation the task is judged by."""

    interval: tuple[float, float] | None = None
    """95 % Wilson interval of the recomputed accuracy."""

    reference: Band | None = None
    """Band of the reference runs."""

    verdict: ComparisonVerdict
    """What follows."""

    why: str
    """One sentence giving the reason."""


class Comparisons(Artifact):
    """All comparisons of one submission."""

    entries: tuple[Comparison, ...] = ()
    """In lab order."""

    reference_missing: str | None = None
    """Why no reference was compared with, if so."""

    def get(self, task: str, metric: str) -> Comparison | None:
        """The comparison of this task and metric."""
        for entry in self.entries:
            if (entry.task, entry.metric) == (task, metric):
                return entry
        return None
