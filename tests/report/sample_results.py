"""Small builders of results, one per way a submission can end."""

import random
from datetime import UTC, datetime
from pathlib import Path

import yaml

from grader.model import (
    Adaptation,
    Band,
    Cell,
    CellRun,
    Claim,
    Comparison,
    Comparisons,
    Confidence,
    CriterionGrade,
    Detection,
    Evaluation,
    Evidence,
    EvidenceKind,
    EvidenceRef,
    Finding,
    Grade,
    Lab,
    LabelArray,
    LabelOrigin,
    LoadedAsset,
    Machine,
    Outcome,
    Output,
    Recording,
    Reported,
    Result,
    Run,
    Submission,
    TrainerCall,
    Unassessed,
    Value,
    Verdict,
    WrittenAnswer,
)
from grader.report import Context

LAB_FILE = Path(__file__).parents[2] / "rubrics" / "week9-vit-clip" / "lab.yaml"
LAB = Lab.model_validate(yaml.safe_load(LAB_FILE.read_text(encoding="utf-8")))
CONTEXT = Context(
    lab=LAB,
    grader_version="0.1.0",
    graded_at=datetime(2026, 11, 14, 9, 42, tzinfo=UTC),
    profile="tiny",
)
DIGEST = "7f3a91c2" * 8
BEANS, CIFAR = "AI-Lab-Makerere/beans", "uoft-cs/cifar10"
VIT, CLIP = "google/vit-base-patch16-224-in21k", "openai/clip-vit-base-patch32"
MACHINE = Machine(
    python="3.11.9",
    platform="Linux x86_64",
    device="cpu",
    cores=2,
    sandbox="user net ipc pid mount landlock-7",
    seed=1234,
    profile="tiny",
    versions={"torch": "2.13.0", "transformers": "5.23.0", "scikit-learn": "1.9.0"},
)
SINGLE = "pred = trainer.predict(prepared_ds['test'].select(range(1)))\npred"
PROMPTS = """templates = ["{}", "a picture of a {}.", "a photo of a {}."]
scores = {}
for t in templates:
    y_pred = classify(test_images, [t.format(c) for c in class_names])
    scores[t] = accuracy_score(y_test, y_pred)
best = max(scores, key=scores.get)"""
COMPARISON = """CLIP reaches 91% without training, ViT 100% on the image we tried.

With 88.95% on CIFAR-10, **CLIP** needs no labels at all; others report 76.2% on ImageNet."""

CELLS = (
    Cell(index=0, kind="markdown", source="# Week 9"),
    Cell(index=1, kind="code", source="!pip install evaluate --quiet\nimport torch"),
    Cell(index=2, kind="code", source="trainer.train()"),
    Cell(
        index=3,
        kind="code",
        source=SINGLE,
        outputs=(Output(kind="result", text="PredictionOutput(label_ids=array([0]))"),),
    ),
    Cell(index=4, kind="markdown", source="## Observation on ViT\nAccuracy is 100%."),
    Cell(
        index=5,
        kind="code",
        source=PROMPTS,
        outputs=(Output(kind="stdout", text="0.8712\n0.8841\n0.8895\n"),),
    ),
    Cell(index=6, kind="markdown", source=f"## Comparison\n{COMPARISON}"),
)


def submission(
    student: str = "heron", cells: tuple[Cell, ...] = CELLS, path: str | None = None
) -> Submission:
    return Submission(
        student=student,
        lab=LAB.id,
        path=path or f"submissions/{student}.ipynb",
        digest=DIGEST,
        cells=cells,
    )


def finding(
    code: str,
    name: str,
    *,
    cell: int,
    line: int | None = 1,
    kind: EvidenceKind = EvidenceKind.SOURCE,
    remark: str = "",
    **fields: object,
) -> Finding:
    given: dict[str, object] = {
        "severity": "minor",
        "confidence": Confidence.CERTAIN,
        "message": f"{name} was seen in cell {cell}",
        "measured": "One call was recorded.",
        "why": "The number says less than it seems to.",
        "remedy": "Use the whole test split. Then run the cell again.",
        "sure": "The call was recorded.",
        **fields,
    }
    where = EvidenceRef(kind=kind, cell=cell, line=line, remark=remark)
    return Finding.model_validate({"code": code, "name": name, "evidence": (where,), **given})


