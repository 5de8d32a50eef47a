"""SMP001: single-sample-eval."""

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
from grader.detect._sizes import judged_by, shown_size
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, Evaluation, EvidenceKind, Task, Wording, say


@detector(
    code="SMP001",
    name="single-sample-eval",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="invalid",
)
def single_sample_eval(case: Case) -> Iterator[Sighting]:
    """A score rests on a single test item.

    ## Why it matters
    On one image an accuracy can only be 0 or 1, so it says almost nothing about the model: a
    model that is right half of the time gets a perfect score on every second image.

    ## Example
    ```python
    # Task 1: ViT
    from datasets import load_dataset
    from transformers import Trainer, ViTForImageClassification

    prepared_ds = load_dataset("AI-Lab-Makerere/beans")
    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    trainer = Trainer(model=model, train_dataset=prepared_ds["train"])
    pred = trainer.predict(prepared_ds["test"].select(range(1)))
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
    Invalid: no accuracy between 0 and 1 was possible. Certain when the item was counted in our
    run, likely when a larger evaluation exists that may belong to the task, or when only the code,
    an output or a report shows the number.

    ## Known limits
    A task is judged by its largest evaluation on the test split, so a demonstration on one
    picture beside a full evaluation is never reported. A metric called once per image in a loop
    counts as one evaluation of all its images. Without a run only limits with a number in the
    source, a prediction printed whole, and numbers that outputs or a report state are seen. A
    hand-written counter is seen only where its labels and predictions are kept.

    ## Source
    The 95 % Wilson interval of one correct answer out of one is 0.21 to 1.00 (E. B. Wilson,
    "Probable inference, the law of succession, and statistical inference", 1927).
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    evaluation = judged_by(case, task)
    if evaluation is None:
        found = sized(case, task) or shown_size(case, task)
        if found is not None and found.n == 1:
            yield _read(task, found)
    elif pooled(case, evaluation) == 1:
        if uncounted(case, task, evaluation) is not None:
            raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
        yield _counted(case, task, evaluation)


def _counted(case: Case, task: Task, evaluation: Evaluation) -> Sighting:
    total = rows_available(case, task, evaluation)
    larger = rivals(case, task, evaluation)
    return _sighting(
        task,
        confidence=Confidence.LIKELY if larger else Confidence.CERTAIN,
        measured=(
            say("Items scored in our run: 1, although {total} were loaded.", total=total)
            if total is not None and total > 1
            else say("Items scored in our run: 1.")
        ),
        sure=(
            say("Counted in our run, but a larger evaluation exists that may belong to this task.")
            if larger
            else say("Counted in our run.")
        ),
        found=Sized(n=1, ref=limit_ref(case, evaluation.cell or 0, 1, total)),
    )


def _read(task: Task, found: Sized) -> Sighting:
    return _sighting(
        task,
        confidence=Confidence.LIKELY,
        measured=say("Rows scored according to the notebook: 1."),
        sure=say("Read in the notebook, not counted in a run."),
        found=found,
    )


def _sighting(
    task: Task, *, confidence: Confidence, measured: Wording, sure: Wording, found: Sized
) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=confidence,
        task=task.id,
        message=_message(task),
        measured=measured,
        remedy=_remedy(task),
        sure=sure,
        evidence=(found.ref,),
    )


def _remedy(task: Task) -> Wording:
    if task.kind == "vqa":
        return say(
            "Evaluate on at least {wanted} test questions and report their number next to the "
            "score.",
            wanted=task.min_n,
        )
    return say(
        "Evaluate on at least {wanted} test images and report their number next to the score.",
        wanted=task.min_n,
    )


def _message(task: Task) -> Wording:
    if task.kind == "classification":
        return say("The score was computed on one image, so an accuracy can only be 0 or 1.")
    if task.kind == "vqa":
        return say(
            "The score was computed on one question, so it says almost nothing about the model."
        )
    return say("The score was computed on one image, so it says almost nothing about the model.")
