"""Numbers and metric names in text of any kind."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from unicodedata import decimal

from msgspec import Struct

from grader.evidence import vocabulary
from grader.evidence.directions import Mention, recall_at, recall_ranks
from grader.model import METRICS, Average, MetricName
from grader.patterns import regex

_FOREIGN_DIGIT = regex(r"(?![0-9])\d")
# Full-width percent sign, colon, full stop and comma.
_FULL_WIDTH = {0xFF05: "%", 0xFF1A: ":", 0xFF0E: ".", 0xFF0C: ","}
_ITEM = vocabulary.alternation(vocabulary.every(vocabulary.ITEMS))

# The atomic group keeps "88.95kB" from matching as "88.9"; the bounds keep a megabyte of digits
# from being one number.
_NUMBER = regex(
    rf"""
    (?:(?<![\w.])(?<!\d,)(?<!\w-)|(?<={vocabulary.RUN_ON}))
    (?:(?<=[:=]\s)-|(?<=[:=])-)?
    (?P<digits>(?>
        [1-9]\d{{0,2}}(?:[,\u00a0\u202f\u2009]\d{{3}})+(?!\d)(?:\.\d{{1,18}})?
      | \d{{1,15}}(?:[.,]\d{{1,18}})?
      | \.\d{{1,18}}
    ))
    (?:[eE](?P<exponent>[+-]?\d{{1,3}}))?
    (?:(?!\w)|(?={vocabulary.RUN_ON}))(?!\.\d)
    (?P<unit>\s?\\?%|\s(?:percent|per\scent|pour\scent|prozent|por\sciento)\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)


CLASSIFICATION: frozenset[MetricName] = frozenset({"accuracy", "precision", "recall", "f1"})
"""Metrics that are read whatever a lab asks for."""


_AMBIGUOUS = vocabulary.phrases(vocabulary.AMBIGUOUS)
_ALWAYS_AMBIGUOUS = regex("точность|精度", re.IGNORECASE)
_SAME_AGAIN = regex(r"\s?[(/=]\s?")


def _unambiguous(table: vocabulary.Table) -> vocabulary.Table:
    """The entries that name this metric and no other, in prose."""
    unsure = vocabulary.words(vocabulary.AMBIGUOUS)
    kept = {key: [each for each in table[key].split(", ") if each not in unsure] for key in table}
    return {key: ", ".join(entries) for key, entries in kept.items() if entries}


def _is_listed(text: str, found: Sequence[Mention]) -> bool:
    """Whether an ambiguous word stands in a list of metrics, which tells it from accuracy.

    "La précision (accuracy) est de 0,89" is none: it says one metric twice.
    """
    if _ALWAYS_AMBIGUOUS.search(text):
        return False
    others = {each.metric for each in found if not _AMBIGUOUS.fullmatch(text, each.start, each.end)}
    pairs = pairwise(found)
    again = any(_SAME_AGAIN.fullmatch(text, one.end, two.start) for one, two in pairs)
    return bool(others & {"accuracy", "recall", "f1"}) and not again


@cache
def _metric_pattern(known: frozenset[MetricName], *, prose: bool) -> re.Pattern[str]:
    """Matches the name of a known metric, in prose without the words that may be of another.

    Recall@K that says no direction is matched as a group ``at1`` or ``at5``.
    """
    tables: dict[str, vocabulary.Table] = {
        metric: _unambiguous(table) if prose else table
        for metric, table in vocabulary.METRICS.items()
        if metric in known
    }
    recall = vocabulary.alternation(vocabulary.every(vocabulary.RECALL_AT))
    # First, so that "recall at 5" is not read as recall.
    named = [rf"(?P<at{k}>{recall}{k}(?![.,]?\d))" for k in recall_ranks(known)]
    named += [
        f"(?P<{metric}>{vocabulary.alternation(vocabulary.every(table))})"
        for metric, table in tables.items()
    ]
    # Chinese text runs on: a metric may follow or precede any character of it.
    letter, digit = vocabulary.LETTER, vocabulary.LETTER_OR_DIGIT
    return re.compile(
        rf"(?<!{letter})(?:{'|'.join(named)})(?:[-_\s]{{1,2}}(?:scores?|measure))?"
        rf"(?!{digit}|\s?@)",
        re.IGNORECASE,
    )


