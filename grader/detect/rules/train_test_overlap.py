"""DAT002: train-test-overlap."""

from collections.abc import Iterator, Mapping

from grader.detect._samples import scoring_ref, source_ref
from grader.detect._seen import BY_CHANCE, Overlap, overlap, split_scored
from grader.detect._splits import (
    HELD_OUT,
    Part,
    Rows,
    Scored,
    Training,
    is_whole,
    learned_in,
    scored,
    sinks,
    task_of,
    trainings,
)
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, Evaluation, EvidenceKind, SourceGraph, say


@detector(
    code="DAT002",
    name="train-test-overlap",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"eval-on-train-split", "oversampled-before-split", "augment-before-split"}),
)
def train_test_overlap(case: Case) -> Iterator[Sighting]:
    """Rows that are scored were also trained on.

    ## Why it matters
    The model has seen the answers of these rows. The score is then partly a score of its memory
    and says too much about new images.

    ## Example
    ```python
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    probe = LogisticRegression()
    probe.fit(np.vstack([X_train, X_test]), np.concatenate([y_train, y_test]))
    print(accuracy_score(y_test, probe.predict(X_test)))
    ```

    ## Use instead
    ```python
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    probe = LogisticRegression()
    probe.fit(X_train, y_train)
    print(accuracy_score(y_test, probe.predict(X_test)))
    ```

    ## Verdict
    Major: the score is too high by an unknown amount. Certain when the recorder saw the very
    images that were scored go through the model before steps of its optimiser, and more of them
    than a published data set repeats by itself. Likely from the source alone, where the part that
    is scored also flows into the training before it.

    ## Known limits
    Images changed at random for the training are not recognised by the recorder. In the source
    only whole parts are compared: of two selections of rows of one part nothing is said. Data that
    was scored only before the final training, and training rows scored as such, are not reported.

    ## Source
    Exact digests of what went into the model, so equal means equal. Test splits as published hold
    copies of training images, 3.3 % of CIFAR-10 (Barz and Denzler, 2020): reported is what such
    copies explain with a chance of at most 1e-5 (binomial).
    """
    places = _in_source(case)
    recorded = {each.task: each for each in _judged(case)}
    unclear: list[Undecided] = []
    for task in sorted({*places, *recorded}, key=str):
        evaluation, place = recorded.get(task), places.get(task)
        seen = overlap(case, evaluation) if evaluation is not None else None
        if seen is not None and seen.chance <= BY_CHANCE:
            yield _recorded(case, evaluation, seen, place)
        elif place is not None and seen is None:
            yield _written(task, *place)
        elif place is not None:
            unclear.append(Undecided(DISAGREE, needs="a person who reads what is trained on"))
    if unclear:
        raise unclear[0]


DISAGREE = (
    "The code hands scored rows to the training, but the recorder did not see the same images in "
    "both."
)


def _judged(case: Case) -> Iterator[Evaluation]:
    """The evaluation each task is judged by, unless it scores training rows as such."""
    for task in sorted({each.task for each in case.evidence.evaluations if each.task}):
        best = case.evidence.best(task)
        if best is not None and not best.is_training_data and split_scored(case, best) != "train":
            yield best


def _in_source(case: Case) -> Mapping[str | None, tuple[Training, Scored]]:
    """By task, where rows that are scored later are trained on."""
    graph = case.evidence.source
    found: dict[str | None, tuple[Training, Scored]] = {}
    learned = trainings(graph)
    for each in sinks(graph) if learned else ():
        task = task_of(case, each)
        for training in learned if task not in found else ():
            if learned_in(graph, training, each) and _shared(graph, training.rows, each.rows):
                found.setdefault(task, (training, each))
    clean = {task for task, (_, each) in found.items() if _has_clean(case, each, task, learned)}
    return {task: place for task, place in found.items() if task not in clean}


def _has_clean(case: Case, one: Scored, task: str | None, learned: tuple[Training, ...]) -> bool:
    """Whether something else of the task is scored that nothing was trained on."""
    graph = case.evidence.source
    for each in scored(graph):
        if task_of(case, each) != task or not each.rows.splits & HELD_OUT:
            continue
        behind = [training for training in learned if learned_in(graph, training, each)]
        if behind and not any(_shared(graph, training.rows, each.rows) for training in behind):
            return each.rows.splits <= HELD_OUT and each.node.id != one.node.id
    return False


def _shared(graph: SourceGraph, learned: Rows, tested: Rows) -> bool:
    return any(
        one.key == other.key and not (one.some and other.some)
        for one in learned.parts
        for other in tested.parts
        if other.split in HELD_OUT
    ) or any(_from_whole(graph, learned, part) for part in tested.parts)


def _from_whole(graph: SourceGraph, learned: Rows, part: Part) -> bool:
    """Whether all that the part was divided from is trained on, undivided."""
    return part.split == "test" and part.base is not None and is_whole(graph, part.base, learned)


def _written(task: str | None, training: Training, each: Scored) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "Rows that are scored in line {line} are also trained on: the same part of the data "
            "flows into the training. The score is too high, because the model has seen the "
            "answers.",
            line=each.node.line,
        ),
        measured=say("Parts of the data trained on: {parts}.", parts=_names(training.rows)),
        remedy=REMEDY,
        sure=say("The code shows which rows are trained on; the run did not confirm it."),
        evidence=(
            source_ref(training.node, "trains on rows that are scored"),
            source_ref(each.node, "scores them"),
        ),
        task=task,
    )


REMEDY = say(
    "Train on the training rows only and score rows the model has never seen. Split first, then "
    "do everything else."
)


def _names(rows: Rows) -> str:
    return ", ".join(sorted(rows.splits)) or "all"


def _recorded(
    case: Case, best: Evaluation | None, seen: Overlap, place: tuple[Training, Scored] | None
) -> Sighting:
    cell = best.cell if best is not None and best.cell is not None else 0
    here = scoring_ref(case, cell, "scores rows that were trained on")
    shown = () if place is None else (source_ref(place[0].node, "trains on rows that are scored"),)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        message=say(
            "{learned} of the {scored} images scored here were also trained on. The score is too "
            "high, because the model has seen their answers.",
            learned=seen.learned,
            scored=seen.scored,
        ),
        measured=say(
            "Images scored: {scored}. Those among them that went through the model before a step "
            "of its optimiser: {learned}.",
            learned=seen.learned,
            scored=seen.scored,
        ),
        remedy=REMEDY,
        sure=say("The recorder saw the same images in the training and in the evaluation."),
        evidence=(*shown, here),
        task=best.task if best is not None else None,
    )
