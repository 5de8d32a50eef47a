"""How long a student waits for a kernel, and what an idle kernel costs in memory.

``python benchmarks/kernel_start.py`` orders kernels one after another and prints the median time
from the order to the first cell (target: under 0.35 s), then lets some kernels idle at the same
time and prints the memory each adds (PSS; target: under 80 MiB).
"""

from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from time import perf_counter, sleep

import click
import psutil
from kernels import fork_server, memory_mib, of_cell
from lab_notebook import LAB
from measuring import facts, write_results

from grader.assets import prepare
from grader.execute import ForkSandbox, Progress, RunOptions
from grader.pipeline import load_lab

READY_TARGET_SECONDS = 0.35
MEMORY_TARGET_MIB = 80.0

_IDLE_SECONDS = 8
_SETTLED_SECONDS = 5.0


@click.command()
@click.option("--n", "starts", default=30, show_default=True, type=click.IntRange(2))
@click.option("--idle", "kernels", default=4, show_default=True, type=click.IntRange(1))
def main(starts: int, kernels: int) -> None:
    """Measure starts and idle memory."""
    machine = facts()
    lab = load_lab(LAB)
    home = prepare(lab, lab.profile)
    with ForkSandbox(home.root, lab.profile) as sandbox:
        server = fork_server(sandbox)
        warm = sandbox.warm_seconds
        sandbox.prove()
        measured = [_start(sandbox) for _ in range(starts)]
        added = _idle_mib(sandbox, server, kernels)
    ready = [first for first, _ in measured]
    whole = [last for _, last in measured]
    figures = {
        "fork_server_start_seconds": round(warm, 2),
        "starts": starts,
        "ready_seconds_median": round(median(ready), 3),
        "ready_seconds_p90": round(quantiles(ready, n=10)[-1], 3),
        "ready_seconds_target": READY_TARGET_SECONDS,
        "empty_notebook_seconds_median": round(median(whole), 3),
        "idle_kernels": kernels,
        "added_pss_mib_per_idle_kernel": round(added, 1),
        "added_pss_mib_target": MEMORY_TARGET_MIB,
    }
    for name, value in figures.items():
        click.echo(f"{name:<32}{value:>8}")
    click.echo(f"Written to {write_results('kernel-start', machine, figures)}")


def _start(sandbox: ForkSandbox) -> tuple[float, float]:
    """Seconds from the order of an empty notebook to its first cell, and to its end."""
    first: list[float] = []

    def note(progress: Progress) -> None:
        first.append(perf_counter())

    began = perf_counter()
    sandbox.run(of_cell("pass"), RunOptions(on_cell=note))
    return first[0] - began, perf_counter() - began


def _idle_mib(sandbox: ForkSandbox, server: psutil.Process, kernels: int) -> float:
    """Memory each of several idle kernels adds to that of the fork server alone."""
    alone = memory_mib(server)
    idle = of_cell(f"import time\ntime.sleep({_IDLE_SECONDS})")
    with ThreadPoolExecutor(kernels) as engine:
        runs = [engine.submit(sandbox.run, idle, RunOptions()) for _ in range(kernels)]
        sleep(_SETTLED_SECONDS)
        together = memory_mib(server)
        for run in runs:
            run.result()
    return (together - alone) / kernels


if __name__ == "__main__":
    main()
