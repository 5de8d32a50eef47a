"""LAB001: random-labels."""

import re
from collections.abc import Iterator

from grader.detect._canonical import judged, served_labels
from grader.detect._flow import carries, flow, opaque
from grader.detect._metrics import Scoring, by_task, names_of, recorded, running_cells
from grader.detect._samples import scoring_ref
from grader.detect._truths import ANOTHER
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    RandomDraw,
    SourceGraph,
    Tag,
    Task,
    Wording,
    say,
)
from grader.patterns import regex

DISCRETE = regex(r"(?:randint|random_integers|randrange|integers|choices?|sample|getrandbits"
                      r"|multinomial|binomial|bernoulli|randperm|uniform_int)_?$")  # fmt: skip
BASELINE = regex(r"baseline|dummy|chance|guess|pred|random_?(?:model|clf|classifier)", re.I)
FEWEST_DRAWN = 5
"""Fewest labels by whose digest a draw is known again."""

PLACEABLE = 20
"""Fewest labels that can be told from a stretch of the served ones; see ``Evaluation.origin``."""

KNOWN = (Tag.DATASET, Tag.LABELS, Tag.FILE, Tag.MODEL, Tag.MODEL_OUTPUT)
"""Where true labels may come from."""


@detector(
    code="LAB001",
    name="random-labels",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="invalid",
    follows=frozenset({"simulated-fallback"}),
)
def random_labels(case: Case) -> Iterator[Sighting]:
    """The true labels of an evaluation are random numbers.

    ## Why it matters
    Random labels belong to no image. Whatever score comes out of the comparison, it says nothing
    about the model.

    ## Example
    ```python
    import random
    from sklearn.metrics import accuracy_score
    y_true = [random.randint(0, 9) for _ in range(100)]
    y_pred = [classify(image) for image in images]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test")
    y_true = test["label"]
    y_pred = [classify(image) for image in test["img"]]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid: no picture belongs to such a label. Certain when the labels that were scored in our
    run are an array a random number generator made, or when there are at least 20 of them and no
    served label column holds them. Likely when only the code shows it. A hint where another cell
    scores the task on labels of a dataset.

    ## Known limits
    Labels that pass through a function of an unknown library are not judged, nor are labels typed
    in by hand. Metrics computed by hand are only seen when names or values tell labels from
    predictions. A random baseline in the place of the predictions is not a mistake.

    ## Source
    A deduction, no statistic: no dataset, file or model output is among the values the labels are
    made of, and each call among them is a random draw or a plain transformation. In a run: the
    digest of the labels is that of the draw. A match of 20 labels of ten classes with a stretch of
    served labels by chance is less likely than 1e-15 for each place.
    """
    seen: set[str | None] = set()
    for task, group in by_task(case).items():
        for scoring in group:
            draw = _draw(case.evidence.source, scoring)
            if draw is None:
                continue
            confidence, n = _confidence(case, scoring)
            if confidence is not None:
                if confidence is Confidence.LIKELY and _judged_elsewhere(case, group, scoring):
                    confidence = Confidence.HINT
                seen.add(task)
                yield _sighting(task, draw, confidence, n)
                break
    if not seen:
        yield from _drawn(case)


def _confidence(case: Case, scoring: Scoring) -> tuple[Confidence | None, int]:
    """How sure the recording makes it, with the labels scored; ``None`` when it knows better."""
    drawn = _draw_in(case, scoring)
    if drawn is not None:
        return Confidence.CERTAIN, drawn.n
    seen = recorded(case, scoring)
    unplaced = [each for each in seen if each.dataset is None]
    if seen and not unplaced:
        return None, 0
    n = max((each.n for each in unplaced), default=0)
    known = n >= PLACEABLE and case.evidence.recording.complete
    return (Confidence.CERTAIN if known else Confidence.LIKELY), n


def _draw_in(case: Case, scoring: Scoring) -> RandomDraw | None:
    """The recorded draw that stood in a variable, or was scored, while this scoring ran."""
    recording = case.evidence.recording
    cells = running_cells(case.evidence.source, scoring.node)
    held = {each.array for each in recording.named if each.cell in cells}
    held |= {str(each.y_true) for each in case.evidence.evaluations if each.cell in cells}
    return next((each for each in recording.draws if each.array in held and _is_of(each)), None)


def _draw_of(case: Case, evaluation: Evaluation) -> RandomDraw | None:
    """The recorded draw that made the labels of an evaluation."""
    return next(
        (
            each
            for each in case.evidence.recording.draws
            if each.array == evaluation.y_true and _is_of(each)
        ),
        None,
    )


