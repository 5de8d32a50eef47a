"""Accuracy of answers to questions about images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.metrics._checks import same_length
from grader.patterns import regex

__all__ = ["exact_match", "normalised", "vqa_accuracy"]

ENOUGH = 3
"""People who must have given an answer for it to count fully (Antol et al. 2015)."""

ARTICLES = frozenset({"a", "an", "the"})
NUMBERS = dict(
    zip(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        map(str, range(11)),
        strict=True,
    )
) | {"none": "0"}

CONTRACTED = (
    "ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mightn't "
    "mustn't needn't oughtn't shan't shouldn't wasn't weren't won't wouldn't could've i've "
    "might've must've should've they've we've who've would've you've he'd how'd it'd somebody'd "
    "someone'd that'd there'd they'd where'd who'd you'd how'll it'll somebody'll someone'll "
    "something'll that'll they'll what'll who'll you'll that're there're they're what're why're "
    "you're he's how's let's she's somebody's someone's something's that's there's what's when's "
    "where's who's why's i'm ma'am o'clock y'all"
)
CONTRACTIONS = {whole.replace("'", ""): whole for whole in CONTRACTED.split()}
"""Contraction without its apostrophe to the contraction. Those that are another word without it
(its, were, well, wed, shed, shell, ill) stay as they are."""

BETWEEN_DIGITS = regex(r"(?<=\d),(?=\d)")
PUNCTUATION = regex(r"[;/\[\]\"{}()=+\\_\-<>@`,?!]")
FULL_STOP = regex(r"\.(?!\d)")


def normalised(answer: str) -> str:
    """An answer as the VQA evaluation compares it.

    The processing described with the evaluation of Antol et al. 2015 and Goyal et al. 2017 (VQA
    v2; visualqa.org/evaluation): lower case; full stops removed except in decimals; number words
    to digits (``none`` is 0); articles removed; missing apostrophes of contractions added; other
    punctuation except apostrophe and colon to spaces, a comma between digits to nothing. The
    organisers' program departs from that description in two ways, which are not followed here:
    where all people gave the same answer it compares without any processing (so ``Yes`` is wrong
    when all said ``yes``), and it deletes a mark everywhere in an answer, joining the words
    around it, if the mark stands beside a space once or a comma between digits occurs.
    """
    text = BETWEEN_DIGITS.sub("", answer.lower())
    text = FULL_STOP.sub("", PUNCTUATION.sub(" ", text))
    found = (NUMBERS.get(word, word) for word in text.split())
    return " ".join(CONTRACTIONS.get(word, word) for word in found if word not in ARTICLES)


def vqa_accuracy(
    predictions: Sequence[str],
    answers: Sequence[Sequence[str]],
    *,
    leave_one_out: bool = False,
) -> NDArray[np.float64]:
    """VQA accuracy of each prediction: min(people who gave that answer / 3, 1); by numpy.

    Antol et al. 2015, "VQA: Visual Question Answering". The official figure
    (``leave_one_out``) is the mean of this over all subsets that leave one person out, ten
    choose nine of them, to be comparable with people's own accuracy: 1, 2, 3 and 4 of ten give
    0.3, 0.6, 0.9 and 1.0 where the formula alone gives 0.333, 0.667, 1.0 and 1.0. Compare only
    figures of the same kind.

    Args:
        predictions: One answer a question, shape (n,).
        answers: What people answered, at least three a question (the published sets have ten).
        leave_one_out: Whether to average as the organisers' program does.

    Returns:
        Shape (n,), each from 0 to 1; the score of the set is the mean.

    Raises:
        ValueError: If there are no questions, lengths differ, or a question has fewer than three
            answers, of which none can be fully right; use ``exact_match`` for such sets.
    """
    _several(predictions, answers, least=ENOUGH)
    return np.array(
        [
            _accuracy(
                [normalised(answer) for answer in several].count(normalised(said)),
                len(several),
                leave_one_out=leave_one_out,
            )
            for said, several in zip(predictions, answers, strict=True)
        ]
    )


def _accuracy(matches: int, people: int, *, leave_one_out: bool) -> float:
    """Leaving out one who agreed (``matches`` ways) leaves one match less, else as many."""
    if not leave_one_out:
        return min(matches / ENOUGH, 1.0)
    agreed = matches * min((matches - 1) / ENOUGH, 1.0)
    return (agreed + (people - matches) * min(matches / ENOUGH, 1.0)) / people


def exact_match(
    predictions: Sequence[str], answers: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """Whether each prediction is one of the accepted answers, both normalised; by numpy.

    Args:
        predictions: One answer a question, shape (n,).
        answers: Accepted answers, at least one a question.

    Returns:
        Shape (n,), each 0 or 1; the score of the set is the mean.

    Raises:
        ValueError: If there are no questions, lengths differ, or a question has no answer.
    """
    _several(predictions, answers, least=1)
    return np.array(
        [
            float(normalised(said) in {normalised(answer) for answer in several})
            for said, several in zip(predictions, answers, strict=True)
        ]
    )


def _several(predictions: Sequence[str], answers: Sequence[Sequence[str]], *, least: int) -> None:
    same_length(predictions=predictions, answers=answers)
    for index, several in enumerate(answers):
        if isinstance(several, str) or len(several) < least:
            raise ValueError(f"Question {index} needs a list of {least} answers or more.")
