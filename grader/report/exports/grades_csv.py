"""``grades.csv``: one line per submission, for a spreadsheet or a learning platform."""

import csv
from collections.abc import Sequence

from grader.model import Result
from grader.report.context import Context
from grader.report.text import clean

__all__ = ["text"]

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(results: Sequence[Result], context: Context) -> str:
    """The grades as RFC 4180 text; what is undecided is empty.

    Columns: student, path, outcome, score, waiting, max_score, needs_review, one per criterion
    of the lab, findings (codes joined by spaces; neither hints nor flaws of the starter).
    """
    # pandas takes longer to import than everything a static check needs
    import pandas as pd

    criteria = [criterion.id for criterion in context.lab.criteria]
    columns = ["student", "path", "outcome", "score", "waiting", "max_score", "needs_review"]
    # A criterion may be called like a column, so names stand in a list of their own.
    frame = pd.DataFrame(
        [_row(result, criteria, context.lab.max_score) for result in results],
        columns=pd.Index([*columns, *criteria, "findings"]),
        dtype=object,
    )
    return str(frame.to_csv(index=False, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL))


def _row(result: Result, criteria: list[str], whole: float) -> list[object]:
    grade = result.grade
    decided = {entry.criterion: entry.points for entry in grade.criteria} if grade else {}
    found = result.detection.findings if result.detection else ()
    codes = [each.code for each in found if not each.from_starter and each.confidence != "hint"]
    return [
        _cell(result.student),
        _cell(result.path),
        result.outcome.value,
        _number(grade.score if grade else None),
        _number(grade.waiting if grade else whole),
        _number(grade.max_score if grade else whole),
        str(grade.needs_review if grade else False).lower(),
        *(_number(decided.get(criterion)) for criterion in criteria),
        _cell(" ".join(dict.fromkeys(codes))),
    ]


def _cell(words: str) -> str:
    harmless = clean(words)
    return f"'{harmless}" if harmless.startswith(_FORMULA) else harmless


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value, 6):g}"
