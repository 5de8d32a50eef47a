"""Turn results into pages a person reads and files a program reads."""

from collections.abc import Mapping, Sequence

from grader.model import Audience, Feedback, Result
from grader.report.context import Context
from grader.report.exports.results_json import results_document, schema
from grader.report.page import render
from grader.report.view.classroom.group import group
from grader.report.view.classroom.page import class_view
from grader.report.view.reading import read
from grader.report.view.student import student_view

__all__ = [
    "Context",
    "class_page",
    "results_document",
    "schema",
    "student_page",
]


def student_page(result: Result, context: Context, *, audience: Audience = "student") -> Feedback:
    """Render the feedback of one submission as one self-contained page.

    Args:
        result: What is known about the submission; parts that are ``None`` are left out.
        context: The grading it belongs to.
        audience: ``student``, or ``reviewer`` to see hints and flaws of the starter as well.
    """
    view = student_view(read(result, context, audience))
    return Feedback(audience=audience, html=render("student.html.j2", view))


def class_page(results: Sequence[Result], context: Context, *, pages: Mapping[str, str]) -> str:
    """Render the overview of a class as one self-contained page, for the instructor.

    Args:
        results: All results of the class.
        context: The grading they belong to.
        pages: Relative link of the page of each student; students without one are not linked,
            nor is anything linked that would lead out of the folder.
    """
    view = class_view(group(results, context, pages))
    return render("class.html.j2", view, script="class.js")
