"""SMP002: tiny-eval-sample."""

from collections.abc import Iterator

from grader.detect._samples import (
    ITEMS,
    UNCOUNTED,
    Sized,
    by_task,
    limit_ref,
    pooled,
    rivals,
    rows_available,
    sized,
    uncounted,
)
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, Evaluation, EvidenceKind, Severity, Task
from grader.model.interval import half_width, wilson

WIDE = 0.10
"""Half-width of the interval above which a score says too little."""

FEW = 34
"""Fewest items whose half-width is at most ``WIDE`` at an accuracy near 0.9 (31 of 34 right)."""


@detector(
    code="SMP002",
    name="tiny-eval-sample",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    severity="major",
    follows=frozenset({"single-sample-eval"}),
)
def tiny_eval_sample(case: Case) -> Iterator[Sighting]:
    """A score rests on fewer test items than the task asks for.

    ## Why it matters
    With 20 images a measured accuracy of 90 % fits any true accuracy from 70 % to 97 %, so two
    models cannot be told apart by it.

    ## Example
    ```python
    # Task 1: ViT
    from datasets import load_dataset
    from transformers import Trainer, ViTForImageClassification

    prepared_ds = load_dataset("AI-Lab-Makerere/beans")
    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    trainer = Trainer(model=model, train_dataset=prepared_ds["train"])
    pred = trainer.predict(prepared_ds["test"].select(range(20)))
    print(pred.metrics)
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    from datasets import load_dataset
    from transformers import Trainer, ViTForImageClassification

    prepared_ds = load_dataset("AI-Lab-Makerere/beans")
    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    trainer = Trainer(model=model, train_dataset=prepared_ds["train"])
    pred = trainer.predict(prepared_ds["test"])
    print(pred.metrics)
    ```

    ## Known limits
    Silent from the number of items the lab allows (``min_n``) upwards, however wide the interval;
    a single item is reported by `single-sample-eval`. The interval is the accuracy's: the macro
    averages of precision, recall and F1 vary more. Without a run only limits with a number in the
    source, or a prediction printed whole, are seen.

    ## Source
    Wilson interval: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927). Near an accuracy of 0.9 a half-width of 0.10 needs 34 items (31 right), by
    the same formula.
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    evaluation = case.evidence.best(task.id)
    if evaluation is None:
        if (found := sized(case, task)) is not None and 2 <= found.n < task.min_n:
            yield _read(task, found)
    elif 2 <= (n := pooled(case, evaluation)) < task.min_n:
        if uncounted(case, task, evaluation) is not None:
            raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
        yield _counted(case, task, evaluation, n)


def _counted(case: Case, task: Task, evaluation: Evaluation, n: int) -> Sighting:
    # Scores of one batch say nothing about the mean over all of them.
    accuracy = evaluation.scores.get("accuracy") if n == evaluation.n else None
    total = rows_available(case, task, evaluation)
    larger = rivals(case, task, evaluation)
    return _sighting(
        task,
        accuracy=accuracy,
        confidence=Confidence.LIKELY if larger else Confidence.CERTAIN,
        sure=(
            "Counted in our run, but a larger evaluation exists that may belong to this task."
            if larger
            else "Counted in our run."
        ),
        found=Sized(n=n, ref=limit_ref(case, evaluation.cell or 0, n, total)),
    )


def _read(task: Task, found: Sized) -> Sighting:
    return _sighting(
        task,
        accuracy=None,
        confidence=Confidence.LIKELY,
        sure="Read in the notebook, not counted in a run.",
        found=found,
    )


def _sighting(
    task: Task, *, accuracy: float | None, confidence: Confidence, sure: str, found: Sized
) -> Sighting:
    return Sighting(
        severity=_severity(accuracy, found.n),
        confidence=confidence,
        task=task.id,
        message=_message(task, accuracy, found.n),
        measured=_measured(accuracy, found.n),
        remedy=(
            f"Evaluate on at least {task.min_n} test {ITEMS[task.kind]}s; give their number and "
            "the interval next to the score."
        ),
        sure=sure,
        evidence=(found.ref,),
    )


def _severity(accuracy: float | None, n: int) -> Severity:
    wide = n < FEW if accuracy is None else half_width(accuracy, n) > WIDE
    return "major" if wide else "minor"


def _message(task: Task, accuracy: float | None, n: int) -> str:
    items = ITEMS[task.kind]
    asked = f"The score was computed on {n} {items}s; this task asks for at least {task.min_n}."
    if accuracy is None:
        return asked
    low, high = wilson(accuracy, n)
    return (
        f"{asked} With n = {n} an accuracy of {accuracy:.1%} fits any true value from "
        f"{low:.0%} to {high:.0%}."
    )


def _measured(accuracy: float | None, n: int) -> str:
    if accuracy is None:
        return f"Items scored: {n}."
    return f"Items scored: {n}; half-width of the 95 % interval: {half_width(accuracy, n):.3f}."
