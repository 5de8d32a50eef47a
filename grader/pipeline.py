"""The one place that knows the order of the stages."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from grader import __version__, labs
from grader.compare import Present, compare
from grader.config import data_folder
from grader.detect import Detector, detect, load_detectors
from grader.detect.peers import peer_of
from grader.errors import GraderError, MachineError, SubmissionError
from grader.evidence import Truth, gather
from grader.intake import digest, intake
from grader.model import (
    UNSETTLED,
    Case,
    Cohort,
    Comparisons,
    Detection,
    Evidence,
    Grade,
    Lab,
    Outcome,
    ReferenceRecord,
    Result,
    Run,
    Submission,
)
from grader.score import score

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from grader.execute import Progress, Sandbox
    from grader.store import Store

__all__ = [
    "STAGES",
    "Job",
    "OnCell",
    "Setup",
    "among_others",
    "conditions",
    "grade_all",
    "grade_one",
    "judge",
    "load_lab",
    "look_at",
    "rejudged",
    "staff_digest",
    "starter_of",
]

STAGES = ("intake", "execute", "evidence", "compare", "detect", "score", "report")

OnCell = Callable[["Progress"], None]


class Setup(Struct, frozen=True, kw_only=True):
    """What all submissions of one class share."""

    lab: Lab
    """The lab they answer."""

    reference: ReferenceRecord | None = None
    """Recorded runs of the staff notebook."""

    revisions: Mapping[str, str] | None = None
    """Commits of what is served, by id, to be compared with those of the reference."""

    starter: Submission | None = None
    """The notebook students were given."""

    sandbox: "Sandbox | None" = None
    """Where they run; ``None`` looks without running anything."""

    truth: Truth = field(default_factory=Truth)
    """Labels, captions and answers the sandbox serves."""

    detectors: tuple[Detector, ...] | None = None
    """What is looked for; ``None`` for everything there is."""

    seed: int = 42
    """Seed set before the first cell."""

    on_cell: OnCell | None = None
    """Told of every cell that starts or ends."""

    store: "Store | None" = None
    """Where runs are kept and looked up; ``None`` runs everything and keeps nothing."""

    conditions: str = ""
    """Digest of what decides a run besides the notebook; see ``conditions``."""


class Job(Struct, frozen=True, kw_only=True):
    """One file to grade."""

    path: Path
    student: str

    notes: tuple[str, ...] = ()
    """What intake has to say about the choice of this file."""


def load_lab(name: str) -> Lab:
    """The lab of this name, its criteria checked against the detectors there are.

    Raises:
        LabError: If there is no such lab, or its file is malformed.
    """
    return labs.load_lab(name, detectors=[each.name for each in load_detectors()])


def starter_of(lab: Lab) -> Submission | None:
    """The notebook students start from, where the lab has one."""
    path = data_folder("rubrics") / lab.id / "starter.ipynb"
    return intake(path, lab) if path.is_file() else None


@cache
def staff_digest(lab: str) -> str | None:
    """Digest of a lab's staff notebook, where it has one."""
    path = data_folder("reference") / lab / "solution.ipynb"
    return digest(path) if path.is_file() else None


def grade_all(
    jobs: Sequence[Job], setup: Setup, engine: "Executor", save: Callable[[Result], None]
) -> None:
    """Grade a class, first come first served; one submission's trouble never touches another.

    Nothing is kept here, so that memory does not grow with the class.

    Args:
        jobs: The files.
        setup: What they share.
        engine: Runs them; as many at once as it has workers.
        save: Called with each result as soon as it is there, from the calling thread.
    """
    # A check of a few notebooks needs no pool of workers.
    from concurrent.futures import as_completed

    waiting = {engine.submit(grade_one, job, setup) for job in jobs}
    try:
        for future in as_completed(waiting):
            waiting.discard(future)
            save(future.result())
    finally:
        for future in waiting:
            future.cancel()


def grade_one(job: Job, setup: Setup) -> Result:
    """Take one file through all stages but the last.

    Never raises for what a submission is or does; a fault of the machine is tried once more
    and then becomes the outcome ``harness-error``, which costs no points.
    """
    head = {"student": job.student, "path": str(job.path), "digest": digest(job.path)}
    try:
        submission = intake(job.path, setup.lab, starter=setup.starter)
    except SubmissionError as error:
        return Result(**head, outcome=Outcome.UNREADABLE, message=str(error))
    notes = (*job.notes, *submission.notes)
    submission = submission.model_copy(update={"student": job.student, "notes": notes})
    try:
        return _graded(submission, setup)
    except Exception as error:  # noqa: BLE001 - whatever broke here, it was not the student
        said = str(error) if isinstance(error, GraderError) else f"{type(error).__name__}: {error}"
        message = "Our runner stopped; your notebook will run again and this costs no points."
        return Result(
            **head,
            outcome=Outcome.HARNESS_ERROR,
            message=f"{message} ({said})",
            submission=submission,
        )


def _graded(submission: Submission, setup: Setup) -> Result:
    run, evidence = _gathered(submission, setup)
    return judge(
        evidence, run, setup.lab, setup.reference, setup.revisions, detectors=setup.detectors
    )


def look_at(path: Path, setup: Setup) -> tuple[Run | None, Evidence]:
    """The evidence of one file and the run it rests on, with nothing judged.

    Raises:
        SubmissionError: If the file cannot be read.
        MachineError: If it could not be run, twice, for a fault of the machine.
    """
    return _gathered(intake(path, setup.lab, starter=setup.starter), setup)


def _gathered(submission: Submission, setup: Setup) -> tuple[Run | None, Evidence]:
    run = _run(submission, setup)
    return run, gather(submission, run, setup.lab, setup.truth)


