"""Which model and which dataset a number of a sentence is of."""

import re
from collections.abc import Sequence

from grader.evidence import vocabulary
from grader.evidence.written.naming import Name, Names
from grader.evidence.written.quantities import Amount
from grader.patterns import regex

__all__ = ["Subjects"]

_AGAINST = regex(
    rf"(?<!\w){vocabulary.alternation(vocabulary.every(vocabulary.AGAINST))}\s(?:the\s|our\s)?\W{{0,3}}$",
    re.IGNORECASE,
)
_BELONGS = regex(
    r"\W{0,4}(?:\s?[^\W\d_]{1,12}){0,3}\s(?:for|of|with|by|from|für|von|mit|para|de|por|con|pour|du|"
    r"d['\u2019]|par|avec)\s(?:the\s|our\s|le\s|la\s)?\W{0,3}",
    re.IGNORECASE,
)


class Subjects:
    """The models and datasets one sentence names."""

    def __init__(self, text: str, names: Names, found: Sequence[Amount], above: str | None) -> None:
        """Read the names of a sentence.

        Args:
            text: The sentence, folded.
            names: Names of models and datasets.
            found: Its numbers, with offsets in it.
            above: Model of the heading or label above it.
        """
        self._text = text
        self._found = found
        self._above = above
        self._models = names.models(text)
        self._datasets = names.datasets(text)
        self.several = len({each.text.lower() for each in self._models}) > 1
        """Whether the sentence names more than one model."""

    def unnamed(self, start: int, end: int) -> str:
        """The text between two offsets without names of models and datasets."""
        gap = self._text[start:end]
        for each in sorted((*self._models, *self._datasets), key=lambda name: -name.start):
            if each.start >= start and each.end <= end:
                gap = gap[: each.start - start] + " " + gap[each.end - start :]
        return gap

    def model(self, index: int, amount: Amount) -> str | None:
        """The model named for a number in its sentence, else that of the text above."""
        if not self._models:
            return self._above
        different = {each.text.lower() for each in self._models}
        if len(different) == 1:
            return self._models[0].text
        return self._in_list(index) or self._nearest(index, amount)

    def _in_list(self, index: int) -> str | None:
        """``ViT and CLIP reached 0.91 and 0.89``: as many models as numbers, all of them before."""
        scores = [each for each in self._found if each.kind in {None, "share"}]
        before = [each for each in self._models if each.end <= scores[0].start] if scores else []
        pairs = len(scores) == len(before) == len(self._models) > 1
        if not pairs or self._found[index] not in scores:
            return None
        return before[scores.index(self._found[index])].text

    def _nearest(self, index: int, amount: Amount) -> str | None:
        """Named behind with ``for``, else the last one before that is not compared with."""
        following = [each.start for each in self._found[index + 1 :]]
        limit = min([*following, amount.end + 60, len(self._text)])
        for each in self._models:
            if amount.end <= each.start < limit and self._belongs(amount, each):
                return each.text
        before = [each for each in self._models if each.end <= amount.start]
        subjects = [
            each
            for each in before
            if not _AGAINST.search(self._text[max(0, each.start - 40) : each.start])
        ]
        if subjects:
            return subjects[-1].text
        return None if before else self._models[0].text

    def _belongs(self, amount: Amount, name: Name) -> bool:
        return _BELONGS.fullmatch(self._text, amount.figures, name.start) is not None

    def dataset(self, index: int, amount: Amount) -> str | None:
        """The dataset named behind a number, before the next score; else the last one before."""
        scores = [each.start for each in self._found[index + 1 :] if each.kind in {None, "share"}]
        limit = min([*scores, len(self._text)])
        behind = [each for each in self._datasets if amount.end <= each.start < limit]
        before = [each for each in self._datasets if each.end <= amount.start]
        if behind or before:
            return behind[0].text if behind else before[-1].text
        inside = [each for each in self._datasets if each.start < amount.end]
        alone = self._datasets and not self.several
        return inside[0].text if inside else self._datasets[0].text if alone else None
