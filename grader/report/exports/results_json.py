"""``results.json``: the contract other programs read."""

from collections.abc import Sequence
from typing import Any

from grader.model import (
    Band,
    BandRow,
    Comparison,
    ComparisonRow,
    CriterionRow,
    Finding,
    FindingRow,
    Result,
    Results,
    SubmissionRow,
    UnassessedRow,
    Value,
)
from grader.report.context import Context
from grader.report.text import clean

__all__ = ["results_document", "schema", "text"]


def schema() -> dict[str, Any]:
    """JSON schema of ``results.json``, as written."""
    return Results.model_json_schema(by_alias=True, mode="serialization")


def text(results: Sequence[Result], context: Context) -> str:
    """The file's contents, ending in a newline."""
    return results_document(results, context).model_dump_json(by_alias=True, indent=2) + "\n"


def results_document(results: Sequence[Result], context: Context) -> Results:
    """Everything a program may want to know about a class; unknown is ``null``."""
    return Results(
        lab=context.lab.id,
        profile=context.profile,
        grader_version=context.grader_version,
        submissions=tuple(_submission(result, context) for result in results),
    )


def _submission(result: Result, context: Context) -> SubmissionRow:
    grade, detection, compared = result.grade, result.detection, result.comparisons
    return SubmissionRow(
        student=_encodable(result.student),
        path=_encodable(result.path),
        digest=result.digest,
        outcome=result.outcome,
        message=_encodable(clean(result.message)),
        score=grade.score if grade else None,
        max_score=grade.max_score if grade else context.lab.max_score,
        waiting=grade.waiting if grade else context.lab.max_score,
        needs_review=grade.needs_review if grade else False,
        findings=tuple(map(_finding, detection.findings)) if detection else (),
        unassessed=tuple(
            UnassessedRow(code=each.code, reason=clean(each.reason))
            for each in (detection.unassessed if detection else ())
        ),
        comparisons=tuple(map(_comparison, compared.entries)) if compared else (),
        criteria=tuple(
            CriterionRow(
                id=entry.criterion,
                points=entry.points,
                max_points=entry.max_points,
                verdict=entry.verdict,
                why=clean(entry.why),
            )
            for entry in (grade.criteria if grade else ())
        ),
    )


def _encodable(words: str) -> str:
    # A file name may hold bytes that are no text; JSON cannot.
    return words.encode("utf-8", "replace").decode("utf-8")


def _finding(finding: Finding) -> FindingRow:
    where = finding.evidence[0]
    return FindingRow(
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        confidence=finding.confidence,
        cell=where.cell,
        line=where.line,
        task=finding.task,
        message=clean(finding.message),
        from_starter=finding.from_starter,
    )


def _comparison(entry: Comparison) -> ComparisonRow:
    return ComparisonRow(
        task=entry.task,
        metric=entry.metric,
        claimed=_number(entry.claimed),
        saved=_number(entry.saved),
        rerun=_number(entry.rerun),
        recomputed=_number(entry.recomputed),
        n=entry.n,
        reference=_band(entry.reference),
        verdict=entry.verdict,
    )


def _number(value: Value | None) -> float | None:
    return value.value if value else None


def _band(band: Band | None) -> BandRow | None:
    return BandRow(low=band.low, high=band.high, n=band.n) if band else None
