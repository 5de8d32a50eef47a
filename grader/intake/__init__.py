"""Take in what students handed in: find the files, name the students, read the notebooks.

handed_in   paths -> one notebook for every student (choice, names)
files       paths -> notebook files, also inside zip files (archive)
submission  one path -> a submission
content     a file or a name inside a zip -> bytes
notebook    bytes -> cells, whatever the notebook's age and condition (decoding, scripts)
outputs     saved outputs -> what later stages read
"""

from grader.intake.content import digest
from grader.intake.files import find
from grader.intake.handed_in import HandIn, handed_in
from grader.intake.names import student_names
from grader.intake.positions import source_lines
from grader.intake.submission import intake

__all__ = ["HandIn", "digest", "find", "handed_in", "intake", "source_lines", "student_names"]
