"""Metrics in lines of printed text: ``Accuracy: 0.8895``, dictionaries, sentences of a program."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import numbers, vocabulary
from grader.evidence.directions import Mention, direction_of
from grader.evidence.naming import TaskNames
from grader.evidence.numbers import Quantity
from grader.model import Average, MetricName
from grader.patterns import regex

_WORD = regex(r"[^\W\d_]+\d*")
_FILLERS = vocabulary.words(vocabulary.FILLERS)
_NEUTRAL = vocabulary.words(vocabulary.NEUTRAL)
_NOT_THEIRS = vocabulary.phrases(vocabulary.NOT_THEIRS)
_WRAPPERS = frozenset({"np", "numpy", "float", "tensor"})
_PUNCTUATION = frozenset("'\"*_`()-–—>→.")  # noqa: RUF001 - dashes as programs print them

_PROGRESS = regex(
    r"(?<![\d.,])\d{1,3}%(?:\||\s\|[#=█▏▎▍▌▋▊▉])|\[=|it/s|s/it|warning", re.IGNORECASE
)
_PARTIAL = regex(r"\W{0,8}(?:epoch|step|batch|iter\w{0,10}|class|label|category)\b", re.IGNORECASE)
_VALIDATION = regex(r"(?:val|valid|validation|eval|test)[\W_]{0,3}$", re.IGNORECASE)
_RATIO = regex(r"(?<![\w.])(?P<hits>\d{1,9})\s?/\s?(?P<n>\d{1,9})(?![\w.])")
_NO_VALUE = regex(r"\s?/|\s?[-–]\s?\d|-[a-z]|\s?[x×]\s?\d", re.IGNORECASE)  # noqa: RUF001
_NUMBER_AGAIN = regex(r"\s+[\d.]")
_CUT = regex(r"[,;|{(\[]|\.\s")
_ANEW = regex(r"[|;{}]|(?<![^\W_])(?:test|eval|val)", re.IGNORECASE)
_BRACE = regex(r"(?:['\"](?P<key>[^'\"\n]{1,60})['\"]\s{0,3}:\s{0,3})?(?P<brace>[{}])")
_SUPPORT = regex(r"['\"]support['\"]\s{0,3}:\s{0,3}(?P<n>\d{1,9})(?:\.0)?(?=\s{0,3}[,}])")
_BLEU: tuple[MetricName, ...] = ("bleu1", "bleu2", "bleu3", "bleu4")
_SACREBLEU = regex(r"\s(?P<precisions>\d{1,3}\.\d(?:/\d{1,3}\.\d){0,3})\s\(BP\s?=")
_WINDOW = 200
_DEEPEST = 20


class Finding(Struct, frozen=True, kw_only=True):
    """A metric and its number in a text."""

    metric: MetricName
    """Which metric."""

    quantity: Quantity
    """The number, its offsets in the line."""

    average: Average | None
    """Averaging, when named."""

    n: int | None
    """Items, when the line states them."""

    tasks: frozenset[str]
    """Tasks the line names for it; none when it names none."""


class _Walk(Struct):
    """What has been seen between a metric and its number."""

    position: int
    explicit: bool = False
    percent: bool = False
    words: int = 0
    n: int | None = None
    ratio: tuple[int, int] | None = None
    tasks: frozenset[str] = frozenset()


class LineReader:
    """Reads the lines of one output, from top to bottom: dictionaries may span lines."""

    def __init__(self, names: TaskNames) -> None:
        self._names = names
        self._owners: list[str] = []
        self._title = ""

    def read(self, line: str) -> Iterator[Finding]:
        """The metrics of a folded line, in order; precision before completeness."""
        if not line.strip():
            self._owners.clear()
        owners = self._owners_in(line)
        found = numbers.mentions(line, known=self._names.metrics, above=self._title)
        self._title = line if direction_of(line) and not found else self._title
        if not found or _PROGRESS.search(line):
            return
        partial = _PARTIAL.match(line) is not None
        left, refused = 0, False
        for mention, right in zip(found, _limits(found, line), strict=True):
            before = line[max(left, mention.start - 60) : mention.start]
            left = mention.end
            prefix = before[max((cut.end() for cut in _CUT.finditer(before)), default=0) :]
            if partial and not _VALIDATION.search(before):
                continue
            # "cat: precision=0.9 recall=0.8": the refusal holds until something new is named.
            refused = refused and not (_ANEW.search(before) or self._names.named(prefix))
            refused = refused or not self._is_whole(prefix, mention.metric)
            finding = None if refused else self._finding(line, mention, right, prefix)
            if finding is not None:
                yield from self._owned(finding, owners, line, mention)
                left = finding.quantity.end

    def _finding(self, line: str, mention: Mention, right: int, prefix: str) -> Finding | None:
        walk = _Walk(position=mention.end)
        quantity = self._number(line, walk, right)
        if quantity is None or not _is_score(quantity, walk, mention.metric, line):
            return None
        behind = line[quantity.end : min(right, quantity.end + 60)]
        gap = line[mention.end : quantity.start]
        named = self._names.namings(prefix)[-1:]
        quantity = quantity.as_percent() if walk.percent else quantity
        metric, quantity = _of_sacrebleu(line, quantity, mention.metric)
        return Finding(
            metric=metric,
            quantity=numbers.in_unit(quantity, metric),
            average=numbers.average_of(f"{prefix} {gap}"),
            n=walk.n or numbers.item_count(behind) or _denominator(quantity, walk, behind),
            tasks=walk.tasks | {naming.task for naming in named},
        )

    def _is_whole(self, prefix: str, metric: MetricName) -> bool:
        """Whether what stands before a metric leaves it a score of a whole task."""
        spaced = prefix.replace("_", " ")
        if numbers.is_other(prefix, metric) or _NOT_THEIRS.search(spaced):
            return False
        if metric == "precision" and re.search(r"average\s*$", spaced, re.IGNORECASE):
            return numbers.average_of(prefix) is not None
        if not spaced.rstrip().endswith(":") or self._names.named(prefix):
            return True
        return {word.lower() for word in _WORD.findall(spaced)} <= _NEUTRAL | _FILLERS

    def _number(self, line: str, walk: _Walk, right: int) -> Quantity | None:
        """The first number behind a metric, unless a word of another meaning comes first."""
        while walk.position < right:
            if line[walk.position].isspace():
                walk.position += 1
                continue
            if self._skipped(line, walk, right):
                continue
            quantity = numbers.quantity_at(line, walk.position, right)
            if quantity is not None:
                return quantity
            if not _passes(line, walk):
                return None
        return None

    def _skipped(self, line: str, walk: _Walk, right: int) -> bool:
        """Whether a task, a number of items or a ratio stood here and was noted."""
        if naming := self._names.naming_at(line, walk.position):
            walk.tasks |= {naming.task}
            walk.position, walk.explicit = naming.end, False
            walk.words += 1
            return True
        counted = numbers.count_at(line, walk.position, right)
        if counted is not None:
            walk.n = numbers.item_count(line[walk.position : counted])
            walk.position, walk.explicit = counted, False
            return True
        if ratio := _RATIO.match(line, walk.position, right):
            walk.ratio = (int(ratio["hits"]), int(ratio["n"]))
            walk.position = ratio.end()
            return True
        return False

    def _owners_in(self, line: str) -> list[tuple[int, tuple[str, ...]]]:
        """Where the keys around a position change: ``{'macro avg': {`` and ``}``."""
        changes = [(-1, tuple(self._owners))]
        for match in _BRACE.finditer(line):
            if match["brace"] == "{":
                self._owners.append(match["key"] or "")
            elif self._owners:
                self._owners.pop()
            del self._owners[:-_DEEPEST]
            changes.append((match.start(), tuple(self._owners)))
        return changes

    def _owned(
        self,
        finding: Finding,
        changes: list[tuple[int, tuple[str, ...]]],
        line: str,
        mention: Mention,
    ) -> Iterator[Finding]:
        """The finding with what the keys around it say; none where they name a class."""
        index = bisect_right(changes, mention.start, key=lambda change: change[0]) - 1
        for key in changes[index][1]:
            spaced = key.replace("_", " ")
            average = numbers.average_of(spaced)
            named = self._names.named(spaced)
            words = {word.lower() for word in _WORD.findall(spaced)}
            if average is not None:
                support = _SUPPORT.search(line, mention.end, mention.end + _WINDOW)
                n = int(support["n"]) if support else finding.n
                finding = replace(finding, average=average, n=n)
            elif named:
                finding = replace(finding, tasks=finding.tasks | named)
            elif not words <= _NEUTRAL or (key and not words):
                return
        yield finding


def _of_sacrebleu(line: str, quantity: Quantity, metric: MetricName) -> tuple[MetricName, Quantity]:
    """The metric as sacrebleu prints it: in hundredths, and of the order of the precisions."""
    printed = _SACREBLEU.match(line, quantity.end) if metric in _BLEU else None
    order = printed["precisions"].count("/") if printed else len(_BLEU)
    return (_BLEU[order], quantity.as_percent()) if order < len(_BLEU) else (metric, quantity)


def _limits(found: tuple[Mention, ...], line: str) -> list[int]:
    """Where the search for each metric's number ends: at the next metric."""
    starts = [*(each.start for each in found[1:]), len(line)]
    return [min(start, each.end + _WINDOW) for start, each in zip(starts, found, strict=True)]


def _passes(line: str, walk: _Walk) -> bool:
    """Step over one harmless word or mark; ``False`` at anything else."""
    if word := _WORD.match(line, walk.position):
        lower = word[0].lower().rstrip("0123456789")
        walk.percent = walk.percent or lower.startswith("percent")
        walk.explicit = walk.explicit and lower in _WRAPPERS
        walk.words += 1
        walk.position = word.end()
        return lower in _FILLERS
    mark = line[walk.position]
    walk.position += 1
    walk.explicit = walk.explicit or mark in ":=→"
    walk.percent = walk.percent or mark == "%"
    return mark in _PUNCTUATION or mark in ":=%" or (mark == "," and walk.words == 0)


def _is_score(quantity: Quantity, walk: _Walk, metric: MetricName, line: str) -> bool:
    """Whether a number can be a score, by how it is written and what follows it."""
    if _NO_VALUE.match(line, quantity.end):
        return False
    bare = quantity.whole and not quantity.percent and not walk.percent
    if bare and (not walk.explicit or quantity.value > (1 if metric == "precision" else 100)):
        return False
    return walk.explicit or not _NUMBER_AGAIN.match(line, quantity.end)


def _denominator(quantity: Quantity, walk: _Walk, behind: str) -> int | None:
    """The number of items of a ratio beside a score, when the two agree."""
    ratio = walk.ratio
    if ratio is None and (match := _RATIO.search(behind)):
        ratio = (int(match["hits"]), int(match["n"]))
    if ratio is None or not ratio[1]:
        return None
    close = abs(ratio[0] / ratio[1] - quantity.value) <= 10.0**-quantity.decimals
    return ratio[1] if close else None
