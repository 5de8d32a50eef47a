"""PRD002: predictions-ignore-inputs."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._metrics import Scoring, names_of, recorded
from grader.detect._samples import scoring_ref, source_ref
from grader.detect._sides import FILLS, FOREIGN, Side, contents, grouped, judged_otherwise
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    LabelOrigin,
    Node,
    Wording,
    say,
    say_many,
)
from grader.patterns import regex

DECLARED = regex(r"base_?line|dummy|chance|rand(?:om)?_|_rand|random_?guess|majority|hasard", re.I)
"""Names of predictions that are meant to be nobody's."""

FEWEST = 10
"""Fewest answers whose equality is worth telling."""

PLACEABLE = 20
"""Fewest predictions whose equality on other rows cannot be chance."""


class _Made(Struct, frozen=True, kw_only=True):
    """Predictions that the source makes of nothing."""

    at: Node
    """The draw, or what writes one value everywhere."""

    drawn: bool
    """Whether they are drawn."""


@detector(
    code="PRD002",
    name="predictions-ignore-inputs",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
    follows=frozenset(
        {
            "label-derived-predictions",
            "missing-forward-passes",
            "simulated-fallback",
            "stored-or-literal-predictions",
        }
    ),
)
def predictions_ignore_inputs(case: Case) -> Iterator[Sighting]:
    """The predictions do not depend on the images or questions they are given for.

    ## Why it matters
    A prediction has to come from the item it is for. When the items can be exchanged and the
    predictions stay what they are, their score says nothing about a model.

    ## Example
    ```python
    # Task 2: CLIP
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score

    labels = load_dataset("uoft-cs/cifar10", split="test")["label"]
    predictions = np.random.randint(0, 10, len(labels))
    print(accuracy_score(labels, predictions))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline

    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    answers = [clip(row["img"], candidate_labels=names)[0]["label"] for row in test]
    predictions = [names.index(answer) for answer in answers]
    print(accuracy_score(test["label"], predictions))
    ```

    ## Verdict
    `invalid` when the predictions are made of random draws, or of one value written everywhere:
    `certain` when the run recorded the very array that was drawn, one value only, or not one image
    that went through a model before; `likely` from the code alone. `invalid` and `certain` when
    two recorded scores of other rows rest on one and the same array of predictions. `major` and
    `certain` when all recorded answers or captions are the same text.

    ## Known limits
    A model that always answers one class is left to `majority-class-accuracy`. A task that has a
    score of a model as well is not reported, because then these predictions are a baseline;
    neither are predictions that are called a baseline. Predictions that pass through a function of
    an unknown library are not judged. That predictions follow exchanged images is not tried.

    ## Source
    A deduction, no statistic: nothing that flows into the predictions was read from a data set, a
    file or a model. Equal arrays of 20 or more predictions for other rows do not arise by chance.
    """
    for group in grouped(case):
        yield from _made_of_nothing(case, group.task, group.scorings)
    yield from _reused(case)
    for each in case.lab.tasks:
        yield from _one_answer(case, each.id)


def _made_of_nothing(case: Case, task: str | None, group: Sequence[Scoring]) -> Iterator[Sighting]:
    graph = case.evidence.source
    sides = [(each, contents(graph, each.y_pred)) for each in group]
    if any(side.opaque or side.has(*FOREIGN) for _, side in sides):
        return
    for scoring, side in sides:
        made = _nothing(side)
        if made is None or DECLARED.search(names_of(graph, scoring.y_pred)):
            continue
        seen = _confirmed(case, scoring, made)
        if judged_otherwise(case, task) and not _judged_by(case, task, seen):
            continue
        yield _sighting(task, made, seen)
        return


def _judged_by(case: Case, task: str | None, seen: Evaluation | None) -> bool:
    """Whether the task is judged by these very predictions, and not by a model's."""
    best = case.evidence.best(task) if task is not None else None
    return best is not None and seen is not None and best.y_pred == seen.y_pred


def _nothing(side: Side) -> _Made | None:
    if side.drawn is not None:
        return _Made(at=side.drawn, drawn=True)
    several = any(node.kind == "collection" and len(node.deps) > 1 for node in side.kept)
    filled = [node for node in side.kept if _fills(side, node)]
    return _Made(at=filled[-1], drawn=False) if filled and not several else None


def _fills(side: Side, node: Node) -> bool:
    if node.kind == "call":
        return node.name in FILLS
    inside = {each.id: each for each in side.kept}
    parts = [inside[dep] for dep in node.deps if dep in inside]
    if node.name == "Mult":
        return any(each.kind == "collection" and len(each.deps) == 1 for each in parts)
    return node.name == "ListComp" and [each.kind for each in parts] == ["literal"]


