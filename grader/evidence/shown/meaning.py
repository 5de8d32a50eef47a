"""What a number is of, by the name and the unit that stand with it."""

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from grader.evidence import numbers, vocabulary
from grader.evidence.directions import direction_of
from grader.evidence.shown import words
from grader.model import METRICS, Average, FigureKind
from grader.patterns import regex

__all__ = [
    "Meaning",
    "is_aim",
    "is_cited",
    "is_in_milliseconds",
    "meaning",
    "metric_in",
    "says_nothing",
    "split_in",
]

_HUMP = regex(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Z][a-z])")
_LAST_WORD = regex(r"[\w-]+\W{0,10}$")
_TOP = regex(
    r"top[-_\s]?(?P<k>\d{1,3})[-_\s]{1,2}(?:categorical[-_\s])?acc(?:uracy)?"
    r"|acc(?:uracy)?[-_\s]?(?:@|at)[-_\s]?(?P<at>\d{1,3})",
    re.IGNORECASE,
)
_RANKED = regex(
    r"(?<![^\W_])(?P<what>recall|precision|r|p|hits?|ndcg|map)[-_\s]?(?:@|at)[-_\s]?(?P<k>\d{1,3})"
    r"(?![\d.])",
    re.IGNORECASE,
)
_RANKS = {"r": "recall", "p": "precision", "hit": "hits"}
_ROUGE = regex(r"rouge[-_\s]?(?P<order>[123]|l[-_\s]?sum|l|w)?(?![^\W_])", re.IGNORECASE)
_BLEU = regex(
    r"(?<!self-)(?:sacre[-_\s]?)?bleu(?:[-_@\s]?(?P<n>[1-4])(?![.,]?\d))?(?![^\W\d_])",
    re.IGNORECASE,
)
_MAP = regex(r"(?<![^\W_])mAP(?![^\W\d_])")
_MILLISECONDS = regex(r"[_(\[\s](?:ms|milliseconds)\W?$", re.IGNORECASE)


class Meaning(Struct, frozen=True, kw_only=True):
    """What a number is of."""

    kind: FigureKind
    """What it is of."""

    metric: str | None = None
    """The metric, where its name is known."""

    average: Average | None = None
    """Averaging the name names."""

    split: str | None = None
    """Split the name names."""


def _whole(tables: Mapping[str, vocabulary.Table]) -> dict[str, re.Pattern[str]]:
    """Patterns of whole words; an underscore or a digit separates words, too."""
    return {
        name: regex(
            rf"(?<![^\W\d_])(?:{vocabulary.alternation(vocabulary.every(table))})(?![^\W\d_])",
            re.IGNORECASE,
        )
        for name, table in tables.items()
    }


_WIDER = _whole(words.WIDER_METRICS)
_PLAIN = _whole({name: table for name, table in vocabulary.METRICS.items() if "bleu" not in name})
_KINDS = _whole({str(kind): table for kind, table in words.KINDS.items()})
_COUNTED = _whole({str(kind): table for kind, table in words.COUNTED.items()})
_SPLITS = _whole(words.SPLITS)
_NOTHING = _whole({"nothing": words.NOT_A_RESULT})["nothing"]
_NO_METRIC, _AIMS, _BASELINES = _whole(
    {"none": words.NO_METRIC, "aims": words.AIMS, "baselines": words.BASELINES}
).values()
_KIND_NAMES: dict[str, FigureKind] = {str(kind): kind for kind in (*words.KINDS, *words.COUNTED)}


def meaning(name: str, *, value: float, whole: bool, percent: bool) -> Meaning:
    """What a named number is of, units aside.

    Args:
        name: What the text calls it.
        value: The number; of a percentage, as a fraction.
        whole: Whether it is written without decimals.
        percent: Whether a percent sign stands with it.
    """
    spread = _HUMP.sub(" ", numbers.fold(name))[:200]
    split = split_in(spread)
    metric = "average_precision" if _MAP.search(name) else metric_in(spread)
    metric = None if _NO_METRIC.search(spread) else metric
    # Counts are no scores: ``Images for accuracy: 2000``.
    if metric is not None and not (whole and not percent and value > 100):
        loss = _KINDS["loss"].search(spread) is not None
        kind: FigureKind = "loss" if loss and metric not in words.WIDER_METRICS else "score"
        return Meaning(
            kind=kind,
            metric=metric if kind == "score" else None,
            average=numbers.average_of(spread),
            split=split,
        )
    return Meaning(kind=_kind(spread, value, whole=whole, percent=percent), split=split)


@lru_cache(maxsize=2048)
def metric_in(name: str) -> str | None:
    """The metric a name names, in the style of ``MetricName``; the more special one counts."""
    if top := _TOP.search(name):
        k = top["k"] or top["at"]
        return "accuracy" if int(k) == 1 else f"top{int(k)}_accuracy"
    if ranked := _RANKED.search(name):
        what = ranked["what"].lower()
        plain = f"{_RANKS.get(what, what)}_at_{int(ranked['k'])}"
        directed = f"{direction_of(name)}_{plain}"
        return directed if directed in METRICS else plain
    if rouge := _ROUGE.search(name):
        return "rouge" + re.sub(r"[-_\s]", "", rouge["order"] or "").lower()
    if bleu := _BLEU.search(name):
        return f"bleu{bleu['n'] or ''}"
    for metric, pattern in _WIDER.items():
        if pattern.search(name):
            return metric
    found = [
        (match.end(), metric) for metric, each in _PLAIN.items() for match in each.finditer(name)
    ]
    return max(found)[1] if found else None


@lru_cache(maxsize=2048)
def split_in(name: str) -> str | None:
    """The one split a text names."""
    named = [split for split, pattern in _SPLITS.items() if pattern.search(name)]
    return named[0] if len(named) == 1 else None


def says_nothing(name: str) -> bool:
    """Whether a name is one of versions, places or addresses."""
    last = _LAST_WORD.search(name)
    return last is None or _NOTHING.fullmatch(last[0].strip(" \t'\"()[]*_.-")) is not None


def is_aim(name: str) -> bool:
    """Whether a name makes a number an aim or a requirement."""
    return _AIMS.search(name) is not None


def is_cited(name: str) -> bool:
    """Whether a name makes a number that of a baseline or of somebody else."""
    return _BASELINES.search(name) is not None


def is_in_milliseconds(name: str) -> bool:
    """Whether a name ends in the unit of milliseconds: ``latency_ms``, ``time (ms)``."""
    return _MILLISECONDS.search(name) is not None


def _kind(name: str, value: float, *, whole: bool, percent: bool) -> FigureKind:
    if percent:
        probable = _KINDS["probability"].search(name) is not None
        return "probability" if probable else "share"
    for kind, pattern in _KINDS.items():
        if pattern.search(name) and not (
            whole and kind in {"loss", "share", "probability"} and value > 1
        ):
            return _KIND_NAMES[kind]
    if whole:
        found = (kind for kind, pattern in _COUNTED.items() if pattern.search(name))
        return _KIND_NAMES.get(next(found, ""), "other")
    return "other"
