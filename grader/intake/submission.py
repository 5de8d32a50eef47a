"""From a path to a submission."""

import hashlib
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake import archive
from grader.intake.choice import Choice, choose
from grader.intake.content import content
from grader.intake.files import notebooks_in_zip
from grader.intake.forms import reader_for
from grader.intake.starter import marked
from grader.model import Lab, Submission


def intake(path: Path, lab: Lab, *, starter: Submission | None = None) -> Submission:
    """Read the notebook or report a student handed in.

    Notebook formats 3 and 4 are read, and jupytext's ``.py`` and ``.md`` forms. What Jupyter
    tolerates is tolerated: missing metadata, repeated cell ids, unknown fields. Of a zip file
    its notebook is read; of several, the one ``choose`` names.

    Args:
        path: The file; one in a zip has the path of the zip with its name inside appended.
        lab: The lab it answers.
        starter: The lab's starter notebook, to tell its cells from the student's.

    Raises:
        SubmissionError: the file cannot be read; the message is for the student.
    """
    chosen = _chosen(path, lab)
    read = content(chosen.path)
    reader = reader_for(chosen.path, read)
    cells, notes = reader.read(chosen.path, read)
    return Submission(
        student=path.stem,
        lab=lab.id,
        path=str(chosen.path),
        digest=hashlib.sha256(read).hexdigest(),
        form=reader.form,
        cells=cells if starter is None else marked(cells, starter.cells),
        notes=(*chosen.notes, *notes),
    )


def _chosen(path: Path, lab: Lab) -> Choice:
    if not archive.is_zip(path.name) or archive.split(path) is None:
        return Choice(path, ())
    found = notebooks_in_zip(path)
    if not found:
        raise SubmissionError("The zip file holds no notebook (.ipynb file); hand one in.")
    if found == (path,):
        return Choice(path, ())
    return choose(found, lab)
