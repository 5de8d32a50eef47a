"""LAB001: random-labels."""

import re
from collections.abc import Iterator

from grader.detect._flow import carries, flow, opaque
from grader.detect._metrics import Scoring, by_task, names_of, recorded
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Tag,
)

DISCRETE = re.compile(r"(?:randint|random_integers|randrange|integers|choices?|sample|getrandbits"
                      r"|multinomial|binomial|bernoulli|randperm|uniform_int)_?$")  # fmt: skip
BASELINE = re.compile(r"baseline|dummy|chance|guess|pred|random_?(?:model|clf|classifier)", re.I)
PLACEABLE = 20
"""Fewest labels that can be told from a stretch of the served ones; see ``Evaluation.origin``."""

KNOWN = (Tag.DATASET, Tag.LABELS, Tag.FILE, Tag.MODEL, Tag.MODEL_OUTPUT)
"""Where true labels may come from."""


@detector(
    code="LAB001",
    name="random-labels",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    severity="invalid",
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

    ## Known limits
    Labels that pass through a function of an unknown library are not judged, nor are labels typed
    in by hand. Metrics computed by hand are only seen when names or values tell labels from
    predictions. A random baseline in the place of the predictions is not a mistake.

    ## Source
    A deduction, no statistic: no dataset, file or model output is among the values the labels are
    made of, and each call among them is a random draw or a plain transformation. Certain only when
    the run recorded the scoring with at least 20 labels and no served label column holds them.
    """
    for task, group in by_task(case).items():
        for scoring in group:
            draw = _draw(case.evidence.source, scoring)
            if draw is None:
                continue
            confidence, n = _confidence(case, scoring)
            if confidence is not None:
                if confidence is Confidence.LIKELY and _judged_elsewhere(case, group, scoring):
                    confidence = Confidence.HINT
                yield _sighting(task, draw, confidence, n)
                break


def _confidence(case: Case, scoring: Scoring) -> tuple[Confidence | None, int]:
    """How sure the recording makes it, with the labels scored; ``None`` when it knows better."""
    seen = recorded(case, scoring)
    unplaced = [each for each in seen if each.dataset is None]
    if seen and not unplaced:
        return None, 0
    n = max((each.n for each in unplaced), default=0)
    certain = n >= PLACEABLE and case.evidence.recording.complete
    return (Confidence.CERTAIN if certain else Confidence.LIKELY), n


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
    Confidence.CERTAIN: "The code shows it, and the recorded labels are found in no served label "
    "column.",
    Confidence.LIKELY: "The code shows it; the scoring itself was not recorded.",
    Confidence.HINT: "The code shows it, but the task has another evaluation with labels of a "
    "dataset.",
}


def _sighting(task: str | None, draw: Node, confidence: Confidence, n: int) -> Sighting:
    count = f"All {n} true labels" if confidence is Confidence.CERTAIN else "The true labels"
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=f"{count} of this evaluation are drawn at random (`{_spelled(draw)}`), so they "
        "belong to no image and the score says nothing about the model.",
        measured="The true labels are made of random draws and typed values only; no dataset and "
        "no file takes part.",
        remedy="Load the labels together with the images from the test split, for example "
        '`test["label"]`, and score your predictions against them.',
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


def _spelled(draw: Node) -> str:
    return draw.name.lstrip(".") or "a random number generator"
