"""Metrics that stand in the outputs of code cells."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from grader.evidence import numbers
from grader.evidence.directions import names_recall, recall_ranks
from grader.evidence.headings import Line, lines
from grader.evidence.naming import TaskNames, task_names
from grader.evidence.printed import LineReader
from grader.evidence.readings import Reading, measure, readings
from grader.evidence.tables import cells_of, columns, html_tables, piped
from grader.model import Average, CellRun, Lab, MetricName, Output, Reported, Submission
from grader.patterns import regex

Source = Literal["saved", "rerun"]

_TEST_ITEMS = regex(r"test|eval|(?<!\w)n\s?=", re.IGNORECASE)
_COUNT = regex(r"\W{0,8}n\s?[:=]", re.IGNORECASE)
"""A line that counts items is no title: ``n: 100 images, 500 captions``."""
_LETTER = regex(r"[^\W\d_]")
_LONGEST_HEADER = 500


def reported(
    submission: Submission, lab: Lab, cell_tasks: Mapping[int, str]
) -> tuple[Reported, ...]:
    """Metrics in the saved outputs, in the order in which they stand.

    Understands ``name: number`` lines, dictionaries, classification reports, and tables in HTML,
    bars or columns. Numbers of single classes, of training data, and of other quantities are left
    out; what cannot be told apart from them is left out too.

    Args:
        submission: What was handed in.
        lab: Whose tasks and metrics.
        cell_tasks: Task of each cell, where it could be told.
    """
    outputs = ((cell.index, cell.outputs) for cell in submission.code_cells)
    return tuple(_all(outputs, "saved", lab, cell_tasks))


def reported_rerun(
    rerun: tuple[CellRun, ...], lab: Lab, cell_tasks: Mapping[int, str]
) -> tuple[Reported, ...]:
    """Metrics in the outputs of our own run, read as ``reported`` reads saved ones."""
    outputs = ((cell.index, cell.outputs) for cell in rerun)
    return tuple(_all(outputs, "rerun", lab, cell_tasks))


class Score(Struct, frozen=True, kw_only=True):
    """A metric found in one output."""

    line: int
    """Zero-based line of the output's text."""

    start: int
    """Offset of the number in the text; -1 where it stands only in HTML."""

    metric: MetricName
    """Which metric."""

    average: Average | None
    """Averaging, when named."""

    value: float
    """The number, as a fraction where it is a percentage."""

    decimals: int
    """Decimals of ``value`` that were printed."""

    printed: str
    """The number exactly as printed."""

    n: int | None
    """Items, when the line or row states them."""

    tasks: frozenset[str]
    """Tasks the line or row names."""


def _all(
    outputs: Iterable[tuple[int, tuple[Output, ...]]],
    source: Source,
    lab: Lab,
    cell_tasks: Mapping[int, str],
) -> Iterator[Reported]:
    names = task_names(lab)
    for cell, shown in outputs:
        for index, output in enumerate(shown):
            for score, task, n in OutputReader(output, names, cell_tasks.get(cell)).read():
                if not names.may_have(task, score.metric):
                    continue
                yield Reported(
                    source=source,
                    cell=cell,
                    output=index,
                    line=score.line + 1,
                    metric=score.metric,
                    average=score.average,
                    value=score.value,
                    printed=score.printed,
                    decimals=score.decimals,
                    n=n,
                    task=task,
                )


