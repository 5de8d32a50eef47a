"""The class as a table in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.model import Confidence, Result

__all__ = ["print_table"]

STYLES = {"invalid": "bold red", "major": "yellow", "minor": "blue", "review": "magenta"}


def print_table(results: Sequence[Result]) -> None:
    """One row a submission: outcome, points, findings."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Submission", "Outcome"):
        table.add_column(name, no_wrap=True)
    table.add_column("Points", justify="right")
    table.add_column("Waiting", justify="right")
    table.add_column("Findings")
    for result in results:
        grade = result.grade
        table.add_row(
            Text(result.student),
            Text(result.outcome),
            f"{grade.score:g} of {grade.max_score:g}" if grade else "none yet",
            f"{grade.waiting:g}" if grade else "",
            _findings(result),
        )
    Console().print(table)


def _findings(result: Result) -> Text:
    if result.detection is None:
        return Text(result.message, style="dim")
    text = Text()
    for one in result.detection.findings:
        if one.confidence == Confidence.HINT or one.from_starter:
            continue
        if text:
            text.append(", ")
        text.append(one.name, style=STYLES[one.severity])
        if one.task:
            text.append(f" ({one.task})", style="dim")
    return text or Text("no finding", style="dim")
