"""Findings as SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from grader import __version__
from grader.model import Confidence, Finding, Result, Severity
from grader.report.exports.locating import Lines, spot
from grader.report.text import clean, cut

__all__ = ["Rule", "sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Severity, str] = {
    "invalid": "error",
    "major": "error",
    "minor": "warning",
    "review": "note",
}
PRECISION = {Confidence.CERTAIN: "very-high", Confidence.LIKELY: "high", Confidence.HINT: "low"}
LONGEST_DESCRIPTION = 1024

Rule = tuple[str, str, str, str]
"""Code, name, summary and manual page of a detector."""


def sarif(
    results: Sequence[tuple[Result, Sequence[Finding]]], rules: Sequence[Rule], lines: Lines
) -> dict[str, Any]:
    """The log of one run, ready for JSON.

    Args:
        results: Results with the findings to tell of each.
        rules: Every detector that looked.
        lines: Lines of each result's file.
    """
    order = {code: index for index, (code, _, _, _) in enumerate(rules)}
    told: list[dict[str, Any]] = []
    for result, findings in results:
        of_file = lines(result) if findings else {}
        told += [_result(result, one, order, of_file) for one in findings]
    driver = {
        "name": "lab-grader",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": told}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    code, name, summary, page = rule
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": cut(summary, LONGEST_DESCRIPTION)},
        "help": {"text": page, "markdown": page},
    }


def _result(
    result: Result, one: Finding, order: Mapping[str, int], lines: Mapping[int, tuple[int, ...]]
) -> dict[str, Any]:
    place = spot(one, lines)
    uri = PurePath(clean(result.path)).as_posix()
    region = {"startLine": place.line, "endLine": place.end_line}
    location = {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": region},
        "logicalLocations": [{"name": f"cell {one.evidence[0].cell}", "kind": "member"}],
    }
    found = {
        "ruleId": one.code,
        "level": LEVELS[one.severity],
        "message": {"text": clean(f"{one.message} {one.remedy}")},
        "locations": [location],
        "partialFingerprints": {"findingHash/v1": _fingerprint(uri, one)},
        "properties": {
            "severity": one.severity,
            "confidence": one.confidence.value,
            "precision": PRECISION[one.confidence],
        },
    }
    # A plug-in's detector may have been left out of the list.
    return {**found, "ruleIndex": order[one.code]} if one.code in order else found


def _fingerprint(uri: str, one: Finding) -> str:
    """Stays the same while lines move; a cell is told by its number."""
    text = f"{uri} {one.code} {one.task} {one.evidence[0].cell}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
