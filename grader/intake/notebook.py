"""Read a notebook without running it, as leniently as Jupyter opens it."""

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from grader.errors import SubmissionError
from grader.intake.decoding import decoded
from grader.intake.outputs import joined, reduced
from grader.intake.scripts import is_script, script_cells
from grader.model import Cell
from grader.patterns import regex

AT_END = 6
"""Characters: a fault this close to the end of the text is the end itself, perhaps amid
``false`` or an escape such as ``\\u00``."""

CELLS = regex(r'"cells"\s*:\s*\[')
KINDS: dict[str, Literal["code", "markdown", "raw"]] = {
    "code": "code",
    "markdown": "markdown",
    "heading": "markdown",
}
COPY = "hand in a complete copy"


class Reading(NamedTuple):
    """One notebook or report, read."""

    cells: tuple[Cell, ...]
    """Every cell in order."""

    notes: tuple[str, ...]
    """What had to be guessed to read it."""


def read_notebook(path: PurePath, content: bytes) -> Reading:
    """The cells of one notebook.

    Args:
        path: Its name, which tells an ``.ipynb`` file from one kept as text.
        content: All of the file.

    Raises:
        SubmissionError: the file cannot be read as a notebook; the message is for the student.
    """
    text, notes = decoded(content)
    found = script_cells(path, text) if is_script(path) else _cells(_notebook(text))
    cells = tuple(_cell(i, cell) for i, cell in enumerate(found))
    if not any(cell.kind == "code" and cell.source.strip() for cell in cells):
        raise SubmissionError("The notebook has no code cell to run.")
    return Reading(cells, notes)


def _notebook(text: str) -> Mapping[str, Any]:
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise SubmissionError("The file is nested too deeply to be a notebook.") from error
    except json.JSONDecodeError as error:
        raise SubmissionError(_fault(text, error)) from error
    except ValueError as error:
        raise SubmissionError(f"The file holds a number too long to read; {COPY}.") from error
    if not isinstance(notebook, dict) or not {"cells", "worksheets"} & notebook.keys():
        raise SubmissionError("The file is not a Jupyter notebook: it has no cells.")
    return notebook


def _fault(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()[:1]
    if start == "<":
        return "The file is a web page, not a notebook; download the .ipynb file itself."
    if start != "{":
        return "The file is not a Jupyter notebook: its content is not JSON."
    ended = error.msg.startswith("Unterminated string")
    if not ended and error.pos < len(text.rstrip()) - AT_END:
        return f"The file is damaged at line {error.lineno}, so it could not be read; {COPY}."
    return f"The file ends {_last_place(text)}, so it could not be read; {COPY}."


def _last_place(text: str) -> str:
    """Where a text cut short ends, by counting the complete cells before it."""
    found = CELLS.search(text)
    if found is None:
        return "before its first cell"
    decoder, position, complete = json.JSONDecoder(), found.end(), 0
    while True:
        position = _past_blank(text, position)
        if text[position : position + 1] == "]":
            return "after its last cell, before the notebook does"
        try:
            _, position = decoder.raw_decode(text, position)
        except ValueError:
            return f"in the middle of cell {complete}"
        complete += 1


def _past_blank(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position


def _cells(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    version = notebook.get("nbformat", 4)
    if version == 3 or "cells" not in notebook:
        notebook = _upgraded(notebook)
    elif version not in {4, 5}:
        raise SubmissionError(
            f"The notebook has format {version}; save it with a current Jupyter (format 4)."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError("The file is not a Jupyter notebook: it has no cells.")
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def _upgraded(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    # Imported here because it loads jsonschema, which would slow every check for the rare
    # notebook in an old format.
    import nbformat

    try:
        upgraded: Mapping[str, Any] = nbformat.convert(
            nbformat.reader.reads(json.dumps(notebook)), 4
        )
    except (AttributeError, KeyError, TypeError, ValueError, nbformat.ValidationError) as error:
        raise SubmissionError(
            "The notebook has an old format that could not be converted; "
            "save it with a current Jupyter (format 4)."
        ) from error
    return upgraded


def _cell(index: int, cell: Mapping[str, Any]) -> Cell:
    kind = KINDS.get(str(cell.get("cell_type")), "raw")
    count = cell.get("execution_count")
    saved = cell.get("outputs")
    return Cell(
        index=index,
        kind=kind,
        source=joined(cell.get("source")),
        execution_count=count if type(count) is int else None,
        outputs=reduced(saved) if kind == "code" and isinstance(saved, list) else (),
    )
