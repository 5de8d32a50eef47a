"""``grader reference``: run the staff notebook, and keep and compare what it reaches."""

import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field
from msgspec.structs import replace

from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.cli.setting import class_setup
from grader.compare import Present
from grader.compare.present import misfit, renewing, warnings
from grader.config import data_folder
from grader.errors import LabError
from grader.evidence import Truth, gather
from grader.execute import RunOptions, execute
from grader.intake import intake
from grader.model import METRICS, Evidence, Lab, Machine, ReferenceRecord, Run
from grader.pipeline import Setup, load_lab, staff_digest
from grader.store import load_reference, read_reference, reference_path, write_text

if TYPE_CHECKING:
    from grader.compare.reference import Texts

__all__ = ["reference"]

# grader.compare.reference and grader.compare.checking bring numpy, scikit-learn and nltk, for
# which a static check must not wait: they are imported in the commands that need them.


VECTORS = ("amx_tile", "avx512f", "avx2", "avx")
"""Names of vector units in ``/proc/cpuinfo``, best first; libraries use the best there is."""


@click.group()
def reference() -> None:
    """Run the staff notebook of a lab; show, verify and compare what its runs reached."""


class _Ran(Struct, kw_only=True):
    """Reference runs of one lab."""

    evidence: dict[int, Evidence] = field(default_factory=dict)
    machines: dict[int, Machine] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)

    @property
    def machine(self) -> Machine:
        """Of the first run."""
        return next(iter(self.machines.values()))

    @property
    def texts(self) -> "Texts":
        """Captions and answers served, by kind of task."""
        return {"captioning": self.truth.captions, "vqa": self.truth.answers}

    @property
    def present(self) -> Present:
        """What these runs were made with."""
        notebook = next(iter(self.evidence.values())).submission.digest
        return Present(machine=self.machine, revisions=self.revisions, notebook=notebook)


@reference.command()
@click.argument("lab_name", metavar="LAB")
@click.option(
    "--seeds", default=5, show_default=True, type=click.IntRange(3), help="How many runs."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the record here instead.")
@profile_option
@how_options
def run(lab_name: str, seeds: int, out: Path | None, profile: str | None, how: How) -> None:
    """Run the staff notebook of LAB with several seeds and record what it reaches."""
    from grader.compare.published import read_published
    from grader.compare.reference import Circumstances, record

    lab = with_profile(load_lab(lab_name), profile)
    published = read_published(data_folder("reference") / lab.id / "published.yaml", lab)
    ran = _run(lab, range(1, seeds + 1), how)
    under = Circumstances(
        machine=ran.machine,
        on=datetime.now(UTC).date(),
        cpu=_processor(),
        revisions=ran.revisions,
        published=published,
        texts=ran.texts,
        seconds=ran.seconds,
    )
    path = out or reference_path(lab.id, lab.profile)
    write_text(path, record(lab, ran.evidence, under).model_dump_json() + "\n")
    click.echo(f"Record: {path}")


@reference.command()
@click.argument("lab_name", metavar="LAB")
@profile_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def show(lab_name: str, profile: str | None, form: str) -> None:
    """Print what is recorded for LAB: metrics with n and intervals, bands, published figures."""
    # rich takes a tenth of a second to import
    from grader.cli.recorded import as_json, print_record

    lab = with_profile(load_lab(lab_name), profile)
    found = _recorded(lab)
    if form == "json":
        click.echo(as_json(found))
        return
    print_record(found, lab)
    _warn(warnings(found, lab, Present(notebook=staff_digest(lab.id))))


@reference.command()
@click.argument("lab_name", metavar="LAB")
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="How many of the recorded seeds to run.",
)
@profile_option
@how_options
def verify(lab_name: str, seeds: int, profile: str | None, how: How) -> int:
    """Run the staff notebook of LAB again and compare with the record.

    Tasks that train must land in the recorded bands. Deterministic inference must give the
    recorded answer to every item on the same processor with the same versions, and stay in the
    bands on another. Exits with 1 where it does not.
    """
    from grader.compare.checking import check, same_machine

    lab = with_profile(load_lab(lab_name), profile)
    found = _recorded(lab)
    if wrong := misfit(found, lab):
        raise LabError(f"{reference_path(lab.id, lab.profile)}: {wrong}")
    ran = _run(lab, found.seeds[:seeds], how)
    _warn(warnings(found, lab, ran.present))
    exactly = same_machine(found, ran.machine, _processor())
    checked = [*check(found, lab, ran.evidence, ran.texts, exactly=exactly)]
    for each in checked:
        state = "differs" if each.wrong else "agrees"
        click.echo(f"{each.task}, seed {each.seed}: {state} ({each.said})")
        for line in each.wrong:
            click.echo(f"  {line}")
    return 1 if any(each.wrong for each in checked) else 0


