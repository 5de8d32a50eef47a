"""Where numbers come from: which function of what was captured gives them.

Values are computed outside the student's process, of arrays, matrices and texts that were
captured there, and each number is looked for among them. What that process merely says, the
result of a metric function or a float in a variable, explains nothing. Every value tried raises
the chance that an invented number is found among them, so they are counted.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.evidence.provenance.captures import Captures
from grader.evidence.provenance.matching import Pool
from grader.evidence.provenance.printed import Outputs
from grader.evidence.provenance.search import search
from grader.evidence.provenance.verdict import Judge
from grader.model import Evaluation, Figure, Provenance, Recording
from grader.patterns import regex

if TYPE_CHECKING:
    from grader.evidence.provenance.candidates import Candidate

__all__ = ["provenance"]

KINDS = frozenset({"score", "loss", "similarity", "share"})
"""Kinds of numbers that come from somewhere."""

MOST_FIGURES = 3_000
"""Numbers that are looked for; a notebook that prints more prints the same ones again."""

MOST_RANKS = 20
"""Different K of Recall@K and top-K that numbers name; the smallest ones."""

_RANK = regex(r"(?:recall_at_|top)(\d{1,3})")


def provenance(
    figures: Sequence[Figure],
    recording: Recording | None,
    evaluations: Sequence[Evaluation],
    class_names: Sequence[Sequence[str]] = (),
) -> tuple[Provenance, ...]:
    """What is known of every score, loss, similarity and share among the figures.

    Args:
        figures: Of outputs and text.
        recording: What was captured; ``None`` when nothing was executed.
        evaluations: Scorings rebuilt from it.
        class_names: Names of the classes of each task, in label order.
    """
    asked = [(index, each) for index, each in enumerate(figures) if each.kind in KINDS]
    named = {int(found[1]) for _, each in asked if (found := _RANK.search(each.metric or ""))}
    candidates: list[Candidate] = []
    if recording is not None and asked:
        candidates = search(recording, evaluations, class_names, sorted(named - {0})[:MOST_RANKS])
    judge = Judge(
        pool=Pool(candidates),
        captures=Captures(recording=recording, candidates=candidates),
        outputs=Outputs(each for _, each in asked),
        evaluations=evaluations,
    )
    judged = [judge.judge(index, each) for index, each in asked[:MOST_FIGURES]]
    judged += [
        Provenance(
            figure=index,
            verdict="undecidable",
            reason=f"Only the first {MOST_FIGURES} numbers are looked for.",
        )
        for index, _ in asked[MOST_FIGURES:]
    ]
    return tuple(judged)
