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


class Paired(Artifact):
    """Two runs of the same model on the same items, item by item."""

    n: int
    """Items both were scored on."""

    seed: int
    """Reference run it was paired with; of several, the one with the median score."""

    only_submission: int
    """Items only the submission has right."""

    only_reference: int
    """Items only the reference run has right."""

    p: float
    """McNemar's test, two-sided."""

    method: str
    """Which form of it: ``exact``, ``mid-p`` or ``chi-square``."""

    same: float | None = None
    """Share of items with the same answer, right or wrong; ``None`` where answers are spelled
    differently and only right and wrong can be compared."""

    kappa: float | None = None
    """Cohen's kappa of the answers; ``None`` where ``same`` is, or where all answers are equal."""


INDEPENDENT = 0.6
"""Chance of a wrong item being the harder one, below which mistakes do not follow difficulty."""


class Difficulty(Artifact):
    """Whether wrong answers fall on the items that the reference runs find hard."""

    n: int
    """Items both were scored on."""

    wrong: int
    """Wrong answers that stand beside a right one of the same class."""

    auc: float
    """Chance that an item answered wrong is harder than one of its class answered right, ties
    counting half: 0.5 where mistakes fall anywhere."""

    high: float
    """Upper end of its 99 % interval."""

    reachable: float
    """The same chance, had the hardest items been the wrong ones."""

    p: float
    """One-sided chance of so low a value, were the true one ``INDEPENDENT``."""

    @property
    def indifferent(self) -> bool:
        """Whether mistakes are shown not to follow difficulty."""
        return self.high < INDEPENDENT


class Difference(Artifact):
    """What two one-sided tests say of two scores on different items."""

    value: float
    """Submission minus reference."""

    low: float
    """Lower end of the interval of the difference."""

    high: float
    """Upper end."""

    margin: float
    """Largest difference that does not matter."""

    method: str
    """How the interval was found, its confidence included."""

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than the margin, either way."""
        return -self.margin < self.low and self.high < self.margin

    @property
    def worse(self) -> bool:
        """Whether the submission is shown to be worse by more than the margin."""
        return self.high < -self.margin

    @property
    def better(self) -> bool:
        """Whether the submission is shown to be better by more than the margin."""
        return self.low > self.margin


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
    """95 % Wilson interval of the recomputed value, where that is a share of the items."""

    reference: Band | None = None
    """Band of the reference runs; on the very items of the submission where they are part of
    those of a deterministic reference."""

    paired: Paired | None = None
    """Item by item against the reference; ``None`` where items are not the same or unknown."""

    difficulty: Difficulty | None = None
    """Where wrong answers fall, of an accuracy; ``None`` where items are not the same or
    unknown."""

    difference: Difference | None = None
    """Against the reference on other items; ``None`` where items are the same."""

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

    reference_warnings: tuple[str, ...] = ()
    """What the reference runs were made with that this run was not: other libraries, assets,
    another staff notebook or version of the lab. For whoever runs the course, not the student."""

    def get(self, task: str, metric: str) -> Comparison | None:
        """The comparison of this task and metric."""
        for entry in self.entries:
            if (entry.task, entry.metric) == (task, metric):
                return entry
        return None
