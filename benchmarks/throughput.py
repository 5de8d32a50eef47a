"""Notebooks per hour: this product beside nbgrader autograde, papermill and nbmake.

``python benchmarks/throughput.py --n 12`` grades as many copies of a real lab notebook with every
tool in turn, several rounds, and prints medians and ratios. The product runs as a teacher runs it:
``grader grade --jobs 2``, sandbox and recorder on, its start-up and its pages included.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import click
import nbformat
from lab_notebook import LAB, notebook
from measuring import CommandError, Timing, facts, run, write_results
from peers import PEERS, Peer, Peers

from grader.assets import prepare
from grader.execute import ForkSandbox
from grader.model import Result
from grader.pipeline import load_lab
from grader.store import Store

PRODUCT = "grader"
_ROOT = Path(__file__).parents[1]
_JOBS = 2


@click.command()
@click.option("--n", "copies", default=12, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--only", multiple=True, help="Leave out every peer but these.")
def main(copies: int, rounds: int, only: tuple[str, ...]) -> None:
    """Compare notebooks per hour."""
    machine = facts()
    lab = load_lab(LAB)
    home = prepare(lab, lab.profile)
    students = [f"student-{number:02}" for number in range(copies)]
    chosen = [peer for peer in PEERS if not only or peer.name in only]
    timings: dict[str, list[Timing]] = {PRODUCT: [], **{peer.name: [] for peer in chosen}}
    warm: list[float] = []
    with tempfile.TemporaryDirectory(prefix="throughput-") as place:
        work = Path(place)
        peers = Peers(home, work)
        for peer in chosen:
            # Byte code compiled, caches of the data filled: no first time is timed.
            peer.grade(peers, _folder(work, f"first {peer.name}"), students[:1])
        for number in range(rounds):
            folder = _folder(work, f"{number} {PRODUCT}")
            timings[PRODUCT].append(_grade(folder, students))
            warm.append(_warm_seconds(home.root, lab.profile))
            for peer in chosen:
                folder = _folder(work, f"{number} {peer.name}")
                timings[peer.name].append(peer.grade(peers, folder, students))
            figures = _figures(timings, copies, chosen, median(warm))
            click.echo(f"After round {number + 1} of {rounds}:")
            _show(figures)
            head = {"notebooks": copies, "rounds": number + 1, "peer_versions": peers.versions()}
            # After every round: an hour of measuring should survive an interruption.
            file = write_results("throughput", machine, head | figures)
            click.echo(f"Written to {file}")


def _folder(work: Path, name: str) -> Path:
    folder = work / name.replace(" ", "-")
    folder.mkdir()
    return folder


def _grade(folder: Path, students: Sequence[str]) -> Timing:
    """Grade with the product, and see that every notebook was run, walled in and recorded."""
    handed_in, out = folder / "submissions", folder / "out"
    handed_in.mkdir()
    for student in students:
        nbformat.write(notebook(student), handed_in / f"{student}.ipynb")
    words = ("-m", "grader", "grade", str(handed_in), "--lab", LAB, "--out", str(out))
    command = [sys.executable, *words, "--jobs", str(_JOBS)]
    timing = run(command, cwd=_ROOT, environment=os.environ)
    _check(Store(out).results(), len(students))
    return timing


def _check(results: Iterable[Result], expected: int) -> None:
    runs = [each.run for each in results if each.run is not None and each.run.recorder_complete]
    done = [run for run in runs if run.outcome == "completed" and "landlock" in run.machine.sandbox]
    if len(done) != expected:
        raise CommandError(f"{len(done)} of {expected} notebooks ran to their end, walled in")


def _warm_seconds(assets: Path, profile: str) -> float:
    """What the fork server takes to import everything; part of the product's wall time."""
    with ForkSandbox(assets, profile) as sandbox:
        return sandbox.warm_seconds


def _figures(
    timings: dict[str, list[Timing]], copies: int, peers: Sequence[Peer], warm: float
) -> dict[str, Any]:
    ways = {PRODUCT: f"two at a time: --jobs {_JOBS}", **{peer.name: peer.how for peer in peers}}
    walls = {name: median(each.wall_seconds for each in taken) for name, taken in timings.items()}
    cpus = {name: median(each.cpu_seconds for each in taken) for name, taken in timings.items()}
    own = walls[PRODUCT]
    tools = {
        name: {
            "how": ways[name],
            "wall_seconds": [round(each.wall_seconds, 2) for each in taken],
            "cpu_seconds": [round(each.cpu_seconds, 2) for each in taken],
            "median_wall_seconds": round(walls[name], 2),
            "notebooks_per_hour": round(3600 * copies / walls[name]),
            "cpu_seconds_per_notebook": round(cpus[name] / copies, 2),
            "product_uses_less_cpu_by": round(cpus[name] / cpus[PRODUCT], 1),
            "product_is_faster_by": round(walls[name] / own, 1),
            "product_is_faster_by_after_start_up": round(walls[name] / (own - warm), 1),
        }
        for name, taken in timings.items()
    }
    return {"fork_server_start_seconds": round(warm, 2), "tools": tools}


def _show(figures: dict[str, Any]) -> None:
    row = "{:<15}{:>9}{:>14}{:>14}{:>9}{:>17}{:>11}  {}"
    head = ("tool", "wall s", "notebooks/h", "CPU s each", "ratio", "after start-up", "CPU ratio")
    click.echo(row.format(*head, "how"))
    for name, tool in figures["tools"].items():
        cells = (
            tool["median_wall_seconds"],
            tool["notebooks_per_hour"],
            tool["cpu_seconds_per_notebook"],
            tool["product_is_faster_by"],
            tool["product_is_faster_by_after_start_up"],
            tool["product_uses_less_cpu_by"],
        )
        click.echo(row.format(name, *cells, tool["how"]))
    start = figures["fork_server_start_seconds"]
    click.echo(f"The product's wall time includes {start} s in which its fork server starts.")


if __name__ == "__main__":
    main()
