"""Take in what students handed in: find the files, name the students, read the notebooks.

handed_in   paths -> one notebook for every student (choice, names)
files       paths -> notebook files, also inside zip files (archive)
submission  one path -> a submission
lone        files -> reports that are all a student handed in
content     a file or a name inside a zip -> bytes
forms       bytes -> cells, by the reader of the form: a notebook or a report
notebook    bytes -> cells, whatever the notebook's age and condition (decoding, scripts)
report/     text that tells of a notebook -> cells
outputs     saved outputs -> what later stages read
starter     cells -> cells, those marked that are the course's or were made from the course's
"""

from grader.intake.content import digest
from grader.intake.files import find
from grader.intake.handed_in import HandIn, handed_in
from grader.intake.names import student_names
from grader.intake.positions import source_lines
from grader.intake.submission import intake

__all__ = ["HandIn", "digest", "find", "handed_in", "intake", "source_lines", "student_names"]