SMP001 = finding(
    "SMP001",
    "single-sample-eval",
    cell=3,
    remark="keeps 1 of 128 images",
    severity="invalid",
    task="vit",
    message="Your accuracy was computed on one image, so it can only be 0 or 1",
    measured="One call of trainer.predict, with 1 row.",
    why="One image cannot tell a model that is right 95 times in 100 from one that is right 30 "
    "times in 100.",
    remedy="Evaluate ViT on all 128 test images. Or use at least 100 of them, drawn at random "
    "with a fixed seed, and write n next to each score.",
    sure="The images were counted as they reached the model.",
)
OUT003 = finding(
    "OUT003",
    "prose-number-mismatch",
    cell=6,
    line=2,
    kind=EvidenceKind.PROSE,
    severity="major",
    confidence=Confidence.LIKELY,
    message="Your text says 91%, but the notebook computed 88.95%",
    measured="The notebook recorded three CLIP accuracies: 0.8712, 0.8841 and 0.8895.",
    remedy="Write 88.95% in cell 6. If 91% comes from another source, name the source.",
    sure="The sentence may refer to another result, so a person decides.",
)
DAT005 = finding(
    "DAT005",
    "test-set-tuning",
    cell=5,
    line=6,
    remark="chooses on the images it is tested on",
    task="clip",
    message="3 prompts were tried on the test set and the best was kept",
    remedy="Choose the CLIP prompt on training images, then test once.",
)
HINT = finding(
    "PRD009", "odd-score", cell=5, task="clip", severity="review", confidence=Confidence.HINT
)
STARTER = finding("DAT006", "best-checkpoint-on-test", cell=2, task="vit", from_starter=True)


def labels(classes: int, each: int, right: float, seed: int) -> tuple[list[int], list[int]]:
    """True labels and predictions of a model that is right that often."""
    draw = random.Random(seed)  # noqa: S311 - a made-up model, not a secret
    y_true = [label for label in range(classes) for _ in range(each)]
    y_pred = [label if draw.random() < right else draw.randrange(classes) for label in y_true]
    return y_true, y_pred


