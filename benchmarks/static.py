"""How many notebooks a second the evidence stage reads without running anything.

``python benchmarks/static.py`` reads the sample notebooks of every lab over and over, each copy
changed so that nothing can be remembered, on one core, and prints notebooks per second (target:
at least 20), what share of the time each part of the stage takes, and the slowest notebook.
Reading the files is not part of it. Processor seconds count: other work on the machine disturbs
them least.
"""

import cProfile
import pstats
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import process_time

import click
from measuring import facts, write_results

from grader.errors import SubmissionError
from grader.evidence import Truth, gather
from grader.intake import intake
from grader.labs import load_lab
from grader.model import Lab, Submission

SAMPLES = Path(__file__).parents[1] / "submissions"
TARGET = 20.0
PROFILED = 60
"""Notebooks of which the shares are taken: a profiler slows everything down several times."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A notebook and its lab."""

    submission: Submission
    lab: Lab


@click.command()
@click.option("--n", "notebooks", default=200, show_default=True, type=click.IntRange(1))
def main(notebooks: int) -> None:
    """Measure the static evidence stage."""
    machine = facts()
    samples = list(_samples())
    for sample in samples:
        # Not timed: patterns are compiled for the first time.
        _gather(sample)
    copies = [_changed(sample, i) for i, sample in enumerate(islice(cycle(samples), notebooks))]
    seconds = [_seconds(copy) for copy in copies]
    figures = _figures(samples, copies, seconds)
    shares = _shares(copies[:PROFILED])
    for name, value in {**figures, **{f"share of {k}": v for k, v in shares.items()}}.items():
        click.echo(f"{name:<32}{value!s:>10}")
    path = write_results("static", machine, {**figures, "shares": shares})
    click.echo(f"Written to {path}")


def _samples() -> Iterator[Sample]:
    """The sample notebooks that can be read."""
    for path in sorted(SAMPLES.glob("*/*.ipynb")):
        lab = load_lab(path.parent.name)
        try:
            yield Sample(submission=intake(path, lab), lab=lab)
        except SubmissionError:
            continue


def _changed(sample: Sample, number: int) -> Sample:
    """A copy of which every cell differs from that of the others."""
    mark = f"\n\n<!-- {number} -->"
    cells = tuple(
        cell.model_copy(
            update={"source": cell.source + (mark if cell.kind != "code" else f"\n# {number}")}
        )
        for cell in sample.submission.cells
    )
    return Sample(submission=sample.submission.model_copy(update={"cells": cells}), lab=sample.lab)


def _gather(sample: Sample) -> None:
    gather(sample.submission, None, sample.lab, Truth())


def _seconds(sample: Sample) -> float:
    began = process_time()
    _gather(sample)
    return process_time() - began


def _figures(
    samples: list[Sample], copies: list[Sample], seconds: list[float]
) -> dict[str, object]:
    slowest = max(range(len(copies)), key=lambda each: seconds[each])
    path = Path(copies[slowest].submission.path)
    rate = len(copies) / sum(seconds)
    return {
        "notebooks": len(copies),
        "different": len(samples),
        "notebooks_per_second": round(rate, 1),
        "median_ms": round(median(seconds) * 1000, 1),
        "slowest_ms": round(seconds[slowest] * 1000, 1),
        "slowest": f"{path.parent.name}/{path.stem}",
        "target": TARGET,
        "target_reached": rate >= TARGET,
    }


def _shares(copies: list[Sample]) -> dict[str, float]:
    """Share of the time of each part of the stage, by its function, the largest first."""
    profiler = cProfile.Profile()
    with profiler:
        for copy in copies:
            _gather(copy)
    measured = pstats.Stats(profiler).get_stats_profile().func_profiles
    whole = measured["assemble"].cumtime
    callers = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    parts = {
        name: from_[key][3]
        for (_, _, name), (*_, from_) in callers.items()
        for key in from_
        if key[2] == "assemble" and not name.startswith("<")
    }
    shares = {name: round(each / whole, 3) for name, each in parts.items()}
    return dict(sorted(shares.items(), key=lambda each: -each[1])[:10])


if __name__ == "__main__":
    main()
