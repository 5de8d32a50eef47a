"""Small builders of results, one per way a submission can end."""

from grader.model import (
    Cell,
    Comparisons,
    Detection,
    EvidenceKind,
    Finding,
    LabelArray,
    Outcome,
    Output,
    Recording,
    Result,
    Unassessed,
    Value,
    WrittenAnswer,
)
from tests.report.sample_findings import (
    DAT005,
    DIGEST,
    HINT,
    LAB,
    OUT003,
    SMP001,
    STARTER,
    finding,
    submission,
)
from tests.report.sample_parts import (
    comparisons,
    evidence,
    grade,
    labels,
    run,
)


def single_sample(student: str = "heron") -> Result:
    decided: dict[str, tuple[Finding, ...]] = {
        "vit-sample": (SMP001,),
        "vit-valid": (SMP001,),
        "numbers-agree": (OUT003,),
    }
    return Result(
        student=student,
        path=f"submissions/{student}.ipynb",
        digest=DIGEST,
        outcome=Outcome.NEEDS_REVIEW,
        submission=submission(student),
        run=run(),
        evidence=evidence(),
        comparisons=comparisons(),
        detection=Detection(
            findings=(SMP001, OUT003, DAT005, HINT, STARTER),
            unassessed=(
                Unassessed(
                    code="PRD001",
                    name="predictions-depend-on-labels",
                    reason="Shuffling one image changes nothing.",
                    needs="At least 64 test images",
                ),
            ),
            clear=("random-labels", "eval-on-train-split", "hard-coded-metric"),
        ),
        grade=grade(decided),
    )


def honest(student: str = "avocet") -> Result:
    return single_sample(student).model_copy(
        update={
            "outcome": Outcome.GRADED,
            "evidence": evidence(vit_n=126),
            "comparisons": comparisons(vit_n=126),
            "detection": Detection(clear=("single-sample-eval", "random-labels")),
            "grade": grade(),
        }
    )


def ended(outcome: Outcome, message: str, student: str) -> Result:
    """A submission of which nothing but the message is known."""
    return Result(
        student=student,
        path=f"submissions/{student}.ipynb",
        digest=DIGEST,
        outcome=outcome,
        message=message,
    )


def unreadable() -> Result:
    message = (
        "The file ends in the middle of cell 6, so it could not be read; hand in a complete copy."
    )
    return ended(Outcome.UNREADABLE, message, "wigeon")


def harness_error() -> Result:
    message = "Our runner stopped; your notebook will run again and this costs no points."
    return ended(Outcome.HARNESS_ERROR, message, "grebe")


def environment() -> Result:
    message = "This runner lacks torchvision, so your notebook was not run; this costs no points."
    result = ended(Outcome.ENVIRONMENT, message, "teal")
    return result.model_copy(
        update={"submission": submission("teal"), "run": run("environment", message)}
    )


def stopped(outcome: Outcome, message: str, student: str) -> Result:
    return single_sample(student).model_copy(
        update={"outcome": outcome, "message": message, "run": run(outcome.value, message)}
    )


def timeout() -> Result:
    message = "Cell 5 was still running after 2 minutes; task 1 is graded, task 2 could not be."
    return stopped(Outcome.TIMEOUT, message, "godwit")


def killed() -> Result:
    message = "Cell 5 used more memory than the 4 GB allowed; what ran before it is graded."
    return stopped(Outcome.KILLED, message, "dunlin")


def static() -> Result:
    """A notebook that was read but not run."""
    known = evidence().model_copy(
        update={
            "kinds": frozenset({EvidenceKind.SOURCE, EvidenceKind.SAVED, EvidenceKind.PROSE}),
            "recording": Recording(),
            "evaluations": (),
        }
    )
    return single_sample("knot").model_copy(
        update={"evidence": known, "run": None, "comparisons": Comparisons()}
    )


