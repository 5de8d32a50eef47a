"""What a check says: to people, to programs, to services that show findings beside the code."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from grader.detect import Detector
from grader.intake import source_lines
from grader.model import SEVERITIES, EvidenceRef, Finding, Lab, Outcome, Result

__all__ = ["Checked", "told"]


class Checked(Struct, frozen=True, kw_only=True):
    """One file, checked."""

    result: Result
    """Everything known about it."""

    findings: tuple[Finding, ...]
    """What is shown of it."""

    allowed: int
    """Findings a comment asked to be silent about."""


def told(
    checked: Sequence[Checked], lab: Lab, detectors: Sequence[Detector], form: str
) -> Iterator[str]:
    """Lines to print, in one of the forms ``text``, ``json``, ``sarif`` and ``github``."""
    if form == "text":
        yield from _text(checked)
    elif form == "json":
        # pandas and jinja2 stay off the path of the text form, which must answer at once.
        from grader.publishing import document

        yield document([each.result for each in checked], lab)
    elif form == "sarif":
        from grader.report.exports.sarif import sarif

        rules = [(each.code, each.name, each.summary, each.explanation) for each in detectors]
        yield json.dumps(sarif(_pairs(checked), rules, _lines), indent=2, ensure_ascii=False)
    else:
        from grader.report.exports.github import commands

        yield from commands(_pairs(checked), _lines)


def _pairs(checked: Sequence[Checked]) -> list[tuple[Result, tuple[Finding, ...]]]:
    return [(each.result, each.findings) for each in checked]


def _lines(result: Result) -> Mapping[int, tuple[int, ...]]:
    submission = result.submission
    if submission is None:
        return {}
    if all(cell.line is not None for cell in submission.cells):
        return {
            cell.index: tuple(range(cell.line or 1, (cell.line or 1) + _height(cell.source)))
            for cell in submission.cells
        }
    try:
        return source_lines(Path(result.path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def _height(source: str) -> int:
    return source.count("\n") + 1


def _text(checked: Sequence[Checked]) -> Iterator[str]:
    for each in checked:
        result = each.result
        if result.message and result.outcome != Outcome.UNREADABLE:
            yield f"{result.path}: {result.message}"
        yield from _left_out(result)
        for one in each.findings:
            yield from _finding(result.path, one)
            yield ""
    yield _closing(checked)


def _left_out(result: Result) -> Iterator[str]:
    """Cells that were not looked into: of a notebook in Python 2 that may be all of them."""
    evidence = result.evidence
    # What a report shows as code may be an excerpt, and is not the student's to mend.
    if evidence is None or evidence.submission.form == "report":
        return
    for each in evidence.source.unparsed:
        where = f"{result.path}: cell {each.cell}, line {each.line}"
        yield f"{where}: This cell is not Python 3 ({each.reason}), so nothing in it was looked at."


def _finding(path: str, one: Finding) -> Iterator[str]:
    where, *others = [_place(ref) for ref in one.evidence]
    yield f"{path}: {where}: {one.code} {one.name} ({_label(one)})"
    yield f"   {one.message}"
    yield f"   {one.remedy}"
    if others:
        yield f"   See also {'; '.join(others)}."


def _label(one: Finding) -> str:
    return f"{one.severity}, {one.confidence.value}"


def _place(ref: EvidenceRef) -> str:
    return f"cell {ref.cell}, line {ref.line}" if ref.line is not None else f"cell {ref.cell}"


def _closing(checked: Sequence[Checked]) -> str:
    counts = Counter(one.severity for each in checked for one in each.findings)
    told = ", ".join(
        f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]
    )
    parts = [f"Findings: {told}." if told else "No findings."]
    if len(checked) > 1:
        parts.insert(0, f"{len(checked)} files.")
    allowed = sum(each.allowed for each in checked)
    parts += [f"{allowed} allowed by a comment."] if allowed else []
    silent = sum(len(each.result.detection.unassessed) for each in checked if each.result.detection)
    parts += [f"{silent} checks could not be made."] if silent else []
    looked = [each for each in checked if each.result.outcome != Outcome.UNREADABLE]
    if looked and not any(each.result.run for each in looked):
        several = len(checked) > 1
        were = "The notebooks were" if several else "The notebook was"
        parts.append(f"{were} read, not run; `--run` looks further.")
    return " ".join(parts)
