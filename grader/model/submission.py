"""What a student handed in."""

from typing import Literal

from grader.model._base import Artifact


class Output(Artifact):
    """One output of one cell, reduced to what later stages read."""

    kind: Literal["stdout", "stderr", "result", "display", "error"]
    """Where it came from; ``result`` is the value of a cell's last expression."""

    text: str = ""
    """Plain text, ANSI colours removed; the traceback of an error."""

    html: str | None = None
    """The ``text/html`` form, exactly as saved: hostile until sanitised."""

    truncated: bool = False
    """Whether the text was cut to the output limit."""

    line: int | None = None
    """One-based line of the file at which the text begins, of a report; ``None`` in a notebook."""


class Cell(Artifact):
    """One cell, whatever its type."""

    index: int
    """Position in the notebook, counting every cell from zero."""

    kind: Literal["code", "markdown", "raw"]
    """Type of the cell."""

    source: str
    """Source exactly as submitted."""

    execution_count: int | None = None
    """The count saved in the file; ``None`` when never run or stripped."""

    outputs: tuple[Output, ...] = ()
    """Outputs saved in the file."""

    from_starter: bool = False
    """Whether the source stands unchanged in the lab's starter notebook, also when it was moved,
    split, joined or indented otherwise."""

    starter_diff: str | None = None
    """Where it was made from a cell of the starter: what changed, as a unified diff without
    context lines' limits, at most 200 lines; ``None`` for the student's own cells."""

    line: int | None = None
    """One-based line of the file at which the source begins, of a report; ``None`` in a
    notebook."""


class Submission(Artifact):
    """A notebook as submitted, before anything has run."""

    student: str
    """Name of the student as the class folder spells it (the file's stem)."""

    lab: str
    """Lab it answers, e.g. ``week9-vit-clip``."""

    path: str
    """Path of the file as the caller gave it."""

    digest: str
    """SHA-256 of the file received, in hex. Later artifacts quote it."""

    form: Literal["notebook", "report"] = "notebook"
    """A notebook, or a document that tells of one, read as if it were one. The code of a report
    is looked at and never run: it is seldom all there is, and what it printed may be typed."""

    cells: tuple[Cell, ...]
    """Every cell in order."""

    notes: tuple[str, ...] = ()
    """What the student should know about how the file was read, e.g. which notebook of several
    was taken; plain sentences."""

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells a kernel would run."""
        return tuple(cell for cell in self.cells if cell.kind == "code")