def every_outcome() -> dict[str, Result]:
    return {
        "single-sample": single_sample(),
        "honest": honest(),
        "static": static(),
        "unreadable": unreadable(),
        "timeout": timeout(),
        "killed": killed(),
        "environment": environment(),
        "harness-error": harness_error(),
    }


def hostile(text: str, student: str = "heron") -> Result:
    """The same text in every place a student's words can reach."""
    code = Cell(
        index=0,
        kind="code",
        source=f"{text}\n{text}",
        outputs=(Output(kind="stdout", text=text, html=text),),
    )
    prose = Cell(index=1, kind="markdown", source=text)
    shown = finding(
        "SMP001",
        "single-sample-eval",
        cell=0,
        remark=text,
        severity="invalid",
        task="vit",
        message=text,
        measured=text,
        why=text,
        remedy=text,
        sure=text,
    )
    base = evidence(cells=(code, prose))
    known = base.model_copy(
        update={
            "answers": tuple(
                WrittenAnswer(id=each.id, cells=(1,), text=f"{text} 91%", words=3)
                for each in LAB.answers
            ),
            "claims": tuple(
                claim.model_copy(update={"cell": 1, "printed": text or "91%", "sentence": text})
                for claim in base.claims
            ),
            "evaluations": tuple(
                each.model_copy(update=dict.fromkeys(("dataset", "split", "model"), text))
                for each in base.evaluations
            ),
            "recording": base.recording.model_copy(
                update={
                    "arrays": {
                        name: LabelArray(id=name, length=2, values=(text, "cat"))
                        for name in ("vt", "vp", "ct", "cp")
                    }
                }
            ),
        }
    )
    said = comparisons().entries[0]
    claimed = Value(value=1.0, printed=text, n=1, cell=1)
    ran = run("killed", text)
    cells = tuple(each.model_copy(update={"error": text}) for each in ran.cells)
    adapted = tuple(each.model_copy(update={"text": text}) for each in ran.adaptations)
    return single_sample(student).model_copy(
        update={
            "student": text,
            "path": f"submissions/{text}.ipynb",
            "message": text,
            "submission": submission(text, (code, prose)),
            "run": ran.model_copy(update={"cells": cells, "adaptations": adapted}),
            "evidence": known,
            "comparisons": Comparisons(
                entries=(said.model_copy(update={"claimed": claimed, "why": text}),),
                reference_missing=text,
            ),
            "detection": Detection(
                findings=(shown, shown.model_copy(update={"from_starter": True})),
                unassessed=(Unassessed(code="X1", name="x", reason=text, needs=text),),
            ),
            "grade": grade({"vit-sample": (shown,)}),
        }
    )


def huge() -> Result:
    """A notebook of 400 cells, one line of 200,000 characters, 100 findings, 60 classes."""
    line = "x = '" + "QUJD" * 50_000 + "'"
    cells = tuple(
        Cell(index=index, kind="code", source="\n".join([line, *("y = 1",) * 300]))
        for index in range(400)
    )
    found = tuple(
        finding("DAT005", "test-set-tuning", cell=index, line=1 + index, task="clip")
        for index in range(100)
    )
    y_true, y_pred = labels(60, 50, 0.8, 3)
    base = evidence(cells=cells)
    arrays = {
        "ct": LabelArray(id="ct", length=len(y_true), values=tuple(y_true)),
        "cp": LabelArray(id="cp", length=len(y_pred), values=tuple(y_pred)),
    }
    known = base.model_copy(
        update={
            "answers": (
                WrittenAnswer(id="comparison", cells=(6,), text="word " * 100_000, words=100_000),
            ),
            "recording": base.recording.model_copy(update={"arrays": arrays}),
        }
    )
    return single_sample("brambling").model_copy(
        update={
            "submission": submission("brambling", cells),
            "evidence": known,
            "detection": Detection(findings=found),
            "grade": grade({"clip-valid": found}),
        }
    )
