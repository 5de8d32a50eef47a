"""Take in what students handed in: find the files, name the students, read the notebooks.

files       paths -> notebook files and student names
notebook    bytes -> cells, whatever the notebook's age and condition
outputs     saved outputs -> what later stages read
"""

from grader.intake.files import find, student_names
from grader.intake.notebook import intake

__all__ = ["find", "intake", "student_names"]
