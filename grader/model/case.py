"""Everything a detector may look at."""

from grader.model._base import Artifact
from grader.model.cohort import Cohort
from grader.model.comparison import Comparisons
from grader.model.evidence import Evidence
from grader.model.lab import Lab


class Case(Artifact):
    """One submission as the detectors see it."""

    lab: Lab
    """What was asked."""

    evidence: Evidence
    """What is known."""

    comparisons: Comparisons = Comparisons()
    """How the numbers compare."""

    cohort: Cohort | None = None
    """The other submissions of the class; ``None`` where one is looked at alone."""
