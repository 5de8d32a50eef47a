"""Which number of a sentence belongs to which metric."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.evidence import numbers, vocabulary
from grader.evidence.directions import Mention
from grader.evidence.naming import TaskNames
from grader.evidence.numbers import Quantity
from grader.model import METRICS, MetricName
from grader.patterns import regex

_CHINESE_LINKS = vocabulary.alternation(
    (vocabulary.LINKS["zh"] + ", " + vocabulary.HEDGES["zh"]).split(", ")
)
# Chinese puts no blanks between words: a run is cut into the words that link, and characters.
_WORD = regex(rf"{_CHINESE_LINKS}|{vocabulary.LETTER}+|[^\W\d_]")
_HEDGE_WORDS = {word for hedge in vocabulary.words(vocabulary.HEDGES) for word in hedge.split()}
_LINKS = vocabulary.words(vocabulary.LINKS) | _HEDGE_WORDS
_EXPLICIT = vocabulary.words(vocabulary.EXPLICIT)
_QUALIFIERS = vocabulary.words(vocabulary.QUALIFIERS)
_AND = vocabulary.alternation(vocabulary.every(vocabulary.COORDINATORS))
_DIFFERENCES = vocabulary.phrases(vocabulary.DIFFERENCES)

_METRIC_LIST = regex(
    rf"[\s,、&/+*_`]{{0,6}}(?:{_AND}\s{{0,2}})?"
    r"(?:(?:(?:macro|weighted|test|the|its|le|la|der|die|das|el|un|una)[\s-]|l['\u2019])){0,2}[*_`]{0,3}",
    re.IGNORECASE,
)
_NUMBER_LIST = regex(rf"[\s,、&/*_]{{0,4}}(?:{_AND}\s{{0,2}})?[*_~]{{0,3}}", re.IGNORECASE)
_NOT_A_SCORE = regex(
    r"-[a-z]|\s?[x×/]\s?\d|\s?[-–]\s?\d|\s?(?:percentage\s)?points?\b|\s?\+"  # noqa: RUF001
    r"|\s(?:of|des?|del|der|d['\u2019]|epochen|époques|épocas|bilder[n]?|imágenes|epochs?|classes|steps|hours?|minutes?|seconds?|times|images?|samples?|years?)\b",
    re.IGNORECASE,
)
_OF_METRIC = regex(
    r"\s(?:of\s|de\s|d['\u2019])(?:the\s|la\s|l['\u2019])?(?:test\s)?", re.IGNORECASE
)
_DIFFERENCE_BEHIND = regex(
    rf"\s{{0,2}}{vocabulary.alternation(vocabulary.every(vocabulary.DIFFERENCES))}\b", re.IGNORECASE
)
_BY = regex(r"(?:\bby|\bum|\+|了)\s{0,2}$", re.IGNORECASE)
_MARKS_BEFORE = regex(r"[\s:=()~≈<>≥≤*_`\"'→$\\%\u2013\u2014-]*")
_TOP_ONE = regex(r"\btop[-\s]?1(?!\d)", re.IGNORECASE)
PERCENT_FROM = 10
"""A plain number in prose from here on is a percentage."""
_NAMED = "\0"
_NAMED_LIST = regex(rf"{_NAMED}(?:[\s,&/]{{0,3}}(?:{_AND}\s)?{_NAMED})+", re.IGNORECASE)


class Link(Struct, frozen=True, kw_only=True):
    """A metric of a sentence with its number."""

    metric: MetricName
    """Which metric."""

    quantity: Quantity
    """Its number."""

    start: int
    """Where the phrase of the two starts."""

    end: int
    """Where it ends."""

    order: int = 0
    """Which of several numbers of one metric this is."""

    of: int = 1
    """How many numbers the metric has in this phrase."""


class _Group(Struct, frozen=True, kw_only=True):
    """Metrics named in one breath: ``precision, recall, and F1``."""

    mentions: tuple[Mention, ...]

    @property
    def start(self) -> int:
        return self.mentions[0].start

    @property
    def end(self) -> int:
        return self.mentions[-1].end


class Linker:
    """Links the metrics of one sentence to its numbers."""

    def __init__(self, text: str, names: TaskNames) -> None:
        self._text = text
        self._names = names
        found = numbers.mentions(text, prose=True, known=names.metrics)
        self._numbers = (
            [
                score
                for each in numbers.quantities(text)
                if (score := _score(text, each, found)) is not None
            ]
            if found
            else []
        )
        self._groups = list(_groups(text, found)) if self._numbers else []
        self._used: set[int] = set()

    def links(self) -> list[Link]:
        """The links, in the order of the sentence; a metric without a clear number has none."""
        made: list[Link] = []
        waiting: list[tuple[_Group, _Group | None]] = []
        following = [*self._groups, None][1:]
        for group, below in zip(self._groups, following, strict=True):
            if _is_whole(self._text, group):
                linked = self._behind(group, below, explicit=True)
                made += linked
                waiting += [] if linked else [(group, below)]
        for group, below in waiting:
            # "Loss: 0.35 Accuracy 0.90": a number on either side is anybody's.
            beside = self._adjacent(group), self._next(group, below, explicit=False)
            if None in beside:
                made += self._before(group) or self._behind(group, below, explicit=False)
        fitting = [each for each in made if each.quantity.value <= METRICS[each.metric].highest]
        return sorted(fitting, key=lambda link: link.quantity.start)

    def _behind(self, group: _Group, below: _Group | None, *, explicit: bool) -> list[Link]:
        """``accuracy of 0.89``, ``precision and recall were 0.8 and 0.7``."""
        index = self._next(group, below, explicit=explicit)
        if index is None:
            return []
        gap = self._text[group.end : self._numbers[index].start]
        run = self._run(index, below.start if below else len(self._text))
        first = self._adjacent(group) if len(group.mentions) > 1 else None
        mentions = group.mentions[1:] if first is not None else group.mentions
        made = _paired(mentions, [self._numbers[each] for each in run])
        if made:
            self._used |= set(run)
            made += self._single(group.mentions[0], first)
        return [_percent(link) for link in made] if "%" in gap else made

    def _next(self, group: _Group, below: _Group | None, *, explicit: bool) -> int | None:
        """Index of the first unused number behind a group, when the words between link them."""
        limit = below.start if below else len(self._text)
        index = next((i for i, n in enumerate(self._numbers) if n.start >= group.end), None)
        if index is None or index in self._used or self._numbers[index].start >= limit:
            return None
        gap = self._text[group.end : self._numbers[index].start]
        return index if self._is_link(gap, explicit=explicit) else None

    def _before(self, group: _Group) -> list[Link]:
        """``88.95% accuracy``, ``100% accuracy, precision, recall, and F1``."""
        index = self._adjacent(group)
        if index is None:
            return []
        self._used.add(index)
        return _paired(group.mentions, [self._numbers[index]])

    def _adjacent(self, group: _Group) -> int | None:
        """Index of the unused number right before a group."""
        before = [i for i, number in enumerate(self._numbers) if number.end <= group.start]
        if not before or before[-1] in self._used:
            return None
        gap = self._text[self._numbers[before[-1]].end : group.start]
        words = [word.lower() for word in _WORD.findall(self._unnamed(gap))]
        fits = len(words) <= 5 and all(word in _QUALIFIERS for word in words)
        marks = _WORD.sub("", self._unnamed(gap)).strip(" \t\n*_`-'\u2019")
        return before[-1] if fits and not marks else None

    def _single(self, mention: Mention, index: int | None) -> list[Link]:
        if index is None:
            return []
        self._used.add(index)
        return _paired((mention,), [self._numbers[index]])

    def _run(self, index: int, limit: int) -> list[int]:
        """The number and those listed behind it: ``0.91, 0.90 and 0.89``."""
        run = [index]
        for each in range(index + 1, len(self._numbers)):
            gap = self._text[self._numbers[run[-1]].end : self._numbers[each].start]
            if self._numbers[each].end > limit or not _NUMBER_LIST.fullmatch(gap):
                break
            run.append(each)
        return run

    def _is_link(self, gap: str, *, explicit: bool) -> bool:
        plain = self._unnamed(gap)
        words = [word.lower() for word in _WORD.findall(plain)]
        if len(words) > 10 or not all(word in _LINKS for word in words):
            return False
        if not _MARKS_BEFORE.fullmatch(_WORD.sub("", plain)):
            return False
        said = any(mark in gap for mark in ":=(") or bool(_EXPLICIT & set(words))
        return said or not explicit

    def _unnamed(self, gap: str) -> str:
        """The gap without names of tasks and numbers of items."""
        if len(gap) > 160:
            return "§"
        for naming in reversed(self._names.namings(gap)):
            gap = gap[: naming.start] + _NAMED + gap[naming.end :]
        plain = _NAMED_LIST.sub(" ", gap).replace(_NAMED, " ")
        plain = _TOP_ONE.sub(" ", numbers.without_counts(plain))
        return plain.replace("'s ", " ").replace("\u2019s ", " ")


def _groups(text: str, found: Sequence[Mention]) -> Iterator[_Group]:
    group: list[Mention] = []
    for mention in found:
        if group and not _METRIC_LIST.fullmatch(text, group[-1].end, mention.start):
            yield _Group(mentions=tuple(group))
            group = []
        group.append(mention)
    if group:
        yield _Group(mentions=tuple(group))


def _is_whole(text: str, group: _Group) -> bool:
    """Whether the words around a group leave it a score, not a difference or another metric."""
    before = text[max(0, group.start - 40) : group.start]
    clause = re.split(r"[,;:.(]", before)[-1]
    if numbers.is_other(clause, group.mentions[0].metric):
        return False
    lately = " ".join(clause.split()[-4:])
    return not _DIFFERENCES.search(lately) and not _DIFFERENCE_BEHIND.match(text, group.end)


def _score(text: str, number: Quantity, found: Sequence[Mention]) -> Quantity | None:
    """The number when it can be a score in prose; plain 88.95 is then a percentage."""
    if _NOT_A_SCORE.match(text, number.end) and not _of_metric(text, number.end, found):
        return None
    if _BY.search(text, max(0, number.start - 6), number.start):
        return None
    if _DIFFERENCE_BEHIND.match(text, number.end) or not 0 <= number.value <= 100:
        return None
    if number.percent:
        return number if number.value <= 1 else None
    if number.whole:
        marked = text[: number.start].rstrip(" *_`")[-1:] in (":", "=")
        return number if marked and number.value <= 1 else None
    if number.value <= 1:
        return number
    if number.value >= PERCENT_FROM:
        return number.as_percent()
    return number if any(METRICS[each.metric].highest > 1 for each in found) else None


def _of_metric(text: str, position: int, found: Sequence[Mention]) -> bool:
    """Whether ``of`` leads to a metric, as in ``90% of accuracy``."""
    match = _OF_METRIC.match(text, position)
    return match is not None and any(each.start == match.end() for each in found)


def _paired(mentions: Sequence[Mention], run: Sequence[Quantity]) -> list[Link]:
    """One number for all, as many numbers as metrics, or several numbers of one metric."""
    if len(run) == 1:
        pairs = [(mention, run[0], 0, 1) for mention in mentions]
    elif len(run) == len(mentions):
        pairs = [(mention, each, 0, 1) for mention, each in zip(mentions, run, strict=True)]
    elif len(mentions) == 1:
        pairs = [(mentions[0], each, order, len(run)) for order, each in enumerate(run)]
    else:
        pairs = []
    return [
        Link(
            metric=mention.metric,
            quantity=number,
            start=min(mention.start, number.start),
            end=max(mention.end, number.end),
            order=order,
            of=of,
        )
        for mention, number, order, of in pairs
    ]


def _percent(link: Link) -> Link:
    return Link(
        metric=link.metric,
        quantity=link.quantity.as_percent(),
        start=link.start,
        end=link.end,
        order=link.order,
        of=link.of,
    )


def is_plain_link(gap: str) -> bool:
    """Whether words that stand between a name and a number, in that order, link the two."""
    words = [word.lower() for word in _WORD.findall(gap)]
    if len(gap) > 160 or len(words) > 10 or not all(word in _LINKS for word in words):
        return False
    if not _MARKS_BEFORE.fullmatch(_WORD.sub("", gap)):
        return False
    return any(mark in gap for mark in ":=(") or bool(_EXPLICIT & set(words))
