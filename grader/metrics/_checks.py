"""Complaints about arguments, worded alike everywhere."""

from collections.abc import Sequence, Sized

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["captions", "matrix", "same_length"]


def same_length(**named: Sized) -> int:
    """The common length of several sequences.

    Raises:
        ValueError: If lengths differ or are zero.
    """
    lengths = {name: len(each) for name, each in named.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"Lengths differ: {told}.")
    if 0 in lengths.values():
        raise ValueError(f"Nothing to compute from: {' and '.join(lengths)} of length 0.")
    return next(iter(lengths.values()))


def captions(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> int:
    """The number of items of a captioning evaluation.

    Raises:
        ValueError: If there are none, lengths differ, or an item's references are missing or one
            string, whose characters would each count as a reference.
    """
    if isinstance(hypotheses, str):
        raise ValueError("Hypotheses must be a list of strings, not one string.")
    n = same_length(hypotheses=hypotheses, references=references)
    for index, several in enumerate(references):
        if isinstance(several, str) or not several:
            raise ValueError(f"References of item {index} must be a list of at least one string.")
    return n


def matrix(scores: ArrayLike, name: str) -> NDArray[np.float64]:
    """Scores as a matrix of numbers.

    Raises:
        ValueError: If the array is not two-dimensional, is empty or holds what is not a number.
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} must be a matrix with rows and columns, not {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite.")
    return array
