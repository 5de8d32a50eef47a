"""How long ``grader check`` takes, its start-up included, and how many notebooks it reads a second.

``python benchmarks/check.py`` runs the command on one sample notebook again and again, in turns
with an interpreter that does nothing but import the three libraries the command cannot do without,
and prints both and their ratio (target: under 0.6 s). Then it checks a folder with copies of the
samples, each changed so that nothing can be remembered, and prints notebooks per second on one
core (target: at least 15). Everything counts: reading, evidence, detectors, scores, output.
"""

import os
import shutil
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import click
import nbformat
from measuring import Timing, facts, run, write_results

from grader.errors import SubmissionError
from grader.intake import intake
from grader.labs import any_lab

SAMPLES = Path(__file__).parents[1] / "submissions"
ONE = SAMPLES / "week9-vit-clip" / "honest.ipynb"
LIBRARIES = "import click, msgspec, pydantic"
SECONDS, A_SECOND = 0.6, 15.0
"""The targets."""


@click.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(2))
@click.option("--n", "notebooks", default=200, show_default=True, type=click.IntRange(1))
def main(rounds: int, notebooks: int) -> None:
    """Measure `grader check`."""
    machine = facts()
    figures = {**_one(rounds), **_many(notebooks)}
    for name, value in figures.items():
        click.echo(f"{name:<32}{value!s:>10}")
    path = write_results("check", machine, figures)
    click.echo(f"Written to {path}")


def _one(rounds: int) -> dict[str, object]:
    grader = shutil.which("grader", path=Path(sys.executable).parent)
    commands = [[str(grader), "check", str(ONE)], [sys.executable, "-c", LIBRARIES]]
    for command in commands:
        _timed(command)
    turns = [[_timed(command).wall_seconds for command in commands] for _ in range(rounds)]
    check, libraries = ([turn[i] for turn in turns] for i in (0, 1))
    return {
        "rounds": rounds,
        "check_seconds": round(median(check), 3),
        "check_fastest_seconds": round(min(check), 3),
        "libraries_seconds": round(median(libraries), 3),
        "libraries_fastest_seconds": round(min(libraries), 3),
        "ratio": round(median(a / b for a, b in turns), 2),
        "target_seconds": SECONDS,
        "target_seconds_reached": median(check) < SECONDS,
    }


def _many(notebooks: int) -> dict[str, object]:
    readable = [path for path in sorted(SAMPLES.glob("*/*.ipynb")) if _is_readable(path)]
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(islice(cycle(readable), notebooks)):
            _copy(path, Path(folder) / f"{number:04d}.ipynb", number)
        took = _timed([sys.executable, "-m", "grader", "check", folder])
    rate = notebooks / took.cpu_seconds
    return {
        "notebooks": notebooks,
        "different": len(readable),
        "notebooks_per_second": round(rate, 1),
        "target_notebooks_per_second": A_SECOND,
        "target_notebooks_per_second_reached": rate >= A_SECOND,
    }


def _is_readable(path: Path) -> bool:
    try:
        intake(path, any_lab())
        nbformat.read(path, as_version=4)
    except (SubmissionError, ValueError):
        return False
    return True


def _copy(path: Path, copy: Path, number: int) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source += f"\n# {number}" if cell.cell_type == "code" else f"\n\n<!-- {number} -->"
    nbformat.write(notebook, copy)


def _timed(command: list[str]) -> Timing:
    # As a user has it: what was compiled once is kept.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return run(command, cwd=SAMPLES.parent, environment=kept, accepted=(0, 1))


if __name__ == "__main__":
    main()
