"""What recording costs a notebook.

``python benchmarks/recorder_overhead.py`` runs the same lab notebook with and without the recorder,
in turns, in kernels behind the same walls, and prints the difference (target: under 3 % or
50 ms a notebook). Processor seconds of the kernels are compared as well as wall time: other work
on the machine disturbs them least.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import click
import psutil
from kernels import fork_server, real_lab, used_by_kernels
from lab_notebook import EVALUATED, LAB
from measuring import CommandError, facts, write_results

from grader.assets import prepare
from grader.execute import ForkSandbox, KernelOptions, RunOptions
from grader.model import Run, Submission
from grader.pipeline import load_lab

TARGET_SHARE = 0.03
TARGET_SECONDS = 0.05


@dataclass(kw_only=True)
class Side:
    """A sandbox with or without the recorder, and what its runs took."""

    sandbox: ForkSandbox
    server: psutil.Process
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@click.command()
@click.option("--n", "pairs", default=20, show_default=True, type=click.IntRange(2))
def main(pairs: int) -> None:
    """Measure the recorder's overhead."""
    machine = facts()
    lab = load_lab(LAB)
    home = prepare(lab, lab.profile)
    submission = real_lab(lab)
    with (
        ForkSandbox(home.root, lab.profile, KernelOptions(recorder=False)) as plain,
        ForkSandbox(home.root, lab.profile) as recorded,
    ):
        without = Side(sandbox=plain, server=fork_server(plain))
        with_it = Side(sandbox=recorded, server=fork_server(recorded))
        _measure(without, with_it, submission, pairs)
    figures = _figures(without, with_it, pairs)
    for name, value in figures.items():
        click.echo(f"{name:<32}{value!s:>10}")
    click.echo(f"Written to {write_results('recorder-overhead', machine, figures)}")


def _measure(without: Side, with_it: Side, submission: Submission, pairs: int) -> None:
    turns = ((without, _unrecorded), (with_it, _recorded))
    for side, proven in turns:
        # Not timed: files are read from disk for the first time.
        _run(side, submission, proven)
    for number in range(pairs):
        for side, proven in turns if number % 2 else turns[::-1]:
            wall, cpu = _run(side, submission, proven)
            side.wall.append(wall)
            side.cpu.append(cpu)


def _run(side: Side, submission: Submission, proven: Callable[[Run], bool]) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    before, began = used_by_kernels(side.server), perf_counter()
    run = side.sandbox.run(submission, RunOptions())
    wall = perf_counter() - began
    printed = "".join(output.text for cell in run.cells for output in cell.outputs)
    if EVALUATED not in printed or not proven(run):
        raise CommandError(f"the notebook did not do what is being timed: {run.message or printed}")
    return wall, used_by_kernels(side.server) - before


def _recorded(run: Run) -> bool:
    return run.recorder_complete and any(event.name == "metric" for event in run.events)


def _unrecorded(run: Run) -> bool:
    return not any(event.name in ("metric", "forward") for event in run.events)


def _figures(without: Side, with_it: Side, pairs: int) -> dict[str, object]:
    wall, cpu = median(without.wall), median(without.cpu)
    added_wall = median(a - b for a, b in zip(with_it.wall, without.wall, strict=True))
    added_cpu = median(a - b for a, b in zip(with_it.cpu, without.cpu, strict=True))
    reached = added_wall < max(TARGET_SECONDS, TARGET_SHARE * wall)
    return {
        "pairs": pairs,
        "wall_seconds_without": round(wall, 3),
        "wall_seconds_added": round(added_wall, 4),
        "wall_share_added": round(added_wall / wall, 4),
        "cpu_seconds_without": round(cpu, 3),
        "cpu_seconds_added": round(added_cpu, 4),
        "cpu_share_added": round(added_cpu / cpu, 4),
        "target": f"{TARGET_SHARE:.0%} or {TARGET_SECONDS * 1000:.0f} ms",
        "target_reached": reached,
    }


if __name__ == "__main__":
    main()
