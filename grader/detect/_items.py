"""How many items an output says there are, and in what batches they may have been scored."""

import re

from grader.detect._consistency import Shown, outputs, reports
from grader.model import Case
from grader.patterns import regex

BATCH = regex(r"batch_?size[\"']?\s{0,4}[=:]\s{0,4}(\d{1,5})(?![\d.])", re.I)
COUNTED = regex(
    r"(?<![\w.])(\d{1,3}(?:[,\u202f ]\d{3}){1,3}|\d{1,9})\s{1,3}(?:[a-z]{2,12}\s{1,3}){0,2}"
    r"(?:images?|samples?|examples?|items?|questions?|instances?|files?|rows?|pictures?)\b"
    r"|(?:\b(?:n|total|samples?|images?|examples?|size|support)|数)\s{0,3}[:=\uff1a]\s{0,3}(\d{1,9})"
    r"(?![\d.])",
    re.I,
)
"""Numbers of items as outputs spell them."""


def counts(line: str) -> set[int]:
    """Numbers of items in a line."""
    return {int(re.sub(r"\D", "", match[1] or match[2])) for match in COUNTED.finditer(line)}


def stated_counts(case: Case, seen: Shown) -> set[int]:
    """Numbers of items that the same cell shows in any output."""
    found: set[int] = set()
    for each in outputs(case):
        if (each.source, each.cell) == (seen.source, seen.cell):
            for line in each.lines:
                found |= counts(line)
            for report in reports(each):
                found |= {report.n, *report.supports}
    place = (seen.source, seen.cell)
    found |= {
        int(figure.value)
        for figure in case.evidence.figures
        if figure.kind == "items" and (figure.place.source, figure.place.cell) == place
    }
    return found - {0}


def batch_sizes(case: Case) -> tuple[int, ...]:
    """Sizes of batches the source names; common ones when it speaks of batches only."""
    cells = [cell.source for cell in case.evidence.submission.code_cells]
    named = {int(m[1]) for source in cells for m in BATCH.finditer(source)} - {0, 1}
    if named:
        return tuple(sorted(named)[:8])
    if cells and not any(re.search("batch|loader", source, re.I) for source in cells):
        return ()
    return (8, 16, 32, 64, 128)
