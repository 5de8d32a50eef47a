"""Reports: documents that tell of a notebook, read as if they were one.

reading     the text of a report -> its cells
fences      lines -> blocks in code fences, whatever became of the fences
statements  lines -> statements, and whether they look like code or like what code printed
shapes      what printed lines look like by themselves
echoes      what code prints, by the texts it holds
division    a block -> its code and what the code printed
sheet       the role of every line, and the cells made of them
"""

from grader.intake.report.reading import is_report, read_report

__all__ = ["is_report", "read_report"]
