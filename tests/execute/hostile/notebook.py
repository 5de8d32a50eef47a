"""What a hostile notebook is."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Prints REACHED when it gets what it tries."""

    code: str
    """One cell."""

    control: Literal["anybody", "root", "nobody"] = "anybody"
    """Who must get it without walls. What nobody gets there, or what would harm the machine if it
    came true, is tried behind walls only."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Runs until something ends it."""

    cells: tuple[str, ...]
    """Its cells; the next to last is the culprit, unless there is only one."""

    outcome: str = "completed"
    """What must become of the run; several words are alternatives."""

    message: str = ""
    """Pattern of the sentence about it."""

    errors: dict[int, str] = field(default_factory=dict)
    """Pattern of the error of each cell that must fail."""

    printed: dict[int, str] = field(default_factory=dict)
    """Pattern of what a cell must print."""

    limits: dict[str, float] = field(default_factory=dict)
    """Limits other than the usual ones."""


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """Wants to be graded on what did not happen."""

    cells: tuple[str, ...]
    """The forgery, after the notebook has prepared what it needs."""

    reported: frozenset[str] = frozenset()
    """Kinds of tampering that must be reported."""

    complete: bool = False
    """Whether the recording stays whole: the attempt had no effect at all."""

    printed: str | None = None
    """What the last cell must print, where the attempt itself can tell that it failed."""
