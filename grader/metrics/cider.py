"""CIDEr-D of captions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from grader.metrics._checks import captions
from grader.metrics.tokens import words

__all__ = ["cider_d"]

LONGEST = 4
"""n-grams of 1 to 4 words count alike (Vedantam et al. 2015, "CIDEr Metric")."""

SIGMA = 6.0
"""Width, in words, of the penalty for a length unlike the reference's (the same, "Gameability and
Evaluation Server")."""

Gram = tuple[str, ...]
Vector = dict[Gram, float]


def cider_d(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """CIDEr-D of each caption; written here, no maintained library without Java has it.

    Vedantam, Zitnick & Parikh 2015, "CIDEr: Consensus-based Image Description Evaluation",
    "Gameability and Evaluation Server". With g_n(s) the counts of n-grams of a sentence, each times
    log(images / images whose references hold it), and l(s) its length in words::

        10 / m * sum_j exp(-(l(c) - l(s_j))^2 / (2 * 6^2))
               * min(g_n(c), g_n(s_j)) . g_n(s_j) / (|g_n(c)| |g_n(s_j)|)

    over the m references, averaged over n = 1 to 4. As in the authors' program, counts are not
    divided by the sentence's length, and an n-gram no reference holds is as rare as one that a
    single image's do. Document frequencies come from these references, so scores of different
    sets of items must not be compared, least of all those of a handful of items. Words are those of
    ``tokens.words``.

    Args:
        hypotheses: One caption an item, shape (n,).
        references: At least one caption an item; items may have different numbers.

    Returns:
        Shape (n,), each from 0 to 10; the score of the corpus is the mean. Papers often print it
        times 100, or without the factor 10.

    Raises:
        ValueError: If lengths differ or there are fewer than two items: every n-gram would occur
            in all references and weigh nothing.
    """
    n = captions(hypotheses, references)
    if n < 2:
        raise ValueError(
            "CIDEr-D weighs words by how rare they are, so it needs two items or more."
        )
    known = [[words(each) for each in several] for several in references]
    frequency = Counter(gram for several in known for gram in _occurring(several))
    rarity = {gram: log(n / images) for gram, images in frequency.items()}
    return np.array(
        [
            _caption(words(said), several, rarity, unseen=log(n))
            for said, several in zip(hypotheses, known, strict=True)
        ]
    )


def _occurring(several: Iterable[list[str]]) -> set[Gram]:
    return {gram for each in several for size in _sizes() for gram in _grams(each, size)}


def _caption(
    said: list[str], references: list[list[str]], rarity: dict[Gram, float], *, unseen: float
) -> float:
    total = 0.0
    for size in _sizes():
        candidate = _weighted(said, size, rarity, unseen)
        for reference in references:
            alike = _alike(candidate, _weighted(reference, size, rarity, unseen))
            total += alike * exp(-((len(said) - len(reference)) ** 2) / (2 * SIGMA**2))
    return 10.0 * total / len(references) / LONGEST


def _alike(candidate: Vector, reference: Vector) -> float:
    """Clipped cosine of two vectors; 0 when one of them has no weight."""
    lengths = _norm(candidate) * _norm(reference)
    if not lengths:
        return 0.0
    shared = candidate.keys() & reference.keys()
    return sum(min(candidate[gram], reference[gram]) * reference[gram] for gram in shared) / lengths


def _norm(vector: Vector) -> float:
    return sqrt(sum(weight**2 for weight in vector.values()))


def _weighted(sentence: list[str], size: int, rarity: dict[Gram, float], unseen: float) -> Vector:
    counts = Counter(_grams(sentence, size))
    return {gram: count * rarity.get(gram, unseen) for gram, count in counts.items()}


def _grams(sentence: list[str], size: int) -> Iterable[Gram]:
    return zip(*(sentence[start:] for start in range(size)), strict=False)


def _sizes() -> range:
    return range(1, LONGEST + 1)
