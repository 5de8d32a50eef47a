"""Metrics stated in text cells."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from grader.evidence import numbers, vocabulary
from grader.evidence.headings import Line, unfenced
from grader.evidence.labels import Context, Sections
from grader.evidence.linking import Link, Linker
from grader.evidence.naming import Naming, TaskNames, task_names
from grader.evidence.readings import readings
from grader.evidence.remarks import (
    is_cited,
    is_hedged,
    is_of_other_run,
    is_target,
    names_other_run,
    names_target,
    part_at,
)
from grader.evidence.sentences import Sentence, masked, sentences
from grader.evidence.tables import piped
from grader.evidence.tasks import Span, spans
from grader.model import Cell, Claim, Lab, Submission
from grader.patterns import regex

_NEGATED = regex(
    rf"(?<!\w){vocabulary.alternation(vocabulary.every(vocabulary.NEGATIONS))}"
    r"(?:\s\w{1,15}){0,3}\W{0,3}$",
    re.IGNORECASE,
)
_AGAINST = regex(
    rf"(?<!\w){vocabulary.alternation(vocabulary.every(vocabulary.AGAINST))}\s(?:the\s|our\s)?\W{{0,3}}$",
    re.IGNORECASE,
)
_DIRECT = regex(r"['\u2019]s\b|\s?[(:]|,?\s(?:which|whose|had|has)\b", re.IGNORECASE)
_CLAUSE_END = regex(r"[,;.]\s|\s(?:and|while|whereas|but)\s", re.IGNORECASE)
_BELONGS = regex(
    r"(?:\s\w{1,12}){0,2}\s(?:for|of|with|by|from|on|in|using)\s(?:the\s|our\s)?\W{0,3}$",
    re.IGNORECASE,
)


def claims(submission: Submission, lab: Lab, cell_tasks: Mapping[int, str]) -> tuple[Claim, ...]:
    """Metrics stated in the student's text cells, in the order in which they stand.

    A number is a claim only when the words between it and the name of a metric link the two.
    Text that stands unchanged in the lab's starter notebook is not the student's and left out.

    Args:
        submission: What was handed in.
        lab: Whose tasks.
        cell_tasks: Task of each cell, where it could be told.
    """
    names = task_names(lab)
    found = []
    for cell in submission.cells:
        if (
            cell.kind == "markdown"
            and not cell.from_starter
            and numbers.names_metric(cell.source, names.metrics)
        ):
            under = spans(cell.source, lab, cell_tasks.get(cell.index))
            labels = Sections(_Tasks(names)).context(cell.source)
            in_text = _in_sentences(cell, names, under, labels)
            stated = [*_in_tables(cell, names, under), *in_text]
            found += sorted(stated, key=lambda claim: claim.start)
    return tuple(found)


class _Tasks:
    """The names of tasks, for labels above a list."""

    def __init__(self, names: TaskNames) -> None:
        self._names = names

    def models(self, text: str) -> tuple[Naming, ...]:
        """Every task named."""
        return self._names.namings(text)

    def model(self, text: str) -> str | None:
        """The one task named."""
        return self._names.only(text)


def _in_sentences(
    cell: Cell, names: TaskNames, under: tuple[Span, ...], labels: Context
) -> Iterator[Claim]:
    for sentence in sentences(cell.source):
        links = Linker(sentence.text, names).links()
        reader = _SentenceReader(cell, sentence, names) if links else None
        for index, link in enumerate(links):
            if reader is not None and not _negated(sentence.text, link):
                below = links[index + 1].start if index + 1 < len(links) else len(sentence.text)
                above = labels.label(sentence.start) or _above(under, sentence.start)
                yield reader.claim(link, below, above)


def _in_tables(cell: Cell, names: TaskNames, under: tuple[Span, ...]) -> Iterator[Claim]:
    text = masked(cell.source)
    rows = [Line(row.start, text[row.start : row.end]) for row in unfenced(cell.source)]
    for table in piped(rows):
        for each in readings(table, names):
            start = each.offset + each.quantity.start
            end = each.offset + each.quantity.end
            row = rows[each.line]
            if each.label.strip() and not numbers.mentions(
                each.label, prose=True, known=names.metrics
            ):
                continue
            named = names.only(each.label)
            yield Claim(
                cell=cell.index,
                start=start,
                end=end,
                sentence=cell.source[row.start : row.end].strip(),
                metric=each.metric,
                value=each.quantity.value,
                printed=cell.source[start:end],
                decimals=each.quantity.decimals,
                n=each.n,
                task=named or (None if names.named(each.label) else _above(under, row.start)),
                target=names_target(row.text),
                cited=is_cited(row.text) or names_other_run(row.text),
            )


class _SentenceReader:
    """Makes the claims of one sentence."""

    def __init__(self, cell: Cell, sentence: Sentence, names: TaskNames) -> None:
        self._cell = cell
        self._start = sentence.start
        self._text = sentence.text
        self._namings = names.namings(sentence.text)
        self._n = numbers.item_count(sentence.text)

    def claim(self, link: Link, below: int, above: str | None) -> Claim:
        """The claim of one link.

        Args:
            link: Metric and number.
            below: Where the next link starts.
            above: Task of the text around the sentence.
        """
        start = self._start + link.quantity.start
        end = self._start + link.quantity.end
        source = self._cell.source
        part = part_at(self._text, link.quantity.start)
        return Claim(
            cell=self._cell.index,
            start=start,
            end=end,
            sentence=source[self._start : self._start + len(self._text)].strip(),
            metric=link.metric,
            value=link.quantity.value,
            printed=source[start:end],
            decimals=link.quantity.decimals,
            n=self._n,
            task=self._task(link, below) if self._namings else above,
            hedged=is_hedged(self._text, link.quantity.start, link.quantity.end),
            target=is_target(part),
            cited=is_cited(part) or is_of_other_run(self._text, link.quantity.start),
        )

    def _task(self, link: Link, below: int) -> str | None:
        """The task of a number in a sentence that names tasks."""
        named = list(dict.fromkeys(each.task for each in self._namings))
        if link.of > 1:
            return named[link.order] if len(named) == link.of else None
        if len(named) == 1:
            return named[0]
        return self._said_behind(link, below) or self._nearest(link)

    def _said_behind(self, link: Link, below: int) -> str | None:
        """``88% accuracy for CLIP``: the task named in the same clause, behind."""
        stop = _CLAUSE_END.search(self._text, link.end)
        limit = min(below, stop.start() if stop else len(self._text))
        for naming in self._namings:
            gap = self._text[link.end : naming.start] if naming.start >= link.end else ""
            if naming.end <= limit and gap and len(gap) <= 60 and _BELONGS.fullmatch(gap):
                return naming.task
        return None

    def _nearest(self, link: Link) -> str | None:
        """The last task named before the number, else the first of the sentence.

        In "CLIP outperformed ViT with 88.95% accuracy" the number is not that of the last one,
        and whose it is cannot be told from the words alone.
        """
        before = [each for each in self._namings if each.start < link.quantity.start]
        if not before:
            return self._namings[0].task
        last = before[-1]
        direct = _DIRECT.match(self._text, last.end) is not None
        return last.task if direct or not self._is_object(last) else None

    def _is_object(self, naming: Naming) -> bool:
        return _AGAINST.search(self._text[max(0, naming.start - 40) : naming.start]) is not None


def _negated(text: str, link: Link) -> bool:
    return _NEGATED.search(text[max(0, link.start - 60) : link.start]) is not None


def _above(under: tuple[Span, ...], position: int) -> str | None:
    """Task of the part of the cell in which a position lies."""
    index = bisect_right(under, position, key=lambda span: span.start) - 1
    return under[index].task