_COUNT = regex(
    rf"""
    (?<![\w.,])(?:
        n\s?=\s?(?P<n>\d{{1,3}}(?:\s\d{{3}}){{1,4}}|\d[\d,.]{{0,12}})
      | (?P<count>\d{{1,3}}(?:\s\d{{3}}){{1,4}}|\d[\d,.]{{0,12}})[-\s]
        (?P<between>(?:[a-z][\w-]{{0,15}}[-\s]){{0,2}}){_ITEM}
      | (?P<single>single|only\sone|une?\sseule?|einzelnen?|einzigen?|una?\ssola?)[-\s]
        (?:test[-\s])?{_ITEM}
    )(?![\w/])(?!\s(?:per|at\sa\stime)\b)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OTHER = vocabulary.phrases(vocabulary.OTHER_SCORES)
_OTHER_OF = {
    metric: vocabulary.phrases(table) for metric, table in vocabulary.OTHER_METRICS.items()
}
_TOP_ONE = regex(r"top[-\s]?1(?!\d)", re.IGNORECASE)
_NO_TEST_ITEMS = regex(r"train|batch|class|epoch|seen\b|thousand|million|billion", re.IGNORECASE)


class Quantity(Struct, frozen=True, kw_only=True):
    """A number as written."""

    start: int
    """Offset of its first character."""

    end: int
    """Offset behind its last, the percent sign included."""

    printed: str
    """The text between the two."""

    value: float
    """The number; of a percentage, as a fraction."""

    decimals: int
    """Decimals of ``value`` that were written."""

    percent: bool
    """Whether a percent sign or the word stands with it."""

    whole: bool
    """Whether it is written without decimals."""

    def as_percent(self) -> "Quantity":
        """The same number where a header or a label says that it is a percentage."""
        if self.percent:
            return self
        value, decimals = _scaled(Decimal(repr(self.value)), self.decimals)
        return Quantity(
            start=self.start,
            end=self.end,
            printed=self.printed,
            value=value,
            decimals=decimals,
            percent=True,
            whole=self.whole,
        )


def fold(text: str) -> str:
    """The text with every digit, percent sign and colon in ASCII; offsets stay the same."""
    if text.isascii():
        return text
    return _FOREIGN_DIGIT.sub(lambda match: str(decimal(match[0])), text).translate(_FULL_WIDTH)


def quantity_at(text: str, position: int, end: int) -> Quantity | None:
    """The number that starts exactly here, if one does; ``text`` is folded."""
    match = _NUMBER.match(text, position, end)
    return None if match is None else _quantity(match)


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of a folded text."""
    found = (_quantity(match) for match in _NUMBER.finditer(text))
    return tuple(each for each in found if each is not None)


def mentions(
    text: str,
    *,
    prose: bool = False,
    known: frozenset[MetricName] = CLASSIFICATION,
    above: str = "",
) -> tuple[Mention, ...]:
    """Every metric named in a folded text.

    Args:
        text: A line, a sentence or a label.
        prose: Whether words said of several metrics name one only beside another one.
        known: Metrics that are looked for.
        above: Text that may say which direction a Recall@K is of, where ``text`` does not.
    """
    if prose and _AMBIGUOUS.search(text):
        certain = mentions(text, known=known, above=above)
        prose = not _is_listed(text, certain)
    found = []
    for match in _metric_pattern(known, prose=prose).finditer(text):
        name = str(match.lastgroup)
        if name in _NAMES:
            found.append(Mention(start=match.start(), end=match.end(), metric=_NAMES[name]))
        elif (recall := recall_at(match, known, above)) is not None:
            found.append(recall)
    return tuple(found)


def names_metric(text: str, known: frozenset[MetricName] = CLASSIFICATION) -> bool:
    """Whether any metric is named, so that most texts need no further look."""
    return _metric_pattern(known, prose=False).search(text) is not None


def average_of(text: str) -> Average | None:
    """The one averaging a text names."""
    named = [name for name, pattern in _AVERAGES.items() if pattern.search(text)]
    return named[0] if len(named) == 1 else None


def item_count(text: str) -> int | None:
    """Number of test items a folded text states; ``None`` when none or several are."""
    found = {_count(match) for match in _COUNT.finditer(text) if _counts_test_items(match)}
    return found.pop() if len(found) == 1 else None


def in_unit(quantity: Quantity, metric: MetricName) -> Quantity:
    """The number of a metric as a fraction, where it cannot be one as it stands.

    BLEU 45.2 is 0.452, and CIDEr 102.3 is 1.023. Of classifications the number stays as written.
    """
    beyond = abs(quantity.value) > METRICS[metric].highest
    return quantity.as_percent() if beyond and metric not in CLASSIFICATION else quantity


def count_at(text: str, position: int, end: int) -> int | None:
    """Offset behind the number of items that starts exactly here, if one does."""
    match = _COUNT.match(text, position, end)
    return None if match is None else match.end()


def is_other(words_before: str, metric: MetricName) -> bool:
    """Whether the words before a metric make it another quantity, e.g. top-5 accuracy."""
    words = words_before.replace("_", " ")
    other = {match[0].lower() for match in _OTHER.finditer(words)}
    if metric in _OTHER_OF and _OTHER_OF[metric].search(words):
        return True
    return bool(other - {"top"}) or ("top" in other and not _TOP_ONE.search(words))


def without_counts(text: str) -> str:
    """The text without its numbers of items."""
    return _COUNT.sub(" ", text)


_AVERAGES = {
    name: regex(
        rf"(?<![^\W_]){vocabulary.alternation(vocabulary.every(table))}(?![^\W_])", re.IGNORECASE
    )
    for name, table in vocabulary.AVERAGES.items()
}
_NAMES: dict[str, MetricName] = {name: name for name in vocabulary.METRICS}


def _quantity(match: re.Match[str]) -> Quantity | None:
    digits, unit = match["digits"], match["unit"]
    if _is_list(match):
        return None
    plain = _plain(digits, percent=unit is not None)
    sign = "-" if match[0].startswith("-") else ""
    exponent = int(match["exponent"] or 0)
    fraction = len(plain.partition(".")[2])
    value, decimals = Decimal(f"{sign}{plain}E{exponent}"), max(0, fraction - exponent)
    if unit is not None:
        value, decimals = value.scaleb(-2), decimals + 2
    return Quantity(
        start=match.start(),
        end=match.end(),
        printed=match[0],
        value=float(value),
        decimals=decimals,
        percent=unit is not None,
        whole=fraction == 0 and not exponent,
    )


def _is_list(match: re.Match[str]) -> bool:
    """Whether the comma separates two numbers, as in ``[0,1]`` or ``1,2,3``."""
    if "," not in match["digits"]:
        return False
    text, start, end = match.string, match.start(), match.end()
    return text[start - 1 : start] == "[" or (
        text[end : end + 1] == "," and text[end + 1 :][:1].isdigit()
    )


def _plain(digits: str, *, percent: bool) -> str:
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:[,\u00a0\u202f\u2009]\d{3})+(?:\.\d+)?", digits)
    if grouped and not (percent and digits.count(",") == 1 and "." not in digits):
        return re.sub(r"[,\u00a0\u202f\u2009]", "", digits)
    return digits.replace(",", ".")


def _scaled(value: Decimal, decimals: int) -> tuple[float, int]:
    return float(value.scaleb(-2)), decimals + 2


def _count(match: re.Match[str]) -> int:
    written = match["n"] or match["count"]
    return 1 if written is None else int(re.sub(r"\D", "", written))


def _counts_test_items(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    around = f"{before} {match['between'] or ''}"
    written = match["n"] or match["count"] or ""
    return not _NO_TEST_ITEMS.search(around) and not re.search(r"[.,]\d{1,2}$|[.,]\d{4}", written)
