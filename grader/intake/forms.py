"""The forms in which work is handed in, each with its reader.

A new form, such as a report in PDF, is one more line in ``READERS``: whether a file is of it,
and how its bytes become cells.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Literal, NamedTuple

from grader.intake.notebook import Reading, read_notebook
from grader.intake.report import is_report, read_report

Form = Literal["notebook", "report"]


class Reader(NamedTuple):
    """How one form is read."""

    form: Form
    """What the submission is said to be."""

    accepts: Callable[[PurePath, bytes], bool]
    """Whether a file of this name and content is of the form."""

    read: Callable[[PurePath, bytes], Reading]
    """The file's cells; raises ``SubmissionError`` with a message for the student."""


READERS = (
    Reader("report", is_report, read_report),
    # Whatever nothing else accepts: its reader says best why it is no notebook.
    Reader("notebook", lambda _path, _content: True, read_notebook),
)
"""Tried in this order."""


def reader_for(path: PurePath, content: bytes) -> Reader:
    """The first reader that accepts a file; the notebook's accepts every one."""
    return next(each for each in READERS if each.accepts(path, content))