def _is_of(draw: RandomDraw) -> bool:
    """Whether a draw may be one of labels."""
    return draw.n >= FEWEST_DRAWN and bool(DISCRETE.search(draw.function))


def _drawn(case: Case) -> Iterator[Sighting]:
    """Labels a run shows to be a draw, although the pictures have others."""
    for task, best in judged(case):
        draw = _draw_of(case, best)
        served = served_labels(case, task, best)
        true = case.evidence.recording.labels(best.y_true)
        if draw is not None and served is not None and served != true:
            yield _recorded(case, task, best, draw)


def _judged_elsewhere(case: Case, group: list[Scoring], scoring: Scoring) -> bool:
    """Whether another cell scores a model on labels of a dataset, and this one tries the code."""
    graph = case.evidence.source
    return any(
        other.node.cell != scoring.node.cell
        and carries(flow(graph, other.y_true), Tag.LABELS, Tag.DATASET)
        and carries(flow(graph, other.y_pred), Tag.MODEL_OUTPUT)
        for other in group
    )


SURE = {
    Confidence.CERTAIN: say(
        "The code shows it, and the recorded labels are found in no served label column."
    ),
    Confidence.LIKELY: say("The code shows it; the scoring itself was not recorded."),
    Confidence.HINT: ANOTHER,
}
REMEDY = say(
    'Load the labels together with the images from the test split, for example `test["label"]`, '
    "and score your predictions against them."
)


def _sighting(task: str | None, draw: Node, confidence: Confidence, n: int) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=_message(_spelled(draw.name), n if confidence is Confidence.CERTAIN else None),
        measured=say(
            "The true labels are made of random draws and typed values only; no dataset and no "
            "file takes part."
        ),
        remedy=REMEDY,
        sure=SURE[confidence],
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=draw.cell,
                line=draw.line,
                remark="draws the true labels",
            ),
        ),
        task=task,
    )


def _recorded(case: Case, task: Task, best: Evaluation, draw: RandomDraw) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN,
        message=_message(_spelled(draw.function), best.n),
        measured=say(
            "The {count} labels scored are the array that `{function}` made; the dataset has "
            "others for these pictures.",
            count=best.n,
            function=_spelled(draw.function),
        ),
        remedy=REMEDY,
        sure=say("Our run recorded the draw, and it is the labels that were scored."),
        evidence=(scoring_ref(case, best.cell or 0, "scores labels that were drawn"),),
        task=task.id,
    )


def _message(function: str, count: int | None) -> Wording:
    if count is None:
        return say(
            "The true labels of this evaluation are drawn at random (`{function}`), so they belong "
            "to no image and the score says nothing about the model.",
            function=function,
        )
    return say(
        "All {count} true labels of this evaluation are drawn at random (`{function}`), so they "
        "belong to no image and the score says nothing about the model.",
        count=count,
        function=function,
    )


def _draw(graph: SourceGraph, scoring: Scoring) -> Node | None:
    """The draw the true labels come from, if they come from nothing else."""
    true, pred = flow(graph, scoring.y_true), flow(graph, scoring.y_pred)
    if carries(true, *KNOWN) or opaque(graph, true) or _typed(graph, true):
        return None
    if BASELINE.search(names_of(graph, scoring.y_true)):
        return None
    computed = carries(pred, Tag.MODEL_OUTPUT)
    drawn = [node for node in true if Tag.RANDOM in node.tags]
    if not computed and carries(pred, Tag.LABELS, Tag.DATASET, Tag.FILE):
        return None  # a random baseline with the arguments swapped
    if computed and {node.id for node in drawn} & {node.id for node in pred}:
        return None  # synthetic data: the images were made to fit the labels
    labels = [node for node in drawn if not computed or DISCRETE.search(node.name)]
    return labels[0] if labels else None


def _typed(graph: SourceGraph, nodes: tuple[Node, ...]) -> bool:
    """Whether a list of labels typed in by hand is among the values: literals that repeat.

    A list without repetition names the classes to draw from.
    """
    for node in nodes:
        if node.kind == "collection" and len(node.deps) > 1:
            items = [graph.nodes[dep] for dep in node.deps]
            kept = [item.value for item in items if item.kind == "literal"]
            if len(kept) == len(items) and len(set(kept)) < len(kept):
                return True
    return False


def _spelled(name: str) -> str:
    return name.lstrip(".") or "random"
