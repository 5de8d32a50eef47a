"""One number, found by the lab's readers and by that of any named number, is one figure."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec.structs import replace

from grader.evidence.headings import Line
from grader.evidence.numbers import Quantity
from grader.evidence.outputs import Score
from grader.evidence.readings import Reading
from grader.evidence.shown.draft import Draft, named
from grader.evidence.shown.meaning import Meaning
from grader.model import METRICS
from grader.patterns import regex

__all__ = ["as_score", "merged", "with_probabilities"]

_EDGES = " \t:=|'\"*_`-\u2013>#,;([{"
_VALUE = regex(r"[:=][\s\d./(\[~]{0,40}$")
_TOTAL = 0.02
"""How far the probabilities of all labels may add up from one, when rounded."""


def merged(drafts: Iterable[Draft], scores: Iterable[Score], rows: Sequence[Line]) -> list[Draft]:
    """Both, in the order they stand; where both found a number, the lab's metric counts.

    Args:
        drafts: Numbers in text.
        scores: What the lab's readers found there.
        rows: Lines of the text.
    """
    by_start: dict[int, Draft] = {}
    for draft in drafts:
        by_start.setdefault(draft.start, draft)
    for score in scores:
        draft = by_start.get(score.start) or _new(score, rows)
        by_start[score.start] = as_score(draft, score)
    return sorted(by_start.values(), key=lambda draft: draft.start)


def as_score(draft: Draft, found: Score | Reading) -> Draft:
    """The number as the lab's readers read it."""
    if isinstance(found, Reading):
        quantity = found.quantity
    else:
        quantity = replace(
            draft.quantity, value=found.value, decimals=found.decimals, printed=found.printed
        )
    meant = Meaning(
        kind="score",
        metric=found.metric,
        average=found.average or draft.meaning.average,
        split=draft.meaning.split,
    )
    n = found.n if found.n is not None else draft.n
    return replace(draft, quantity=quantity, meaning=meant, n=n)


def with_probabilities(drafts: Sequence[Draft]) -> list[Draft]:
    """Unnamed shares on neighbouring lines are probabilities of labels when they add up to one."""
    found: list[Draft] = []
    numbered = enumerate(drafts)
    for _, group in groupby(numbered, key=lambda pair: (_may_be(pair[1]), pair[1].line - pair[0])):
        run = [draft for _, draft in group]
        total = sum(draft.quantity.value for draft in run)
        if len(run) > 1 and _may_be(run[0]) and abs(total - 1) <= _TOTAL:
            run = [
                replace(draft, meaning=replace(draft.meaning, kind="probability")) for draft in run
            ]
        found.extend(run)
    return found


def _may_be(draft: Draft) -> bool:
    return draft.meaning.kind in {"other", "share"} and 0 <= draft.quantity.value <= 1


def _new(score: Score, rows: Sequence[Line]) -> Draft:
    """A metric of which only the lab's readers know; its name are the words before it."""
    row = rows[score.line]
    before = row.text[max(0, score.start - row.start - 80) : max(0, score.start - row.start)]
    quantity = Quantity(
        start=score.start - row.start,
        end=score.start - row.start + len(score.printed),
        printed=score.printed,
        value=score.value,
        decimals=score.decimals,
        percent=score.printed.endswith("%"),
        whole=False,
    )
    return Draft(
        line=score.line,
        start=score.start,
        quantity=quantity,
        name=named(_VALUE.sub("", before).strip(_EDGES)) or METRICS[score.metric].title,
        meaning=Meaning(kind="score", metric=score.metric),
        unit="%" if score.printed.endswith("%") else "",
        context=row.text[:200],
        n=score.n,
    )
