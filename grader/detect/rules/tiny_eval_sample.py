"""SMP002: tiny-eval-sample."""

from collections.abc import Iterator

from grader.detect._samples import (
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
from grader.detect._sizes import judged_by, own_size, shown_size
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, Evaluation, EvidenceKind, Severity, Task, Wording, say
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
    status="stable",
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

    ## Verdict
    Major where the 95 % interval of the accuracy is wider than 0.10 to each side, minor otherwise;
    without an accuracy, major below 34 items. Certain when the items were counted in our run,
    likely when a larger evaluation exists that may belong to the task, or when only the code, an
    output or a report shows the number.

    ## Known limits
    Silent from the number of items the lab allows (``min_n``) upwards, however wide the interval;
    a single item is reported by `single-sample-eval`. The interval is the accuracy's: the macro
    averages of precision, recall and F1 vary more. Without a run only limits with a number in the
    source, a prediction printed whole, and numbers that outputs or a report state are seen.

    ## Source
    Wilson interval: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927). Near an accuracy of 0.9 a half-width of 0.10 needs 34 items (31 right), by
    the same formula.
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    evaluation = judged_by(case, task)
    if evaluation is None:
        found = sized(case, task) or shown_size(case, task) or own_size(case, task)
        if found is not None and 2 <= found.n < task.min_n:
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
            say("Counted in our run, but a larger evaluation exists that may belong to this task.")
            if larger
            else say("Counted in our run.")
        ),
        found=Sized(n=n, ref=limit_ref(case, evaluation.cell or 0, n, total)),
    )


def _read(task: Task, found: Sized) -> Sighting:
    return _sighting(
        task,
        accuracy=None,
        confidence=Confidence.LIKELY,
        sure=say("Read in the notebook, not counted in a run."),
        found=found,
    )


def _sighting(
    task: Task, *, accuracy: float | None, confidence: Confidence, sure: Wording, found: Sized
) -> Sighting:
    return Sighting(
        severity=_severity(accuracy, found.n),
        confidence=confidence,
        task=task.id,
        message=_message(task, accuracy, found.n),
        measured=_measured(accuracy, found.n),
        remedy=_remedy(task),
        sure=sure,
        evidence=(found.ref,),
    )


def _severity(accuracy: float | None, n: int) -> Severity:
    wide = n < FEW if accuracy is None else half_width(accuracy, n) > WIDE
    return "major" if wide else "minor"


def _remedy(task: Task) -> Wording:
    if task.kind == "vqa":
        return say(
            "Evaluate on at least {wanted} test questions; give their number and the interval next "
            "to the score.",
            wanted=task.min_n,
        )
    return say(
        "Evaluate on at least {wanted} test images; give their number and the interval next to the "
        "score.",
        wanted=task.min_n,
    )


def _message(task: Task, accuracy: float | None, n: int) -> Wording:
    if accuracy is not None:
        low, high = wilson(accuracy, n)
        return say(
            "The score was computed on {count} images; this task asks for at least {wanted}. With "
            "n = {count} an accuracy of {accuracy} fits any true value from {low} to {high}.",
            count=n,
            wanted=task.min_n,
            accuracy=f"{accuracy:.1%}",
            low=f"{low:.0%}",
            high=f"{high:.0%}",
        )
    if task.kind == "vqa":
        return say(
            "The score was computed on {count} questions; this task asks for at least {wanted}.",
            count=n,
            wanted=task.min_n,
        )
    return say(
        "The score was computed on {count} images; this task asks for at least {wanted}.",
        count=n,
        wanted=task.min_n,
    )


def _measured(accuracy: float | None, n: int) -> Wording:
    if accuracy is None:
        return say("Items scored: {count}.", count=n)
    return say(
        "Items scored: {count}; half-width of the 95 % interval: {width}.",
        count=n,
        width=f"{half_width(accuracy, n):.3f}",
    )
