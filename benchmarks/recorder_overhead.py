"""What the recorder costs a notebook: the same lab notebook with and without it, in turns.

``python benchmarks/recorder_overhead.py`` prints the difference in wall and CPU time (target:
under 3 % or 50 ms per notebook).
"""

from statistics import median
from time import perf_counter

import click
from kernels import fork_server, real_lab, used_by_kernels
from lab_notebook import LAB
from measuring import facts, write_results

from grader.assets import prepare
from grader.execute import ForkSandbox, RunOptions
from grader.model import Submission
from grader.pipeline import load_lab

TARGET = "under 3 % or 50 ms per notebook"


@click.command()
@click.option("--n", "pairs", default=20, show_default=True, type=click.IntRange(2))
def main(pairs: int) -> None:
    """Measure with and without, alternating."""
    machine = facts()
    lab = load_lab(LAB)
    home = prepare(lab, lab.profile)
    submission = real_lab(lab)
    with (
        ForkSandbox(home.root, lab.profile) as recorded,
        ForkSandbox(home.root, lab.profile, recorder=False) as plain,
    ):
        servers = {True: fork_server(recorded), False: fork_server(plain)}
        for sandbox in (recorded, plain):
            sandbox.run(submission, RunOptions())
        before = {way: used_by_kernels(server) for way, server in servers.items()}
        walls: dict[bool, list[float]] = {True: [], False: []}
        for number in range(pairs):
            # Whichever comes first might profit from what the other left in caches.
            order = ((True, recorded), (False, plain))
            for way, sandbox in order if number % 2 else reversed(order):
                walls[way].append(_seconds(sandbox, submission, recorded=way))
        cpu = {way: (used_by_kernels(servers[way]) - before[way]) / pairs for way in servers}
    figures = _figures(walls, cpu, pairs)
    for name, value in figures.items():
        click.echo(f"{name:<32}{value}")
    click.echo(f"Written to {write_results('recorder-overhead', machine, figures)}")


def _seconds(sandbox: ForkSandbox, submission: Submission, *, recorded: bool) -> float:
    began = perf_counter()
    run = sandbox.run(submission, RunOptions())
    seconds = perf_counter() - began
    if run.outcome != "completed" or run.recorder_complete is not recorded:
        raise ValueError(f"{run.outcome}, recorded: {run.recorder_complete}; {run.message}")
    return seconds


def _figures(
    walls: dict[bool, list[float]], cpu: dict[bool, float], pairs: int
) -> dict[str, object]:
    differences = [
        with_ - without for with_, without in zip(walls[True], walls[False], strict=True)
    ]
    added = median(differences)
    plain = median(walls[False])
    added_cpu = cpu[True] - cpu[False]
    return {
        "pairs": pairs,
        "plain_wall_ms": round(1000 * plain, 1),
        "recorded_wall_ms": round(1000 * median(walls[True]), 1),
        "added_wall_ms": round(1000 * added, 1),
        "added_wall_percent": round(100 * added / plain, 1),
        "plain_cpu_ms": round(1000 * cpu[False], 1),
        "added_cpu_ms": round(1000 * added_cpu, 1),
        "added_cpu_percent": round(100 * added_cpu / cpu[False], 1),
        "target": TARGET,
    }


if __name__ == "__main__":
    main()
