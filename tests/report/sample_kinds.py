"""Evaluations of texts, retrieval and similarities, and what is known of them."""

from pathlib import Path

from grader.model import (
    Band,
    Comparison,
    Comparisons,
    Detection,
    Difference,
    Evaluation,
    Evidence,
    EvidenceKind,
    LabelArray,
    LabelOrigin,
    Matrix,
    MetricName,
    Outcome,
    Paired,
    Recording,
    Result,
    Task,
    Value,
)
from grader.report import Context
from tests.report.sample_findings import CONTEXT, DIGEST, LAB, submission
from tests.report.sample_parts import grade, run

CAPTIONS = ("a red circle on the sand", "two blue stars in the water", "a green ring")
BY_PEOPLE = (
    ("A red circle on the sand.", "Two blue stars in the water.", "A green cross."),
    ("There is a red circle.", "Two stars.", "A view of a green cross on the snow."),
    ("", "Blue stars on a blue ground.", ""),
)
ANSWERS, ANSWERS_BY_PEOPLE = ("red", "2", "yes"), ("red", "3", "yes")
COCO, BLIP = "yerevann/coco-karpathy", "Salesforce/blip-image-captioning-base"


def _task(kind: str, metrics: tuple[MetricName, ...], **fields: object) -> Task:
    return Task.model_validate(
        {
            "id": kind,
            "title": f"Task: {kind}",
            "keywords": (kind,),
            "kind": kind,
            "metrics": metrics,
            "models": (BLIP,),
            "datasets": (COCO,),
            "min_n": 2,
            **fields,
        }
    )


TASKS = (
    _task("captioning", ("bleu1", "bleu4", "meteor", "cider")),
    _task("vqa", ("vqa_accuracy", "exact_match")),
    _task(
        "retrieval",
        ("image_to_text_recall_at_1", "text_to_image_recall_at_5"),
        captions_per_image=2,
    ),
    _task("similarity", ("similarity_score",)),
)
KINDS = Context(
    lab=LAB.model_copy(update={"tasks": TASKS, "criteria": LAB.criteria[:1], "answers": ()}),
    grader_version=CONTEXT.grader_version,
    graded_at=CONTEXT.graded_at,
    profile=CONTEXT.profile,
)
SCORES: dict[MetricName, float] = {
    "bleu1": 0.9,
    "bleu4": 0.4521,
    "meteor": 0.312657,
    "cider": 1.25,
    "vqa_accuracy": 0.9555,
    "exact_match": 0.6667,
    "image_to_text_recall_at_1": 0.5,
    "text_to_image_recall_at_5": 1.0,
    "similarity_score": 0.0546,
}
WARNING = "The reference was recorded with transformers 4.57.0, this run with 5.23.0."


def _recording(texts: tuple[str, ...]) -> Recording:
    arrays = {"captions": texts, "answers": ANSWERS, "true": ANSWERS_BY_PEOPLE}
    arrays |= {f"people{number}": each for number, each in enumerate(BY_PEOPLE)}
    return Recording(
        arrays={
            name: LabelArray(id=name, length=len(values), values=values)
            for name, values in arrays.items()
        },
        matrices={
            "wide": Matrix(id="wide", rows=2, columns=4, values=(0.3, 0.1, 0.1, 0.2) * 2),
            "square": Matrix(id="square", rows=2, columns=2, values=(0.31, 0.12, 0.14, 0.33)),
        },
    )


def _evaluations(dataset: str) -> tuple[Evaluation, ...]:
    origin = LabelOrigin(dataset=dataset, split="test", start=40)
    common = {"source": "namespace", "cell": 3, "split": "test", "dataset": dataset}
    found: tuple[dict[str, object], ...] = (
        {
            "task": "captioning",
            "n": 3,
            "y_true": None,
            "y_pred": "captions",
            "references": ("people0", "people1", "people2"),
            "origin": origin,
        },
        {"task": "vqa", "n": 3, "y_true": "true", "y_pred": "answers"},
        {"task": "retrieval", "n": 2, "y_true": None, "y_pred": None, "matrix": "wide"},
        {"task": "similarity", "n": 2, "y_true": None, "y_pred": None, "matrix": "square"},
    )
    return tuple(
        Evaluation.model_validate(
            {**common, "kind": each["task"], "classes": None, "forward_rows": each["n"], **each}
        )
        for each in found
    )


def _comparison(task: Task, metric: MetricName) -> Comparison:
    value = Value(value=SCORES[metric], n=3, cell=3)
    return Comparison(
        task=task.id,
        metric=metric,
        saved=value,
        rerun=value,
        recomputed=value,
        n=3,
        interval=(0.4, 0.5) if metric == "bleu4" else None,
        reference=Band(
            low=SCORES[metric] - 0.03,
            high=min(1.0, SCORES[metric] + 0.03) if metric != "cider" else 1.4,
            n=3,
            runs=3,
            method="margin",
        ),
        paired=Paired(
            n=3, seed=1, only_submission=1, only_reference=0, p=1.0, method="exact", same=2 / 3
        )
        if metric == "vqa_accuracy"
        else None,
        difference=Difference(value=0.01, low=-0.01, high=0.02, margin=0.03, method="TOST, 90 %")
        if metric == "bleu4"
        else None,
        verdict="within-band",
        why="It agrees with the reference.",
    )


def of_every_kind(
    student: str = "curlew", texts: tuple[str, ...] = CAPTIONS, dataset: str = COCO
) -> Result:
    """One submission to a lab with a task of every kind but classification."""
    return Result(
        student=student,
        path=str(Path("submissions") / f"{student}.ipynb"),
        digest=DIGEST,
        outcome=Outcome.GRADED,
        submission=submission(student),
        run=run(),
        evidence=Evidence(
            submission=submission(student),
            kinds=frozenset(EvidenceKind),
            recording=_recording(texts),
            evaluations=_evaluations(dataset),
        ),
        comparisons=Comparisons(
            entries=tuple(_comparison(task, metric) for task in TASKS for metric in task.metrics),
            reference_warnings=(WARNING,),
        ),
        detection=Detection(clear=("single-sample-eval",)),
        grade=grade(),
    )
