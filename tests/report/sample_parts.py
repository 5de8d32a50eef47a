"""The parts of a result: evidence, comparisons, grade, run."""

import random

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
    Evaluation,
    Evidence,
    EvidenceKind,
    Finding,
    Grade,
    LabelArray,
    LabelOrigin,
    LoadedAsset,
    Recording,
    Reported,
    Run,
    TrainerCall,
    Value,
    Verdict,
    WrittenAnswer,
)
from tests.report.sample_findings import (
    BEANS,
    CELLS,
    CIFAR,
    CLIP,
    COMPARISON,
    DIGEST,
    LAB,
    MACHINE,
    VIT,
    submission,
)


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
