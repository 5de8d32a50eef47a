"""The evidence of one submission as a document for programs."""

from typing import Any

from grader import __version__
from grader.model import (
    Evaluation,
    EvaluationRow,
    Evidence,
    EvidenceFile,
    Figure,
    NumberRow,
    Provenance,
    Run,
    Stated,
)

__all__ = ["evidence_file", "schema"]


def schema() -> dict[str, Any]:
    """JSON schema of the document, as written."""
    return EvidenceFile.model_json_schema(by_alias=True, mode="serialization")


def evidence_file(evidence: Evidence, run: Run | None) -> EvidenceFile:
    """What is known of a submission; unknown is ``null``.

    Args:
        evidence: The evidence.
        run: Our run of it, if there was one.
    """
    submission = evidence.submission
    sources = {each.figure: each for each in evidence.provenance}
    return EvidenceFile(
        grader_version=__version__,
        path=submission.path.encode("utf-8", "replace").decode("utf-8"),
        digest=submission.digest,
        form=submission.form,
        lab=submission.lab,
        cells=len(submission.cells),
        ran=run is not None,
        outcome=run.outcome if run else None,
        recorded=evidence.recording.complete if run else None,
        evaluations=(
            *map(_recorded, evidence.evaluations),
            *(_stated(each, evidence.figures) for each in evidence.stated),
        ),
        numbers=tuple(
            _number(figure, sources.get(index)) for index, figure in enumerate(evidence.figures)
        ),
        matrices=evidence.matrices,
        quotations=evidence.quotations,
        coverage=evidence.coverage,
        unparsed=evidence.source.unparsed,
    )


def _recorded(each: Evaluation) -> EvaluationRow:
    return EvaluationRow(
        basis="recorded",
        task=each.task,
        n=each.n,
        classes=each.classes,
        split=each.split,
        dataset=each.dataset,
        model=each.model,
        cell=each.cell,
        line=None,
        file_line=None,
        headline=each.headline,
        scores=each.scores,
    )


def _stated(each: Stated, figures: tuple[Figure, ...]) -> EvaluationRow:
    # Of one metric that is given twice, as 0.667 and as 67 %, the finer one is told.
    given = sorted((figures[index] for index in each.scores), key=lambda one: one.decimals)
    return EvaluationRow(
        basis=each.source,
        task=each.task,
        n=each.n,
        classes=each.classes,
        split=each.split,
        dataset=each.dataset,
        model=each.model,
        cell=each.cell,
        line=each.line,
        file_line=each.file_line,
        headline=False,
        scores={_named(figure): figure.value for figure in given},
    )


def _named(figure: Figure) -> str:
    metric = figure.metric or figure.name
    return f"{metric}_{figure.average}" if figure.average else metric


def _number(figure: Figure, found: Provenance | None) -> NumberRow:
    return NumberRow(
        figure=figure,
        verdict=found.verdict if found else None,
        reason=found.reason if found else "",
        explained_by=found.explanations if found else (),
        contradicted_by=found.contradictions if found else (),
        candidates=found.candidates if found else 0,
        chance=found.chance if found else 1.0,
    )
