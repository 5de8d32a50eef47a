"""Notebooks kept as text: jupytext's ``.py`` and ``.md`` forms."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from grader.errors import SubmissionError
from grader.patterns import regex

SUFFIXES = (".py", ".md")
LARGEST = 2_000_000
"""Bytes; a notebook's source without its outputs is far smaller."""

PY_HEADER = regex(r"\A(?:#!.*\n)?# ---\n(?:#.*\n)*?# ---\n")
MD_HEADER = regex(r"\A---\n(?:.*\n)*?---\n")
PY_CELLS = regex(r"^# (?:%%|\+)", re.MULTILINE)
MD_CELLS = regex(r"^```\s*(?:\{code-cell\}|python\b)", re.MULTILINE)
MYST_CELLS = regex(r"^```\{code-cell\}", re.MULTILINE)
JUPYTER = regex(r"^(?:# )?(?:jupyter|kernelspec|jupytext):", re.MULTILINE)


def is_script(path: PurePath) -> bool:
    """Whether the file's name is that of a notebook kept as text."""
    return path.suffix.lower() in SUFFIXES


def looks_like_notebook(path: PurePath, text: str) -> bool:
    """Whether a ``.py`` or ``.md`` file is a notebook rather than a module or a README.

    It is if its head names Jupyter, or, for ``.py``, if it is divided by cell markers.
    """
    text = text.replace("\r\n", "\n")
    if path.suffix.lower() == ".py":
        head = PY_HEADER.match(text)
        return bool((head and JUPYTER.search(head[0])) or PY_CELLS.search(text))
    head = MD_HEADER.match(text)
    return bool(head and JUPYTER.search(head[0]) and MD_CELLS.search(text))


def script_cells(path: PurePath, text: str) -> list[Mapping[str, Any]]:
    """The cells of a notebook kept as text, as an ``.ipynb`` file would hold them.

    Raises:
        SubmissionError: the text cannot be divided into cells.
    """
    # Imported here because it takes long, and nearly every notebook is an .ipynb file.
    import jupytext  # type: ignore[import-untyped]

    if len(text) > LARGEST:
        raise SubmissionError(f"The file has over {LARGEST / 1e6:.0f} MB of text, not a notebook.")
    text = text.replace("\r\n", "\n")
    markdown = path.suffix.lower() == ".md"
    # The header only describes the kernel and may hold YAML that grows without end.
    body = (MD_HEADER if markdown else PY_HEADER).sub("", text, count=1).lstrip("\n")
    try:
        read = jupytext.reads(body, fmt=_form(markdown, body))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise SubmissionError(
            "The file could not be divided into cells; save it as .ipynb and hand it in again."
        ) from error
    return list(read.cells)


def _form(markdown: bool, body: str) -> str:
    if not markdown:
        return "py:percent" if "\n# %%" in f"\n{body}" else "py:light"
    return "md:myst" if MYST_CELLS.search(body) else "md:markdown"
