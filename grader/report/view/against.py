"""What the comparison with the reference runs rests on, item by item or on other items."""

from grader.model import Comparison, Difference, MetricName, Paired, Result, Task
from grader.report.text import count, plural
from grader.report.view.spelling import in_hundredths, noun

__all__ = ["against", "warnings"]


def against(entry: Comparison | None, task: Task) -> str:
    """The paired or the equivalence test of a comparison in words; empty where there is none."""
    if entry is None:
        return ""
    if entry.paired is not None:
        return _paired(entry.paired, task)
    if entry.difference is not None:
        return _difference(entry.difference, entry.metric, task)
    return ""


def _paired(paired: Paired, task: Task) -> str:
    same = f"{paired.same:.1%} of the answers are equal; " if paired.same is not None else ""
    return (
        f"The same {plural(paired.n, noun(task))}: {same}"
        f"{count(paired.only_submission)} right only here, "
        f"{count(paired.only_reference)} only in the reference run "
        f"(McNemar, {paired.method}, p = {paired.p:.2g})"
    )


def _difference(found: Difference, metric: MetricName, task: Task) -> str:
    unit = 100 if in_hundredths(metric) else 1
    decimals = 2 if in_hundredths(metric) else 4
    value, low, high, margin = (
        f"{unit * each:{sign}.{decimals}f}"
        for each, sign in zip(
            (found.value, found.low, found.high, found.margin), ("+", "+", "+", ""), strict=True
        )
    )
    return (
        f"Other {noun(task)}s: {value}, between {low} and {high}; up to {margin} either way does "
        f"not matter ({found.method})"
    )


def warnings(result: Result) -> tuple[str, ...]:
    """What makes the reference doubtful for this run; for the course, not the student."""
    return result.comparisons.reference_warnings if result.comparisons else ()
