"""BLEU of a corpus of captions."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from grader.metrics._checks import captions

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

__all__ = ["Bleu", "bleu", "bleu_of_rows"]

SMOOTHING = "exp"
"""sacrebleu's own default value: an order without a match counts half the one before."""


class Bleu(Struct, frozen=True, kw_only=True):
    """A BLEU score and what it consists of."""

    score: float
    """From 0 to 100."""
    order: int
    """Longest n-gram counted: 4 is BLEU-4."""
    precisions: tuple[float, ...]
    """Modified precision of each order in percent, shape (order,)."""
    brevity_penalty: float
    """From 0 to 1."""
    hypothesis_length: int
    """Tokens of all hypotheses."""
    reference_length: int
    """Tokens of the references closest in length."""
    signature: str
    """What another program needs to compute the same number; sacrebleu's own wording."""


def bleu(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    order: int = 4,
    lowercase: bool = True,
) -> Bleu:
    """BLEU-1 to BLEU-4 of a corpus; by sacrebleu, whose signature goes with the number.

    Papineni et al. 2002: the geometric mean of the modified precisions of 1- to ``order``-grams,
    summed over the corpus before dividing, times the brevity penalty. Tokens are those of
    mteval-v13a, which splits punctuation off and counts it; the COCO caption evaluation leaves it
    out, so its numbers differ slightly. ``nltk.translate.bleu_score.sentence_bleu`` averaged
    over captions is another quantity (a mean of ratios, near 0 for captions without a common
    4-gram) and must not be compared with this one. nltk's ``corpus_bleu`` gives the same for the
    same tokens where every caption has ``order`` words or more; it counts one n-gram in captions
    that are too short to have any.

    Args:
        hypotheses: One caption an item, shape (n,).
        references: At least one caption an item; items may have different numbers.
        order: From 1 to 4.
        lowercase: Whether case is ignored, as captioning papers do.

    Raises:
        ValueError: If there are no items, lengths differ, or ``order`` is out of range.
    """
    captions(hypotheses, references)
    metric = _metric(order, lowercase=lowercase)
    # sacrebleu wants the first reference of every item, then the second of every item, and takes
    # None where an item has no more, which its annotation does not say
    streams = cast("list[list[str]]", [list(each) for each in zip_longest(*references)])
    found = metric.corpus_score(list(hypotheses), streams)
    return Bleu(
        score=float(found.score),
        order=order,
        precisions=tuple(map(float, found.precisions)),
        brevity_penalty=float(found.bp),
        hypothesis_length=int(found.sys_len),
        reference_length=int(found.ref_len),
        signature=str(metric.get_signature()),
    )


def bleu_of_rows(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    order: int = 4,
    lowercase: bool = True,
) -> Callable[[NDArray[np.intp]], float]:
    """BLEU as a function of the items it is computed from, for ``bootstrap.bootstrap``.

    Counts are made once for each item and only summed for each sample, so a thousand samples take
    milliseconds. With every item once it is ``bleu(...).score``.

    Args:
        hypotheses: As for ``bleu``.
        references: As for ``bleu``.
        order: As for ``bleu``.
        lowercase: As for ``bleu``.

    Returns:
        A function from rows, shape (m,), of which some may occur several times, to a score.

    Raises:
        ValueError: As ``bleu``.
    """
    captions(hypotheses, references)
    # effective_order leaves counts as they are; without it sacrebleu warns of scores of sentences,
    # which are not used here
    metric = _metric(order, lowercase=lowercase, effective_order=True)
    scored = (
        metric.sentence_score(hypothesis, list(several))
        for hypothesis, several in zip(hypotheses, references, strict=True)
    )
    counts = np.array([(*s.counts, *s.totals, s.sys_len, s.ref_len) for s in scored])

    def score(rows: NDArray[np.intp]) -> float:
        total = [int(count) for count in counts[rows].sum(axis=0)]
        found = metric.compute_bleu(
            correct=total[:order],
            total=total[order:-2],
            sys_len=total[-2],
            ref_len=total[-1],
            smooth_method=SMOOTHING,
            max_ngram_order=order,
        )
        return float(found.score)

    return score


def _metric(order: int, *, lowercase: bool, effective_order: bool = False) -> "BLEU":
    # sacrebleu brings lxml and a tokenizer; nothing but captioning should wait for them
    from sacrebleu.metrics.bleu import BLEU

    if not 1 <= order <= 4:
        raise ValueError(f"BLEU-1 to BLEU-4 are defined here, not BLEU-{order}.")
    # force: captions that end in " ." are no sign of text tokenized before
    return BLEU(
        lowercase=lowercase,
        max_ngram_order=order,
        smooth_method=SMOOTHING,
        effective_order=effective_order,
        force=True,
    )
