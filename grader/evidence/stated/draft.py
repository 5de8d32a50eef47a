"""An evaluation while what is known of it comes together."""

from typing import Literal

from msgspec import Struct, field

from grader.model import Figure

Known = int | str | None


class Draft(Struct, kw_only=True, eq=False):
    """One evaluation; ``None`` is unknown."""

    source: Literal["code", "output", "text"]
    cell: int
    line: int | None = None
    file_line: int | None = None
    task: str | None = None
    n: int | None = None
    classes: int | None = None
    split: str | None = None
    dataset: str | None = None
    model: str | None = None
    scores: list[tuple[int, Figure]] = field(default_factory=list)
    """Scores with their places among the figures."""

    said: dict[tuple[str | None, str | None], float] = field(default_factory=dict)
    """Value first given for a metric and an averaging."""

    node: int | None = None
    """Node of the scoring, of one in code."""

    def fill(self, other: "Draft") -> None:
        """Take over what only the other knows."""
        for name in ("task", "n", "classes", "split", "dataset", "model", "file_line"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))

    def agrees(self, other: "Draft") -> bool:
        """Whether nothing known of both differs."""
        plain = all(
            compatible(getattr(self, name), getattr(other, name))
            for name in ("task", "n", "classes", "split")
        )
        return plain and alike(self.model, other.model) and alike(self.dataset, other.dataset)


def compatible(left: Known, right: Known) -> bool:
    """Whether two values may be the same, as far as they are known."""
    return left is None or right is None or left == right


def alike(left: str | None, right: str | None) -> bool:
    """Whether two names may mean the same: ``ViT`` and ``google/vit-base-patch16-224``."""
    if left is None or right is None:
        return True
    one, other = (_letters(name) for name in (left, right))
    return one in other or other in one


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
