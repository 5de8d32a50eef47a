"""What the harness served, as far as evaluations are rebuilt from it."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field

__all__ = ["Images", "Labels", "LazyImages", "Texts", "Truth"]

Labels = Mapping[tuple[str, str], tuple[int, ...]]
"""Class labels in row order, by dataset id and split."""

Texts = Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]
"""Several texts a row, in row order, by dataset id and split."""

Images = Mapping[tuple[str, str], tuple[str, ...]]
"""Digest of each picture, in row order, by dataset id and split; empty where there is none. It is
the digest by which the recorder names pictures: see ``grader.assets.image_digest``."""


class LazyImages(Images):
    """Digests of pictures, looked up when they are first asked for: pictures take time to decode.

    Args:
        read: Reads them all.
    """

    def __init__(self, read: Callable[[], Images]) -> None:
        self._read = read

    @cached_property
    def _found(self) -> Images:
        return self._read()

    def __getitem__(self, split: tuple[str, str]) -> tuple[str, ...]:
        return self._found[split]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class Truth(Struct, frozen=True, kw_only=True):
    """What is true of every row that was served; a dataset stands only where it has some."""

    labels: Labels = field(default_factory=dict)
    """Class labels."""

    captions: Texts = field(default_factory=dict)
    """Captions of each picture."""

    answers: Texts = field(default_factory=dict)
    """What people answered to each question, one text a person."""

    images: Images = field(default_factory=dict)
    """Digests of the pictures."""
