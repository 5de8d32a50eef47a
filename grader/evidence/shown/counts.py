"""Counts that no mark gives a name: found images, totals of progress bars, shapes."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.evidence import numbers, vocabulary
from grader.evidence.headings import Line
from grader.evidence.numbers import Quantity
from grader.evidence.shown import words
from grader.evidence.shown.draft import Draft, named
from grader.evidence.shown.meaning import Meaning, metric_in, split_in
from grader.patterns import regex

if TYPE_CHECKING:
    from grader.model import FigureKind

__all__ = ["counts", "label_ids"]

_ITEMS = vocabulary.alternation(vocabulary.every(words.COUNTED["items"]))
_CLASSES = r"(?:class(?:es)?|categories|klassen|clases)"
_COUNTED = regex(
    rf"(?<![\w.,/:@$-])(?P<digits>\d{{1,3}}(?:,\d{{3}}){{1,4}}|\d{{1,12}})\s"
    rf"(?P<noun>(?:[^\W\d_]{{1,15}}[\s-]){{0,2}}?(?:(?P<items>{_ITEMS})|(?P<classes>{_CLASSES})))"
    r"(?![\w/])(?!\s(?:per|at\sa\stime)\b)",
    re.IGNORECASE,
)
# Possessive, so that a line of blanks is not tried in every way it can be cut.
_BAR = regex(
    r"(?<![\d.])\d{1,3}%[\s|#=\u2580-\u259f]{0,300}+(?P<done>\d{1,12})/(?P<total>\d{1,12})"
    r"\s{0,4}\[(?P<rest>[^\]\n]{0,80})"
)
_BEFORE = regex(r"[^\n|%]{0,80}\Z")
_KERAS = regex(
    r"(?P<done>\d{1,9})/(?P<total>\d{1,9})\s{1,3}(?:\[[=.>\s]{3,60}\]|[\u2500-\u257f]{3,60})"
)
_OF = regex(r"\b(?:out of|of|sur|von|de)\s(?P<n>\d{1,9})(?![\w.,%])", re.IGNORECASE)
_SHAPE = regex(
    r"(?:torch\.Size\(\[|TensorShape\(\[|\()(?P<sizes>\d{1,12}(?:,\s?\d{0,9}){1,4})\]?\)"
)
_NAMED = regex(r"(?P<name>[^\W\d_][^:=,;()\[\]{}\n]{0,60})\Z")
_SHAPED = regex(
    r"shape|size|matri|features|embed|data|train|test|val|images|labels|logits|pred|^x|^y",
    re.IGNORECASE,
)
_IMAGE = regex(r"image(?:\s|_)?(?:shape|size|dimension)|pixel", re.IGNORECASE)
_MATRIX = regex(r"matri|weight|kernel|layer|logits", re.IGNORECASE)
_LABELS = regex(r"label_ids=array\(\[(?P<labels>[\d\s,]{1,20000})(?P<close>\])")
_FRACTION_OF_ITEMS = regex(r"examples|images?|samples|imgs", re.IGNORECASE)
_EACH = regex(r"\b(?:each|every|per)\b", re.IGNORECASE)
_LONGEST_LINE = 1_000


def counts(index: int, line: Line) -> Iterator[Draft]:
    """The counts of a folded line: of items, of classes, of a progress bar's total, of a shape.

    A bar that has not reached its end says how many there are as well.
    """
    text = line.text[:_LONGEST_LINE]
    if "%" in text and (bar := _BAR.search(text)):
        yield from _of_bar(index, line, bar)
    elif keras := _KERAS.search(text):
        meant = Meaning(kind="count")
        yield _draft(index, line, keras.span("total"), "Progress", meant)
    else:
        yield from _of_nouns(index, line, text)
        yield from _of_shapes(index, line, text)


def label_ids(text: str) -> int | None:
    """Labels in a ``PredictionOutput``, where all of them were printed."""
    match = _LABELS.search(text)
    return len(match["labels"].replace(",", " ").split()) if match else None


def _of_bar(index: int, line: Line, bar: re.Match[str]) -> Iterator[Draft]:
    before = _BEFORE.search(line.text, max(0, bar.start() - 80), bar.start())
    name = (before[0] if before else "").strip(" -:\u2022")
    items = _FRACTION_OF_ITEMS.search(f"{name} {bar['rest']}") is not None
    kind: FigureKind = "items" if items else "count"
    meant = Meaning(kind=kind, split=split_in(name.replace("_", " ")))
    yield _draft(index, line, bar.span("total"), named(name or "Progress"), meant)


def _of_nouns(index: int, line: Line, text: str) -> Iterator[Draft]:
    for match in _COUNTED.finditer(text):
        kind: FigureKind = "items" if match["items"] else "classes"
        if _EACH.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        before = text[max(0, match.start() - 40) : match.start()].split()[-2:]
        spoken = (word.strip("(\u2713:,") for word in before if not any(map(str.isdigit, word)))
        name = named(*spoken, match["noun"])
        meant = Meaning(kind=kind, split=split_in(name.replace("-", " ")))
        of = _OF.search(text, match.end(), match.end() + 60)
        n = int(of["n"]) if of else None
        yield _draft(index, line, match.span("digits"), name, meant, n=n)


def _of_shapes(index: int, line: Line, text: str) -> Iterator[Draft]:
    for match in _SHAPE.finditer(text):
        before = text[max(0, match.start() - 70) : match.start()].rstrip(" :='\"")
        named_there = _NAMED.search(before.removesuffix(".shape"))
        name = named_there["name"].strip(" '\"*_->") if named_there else ""
        sizes = [each for each in match["sizes"].split(",") if each.strip()]
        if not _SHAPED.search(name) or _IMAGE.search(name) or len(sizes) == 3:
            continue
        kind: FigureKind = "count" if _MATRIX.search(name) or metric_in(name) else "items"
        end = match.start("sizes") + len(sizes[0])
        meant = Meaning(kind=kind, split=split_in(name.replace("_", " ")))
        yield _draft(index, line, (match.start("sizes"), end), named(name, "rows"), meant)


def _draft(
    index: int,
    line: Line,
    span: tuple[int, int],
    name: str,
    meant: Meaning,
    *,
    n: int | None = None,
) -> Draft:
    printed = line.text[span[0] : span[1]]
    found = numbers.quantities(printed)
    quantity = Quantity(
        start=span[0],
        end=span[1],
        printed=printed,
        value=found[0].value if found else float(printed.replace(",", "")),
        decimals=0,
        percent=False,
        whole=True,
    )
    return Draft(
        line=index,
        start=line.start + span[0],
        quantity=quantity,
        name=name,
        meaning=meant,
        context=line.text[:200],
        n=n,
    )
