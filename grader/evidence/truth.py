"""What the harness served, as far as evaluations are rebuilt from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Labels", "Texts", "Truth"]

Labels = Mapping[tuple[str, str], tuple[int, ...]]
"""Class labels in row order, by dataset id and split."""

Texts = Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]
"""Several texts a row, in row order, by dataset id and split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of every row that was served; a dataset stands only where it has some."""

    labels: Labels = field(default_factory=dict)
    """Class labels."""

    captions: Texts = field(default_factory=dict)
    """Captions of each picture."""

    answers: Texts = field(default_factory=dict)
    """What people answered to each question, one text a person."""
