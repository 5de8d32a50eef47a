"""The last stage for a whole class: every page and file, written to a folder.

Apart from ``grader.pipeline`` so that a static check need not import templates and tables.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from grader import __version__
from grader.model import Lab, Result
from grader.report import Context, class_page, results_document, student_page
from grader.report.exports import grades_csv, results_json
from grader.store import slug, write_text

__all__ = ["document", "publish"]


def publish(results: Sequence[Result], lab: Lab, out: Path, *, graded_at: datetime) -> Path:
    """Write one page a student, the class page, ``results.json`` and ``grades.csv``.

    Returns:
        The class page.
    """
    context = _context(lab, graded_at)
    pages = _pages(results)
    for old in (out / "students").glob("*.html"):
        # A page of somebody who is no longer in the class must not be handed out.
        if f"students/{old.name}" not in pages.values():
            old.unlink()
    for result in results:
        page = student_page(result, context)
        write_text(out / pages[result.student], page.html)
    write_text(out / "index.html", class_page(results, context, pages=pages))
    write_text(out / "results.json", results_json.text(results, context))
    write_text(out / "grades.csv", grades_csv.text(results, context))
    return out / "index.html"


def document(results: Sequence[Result], lab: Lab) -> str:
    """``results.json`` as text."""
    context = _context(lab, datetime.now(UTC))
    return results_document(results, context).model_dump_json(by_alias=True, indent=2)


def _context(lab: Lab, graded_at: datetime) -> Context:
    return Context(lab=lab, grader_version=__version__, graded_at=graded_at, profile=lab.profile)


def _pages(results: Sequence[Result]) -> dict[str, str]:
    """File of each student's page; names that look alike as files get their digest added."""
    names: dict[str, str] = {}
    for result in results:
        name = f"students/{slug(result.student)}.html"
        if name.lower() in (each.lower() for each in names.values()):
            name = f"students/{slug(result.student)}-{result.digest[:8]}.html"
        names[result.student] = name
    return names
