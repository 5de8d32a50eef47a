"""Where numbers come from: which function of what was captured gives them."""

from collections.abc import Sequence

from grader.model import Evaluation, Figure, Provenance, Recording

__all__ = ["provenance"]


def provenance(
    figures: Sequence[Figure],
    recording: Recording | None,
    evaluations: Sequence[Evaluation],
) -> tuple[Provenance, ...]:
    """What is known of every score, loss, similarity and share among the figures.

    Args:
        figures: Of outputs and text.
        recording: What was captured; ``None`` when nothing was executed.
        evaluations: Scorings rebuilt from it.
    """
    return ()
