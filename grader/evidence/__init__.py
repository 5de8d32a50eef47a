"""Gather facts about a submission: what it says, what it shows, what was recorded."""

from collections.abc import Sequence

from grader.evidence import source
from grader.evidence.answers import answers
from grader.evidence.claims import claims
from grader.evidence.evaluations import evaluations
from grader.evidence.outputs import reported, reported_rerun
from grader.evidence.pooling import pooled
from grader.evidence.provenance import provenance
from grader.evidence.recording import parse
from grader.evidence.shown import shown
from grader.evidence.stated import stated
from grader.evidence.tasks import cell_tasks
from grader.evidence.truth import LazyImages, Truth
from grader.evidence.written import written
from grader.model import CellRun, Evidence, EvidenceKind, Lab, Recording, Run, Submission

__all__ = ["LazyImages", "Truth", "assemble", "gather"]


def gather(submission: Submission, run: Run | None, lab: Lab, truth: Truth) -> Evidence:
    """Everything the later stages may know.

    Args:
        submission: What was handed in.
        run: Our own execution, or ``None`` when nothing was executed.
        lab: What was asked.
        truth: Labels, captions and answers the harness served.
    """
    if run is None:
        return assemble(submission, lab)
    recording = parse(run.events, run.recorder_complete)
    return assemble(submission, lab, rerun=run.cells, recording=recording, truth=truth)


def assemble(
    submission: Submission,
    lab: Lab,
    *,
    rerun: Sequence[CellRun] | None = None,
    recording: Recording | None = None,
    truth: Truth | None = None,
) -> Evidence:
    """Evidence from parts; ``None`` stands for what was not captured."""
    tasks = cell_tasks(submission, lab)
    ran = tuple(rerun or ())
    printed = reported_rerun(ran, lab, tasks)
    recorded = pooled(recording or Recording())
    found = evaluations(recorded, lab, tasks, truth or Truth(), printed, ran)
    graph = source.build(submission)
    in_outputs, claimed = shown(submission, ran, lab, tasks), claims(submission, lab, tasks)
    in_text = written(submission, lab, tasks, claimed)
    figures = (*in_outputs.figures, *in_text.figures)
    matrices = (*in_outputs.matrices, *in_text.matrices)
    return Evidence(
        submission=submission,
        kinds=_kinds(submission, rerun, recording),
        source=graph,
        reported=(*reported(submission, lab, tasks), *printed),
        claims=claimed,
        answers=answers(submission, lab),
        figures=figures,
        matrices=matrices,
        quotations=in_text.quotations,
        coverage=in_text.coverage,
        stated=stated(submission, graph, figures, lab, tasks, matrices),
        provenance=provenance(
            figures, recording and recorded, found, [each.class_names for each in lab.tasks]
        ),
        rerun=ran,
        recording=recorded,
        evaluations=found,
        cell_tasks=tasks,
    )


def _kinds(
    submission: Submission, rerun: Sequence[CellRun] | None, recording: Recording | None
) -> frozenset[EvidenceKind]:
    present = {
        EvidenceKind.SOURCE: True,
        EvidenceKind.SAVED: any(cell.outputs for cell in submission.code_cells),
        EvidenceKind.PROSE: any(cell.kind == "markdown" for cell in submission.cells),
        EvidenceKind.RERUN: rerun is not None,
        EvidenceKind.RECORDING: recording is not None,
    }
    return frozenset(kind for kind, there in present.items() if there)
