"""Evaluations as a submission itself shows them, without anything having run.

in_code      each scoring of the source graph
in_figures   scores that stand in one output, or in one paragraph
joining      what is evidently the same evaluation, told of twice
"""

from collections.abc import Mapping, Sequence

from grader.evidence.stated.draft import Draft
from grader.evidence.stated.in_code import in_code
from grader.evidence.stated.in_figures import in_outputs, in_text
from grader.evidence.stated.joining import joined, shows
from grader.model import Figure, Lab, PrintedMatrix, SourceGraph, Stated, Submission

__all__ = ["stated"]

MOST = 500
"""Evaluations kept of one kind, so that a million printed scores stay bounded."""


def stated(
    submission: Submission,
    graph: SourceGraph,
    figures: Sequence[Figure],
    lab: Lab,
    cell_tasks: Mapping[int, str],
    matrices: Sequence[PrintedMatrix] = (),
) -> tuple[Stated, ...]:
    """Evaluations the code makes, outputs show and the text tells of, in that order.

    What is evidently one evaluation, told of by code, output and text, is one: its place is
    that of the code, else of the output, and its scores are those first printed.

    Args:
        submission: What was handed in.
        graph: Its code.
        figures: Numbers in its outputs and text.
        lab: Whose tasks.
        cell_tasks: Task of each cell, where it could be told.
        matrices: Confusion matrices in its outputs and text.
    """
    coded = in_code(submission, graph, cell_tasks)[:MOST]
    printed = in_outputs(submission, figures, matrices, cell_tasks)[:MOST]
    told = in_text(submission, figures, matrices, cell_tasks)[:MOST]
    found = joined([*shows(coded, printed, graph), *told], _kinds(lab))
    return tuple(_finished(each) for each in found)


def _kinds(lab: Lab) -> Mapping[str, tuple[str, ...]]:
    """Models of every task."""
    return {task.id: (*task.models, *task.keywords) for task in lab.tasks}


def _finished(draft: Draft) -> Stated:
    return Stated(
        source=draft.source,
        cell=draft.cell,
        line=draft.line,
        file_line=draft.file_line,
        task=draft.task,
        n=draft.n,
        classes=draft.classes,
        split=draft.split,
        dataset=draft.dataset,
        model=draft.model,
        scores=tuple(index for index, _ in draft.scores),
    )
