"""Words a number may be of: metrics, losses, times, and whatever stands before a colon."""

import re
from collections.abc import Mapping

from msgspec import Struct

from grader.evidence import numbers, vocabulary
from grader.evidence.written import words
from grader.model import FigureKind, MetricName

__all__ = ["Noun", "nouns"]

_CERTAIN: tuple[MetricName, ...] = ("accuracy", "precision", "recall", "f1")


class Noun(Struct, frozen=True, kw_only=True):
    """A word of a text that numbers may be of."""

    start: int
    """Offset of its first character."""

    end: int
    """Offset behind its last."""

    text: str
    """As written."""

    kind: FigureKind
    """What a number of it is of."""

    metric: str | None = None
    """The metric, where the word names one and no other."""

    generic: bool = False
    """Whether it only says that it is a score."""


def _groups(tables: Mapping[str, vocabulary.Table], prefix: str) -> str:
    return "|".join(
        f"(?P<{prefix}{index}>{words.one_of(table)})" for index, table in enumerate(tables.values())
    )


_SCORES = words.bounded(_groups(words.SCORES, "s"))
_SCORE_NAMES = tuple(words.SCORES)
_RANKED = words.bounded(f"{words.RANKED}|{words.TOP}|{words.BLEU}|{words.ROUGE}")
_OTHERS = words.bounded(_groups({str(kind): table for kind, table in words.NOUNS.items()}, "k"))
_OTHER_KINDS = tuple(words.NOUNS)
_AMBIGUOUS = words.bounded(words.one_of(vocabulary.AMBIGUOUS))
_GENERIC = words.bounded(words.one_of(words.GENERIC_SCORES))


def nouns(text: str) -> tuple[Noun, ...]:
    """Every such word of a folded sentence, in order; where two overlap, the more telling one."""
    found = [*_ranked(text), *_named_scores(text), *_plain_scores(text), *_others(text)]
    found += [_noun(match, "score") for match in _AMBIGUOUS.finditer(text)]
    found += [_noun(match, "score", generic=True) for match in _GENERIC.finditer(text)]
    kept: list[Noun] = []
    ends = 0
    for each in sorted(found, key=lambda noun: noun.start):
        # Stable sorting keeps the more telling of two that start together first.
        if each.start >= ends:
            kept.append(each)
            ends = each.end
    return tuple(kept)


def _noun(
    match: re.Match[str], kind: FigureKind, metric: str | None = None, *, generic: bool = False
) -> Noun:
    return Noun(
        start=match.start(),
        end=match.end(),
        text=match[0],
        kind=kind,
        metric=metric,
        generic=generic,
    )


def _ranked(text: str) -> list[Noun]:
    return [_noun(match, "score", _rank(match)) for match in _RANKED.finditer(text)]


def _rank(match: re.Match[str]) -> str:
    """``recall_at_3``, ``top3_accuracy``, ``bleu2``, ``rouge1``."""
    if at := match["at"] or match["short"]:
        return f"recall_at_{int(at)}"
    if top := match["top"]:
        return "accuracy" if int(top) == 1 else f"top{int(top)}_accuracy"
    if match["rouge"]:
        return f"rouge{match['rouge'].lower()}"
    return f"bleu{match['bleu'] or ''}"


def _named_scores(text: str) -> list[Noun]:
    return [
        _noun(match, "score", _SCORE_NAMES[int(str(match.lastgroup)[1:])])
        for match in _SCORES.finditer(text)
    ]


def _plain_scores(text: str) -> list[Noun]:
    found = numbers.mentions(text, prose=True, known=frozenset(_CERTAIN))
    return [
        Noun(
            start=each.start,
            end=each.end,
            text=text[each.start : each.end],
            kind="score",
            metric=each.metric,
        )
        for each in found
    ]


def _others(text: str) -> list[Noun]:
    return [
        _noun(match, _OTHER_KINDS[int(str(match.lastgroup)[1:])])
        for match in _OTHERS.finditer(text)
    ]
