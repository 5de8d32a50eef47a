"""Where the numbers of a submission come from."""

from typing import Literal

from grader.model._base import Artifact

ProvenanceVerdict = Literal["explained", "contradicted", "unexplained", "undecidable"]
"""``explained``: a value computed from what was captured is this number, at the precision printed,
and a coincidence is unlikely. ``contradicted``: what was captured for this very quantity gives
another value, or the submission gives two. ``unexplained``: nothing captured gives it, although
what a run computes was captured in full. ``undecidable``: too few digits, too many candidates, or
too little captured to say."""


class Explanation(Artifact):
    """One function of captured values, and what it gives."""

    function: str
    """The function, e.g. ``accuracy``, ``f1 (macro)``, ``1 - accuracy``, ``recall@5``."""

    of: tuple[str, ...]
    """What it was computed of, for people: ``labels of trainer.predict``, ``y_pred``."""

    arrays: tuple[str, ...] = ()
    """Ids in the recording; empty for what was printed or logged."""

    cell: int | None = None
    """Cell in which all of it was there."""

    n: int | None = None
    """Items."""

    value: float
    """What the function gives."""


class Provenance(Artifact):
    """What is known of one number."""

    figure: int
    """Index in ``Evidence.figures``."""

    verdict: ProvenanceVerdict
    """What follows."""

    reason: str
    """One plain sentence."""

    explanations: tuple[Explanation, ...] = ()
    """What gives this number, the likeliest first, at most five."""

    contradictions: tuple[Explanation, ...] = ()
    """What should give it and gives another."""

    candidates: int = 0
    """Distinct values that were tried."""

    chance: float = 1.0
    """Chance that an invented number of this precision would have been explained, from 0 to 1."""
