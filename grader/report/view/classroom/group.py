"""A class: every result as the reviewer may read it, with links to the pages."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from grader.model import Outcome, Result
from grader.report.context import Context
from grader.report.text import cut
from grader.report.view.reading import Reading, read

__all__ = ["FINISHED", "Group", "Who", "group"]

MAX_NAME = 60
FINISHED = frozenset({Outcome.GRADED, Outcome.NEEDS_REVIEW})


class Who(Struct, frozen=True):
    """A student's name, with the page about them where there is one."""

    name: str
    href: str


class Group(Struct, frozen=True, kw_only=True):
    """Everything the sections of the class page are made from."""

    context: Context
    readings: tuple[Reading, ...]
    pages: Mapping[str, str]

    def who(self, reading: Reading) -> Who:
        """The student of a result."""
        name = reading.result.student
        return Who(cut(name, MAX_NAME), _safe(self.pages.get(name, "")))


def group(results: Sequence[Result], context: Context, pages: Mapping[str, str]) -> Group:
    """Read every result for a reviewer, by name."""
    ordered = sorted(results, key=lambda result: (result.student.casefold(), result.path))
    readings = tuple(read(result, context, "reviewer") for result in ordered)
    return Group(context=context, readings=readings, pages=pages)


def _safe(href: str) -> str:
    """A relative link, or nothing: names of students must not lead out of the folder."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    leaves = parts.scheme or parts.netloc or href.startswith(("/", "\\"))
    return "" if leaves or not href.isprintable() else href
