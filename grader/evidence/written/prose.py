"""Numbers in sentences, each with what the words around it say it is of."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import numbers, remarks, vocabulary
from grader.evidence.linking import is_plain_link
from grader.evidence.sentences import Sentence
from grader.evidence.written import words
from grader.evidence.written.backing import (
    as_items,
    is_disclaimed,
    item_count,
    speaks_of_single,
    split_of,
)
from grader.evidence.written.naming import Names
from grader.evidence.written.nouns import Noun, nouns
from grader.evidence.written.quantities import Amount, amounts
from grader.evidence.written.subjects import Subjects
from grader.model import METRICS, Claim, FigureKind, MetricName
from grader.patterns import regex

__all__ = ["Found", "Said", "read"]

_CHANGED = regex(
    rf"(?:(?<!\w)(?:by|um)\s|\+|{words.one_of(words.CHANGES)})\s?(?:[~\u2248]|about\s|etwa\s)?$",
    re.IGNORECASE,
)
_DIFFERENCES = vocabulary.phrases(vocabulary.DIFFERENCES)
_CLAUSE = regex(
    r"[;\uff1b。]|\.\s|,\s(?:while|whereas|but|tandis|während|mientras)\s", re.IGNORECASE
)
_LABEL = regex(r"(?P<label>[^\n,;:=|.!?(){}\[\]<>]{2,60}?)[\s*_`]{0,6}[:=\u2248][\s*_`~$]{0,6}$")
_BEHIND = regex(r"[\s*_`)'\u2019-]{0,4}(?:[^\W\d_]{1,14}['\u2019\s]{1,2}){0,2}[*_]{0,2}")
_OF = regex(
    r"\s(?P<of>(?:of|for|in|des?|der|del|d['\u2019]|von|für|pour|para)\s?(?:[^\W\d_][\w'\u2019-]{0,20}\s?){1,4})",
    re.IGNORECASE,
)
_WORDS_BEFORE = regex(r"(?P<words>(?:[^\W\d_][\w'\u2019-]{0,24}[\s:*]{1,3}){1,4})[~(*$\s]{0,4}$")
_LETTER = regex(r"[^\W\d_]")
_REACH = 100
_LONGEST_NAME = 80
_LONGEST_LIST = 10
_MOST = 80
"""Numbers of a sentence; where more stand in a row, it is none."""
_OF_SOME = regex(r"\s(?:out\s)?(?:of|von|sur|de|aus)\s(?:the\s|les\s|den\s|las\s)?", re.IGNORECASE)


class Found(Struct, frozen=True, kw_only=True):
    """A number of a text with what it is of, before it has a place."""

    amount: Amount
    """The number, with offsets in the cell."""

    kind: FigureKind
    """What it is of."""

    name: str
    """What the text calls it."""

    metric: str | None = None
    """Metric, where certain."""

    model: str | None = None
    """Model named for it."""

    dataset: str | None = None
    """Dataset named beside it."""

    split: str | None = None
    """Split named beside it."""

    n: int | None = None
    """Items it is said to rest on."""

    hedged: bool = False
    """Whether inexact."""

    target: bool = False
    """Whether an aim."""

    cited: bool = False
    """Whether somebody else's."""

    disclaimed: bool = False
    """Whether taken back."""

    claim: Claim | None = None
    """The claim made of it, if one is."""


class Said(Struct, frozen=True, kw_only=True):
    """A sentence with what surrounds it."""

    sentence: Sentence
    """The sentence, its offset in the cell."""

    plain: str
    """Its text with the digits of dates, names and references struck out."""

    claims: Mapping[int, Sequence[Claim]]
    """Claims by the offset of their number in the cell."""

    model: str | None
    """Model of the heading or label above."""

    asked: frozenset[MetricName]
    """Metrics claims are made of."""

    following: str
    """The sentence behind it, when it stands in the same paragraph."""


def read(said: Said, names: Names) -> tuple[list[Found], list[Amount]]:
    """The figures of a sentence, and the numbers that are none; offsets are those of the cell."""
    found_in = amounts(said.plain)
    if not found_in:
        return [], []
    if len(found_in) > _MOST:
        return [], [_moved(each, said.sentence.start) for each in found_in]
    reader = _Reader(said, names, found_in)
    figures: list[Found] = []
    missed: list[Amount] = []
    for index, amount in enumerate(reader.found):
        made = list(reader.figures(index, amount))
        figures += made
        missed += [] if made else [_moved(amount, said.sentence.start)]
    return figures, missed


