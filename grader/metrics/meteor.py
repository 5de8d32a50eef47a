"""METEOR of captions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.metrics._checks import captions
from grader.metrics.tokens import words

__all__ = ["meteor"]


class _NoSynonyms:
    """Stands where nltk expects WordNet, whose data is a download."""

    def synsets(self, word: str) -> tuple[()]:
        """No synonyms of any word."""
        return ()


def meteor(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """METEOR of each caption, matching equal words and equal stems; by nltk.

    Banerjee & Lavie 2005 with the constants of that paper: words are matched when equal, then
    when their Porter stems are; F = 10 P R / (R + 9 P), times one minus the penalty
    0.5 (chunks / matches)^3; the best of the references counts. nltk matches from the ends of the
    sentences, which need not be the alignment of fewest crossings the paper asks for. Synonyms,
    the paper's third stage, are left out because WordNet is a download, so name the result
    "METEOR (exact, stem)": ``evaluate.load("meteor")``, which has WordNet, mostly gives a little
    more. METEOR 1.5, the Java program of the COCO leaderboard, has other constants, paraphrases
    and function words and gives other numbers.

    Args:
        hypotheses: One caption an item, shape (n,).
        references: At least one caption an item; items may have different numbers.

    Returns:
        Shape (n,), each from 0 to 1; the score of the corpus is the mean.

    Raises:
        ValueError: If there are no items or lengths differ.
    """
    # nltk takes more than a second to import; nothing but captioning should wait for it
    from nltk.translate.meteor_score import meteor_score

    captions(hypotheses, references)
    return np.array(
        [
            meteor_score([words(each) for each in several], words(said), wordnet=_NoSynonyms())
            for said, several in zip(hypotheses, references, strict=True)
        ],
        dtype=np.float64,
    )
