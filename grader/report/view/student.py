"""The whole feedback page of one submission."""

import shlex

from msgspec import Struct

from grader.model import Outcome, Task
from grader.report.text import clean
from grader.report.view.answers import Answers, answers
from grader.report.view.criteria import Criteria, criteria
from grader.report.view.evaluated import Evaluated, evaluated
from grader.report.view.findings import Article, articles
from grader.report.view.plotting import Plot, plot
from grader.report.view.reading import Reading, task_name
from grader.report.view.running import Running, running
from grader.report.view.scores import FiveRow, five
from grader.report.view.spelling import scales, title
from grader.report.view.tally import Points, points_view, task_points
from grader.report.view.todo import Todo, todo
from grader.report.view.unassessed import Open, unassessed
from grader.report.view.verdict import clause, verdict

__all__ = ["StudentPage", "TaskSection", "student_view"]

_SHORT = frozenset({Outcome.UNREADABLE, Outcome.ENVIRONMENT, Outcome.HARNESS_ERROR})


class TaskSection(Struct, frozen=True, kw_only=True):
    """One task."""

    anchor: str
    title: str
    name: str
    points: str
    sentence: str
    five: tuple[FiveRow, ...]
    scales: str
    """Scales of the metrics that do not go from 0 to 1."""

    plot: Plot | None
    evaluated: Evaluated | None
    articles: tuple[Article, ...]


class StudentPage(Struct, frozen=True, kw_only=True):
    """What ``student.html.j2`` reads. Sections that are ``None`` are left out."""

    title: str
    student: str
    digest: str
    date: str
    reviewer: bool
    verdict: str
    after: str
    points: Points | None
    todo: Todo | None
    tasks: tuple[TaskSection, ...]
    articles: tuple[Article, ...]
    answers: Answers | None
    criteria: Criteria | None
    running: Running
    unassessed: Open | None
    example: str
    """A code to name when writing to the instructor."""

    check: str
    """Command that checks a new version."""

    @property
    def toc(self) -> tuple[tuple[str, str], ...]:
        """Anchor and title of every section present."""
        entries = [(task.anchor, task.title) for task in self.tasks]
        entries += [("other", "Other findings")] if self.articles else []
        entries += [("written", "Written answers")] if self.answers else []
        entries += [("points", "Criteria and points")] if self.criteria else []
        entries.append(("run", "How it was run"))
        entries += [("unassessed", "What could not be assessed")] if self.unassessed else []
        return (*entries, ("labels", "What the labels mean")) if self.unassessed else tuple(entries)


def student_view(reading: Reading) -> StudentPage:
    """Compose the page."""
    result, context = reading.result, reading.context
    short = result.outcome in _SHORT
    first, after = verdict(reading)
    name = result.path.replace("\\", "/").rpartition("/")[2] or "notebook.ipynb"
    return StudentPage(
        title=context.lab.title,
        student=result.student,
        digest=result.digest[:8],
        date=context.date,
        reviewer=reading.audience == "reviewer",
        verdict=first,
        after=after,
        points=None if short else points_view(reading),
        todo=None if short else todo(reading),
        tasks=() if short else tuple(_task(task, reading) for task in context.lab.tasks),
        articles=() if short else articles(reading, None),
        answers=None if short else answers(reading),
        criteria=None if short else criteria(reading),
        running=running(reading),
        unassessed=None if short else unassessed(reading),
        example=reading.shown[0].finding.code if reading.shown and not short else "",
        check=f"grader check {shlex.quote(clean(name))} --lab {context.lab.id}",
    )


def _task(task: Task, reading: Reading) -> TaskSection:
    return TaskSection(
        anchor=f"task-{task.id}",
        title=task.title,
        name=task_name(task),
        points=task_points(reading, task.id),
        sentence=_sentence(task, reading),
        five=five(reading, task),
        scales=scales(task.metrics),
        plot=plot(reading, task),
        evaluated=evaluated(reading, task),
        articles=articles(reading, task.id),
    )


def _sentence(task: Task, reading: Reading) -> str:
    """The reason of the headline's verdict and of any other; else what the page's verdict says."""
    entry = reading.headline(task.id)
    if entry is not None and entry.why:
        others = [
            f"{title(each.metric)}: {each.why}"
            for each in reading.comparisons(task.id)
            if each.verdict != entry.verdict and each.why
        ]
        return " ".join([entry.why, *others])
    text = clause(reading, task).text
    return f"{text[:1].upper()}{text[1:]}."
