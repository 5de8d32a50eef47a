"""A small notebook, its lab, and findings about it."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from grader.model import (
    Cell,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Finding,
    Lab,
    Machine,
    Output,
    Submission,
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
