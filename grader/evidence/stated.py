"""Evaluations as a submission itself shows them, without anything having run."""

from collections.abc import Mapping, Sequence

from grader.model import Figure, Lab, SourceGraph, Stated, Submission

__all__ = ["stated"]


def stated(
    submission: Submission,
    graph: SourceGraph,
    figures: Sequence[Figure],
    lab: Lab,
    cell_tasks: Mapping[int, str],
) -> tuple[Stated, ...]:
    """Evaluations the code makes, outputs show and the text tells of, in that order.

    Args:
        submission: What was handed in.
        graph: Its code.
        figures: Numbers in its outputs and text.
        lab: Whose tasks.
        cell_tasks: Task of each cell, where it could be told.
    """
    return ()
