"""A record of reference runs, for people and for programs."""

import json
from statistics import median_low

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.model import (
    METRICS,
    Lab,
    Published,
    ReferenceRecord,
    ReferenceScore,
    ReferenceTask,
)

__all__ = ["as_json", "print_record"]

SCHEMA = "grader/reference/v1"

NARROWEST = 120
"""Columns a table is laid out for where the terminal is narrower or there is none."""

HARDEST = 5
"""Items named as the hardest of a task."""


def as_json(record: ReferenceRecord) -> str:
    """Everything but the evidence of the single runs."""
    told = record.model_dump(mode="json", exclude={"runs"})
    return json.dumps({"schema": SCHEMA, **told}, indent=2, ensure_ascii=False)


def print_record(record: ReferenceRecord, lab: Lab) -> None:
    """Head, a table of all metrics, then what is known of each task."""
    console = Console()
    console.width = max(console.width, NARROWEST)
    for line in _head(record):
        console.print(Text(line))
    console.print(_table(record))
    for task in record.tasks:
        for line in _of_task(task):
            console.print(Text(line))
    for published in _without_task(record):
        console.print(Text(f"Published: {_published(published)}"))


def _head(record: ReferenceRecord) -> list[str]:
    machine = record.machine
    version = f", version {record.lab_version}" if record.lab_version is not None else ""
    seconds = [run.seconds for run in record.runs if run.seconds is not None]
    took = f", {min(seconds):.0f} to {max(seconds):.0f} s each" if seconds else ""
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    return [
        f"{record.lab}{version}, profile {record.profile}, {record.date}",
        f"{len(record.seeds)} runs, seeds {', '.join(map(str, record.seeds))}{took}",
        f"{machine.device}{f' ({record.cpu})' if record.cpu else ''}, {machine.platform}, "
        f"Python {machine.python}",
        versions,
        *(f"{name} at {version[:19]}" for name, version in record.assets.items()),
    ]


def _table(record: ReferenceRecord) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Task", "Metric"):
        table.add_column(name, no_wrap=True)
    for name in ("n", "Measured"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("95 % interval", "Over seeds", "Band"):
        table.add_column(name, no_wrap=True)
    table.add_column("Published")
    for score in record.scores:
        task = record.task(score.task)
        average = f", {score.average}" if score.average else ""
        table.add_row(
            score.task,
            f"{METRICS[score.metric].title}{average}",
            f"{score.band.n:,}",
            f"{score.mean:.4f}",
            _span(score),
            _over_seeds(score, task),
            f"{score.band.low:.4f} to {score.band.high:.4f}",
            Text("; ".join(map(_published, _beside(record, score)))),
        )
    return table


def _span(score: ReferenceScore) -> str:
    """Interval of the run with the median value."""
    if not score.intervals:
        return "unknown"
    span = score.intervals[score.values.index(median_low(score.values))]
    return "unknown" if span is None else f"{span.low:.4f} to {span.high:.4f}"


def _over_seeds(score: ReferenceScore, task: ReferenceTask | None) -> str:
    if task is not None and task.exact:
        return "equal answers"
    low, high = min(score.values), max(score.values)
    return "equal" if low == high else f"{low:.4f} to {high:.4f}"


def _beside(record: ReferenceRecord, score: ReferenceScore) -> list[Published]:
    """Published figures of a metric, beside one of its averages."""
    of_metric = [
        each for each in record.published if (each.task, each.metric) == (score.task, score.metric)
    ]
    first = "macro" if METRICS[score.metric].averaged else None
    return [each for each in of_metric if (each.average or first) == score.average]


def _without_task(record: ReferenceRecord) -> list[Published]:
    return [each for each in record.published if each.task is None]


def _published(each: Published) -> str:
    parts = [
        f"{each.value:.6g}" if each.value is not None else "",
        f"good above {each.good_above:g}" if each.good_above is not None else "",
        f"bad below {each.bad_below:g}" if each.bad_below is not None else "",
    ]
    figures = ", ".join(part for part in parts if part)
    metric = f"{METRICS[each.metric].title} " if each.task is None else ""
    n = f", n={each.n:,}" if each.n is not None else ""
    about = f"{each.about}{n}, {each.source}" if each.about else f"{each.source}{n}"
    return f"{metric}{figures} ({about})"


def _of_task(task: ReferenceTask) -> list[str]:
    """What is known of a task beyond its metrics."""
    data = f"{task.dataset or 'data unknown'}{f', {task.split}' if task.split else ''}"
    lines = [f"{task.task}: {task.model or 'model unknown'} on {data}, n={task.n:,}"]
    if task.same is not None and not task.exact:
        lines.append(f"  {task.same:.1%} of the answers or more are the same in every run")
    if task.prompts:
        shown = " | ".join(_short(each) for each in task.prompts[:3])
        more = f" and {len(task.prompts) - 3} more" if len(task.prompts) > 3 else ""
        lines.append(f"  Prompts: {shown}{more}")
    recalls = [f"{each.name} {each.recall:.3f}" for each in task.classes if each.recall is not None]
    if recalls:
        lines.append(f"  Recall by class: {', '.join(recalls)}")
    if hardest := _hardest(task):
        lines.append(hardest)
    return lines


def _hardest(task: ReferenceTask) -> str:
    """How many items nobody gets right, and which score least."""
    if not task.items:
        return ""
    metric, values = next(iter(task.items.items()))
    order = sorted(range(len(values)), key=lambda row: (values[row], row))[:HARDEST]
    order = [row for row in order if values[row] < max(values)]
    missed = sum(value == 0 for value in values)
    return (
        f"  {METRICS[metric].title} of single items: {missed:,} of {len(values):,} score 0 in "
        f"every run; hardest rows {', '.join(map(str, order)) or 'none'}"
    )


def _short(prompt: str) -> str:
    return f'"{prompt if len(prompt) <= 60 else prompt[:57] + "..."}"'