class _Reader:
    """Makes the figures of one sentence."""

    def __init__(self, said: Said, names: Names, found: Sequence[Amount]) -> None:
        self._said = said
        self._text = said.sentence.text
        self._start = said.sentence.start
        self.found = found = [as_items(said.sentence.text, each) for each in found]
        self._nouns = nouns(self._text)
        self._subjects = Subjects(self._text, names, found, said.model)
        self._n = item_count(self._text, found)
        if self._n is None and speaks_of_single(said.following):
            self._n = 1
        self._several = len({each.value for each in found if each.kind == "items"}) > 1
        self._split = split_of(self._text)
        self._disclaimed = is_disclaimed(self._text, said.following)

    def figures(self, index: int, amount: Amount) -> Iterator[Found]:
        """The figures of one number: one for each metric it is said to be of, or one, or none."""
        claimed = self._said.claims.get(amount.start + self._start, ())
        if claimed:
            yield from (self._claimed(claim, index, amount) for claim in claimed)
            return
        named = self._named(index, amount)
        if named is not None:
            yield self._found_as(index, amount, *named)

    def _claimed(self, claim: Claim, index: int, amount: Amount) -> Found:
        scores = [each for each in self._nouns if each.kind == "score" and not each.generic]
        same = [each for each in scores if each.metric == claim.metric] or scores
        nearest = min(same, key=lambda noun: abs(noun.start - amount.start), default=None)
        name = nearest.text if nearest else METRICS[claim.metric].title
        made = self._found_as(index, self._as_claimed(claim, amount), "score", name, claim.metric)
        return replace(
            made,
            n=claim.n if claim.n is not None and not self._several else made.n,
            hedged=claim.hedged or made.hedged,
            target=claim.target,
            cited=claim.cited,
            claim=claim,
        )

    def _as_claimed(self, claim: Claim, amount: Amount) -> Amount:
        """The number in hundredths where a label says so: ``Accuracy (%): 88.95``."""
        before = self._text[max(0, amount.start - 12) : amount.start]
        if amount.percent or "%" not in before or claim.value == amount.value:
            return amount
        return replace(amount, value=claim.value, decimals=claim.decimals)

    def _found_as(
        self, index: int, amount: Amount, kind: FigureKind, name: str, metric: str | None
    ) -> Found:
        hedged = amount.hedged or remarks.is_hedged(self._text, amount.start, amount.end)
        other = remarks.is_of_other_run(self._text, amount.start)
        part = remarks.part_at(self._text, amount.start)
        scored = kind in {"score", "loss", "similarity", "probability", "share"}
        return Found(
            amount=_moved(amount, self._start),
            kind=kind,
            name=" ".join(name.split())[:_LONGEST_NAME],
            metric=metric,
            model=self._subjects.model(index, amount),
            dataset=self._subjects.dataset(index, amount),
            split=self._split,
            n=self._rests_on(index) if scored else None,
            hedged=hedged,
            target=remarks.is_target(part),
            cited=remarks.is_cited(part) or (scored and other),
            disclaimed=self._disclaimed and scored,
        )

    def _rests_on(self, index: int) -> int | None:
        """Items a score rests on: those named beside it, where the sentence names several."""
        if not self._several:
            return self._n if self._n == 1 or not self._subjects.several else self._beside(index)
        return self._beside(index)

    def _beside(self, index: int) -> int | None:
        """Items counted right behind a score; before it, where that is how the sentence starts."""
        kinds = ["items" if each.kind == "items" else "score" for each in self.found]
        step = -1 if kinds[0] == "items" else 1
        at = index + step
        while 0 <= at < len(kinds) and self.found[at].kind in {"classes", "count"}:
            at += step
        if not 0 <= at < len(kinds) or kinds[at] != "items":
            return None
        return int(self.found[at].value)

    def _named(self, index: int, amount: Amount) -> tuple[FigureKind, str, str | None] | None:
        """Kind, name and metric of a number no claim was made of."""
        if (whole := self._whole(index, amount)) is not None:
            return "count", whole, None
        noun = self._noun(index, amount)
        if amount.kind is not None and not amount.percent:
            same = noun is not None and noun.kind == amount.kind
            return amount.kind, noun.text if noun and same else amount.unit, None
        if noun is not None:
            return self._of_noun(noun, amount)
        label = self._label(amount)
        if label is not None:
            return ("share" if amount.percent else "other"), label, None
        if amount.percent and (said := self._share_of(amount)):
            return "share", said, None
        return None

    def _whole(self, index: int, amount: Amount) -> str | None:
        """``10 of 12 images``: what a count is a part of."""
        following = self.found[index + 1] if index + 1 < len(self.found) else None
        if following is None or following.kind != "items" or amount.kind is not None:
            return None
        if not _OF_SOME.fullmatch(self._text, amount.end, following.start):
            return None
        return self._text[amount.end : following.end].strip()

    def _of_noun(self, noun: Noun, amount: Amount) -> tuple[FigureKind, str, str | None]:
        between = self._between(noun, amount)
        if self._text[: amount.start].rstrip().endswith("±"):
            return "other", f"{noun.text} ±", None
        beside = self._text[amount.end : amount.end + 14]
        if noun.kind == "score" and (
            _CHANGED.search(self._text[max(0, amount.start - 24) : amount.start])
            or _DIFFERENCES.search(between)
            or _DIFFERENCES.match(beside.lstrip())
        ):
            return (
                "other",
                self._text[min(noun.start, amount.start) : amount.start] or noun.text,
                None,
            )
        kind: FigureKind = noun.kind
        # Without a unit a time or a size is of unknown length.
        if amount.kind is None and kind in {"seconds", "bytes", "rate"}:
            kind = "other"
        if amount.percent and kind in {
            "other",
            "items",
            "classes",
            "parameters",
            "seconds",
            "bytes",
            "rate",
        }:
            kind = "share"
        return kind, noun.text, noun.metric if self._is_certain(noun, amount, between) else None

    def _is_certain(self, noun: Noun, amount: Amount, between: str) -> bool:
        """Whether a number is the metric before it, as claims demand it of those of the lab."""
        if noun.metric is None or noun.end > amount.start or not is_plain_link(between):
            return False
        before = self._text[max(0, noun.start - 40) : noun.start]
        asked = [metric for metric in self._said.asked if metric == noun.metric]
        clause = re.split(r"[,;:.(]", before)[-1]
        return not any(numbers.is_other(clause, metric) for metric in asked)

    def _between(self, noun: Noun, amount: Amount) -> str:
        if noun.end <= amount.start:
            return self._subjects.unnamed(noun.end, amount.start)
        return self._subjects.unnamed(amount.end, noun.start)

    def _noun(self, index: int, amount: Amount) -> Noun | None:
        """The word a number is of: right behind it, else the last one before it in its clause."""
        behind = next((each for each in self._nouns if each.start >= amount.figures), None)
        direct = (
            behind is not None
            and _BEHIND.fullmatch(self._text, amount.figures, behind.start) is not None
        )
        before = self._noun_before(index, amount)
        if direct and (before is None or not is_plain_link(self._between(before, amount))):
            return behind
        return before or self._noun_of_list(index)

    def _noun_of_list(self, index: int) -> Noun | None:
        """``0.91 and 0.89 accuracy``: what stands behind the last number is said of all."""
        last = index
        while last + 1 < min(len(self.found), index + _LONGEST_LIST) and self._is_list(last + 1):
            last += 1
        return self._noun_behind(self.found[last]) if last > index else None

    def _noun_behind(self, amount: Amount) -> Noun | None:
        behind = next((each for each in self._nouns if each.start >= amount.figures), None)
        if behind and _BEHIND.fullmatch(self._text, amount.figures, behind.start):
            return behind
        return None

    def _noun_before(self, index: int, amount: Amount) -> Noun | None:
        stop = self.found[index - 1].end if index else 0
        near = [
            each
            for each in self._nouns
            if each.end <= amount.start and amount.start - each.end <= _REACH
        ]
        specific = [each for each in near if not each.generic] or near
        if not specific:
            return None
        noun = specific[-1]
        gap = self._text[noun.end : amount.start]
        listed = noun.end >= stop or self._is_list(index)
        return noun if listed and not _CLAUSE.search(gap) else None

    def _is_list(self, index: int) -> bool:
        """Whether only a comma or a word that joins stands between a number and the one before."""
        gap = self._text[self.found[index - 1].end : self.found[index].start]
        return len(gap) <= 8

    def _label(self, amount: Amount) -> str | None:
        """``Break-even point: ~2.3``: the words before the colon."""
        before = self._text[max(0, amount.start - 8) : amount.start].rstrip(" *_`~$")
        if not before.endswith((":", "=", "\u2248")):
            return None
        match = _LABEL.search(self._text, max(0, amount.start - 80), amount.start)
        if match is None or not _LETTER.search(match["label"]):
            return None
        return match["label"].strip(" *_`#•-\t") or None

    def _share_of(self, amount: Amount) -> str | None:
        """Words of a percentage of something: ``of the images``, else those before it."""
        if match := _OF.match(self._text, amount.end):
            return match["of"].strip()
        before = _WORDS_BEFORE.search(self._text, max(0, amount.start - 90), amount.start)
        return before["words"].strip(" :*") if before else None


def _moved(amount: Amount, by: int) -> Amount:
    return replace(
        amount, start=amount.start + by, end=amount.end + by, figures=amount.figures + by
    )
