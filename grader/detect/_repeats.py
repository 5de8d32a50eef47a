"""Scores in saved outputs that stand beside the same quantity in another form."""

import re
from collections.abc import Iterator

from grader.detect._consistency import OTHER_DATA, Report, Shown, outputs, reports
from grader.metrics.consistency.shown import Range, shown
from grader.model import Case, Reported
from grader.patterns import regex

SHARES = frozenset({"accuracy", "top5_accuracy", "exact_match"})
"""Metrics that are right answers divided by items."""

PARTS = regex(
    r"(?<![\d./,])(\d{1,7})\s{0,3}(?:/|\bof\b|\bout of\b|\bsur\b)\s{0,3}(\d{1,7})(?![\d/]|[.,]\d)",
    re.I,
)
"""``178 / 200``, ``178 of 200``."""

PROGRESS = regex(r"\[|\||━|█|=>|==|\bit/s|s/it|\bm?s/step|\bbatch|\bstep|\bpage|\bpart|\bETA", re.I)
"""Marks of progress bars, whose counts are of something else."""

PAIR = regex(r"(?<![\d.])([01]\.\d{2,8})\s{0,2}\(\s{0,2}(\d{1,3}(?:\.\d{1,4})?)\s?%\s{0,2}\)")
"""A fraction, and in parentheses the same as a percentage."""


AVERAGES = regex(r"^\s{0,40}(?:macro|weighted|micro|samples) avg\s")
"""Rows of a report whose words are not of other data."""


def saved_shares(case: Case) -> Iterator[tuple[Shown, Reported, str]]:
    """Plain shares of right answers in saved outputs, with the output and the line."""
    texts = {(each.cell, each.output): each for each in outputs(case) if each.source == "saved"}
    for number in case.evidence.reported:
        seen = texts.get((number.cell, number.output))
        if number.source != "saved" or number.metric not in SHARES or seen is None:
            continue
        line = seen.lines[number.line - 1] if number.line <= len(seen.lines) else ""
        if not seen.several_runs and not OTHER_DATA.search(line) and not PROGRESS.search(line):
            yield seen, number, line


def counts_beside(line: str) -> tuple[int, int] | None:
    """Right answers and items in a line, when it holds one such pair."""
    found = PARTS.findall(line)
    if len(found) != 1:
        return None
    right, total = map(int, found[0])
    return (right, total) if total >= 2 and right <= total else None


def percentage_beside(line: str) -> tuple[str, str, Range, Range] | None:
    """A fraction and the percentage behind it, as printed and as what they may have been."""
    found = PAIR.findall(line)
    if len(found) != 1:
        return None
    fraction, percentage = found[0]
    one = shown(float(fraction), len(fraction.partition(".")[2]))
    other = shown(float(percentage) / 100, len(percentage.partition(".")[2]) + 2)
    return fraction, percentage, one, other


def saved_reports(case: Case) -> Iterator[Report]:
    """Classification reports in saved outputs that are the only one of their cell.

    Cells whose outputs speak of other data are left out.
    """
    by_cell: dict[int, list[Shown]] = {}
    for seen in outputs(case):
        if seen.source == "saved":
            by_cell.setdefault(seen.cell, []).append(seen)
    for several in by_cell.values():
        found = [report for seen in several for report in reports(seen)]
        lines = (line for each in several for line in each.lines if not AVERAGES.match(line))
        if len(found) == 1 and not any(OTHER_DATA.search(line) for line in lines):
            yield found[0]