def recording(vit_n: int) -> Recording:
    vit_true, vit_pred = ([0], [0]) if vit_n == 1 else labels(3, vit_n // 3, 0.93, 1)
    clip_true, clip_pred = labels(10, 100, 0.88, 2)
    arrays = {"vt": vit_true, "vp": vit_pred, "ct": clip_true, "cp": clip_pred}
    return Recording(
        loads=(
            LoadedAsset(cell=1, kind="dataset", asset=BEANS, split="test", rows=128),
            LoadedAsset(cell=1, kind="dataset", asset=CIFAR, split="test", rows=10_000),
        ),
        trainer_calls=(TrainerCall(cell=2, method="train", model=VIT, rows=1034, steps=520),),
        arrays={
            name: LabelArray(id=name, length=len(values), values=tuple(values))
            for name, values in arrays.items()
        },
    )


def evaluations(vit_n: int) -> tuple[Evaluation, ...]:
    common = {"is_training_data": False, "split": "test"}
    vit = Evaluation.model_validate(
        {
            **common,
            "task": "vit",
            "cell": 3,
            "source": "trainer.predict",
            "n": vit_n,
            "y_true": "vt",
            "y_pred": "vp",
            "classes": 1 if vit_n == 1 else 3,
            "origin": LabelOrigin(dataset=BEANS, split="test", start=0),
            "dataset": BEANS,
            "model": VIT,
            "forward_rows": vit_n,
        }
    )
    clip = Evaluation.model_validate(
        {
            **common,
            "task": "clip",
            "cell": 5,
            "source": "sklearn",
            "n": 10_000,
            "y_true": "ct",
            "y_pred": "cp",
            "classes": 10,
            "dataset": CIFAR,
            "model": CLIP,
            "forward_rows": 12_000,
        }
    )
    return (vit, clip)


def evidence(vit_n: int = 1, cells: tuple[Cell, ...] = CELLS) -> Evidence:
    claims = [("91%", 0.91, "clip"), ("100%", 1.0, "vit"), ("88.95%", 0.8895, "clip")]
    return Evidence(
        submission=submission(cells=cells),
        kinds=frozenset(EvidenceKind),
        reported=(
            Reported(
                source="saved",
                cell=5,
                output=0,
                line=3,
                metric="accuracy",
                value=0.8895,
                printed="0.8895",
                decimals=4,
                task="clip",
            ),
        ),
        claims=tuple(
            Claim(
                cell=6,
                start=CELLS[6].source.index(printed),
                end=CELLS[6].source.index(printed) + len(printed),
                sentence=COMPARISON.partition("\n")[0],
                metric="accuracy",
                value=value,
                printed=printed,
                decimals=4 if "." in printed else 2,
                task=task,
            )
            for printed, value, task in claims
        ),
        answers=(
            WrittenAnswer(id="vit-observation", cells=(4,), text="Accuracy is 100%.", words=3),
            WrittenAnswer(id="comparison", cells=(6,), text=COMPARISON, words=26),
        ),
        recording=recording(vit_n),
        evaluations=evaluations(vit_n),
    )


def value(number: float, n: int, printed: str | None = None, cell: int = 5) -> Value:
    return Value(value=number, n=n, printed=printed, cell=cell)


def comparisons(vit_n: int = 1) -> Comparisons:
    vit = 1.0 if vit_n == 1 else 0.9365
    entries = []
    for metric in ("accuracy", "precision", "recall", "f1"):
        average = None if metric == "accuracy" else "macro"
        entries.append(
            Comparison(
                task="vit",
                metric=metric,
                average=average,
                claimed=value(vit, vit_n, f"{vit:.2%}", 4) if metric == "accuracy" else None,
                saved=value(vit, vit_n, f"{vit:.4f}", 3),
                rerun=value(vit, vit_n, f"{vit:.4f}", 3),
                recomputed=value(vit, vit_n),
                n=vit_n,
                interval=((0.2065, 1.0) if vit_n == 1 else (0.88, 0.967))
                if metric == "accuracy"
                else None,
                reference=Band(low=0.91, high=0.97, n=128, runs=5, method="range"),
                verdict="not-comparable" if vit_n == 1 else "within-band",
                why="The score rests on one image, so it can only be 0 or 1."
                if vit_n == 1
                else "The score lies in the reference band.",
            )
        )
    for metric in ("accuracy", "precision", "recall", "f1"):
        entries.append(
            Comparison(
                task="clip",
                metric=metric,
                average=None if metric == "accuracy" else "macro",
                claimed=value(0.91, 10_000, "91%", 6) if metric == "accuracy" else None,
                saved=value(0.8895, 10_000, "88.95%"),
                rerun=value(0.8895, 10_000, "88.95%"),
                recomputed=value(0.8895, 10_000),
                n=10_000,
                interval=(0.8832, 0.8955) if metric == "accuracy" else None,
                reference=Band(low=0.88, high=0.905, n=10_000, runs=5, method="range"),
                verdict="within-band",
                why="The recomputed score lies in the reference band.",
            )
        )
    return Comparisons(entries=tuple(entries))


def grade(decided: dict[str, tuple[Finding, ...]] | None = None) -> Grade:
    """Every criterion met or waiting, but those decided by findings."""
    decided = decided or {}
    entries = []
    for criterion in LAB.criteria:
        found = decided.get(criterion.id, ())
        certain = any(each.confidence is Confidence.CERTAIN for each in found)
        if certain:
            verdict, points, why = Verdict.NOT_MET, 0.0, f"Decided by {found[0].name}."
        elif criterion.manual or found:
            verdict, points, why = Verdict.NEEDS_REVIEW, None, "A person decides this."
        else:
            verdict, points, why = Verdict.MET, criterion.points, "Nothing speaks against it."
        entries.append(
            CriterionGrade(
                criterion=criterion.id,
                title=criterion.title,
                task=criterion.task,
                verdict=verdict,
                points=points,
                max_points=criterion.points,
                why=why,
                findings=found,
                manual=criterion.manual,
            )
        )
    return Grade(submission=DIGEST, rubric=f"{LAB.id}@{LAB.version}", criteria=tuple(entries))


def run(outcome: str = "completed", message: str = "") -> Run:
    last = {"completed": "ok", "environment": "error"}.get(outcome, outcome)
    return Run.model_validate(
        {
            "submission": DIGEST,
            "outcome": outcome,
            "message": message,
            "machine": MACHINE,
            "cells": (
                CellRun(index=1, outcome="ok", seconds=2.1),
                CellRun(index=2, outcome="ok", seconds=181.0),
                CellRun(index=3, outcome="error", seconds=0.4, error="NameError: name 'x'"),
                {"index": 5, "outcome": last, "seconds": 120.0, "error": None},
            ),
            "adaptations": (
                Adaptation(
                    cell=1,
                    line=1,
                    text="!pip install evaluate --quiet",
                    reason="not executed, the package is installed",
                ),
            ),
            "seconds": 303.5,
        }
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
