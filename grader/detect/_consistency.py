"""Printed scores that belong together, and what else the same output says of them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from grader.detect._asked import called_average
from grader.metrics.consistency.shown import Range, shown
from grader.model import (
    Average,
    Case,
    Claim,
    EvidenceKind,
    EvidenceRef,
    MetricName,
    Output,
    Reported,
)
from grader.patterns import regex

OTHER_DATA = regex(
    r"\b(?:train\w*|val(?:id\w*)?|dev|epochs?|iter\w*|step|folds?|cv|runs?|seeds?|mean|avg|average"
    r"|std|median|best|worst|baseline|chance|dummy|ema|smoothed|balanced|bootstrap\w*|ensembles?"
    r"|reference|paper|published|expected|target|before|after|per[ -]class|class)\b|±|\+/-|Δ"
    r"|训练|验证|平均|entra[iî]nement|moyenne",
    re.I,
)
"""Words of scores that are of other data, of several runs, or of a part of it."""

SEVERAL = regex(
    r"\b(?:fold\s*\d|cross[- ]?val\w*|k-?fold|runs?\s*\d|seed\s*\d|bootstrap\w*|epoch\s*\d)", re.I
)
"""Words of outputs with scores of several runs."""

NEAR = 6
"""Most lines between scores that belong together."""

LONGEST_LINE = 400
"""Characters of a line that are looked at."""

HEADER = ("precision", "recall", "f1-score", "support")
"""Header of the report scikit-learn prints, and of those printed like it."""


class Shown(Struct, frozen=True, kw_only=True):
    """The text of one output."""

    source: Literal["saved", "rerun"]
    """The file handed in, or our own run."""

    cell: int
    """Cell it is of."""

    output: int
    """Index within the cell."""

    lines: tuple[str, ...]
    """Its lines, each cut to ``LONGEST_LINE``."""

    @property
    def several_runs(self) -> bool:
        """Whether it speaks of folds, seeds or epochs."""
        return any(SEVERAL.search(line) for line in self.lines)


class ReportRow(Struct, frozen=True, kw_only=True):
    """A row of a classification report: of a class, or an average."""

    label: str
    """Its first words."""

    precision: Range
    """What precision may have been."""

    recall: Range
    """What recall may have been."""

    f1: Range
    """What F1 may have been."""

    printed: tuple[str, str, str]
    """The three as printed."""

    support: int
    """Items."""

    line: int
    """One-based line of the output."""

    @property
    def scores(self) -> tuple[Range, Range, Range]:
        """Precision, recall and F1."""
        return self.precision, self.recall, self.f1


class Report(Struct, frozen=True, kw_only=True):
    """A classification report in an output."""

    shown: Shown
    """The output."""

    rows: tuple[ReportRow, ...]
    """Classes."""

    averages: dict[str, ReportRow]
    """Rows ``macro avg``, ``weighted avg`` and their like."""

    accuracy: tuple[Range, str, int] | None
    """Accuracy, as printed, and its line; ``None`` where classes were left out."""

    @property
    def n(self) -> int:
        """Items of all classes."""
        return sum(row.support for row in self.rows)

    @property
    def supports(self) -> tuple[int, ...]:
        """Items of each class."""
        return tuple(row.support for row in self.rows)

    @property
    def lines(self) -> set[int]:
        """Lines it takes, one-based."""
        rows = {row.line for row in (*self.rows, *self.averages.values())}
        return rows if self.accuracy is None else rows | {self.accuracy[2]}

    @property
    def complete(self) -> bool:
        """Whether no row was lost: the averages rest on as many items as the classes."""
        totals = {row.support for row in self.averages.values()}
        return bool(self.rows) and totals == {self.n}


def outputs(case: Case) -> Iterator[Shown]:
    """Every output with text: saved ones, then those of our run."""
    for cell in case.evidence.submission.code_cells:
        yield from _of_cell("saved", cell.index, cell.outputs)
    for run in case.evidence.rerun:
        yield from _of_cell("rerun", run.index, run.outputs)


def _of_cell(
    source: Literal["saved", "rerun"], cell: int, several: Sequence[Output]
) -> Iterator[Shown]:
    for index, output in enumerate(several):
        if output.text and output.kind != "error":
            lines = tuple(line[:LONGEST_LINE] for line in output.text.splitlines())
            yield Shown(source=source, cell=cell, output=index, lines=lines)


def reports(seen: Shown) -> Iterator[Report]:
    """Classification reports in an output."""
    for index, line in enumerate(seen.lines):
        if tuple(line.split()) == HEADER:
            yield _report(seen, index + 1)


def _report(seen: Shown, start: int) -> Report:
    rows: list[ReportRow] = []
    averages: dict[str, ReportRow] = {}
    accuracy = None
    for index in range(start, len(seen.lines)):
        words = seen.lines[index].split()
        row = _row(words, index + 1)
        if row is not None:
            averages.update({row.label: row} if row.label.endswith(" avg") else {})
            rows.extend(() if row.label.endswith(" avg") else (row,))
        elif len(words) == 3 and words[0] == "accuracy" and _decimals(words[1]):
            accuracy = (shown(float(words[1]), _decimals(words[1])), words[1], index + 1)
        elif words:
            break
    return Report(shown=seen, rows=tuple(rows), averages=averages, accuracy=accuracy)


def _row(words: list[str], line: int) -> ReportRow | None:
    if len(words) < 5 or not words[-1].isascii() or not words[-1].isdigit():
        return None
    numbers = words[-4:-1]
    if not all(map(_decimals, numbers)) or len(words[-1]) > 12:
        return None
    precision, recall, f1 = (shown(float(each), _decimals(each)) for each in numbers)
    return ReportRow(
        label=" ".join(words[:-4]),
        precision=precision,
        recall=recall,
        f1=f1,
        printed=(numbers[0], numbers[1], numbers[2]),
        support=int(words[-1]),
        line=line,
    )


def _decimals(word: str) -> int:
    """Decimals of a fraction as reports print it; nought for anything else."""
    whole, point, rest = word.partition(".")
    return len(rest) if point and whole in ("0", "1") and rest.isascii() and rest.isdigit() else 0


def range_of(number: Reported | Claim) -> Range:
    """What a printed or written score may have been."""
    return shown(number.value, number.decimals, retyped=isinstance(number, Claim))


def ref(number: Reported, remark: str = "") -> EvidenceRef:
    """Where a printed score stands."""
    return EvidenceRef(
        kind=EvidenceKind(number.source), cell=number.cell, line=number.line, remark=remark
    )


def line_ref(seen: Shown, line: int, remark: str = "") -> EvidenceRef:
    """A line of an output."""
    return EvidenceRef(kind=EvidenceKind(seen.source), cell=seen.cell, line=line, remark=remark)


class Group(Struct, frozen=True, kw_only=True):
    """Scores of one task in one output, each metric once, outside of reports."""

    shown: Shown
    """The output."""

    task: str | None
    """Their task."""

    numbers: dict[MetricName, Reported]
    """By metric."""

    average: Average | Literal["binary"] | None
    """How they were averaged, by the output or else by every call that reaches the cell."""

    def get(self, metric: MetricName) -> Range | None:
        """What a score may have been; ``None`` when it was not printed."""
        number = self.numbers.get(metric)
        return None if number is None else range_of(number)

    @property
    def n(self) -> int | None:
        """Items they rest on, when one number is stated."""
        stated = {each.n for each in self.numbers.values() if each.n is not None}
        return stated.pop() if len(stated) == 1 else None

    @property
    def named(self) -> bool:
        """Whether the output itself names the average."""
        return any(each.average is not None for each in self.numbers.values())


def groups(case: Case) -> Iterator[Group]:
    """Scores that stand together and can only be of one evaluation.

    A metric that stands twice in an output, words of other data beside a score, or scores far
    apart make an output belong to several evaluations; it is then left out as a whole.
    """
    found: dict[tuple[Literal["saved", "rerun"], int, int, str | None], list[Reported]] = (
        defaultdict(list)
    )
    for number in case.evidence.reported:
        found[number.source, number.cell, number.output, number.task].append(number)
    texts = {(each.source, each.cell, each.output): each for each in outputs(case)}
    for (source, cell, output, task), numbers in found.items():
        seen = texts.get((source, cell, output))
        if seen is not None:
            yield from _group(case, seen, task, numbers)


def _group(case: Case, seen: Shown, task: str | None, numbers: list[Reported]) -> Iterator[Group]:
    taken = {line for report in reports(seen) for line in report.lines}
    numbers = [each for each in numbers if each.line not in taken]
    if seen.several_runs or not numbers:
        return
    metrics = {each.metric: each for each in numbers}
    averages = {each.average for each in numbers if each.average is not None}
    lines = [each.line for each in numbers]
    if not 2 <= len(metrics) == len(numbers) or len(averages) > 1 or max(lines) - min(lines) > NEAR:
        return
    between = seen.lines[max(0, min(lines) - 2) : max(lines)]
    if any(OTHER_DATA.search(without_average(line)) for line in between):
        return
    if not all(0 <= each.value <= 1 for each in numbers):
        return
    average = averages.pop() if averages else called_average(case, seen.cell)
    yield Group(shown=seen, task=task, numbers=metrics, average=average)


AVERAGE_NAMED = regex(
    r"\b(?:macro|weighted|micro)[\s_-]{0,2}(?:avg|average|mean)\b"
    r"|\b(?:avg|average|mean)\s{0,2}[=:]?\s{0,2}[\"']?(?:macro|weighted|micro)\b"
    r"|(?:宏|微|加权)平均|\bmoyenne\s{1,2}(?:macro|micro|pond[ée]r[ée]e)\b",
    re.I,
)


def without_average(line: str) -> str:
    """A line without the words that name how it averages over classes."""
    return AVERAGE_NAMED.sub(" ", line)
