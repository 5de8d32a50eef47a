"""Rebuild every scoring of predictions against labels, outside the student's process."""

from collections.abc import Mapping, Sequence

from grader.evidence.captioning import captionings
from grader.evidence.classification import classifications
from grader.evidence.headline import with_headlines
from grader.evidence.questions import answerings
from grader.evidence.scene import Scene
from grader.evidence.similarity import retrievals, similarities
from grader.evidence.truth import Truth
from grader.model import CellRun, Evaluation, Lab, Recording, Reported

__all__ = ["evaluations"]


def evaluations(
    recording: Recording,
    lab: Lab,
    cell_tasks: Mapping[int, str],
    truth: Truth,
    reported: Sequence[Reported] = (),
    rerun: Sequence[CellRun] = (),
) -> tuple[Evaluation, ...]:
    """Every evaluation the recording shows, in cell order, of the kinds the lab asks for.

    ==============  ==========================================================================
    classification  a pair of label and prediction arrays: of a ``Trainer`` call, of calls of a
                    metric library, or in the namespace where a printed accuracy is theirs
    captioning      texts and their references: of calls of a metric library for texts, or in the
                    namespace where a printed BLEU, METEOR or CIDEr is theirs
    vqa             answers, and right answers: likewise, in cells of such a task or where the
                    right ones are answers that were served
    retrieval       a matrix of similarities in a cell of such a task, of which a Recall@K is
                    printed
    similarity      a square one, of which the score is printed
    ==============  ==========================================================================

    However many metrics are computed from them, the same arrays are one evaluation.

    Args:
        recording: What the recorder saw.
        lab: Tasks, with the models and datasets that identify them.
        cell_tasks: Task of each cell, where it could be told.
        truth: Labels, captions and answers the harness served.
        reported: Metrics printed in the same run, for arrays no metric function was called on.
        rerun: Cells of the same run.
    """
    scene = Scene(
        recording=recording,
        lab=lab,
        cell_tasks=cell_tasks,
        truth=truth,
        reported=reported,
        rerun=rerun,
    )
    found = [
        *classifications(scene),
        *captionings(scene),
        *answerings(scene),
        *retrievals(scene),
        *similarities(scene),
    ]
    in_order = sorted(found, key=lambda each: -1 if each.cell is None else each.cell)
    return with_headlines(in_order, reported, recording.trainer_calls, lab)
