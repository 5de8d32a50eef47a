"""Findings as workflow commands, which GitHub Actions shows beside the changed lines.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator, Sequence

from grader.model import Finding, Result, Severity
from grader.report.exports.locating import Lines, spot
from grader.report.text import clean

__all__ = ["commands"]

LEVELS: dict[Severity, str] = {
    "invalid": "error",
    "major": "error",
    "minor": "warning",
    "review": "notice",
}


def commands(results: Sequence[tuple[Result, Sequence[Finding]]], lines: Lines) -> Iterator[str]:
    """One line a finding.

    Args:
        results: Results with the findings to show of each.
        lines: Lines of each result's file.
    """
    for result, findings in results:
        of_file = lines(result) if findings else {}
        for one in findings:
            place = spot(one, of_file)
            fields = {
                "file": result.path,
                "line": str(place.line),
                "endLine": str(place.end_line),
                "title": f"{one.code} {one.name}",
            }
            said = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
            where = f"cell {one.evidence[0].cell}: " if one.evidence else ""
            text = clean(f"{where}{one.message} {one.remedy}")
            yield f"::{LEVELS[one.severity]} {said}::{_data(text)}"


def _data(text: str) -> str:
    """Escaped as the toolkit does; what a notebook says must not become a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
