"""Class sizes of public test sets that a notebook names."""

import re
from collections.abc import Sequence

from grader.model import Case

Supports = Sequence[int]
"""Items of each class."""

MNIST = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
"""Digits 0 to 9 of its 10,000 test images."""

SPLITS: tuple[tuple[str, Supports], ...] = (
    (r"cifar[-_ ]?100\b", [100] * 100),
    (r"cifar[-_ ]?10\b", [1000] * 10),
    (r"fashion[-_ ]?mnist", [1000] * 10),
    (r"(?<!fashion)(?<!fashion[-_ ])\bmnist", MNIST),
    (r"\bbeans\b", [43, 43, 42]),
    (r"\bstl[-_ ]?10\b", [800] * 10),
    (r"food[-_ ]?101\b", [250] * 101),
    (r"\bimagenet[-_ ]?(?:1k|2012|ilsvrc)?\b", [50] * 1000),
)  # fmt: skip
"""Public test sets whose class sizes are known, as names are written, validation for ImageNet."""


def public_sizes(case: Case, n: int | None) -> list[Supports]:
    """Class sizes of the public test sets of ``n`` items that the notebook names."""
    if n is None:
        return []
    text = "\n".join(cell.source for cell in case.evidence.submission.cells)
    fitting = [(name, sizes) for name, sizes in SPLITS if sum(sizes) == n]
    return [sizes for name, sizes in fitting if re.search(name, text, re.I)]