def _sighting(task: str | None, made: _Made, seen: Evaluation | None) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN if seen is not None else Confidence.LIKELY,
        message=_message(made),
        measured=_counted(seen)
        if seen is not None
        else say("What the predictions are made of: no data set, no file, no output of a model."),
        remedy=say(
            "Take each prediction from the model's output for that item; show such values only as "
            "a baseline beside the score of a model."
        ),
        sure=say("The code shows it, and the recorded predictions agree.")
        if seen is not None
        else say("The code shows it; the run did not confirm it."),
        evidence=(source_ref(made.at, "makes the predictions"),),
        task=task,
    )


def _message(made: _Made) -> Wording:
    if made.drawn:
        return say(
            "The predictions are drawn at random (`{call}`), so the score says nothing about a "
            "model.",
            call=made.at.name.lstrip(".") or "random",
        )
    return say(
        "One value is written as the prediction for every item, so the score says nothing about "
        "a model."
    )


def _confirmed(case: Case, scoring: Scoring, made: _Made) -> Evaluation | None:
    """The largest recorded evaluation of this scoring that agrees with what the code shows."""
    recording = case.evidence.recording
    draws = {draw.array for draw in recording.draws}
    agreeing = [
        each
        for each in recorded(case, scoring)
        if each.forward_rows == 0
        or (made.drawn and each.y_pred in draws)
        or (not made.drawn and len(set(recording.labels(each.y_pred) or ())) == 1)
    ]
    if not recording.complete:
        return None
    return max(agreeing, key=lambda each: each.n, default=None)


def _counted(seen: Evaluation) -> Wording:
    return say_many(
        "{n} recorded prediction is what the code shows.",
        "{n} recorded predictions are what the code shows.",
        seen.n,
    )


def _reused(case: Case) -> Iterator[Sighting]:
    """One array of predictions that is scored against the labels of other rows."""
    first: dict[str, Evaluation] = {}
    for each in case.evidence.evaluations:
        # Captions of other pictures may be alike, so texts do not tell which rows they are of.
        if each.kind != "classification" or each.y_pred is None or each.origin is None:
            continue
        if each.n < PLACEABLE:
            continue
        before = first.setdefault(each.y_pred, each)
        same = len(set(case.evidence.recording.labels(each.y_pred) or (0,))) < 2
        if before.origin is not None and _apart(before.origin, each.origin, each.n) and not same:
            yield _twice(case, before, each)
            return


def _apart(one: LabelOrigin, other: LabelOrigin, n: int) -> bool:
    """Whether two stretches of labels share no row."""
    if one.rows or other.rows:
        return False
    if (one.dataset, one.split) != (other.dataset, other.split):
        return True
    return abs(one.start - other.start) >= n


def _twice(case: Case, before: Evaluation, after: Evaluation) -> Sighting:
    cells = dict.fromkeys(each.cell for each in (before, after) if each.cell is not None)
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN,
        message=say_many(
            "The same {n} prediction is scored against the labels of two sets of other rows.",
            "The same {n} predictions are scored against the labels of two sets of other rows.",
            after.n,
        ),
        measured=say(
            "Labels scored: {one} from row {start} on, and {other} from row {again} on; the "
            "predictions are equal in every place.",
            one=_named(before.origin),
            start=before.origin.start if before.origin else 0,
            other=_named(after.origin),
            again=after.origin.start if after.origin else 0,
        ),
        remedy=say("Predict anew for every set of rows, and keep the predictions of each apart."),
        sure=say("Compared in our run, element by element."),
        evidence=tuple(scoring_ref(case, cell, "scores the predictions") for cell in cells)
        or (scoring_ref(case, 0, "scores the predictions"),),
        task=after.task,
    )


def _named(origin: LabelOrigin | None) -> str:
    return f"{origin.dataset} ({origin.split})" if origin else ""


def _one_answer(case: Case, task: str) -> Iterator[Sighting]:
    """All answers or captions of the evaluation a task is judged by are the same."""
    best = case.evidence.best(task)
    if best is None or best.n < FEWEST or best.kind not in {"vqa", "captioning"}:
        return
    given = case.evidence.recording.labels(best.y_pred)
    wanted = case.evidence.recording.labels(best.y_true) or ()
    if not given or len({str(each).strip() for each in given}) > 1 or len(set(wanted)) == 1:
        return
    yield Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        message=say_many(
            'The {n} answer scored is "{answer}".',
            'All {n} answers scored are the same, "{answer}", whatever they were asked for.',
            best.n,
            answer=str(given[0])[:60],
        ),
        measured=say("Different answers among those scored: 1."),
        remedy=say("Let the model answer for every image anew, and look at some of its answers."),
        sure=say("Counted in our run."),
        evidence=(scoring_ref(case, best.cell or 0, "scores the answers"),),
        task=task,
    )