def conditions(lab: Lab, sandbox: Mapping[str, object], seed: int) -> str:
    """Digest of everything but the notebook that decides a run; the rubric's points do not.

    Args:
        lab: Its limits count, and what becomes of ``cuda`` without a GPU.
        sandbox: What the sandbox says of itself: assets, walls, versions.
        seed: Seed set before the first cell.
    """
    parts = {
        "limits": lab.limits.model_dump(),
        "cuda_without_gpu": lab.cuda_without_gpu,
        "sandbox": dict(sandbox),
        "seed": seed,
        "grader": __version__,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _run(submission: Submission, setup: Setup) -> Run | None:
    # A report tells of a notebook; there is nothing in it to execute.
    if setup.sandbox is None or submission.form == "report":
        return None
    if setup.store is None:
        return _executed(submission, setup.sandbox, setup)
    earlier = setup.store.run(submission.student, submission.digest)
    if earlier is not None and _still_holds(earlier, submission, setup):
        return earlier
    run = _executed(submission, setup.sandbox, setup)
    run = run.model_copy(update={"conditions": setup.conditions})
    setup.store.keep(submission.student, run)
    return run


def _still_holds(run: Run, submission: Submission, setup: Setup) -> bool:
    same = run.submission == submission.digest and run.conditions == setup.conditions
    return same and run.outcome not in UNSETTLED


def _executed(submission: Submission, sandbox: "Sandbox", setup: Setup) -> Run:
    # A check that runs nothing imports nothing that does.
    from grader.execute import RunOptions, execute

    options = RunOptions(
        limits=setup.lab.limits,
        seed=setup.seed,
        cuda_without_gpu=setup.lab.cuda_without_gpu,
        on_cell=setup.on_cell,
    )
    try:
        return execute(submission, sandbox, options)
    except MachineError:
        return execute(submission, sandbox, options)


def judge(
    evidence: Evidence,
    run: Run | None,
    lab: Lab,
    reference: ReferenceRecord | None,
    revisions: Mapping[str, str] | None = None,
    *,
    detectors: Sequence[Detector] | None = None,
) -> Result:
    """Everything after the evidence: a pure function, so a class is re-scored in seconds."""
    present = Present(
        machine=run.machine if run else None, revisions=revisions, notebook=staff_digest(lab.id)
    )
    comparisons = compare(evidence, lab, reference, present)
    case = Case(lab=lab, evidence=evidence, comparisons=comparisons)
    detection = detect(case, load_detectors() if detectors is None else detectors)
    grade = score(case, detection)
    outcome = _reviewed(_outcome(run), grade)
    submission = evidence.submission
    return Result(
        student=submission.student,
        path=submission.path,
        digest=submission.digest,
        outcome=outcome,
        message=run.message if run else "",
        submission=submission,
        run=run,
        evidence=evidence,
        comparisons=comparisons,
        detection=detection,
        # What this runner lacks is nobody's mistake, so nothing is scored.
        grade=None if outcome == Outcome.ENVIRONMENT else grade,
    )


def _reviewed(outcome: Outcome, grade: Grade) -> Outcome:
    """Whether a person must look at what was graded."""
    if outcome not in (Outcome.GRADED, Outcome.NEEDS_REVIEW):
        return outcome
    return Outcome.NEEDS_REVIEW if grade.needs_review else Outcome.GRADED


def _outcome(run: Run | None) -> Outcome:
    if run is None or run.outcome == "completed":
        return Outcome.GRADED
    return Outcome(run.outcome)


def rejudged(
    results: Iterable[Result], lab: Lab, reference: ReferenceRecord | None
) -> list[Result]:
    """Stored results judged again with the present lab; nothing is executed."""
    return [
        judge(each.evidence, each.run, lab, reference) if each.evidence is not None else each
        for each in results
    ]


def among_others(results: Sequence[Result], lab: Lab) -> list[Result]:
    """Results with what shows only beside the other submissions of the class.

    Nothing else is judged again, so this takes little more time than reading them.
    """
    peers = [peer_of(each.evidence, lab) if each.evidence is not None else None for each in results]
    detectors = [each for each in load_detectors() if each.family == "cohort"]
    found = []
    for at, (each, own) in enumerate(zip(results, peers, strict=True)):
        others = tuple(peer for i, peer in enumerate(peers) if peer is not None and i != at)
        beside = own is not None and others and each.detection is not None
        cohort = Cohort(own=own, others=others) if own is not None and beside else None
        found.append(each if cohort is None else _beside(each, lab, cohort, detectors))
    return found


def _beside(result: Result, lab: Lab, cohort: Cohort, detectors: Sequence[Detector]) -> Result:
    evidence, before = result.evidence, result.detection
    if evidence is None or before is None:
        return result
    case = Case(
        lab=lab, evidence=evidence, comparisons=result.comparisons or Comparisons(), cohort=cohort
    )
    after = detect(case, detectors)
    names = {each.name for each in detectors}
    detection = Detection(
        findings=(*(x for x in before.findings if x.name not in names), *after.findings),
        folded=(*(x for x in before.folded if x.name not in names), *after.folded),
        unassessed=(*(x for x in before.unassessed if x.name not in names), *after.unassessed),
        clear=(*(name for name in before.clear if name not in names), *after.clear),
    )
    if result.grade is None:
        return result.model_copy(update={"detection": detection})
    grade = score(case, detection)
    outcome = _reviewed(result.outcome, grade)
    changed = {"detection": detection, "grade": grade, "outcome": outcome}
    return result.model_copy(update=changed)