class OutputReader:
    """Reads one output.

    Args:
        output: The output.
        names: Words of the lab.
        cell_task: Task of its cell, where it could be told.
        always: Whether its lines are read although nothing in it names a metric of the lab.
    """

    def __init__(
        self, output: Output, names: TaskNames, cell_task: str | None, *, always: bool = False
    ) -> None:
        self._output = output
        self._names = names
        self._cell_task = cell_task
        text = numbers.fold(output.text) if always or _may_report(output, names) else ""
        self._rows = [_visible(row) for row in lines(text)]
        self._titles: dict[int, frozenset[str]] = {}

    @property
    def rows(self) -> list[Line]:
        """The lines of its text as a terminal shows them, folded."""
        return self._rows

    def read(self) -> Iterator[tuple[Score, str | None, int | None]]:
        """Each score with its task and its number of items."""
        if self._output.kind == "error":
            return
        scores = self._in_html() or self._in_text()
        in_text = not (self._output.html and scores and scores[0].start < 0)
        tasks = [self.task_at(score.line, score.tasks) for score in scores]
        n = self.stated(score.n for score in scores) if in_text and len(set(tasks)) == 1 else None
        for score, task in zip(scores, tasks, strict=True):
            yield score, task, score.n if score.n is not None else n

    def _in_html(self) -> list[Score]:
        tables = html_tables(self._output.html or "")
        found = (each for table in tables for each in readings(table, self._names))
        return [self._from_html(each) for each in found]

    def _in_text(self) -> list[Score]:
        found = list(self._in_tables())
        taken = {line for _, span in found for line in span}
        scores = [self._from_table(each) for each, _ in found if each is not None]
        reader = LineReader(self._names)
        for index, row in enumerate(self._rows):
            if index not in taken:
                scores.extend(self._from_line(index, row, reader))
        return sorted(scores, key=lambda score: (score.line, score.start))

    def _in_tables(self) -> Iterator[tuple[Reading | None, Iterable[int]]]:
        """Readings of tables with the lines they take; lines alone for a table without any."""
        for table in piped(self._rows):
            yield from ((each, (each.line,)) for each in readings(table, self._names))
        index = 0
        while index < len(self._rows):
            found = columns(self._rows, index) if self._is_header(self._rows[index]) else None
            if found is None:
                index += 1
                continue
            yield None, found[1]
            yield from ((each, ()) for each in readings(found[0], self._names))
            index = found[1].stop

    def _is_header(self, row: Line) -> bool:
        """Whether a line consists of headers, one of them a metric or a task."""
        if len(row.text) > _LONGEST_HEADER or ":" in row.text or not _LETTER.search(row.text):
            return False
        cells = cells_of(row)
        recall = bool(recall_ranks(self._names.metrics)) and any(map(names_recall, cells))
        labels = [cell for cell in cells if not (recall and names_recall(cell))]
        if any(numbers.quantities(cell) for cell in labels if not self._names.named(cell)):
            return False
        named = any(measure(cell, self._names) or _is_name(cell, self._names) for cell in cells)
        return named or recall

    def _from_line(self, index: int, row: Line, reader: LineReader) -> Iterator[Score]:
        for finding in reader.read(row.text):
            start = row.start + finding.quantity.start
            yield Score(
                line=index,
                start=start,
                metric=finding.metric,
                average=finding.average,
                value=finding.quantity.value,
                decimals=finding.quantity.decimals,
                printed=self._output.text[start : row.start + finding.quantity.end],
                n=finding.n,
                tasks=finding.tasks,
            )

    def _from_table(self, reading: Reading) -> Score:
        start = reading.offset + reading.quantity.start
        printed = self._output.text[start : reading.offset + reading.quantity.end]
        return self._score(reading, start, reading.line, printed)

    def _from_html(self, reading: Reading) -> Score:
        printed = reading.quantity.printed
        return self._score(reading, -1, self.line_of(printed, reading.line), printed)

    def line_of(self, printed: str, row: int) -> int:
        """Zero-based line of the text that shows the number in this row of an HTML table."""
        # pandas prints a row of its table on the line of the same number.
        likely = [row, row + 1, *range(len(self._rows))]
        lines_there = (i for i in likely if i < len(self._rows) and printed in self._rows[i].text)
        return next(lines_there, 0)

    def _score(self, reading: Reading, start: int, line: int, printed: str) -> Score:
        return Score(
            line=line,
            start=start,
            metric=reading.metric,
            average=reading.average,
            value=reading.quantity.value,
            decimals=reading.quantity.decimals,
            printed=printed,
            n=reading.n,
            tasks=self._names.named(reading.label),
        )

    def task_at(self, line: int, named: frozenset[str]) -> str | None:
        """The task of a line: that it names, else that of the lines above, else of the cell."""
        if named:
            return next(iter(named)) if len(named) == 1 else None
        above = self._above(line)
        if above is None or self._cell_task in (None, above):
            return above or self._cell_task
        return None

    def _above(self, line: int) -> str | None:
        """The task the nearest title above a line of this output names."""
        for index in range(min(line, len(self._rows)) - 1, max(0, line - 30) - 1, -1):
            named = self._titled(index)
            if named:
                return next(iter(named)) if len(named) == 1 else None
        return None

    def _titled(self, index: int) -> frozenset[str]:
        """The tasks a line names as a title; looked up for many lines below it."""
        if index not in self._titles:
            text = self._rows[index].text
            metric = numbers.names_metric(text[:100], self._names.metrics)
            may_be = len(text) <= 100 and not _COUNT.match(text) and not metric
            self._titles[index] = self._names.headed(text) if may_be else frozenset()
        return self._titles[index]

    def stated(self, given: Iterable[int | None]) -> int | None:
        """The one number of test items this output states, if it states exactly one.

        Args:
            given: Numbers of items that its scores state.
        """
        stated = {n for n in given if n is not None}
        for row in self._rows[:200]:
            if len(row.text) <= 200 and _TEST_ITEMS.search(row.text):
                counted = numbers.item_count(row.text)
                stated |= {counted} if counted is not None else set()
        return stated.pop() if len(stated) == 1 else None


def _may_report(output: Output, names: TaskNames) -> bool:
    shown = output.text, output.html or ""
    return any(numbers.names_metric(each, names.metrics) for each in shown)


def _visible(row: Line) -> Line:
    """What a terminal shows of a line: the part behind the last carriage return."""
    text = row.text.rstrip("\r")
    start = text.rfind("\r") + 1
    return Line(row.start + start, text[start:])


def _is_name(cell: str, names: TaskNames) -> bool:
    """Whether a header is little more than the name of a task."""
    return len(cell.split()) <= 3 and names.only(cell) is not None