@reference.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@profile_option
def diff(one: str, other: str, profile: str | None) -> int:
    """Print what differs between two records, A and B: files, or names of labs.

    Exits with 1 if anything does.
    """
    from grader.compare import checking

    lines = [*checking.diff(_named(one, profile), _named(other, profile))]
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo("The records say the same.")
    return 1 if lines else 0


def _named(name: str, profile: str | None) -> ReferenceRecord:
    path = Path(name)
    if path.is_file():
        return read_reference(path)
    return _recorded(with_profile(load_lab(name), profile))


def _recorded(lab: Lab) -> ReferenceRecord:
    found = load_reference(lab.id, lab.profile)
    if found is None:
        raise LabError(
            f"No reference run of {lab.id} with the profile {lab.profile} is recorded; "
            f"`{renewing(lab.id, lab.profile)}`."
        )
    return found


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(f"Note: {line}", err=True)


def _run(lab: Lab, seeds: Iterable[int], how: How) -> _Ran:
    notebook = data_folder("reference") / lab.id / "solution.ipynb"
    if not notebook.is_file():
        raise LabError(f"{notebook}: the lab has no staff notebook to run.")
    ran = _Ran()
    with class_setup(lab, how=how) as setup:
        ran.revisions, ran.truth = setup.revisions or {}, setup.truth
        for seed in seeds:
            evidence, done = _once(notebook, lab, replace(setup, seed=seed))
            ran.evidence[seed], ran.machines[seed] = evidence, done.machine
            ran.seconds[seed] = round(done.seconds, 1)
            said = f"seed {seed}, {done.seconds:.0f} s: {_said(evidence, lab)}"
            click.echo(said, err=True)
    return ran


def _once(notebook: Path, lab: Lab, setup: Setup) -> tuple[Evidence, Run]:
    submission = intake(notebook, lab)
    if setup.sandbox is None:
        raise LabError("A reference run needs a sandbox.")
    options = RunOptions(limits=lab.limits, seed=setup.seed, cuda_without_gpu=lab.cuda_without_gpu)
    done = execute(submission, setup.sandbox, options)
    wrong = [f"cell {cell.index}: {cell.error}" for cell in done.cells if cell.outcome != "ok"]
    if wrong:
        raise LabError(f"{notebook}: the staff notebook did not run through: {'; '.join(wrong)}")
    return gather(submission, done, lab, setup.truth), done


def _said(evidence: Evidence, lab: Lab) -> str:
    return "; ".join(
        f"{task.id} {', '.join(_scores(best.scores, task.metrics))} (n={best.n:,})"
        for task in lab.tasks
        if (best := evidence.best(task.id)) is not None
    )


def _scores(scores: Mapping[str, float], metrics: Iterable[str]) -> list[str]:
    return [
        f"{METRICS[name].spoken} {scores[name]:.4f}"
        for name in METRICS
        if name in {*metrics} & scores.keys()
    ]


def _processor() -> str | None:
    """Model and vector unit, which decide in which order floats are added up."""
    known: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            known.setdefault(name.strip(), value.strip())
    if "model name" not in known:
        return platform.processor() or None
    flags = known.get("flags", "").split()
    parts = [f"family {known.get('cpu family', '?')}", f"model {known.get('model', '?')}"]
    parts += [flag for flag in VECTORS if flag in flags][:1]
    return f"{known['model name']} ({', '.join(parts)})"
