"""Turn results into pages a person reads and files a program reads."""

from collections.abc import Mapping, Sequence

from grader.model import Audience, Feedback, Result
from grader.report.context import Context
from grader.report.page import render
from grader.report.view.reading import read
from grader.report.view.student import student_view

__all__ = ["Context", "student_page"]


def student_page(result: Result, context: Context, *, audience: Audience = "student") -> Feedback:
    """Render the feedback of one submission as one self-contained page.

    Args:
        result: What is known about the submission; parts that are ``None`` are left out.
        context: The grading it belongs to.
        audience: ``student``, or ``reviewer`` to see hints and flaws of the starter as well.
    """
    view = student_view(read(result, context, audience))
    return Feedback(audience=audience, html=render("student.html.j2", view))
