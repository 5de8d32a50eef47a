"""Other ways to compute BLEU that people print, each right by its own definition.

A score that one of them explains is not wrong, only another quantity than the one of
``grader.metrics.bleu`` (corpus BLEU of sacrebleu, lower-cased, against all references served).

====================================  ============================================================
behind the ``@``                      what it is
====================================  ============================================================
``recorded``                          against the references the notebook used, where they are
                                      fewer than those served
``cased``                             case counts; sacrebleu's own default
``evaluate``                          ``evaluate.load("bleu")``: case counts, no smoothing, the
                                      brevity penalty from the shortest reference of each item
``nltk``                              ``nltk.translate.bleu_score.corpus_bleu``: words between
                                      blanks, no smoothing
``nltk-sentences``                    mean of nltk's ``sentence_bleu``
``...-method1``, ``...-method4``      with that ``SmoothingFunction`` of nltk
``...-lower``, ``...-words``          in lower case; lower case without punctuation
``overlap``                           share of the caption's distinct words that stand in its first
                                      reference, averaged: the simplified BLEU-1 of courses
====================================  ============================================================
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import exp

from grader.metrics.tokens import words

__all__ = ["bleu_conventions"]

Texts = Sequence[str]
Several = Sequence[Sequence[str]]

ORDERS = (1, 2, 3, 4)
WEIGHTS = tuple(tuple(1 / order for _ in range(order)) for order in ORDERS)

TOKENS: Mapping[str, Callable[[str], list[str]]] = {
    "": str.split,
    "-lower": lambda text: text.lower().split(),
    "-words": words,
}
SMOOTHINGS = ("", "-method1", "-method4")


def bleu_conventions(
    predictions: Texts, references: Several
) -> Iterator[tuple[str, dict[str, float]]]:
    """The name of each convention with BLEU-1 to BLEU-4 by it, as fractions; cheap ones first.

    Args:
        predictions: One text an item.
        references: At least one text an item, as the notebook used them.
    """
    yield "cased", _cased(predictions, references)
    yield "evaluate", _evaluate(predictions, references)
    yield "overlap", {"bleu1": _overlap(predictions, references)}
    for smoothing, (suffix, tokens) in product(SMOOTHINGS, TOKENS.items()):
        said = [tokens(each) for each in predictions]
        known = [[tokens(each) for each in several] for several in references]
        yield f"nltk{smoothing}{suffix}", _named(_corpus(said, known, smoothing))
    for smoothing, (suffix, tokens) in product(SMOOTHINGS, TOKENS.items()):
        said = [tokens(each) for each in predictions]
        known = [[tokens(each) for each in several] for several in references]
        each_one = [
            _corpus([one], [several], smoothing) for one, several in zip(said, known, strict=True)
        ]
        means = [sum(values) / len(values) for values in zip(*each_one, strict=True)]
        yield f"nltk-sentences{smoothing}{suffix}", _named(means)


def _named(values: Sequence[float]) -> dict[str, float]:
    return {f"bleu{order}": float(value) for order, value in zip(ORDERS, values, strict=True)}


def _cased(predictions: Texts, references: Several) -> dict[str, float]:
    # sacrebleu and numpy take a second to import; the static check never comes here
    from grader.metrics.bleu import bleu

    return _named(
        [
            bleu(predictions, references, order=order, lowercase=False).score / 100
            for order in ORDERS
        ]
    )


def _evaluate(predictions: Texts, references: Several) -> dict[str, float]:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    tokens: Callable[[str], str] = Tokenizer13a()  # type: ignore[no-untyped-call]
    said = sum(len(tokens(each).split()) for each in predictions)
    shortest = sum(min(len(tokens(each).split()) for each in several) for several in references)
    penalty = 1.0 if said > shortest else exp(1 - shortest / max(said, 1))
    streams = _streams(references)
    found = [
        BLEU(max_ngram_order=order, smooth_method="none", force=True).corpus_score(
            list(predictions), streams
        )
        for order in ORDERS
    ]
    return _named([each.score / 100 / each.bp * penalty if each.bp else 0.0 for each in found])


def _streams(references: Several) -> list[list[str]]:
    """The first reference of every item, then the second; an item's last one is repeated."""
    most = max(map(len, references))
    return [[several[min(index, len(several) - 1)] for several in references]
            for index in range(most)]  # fmt: skip


def _overlap(predictions: Texts, references: Several) -> float:
    shares = []
    for said, several in zip(predictions, references, strict=True):
        mine, theirs = set(said.lower().split()), set(several[0].lower().split())
        shares.append(len(mine & theirs) / len(mine) if mine else 0.0)
    return sum(shares) / len(shares)


def _corpus(
    said: Sequence[list[str]], known: Sequence[list[list[str]]], smoothing: str
) -> list[float]:
    # nltk takes more than a second to import; the static check never comes here
    from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu

    method = getattr(SmoothingFunction(), f"method{smoothing[-1:] or 0}")
    with warnings.catch_warnings():
        # nltk warns of orders without a match, which count as they count there
        warnings.simplefilter("ignore")
        found = corpus_bleu(known, said, weights=list(WEIGHTS), smoothing_function=method)
    return [float(each) for each in found]
