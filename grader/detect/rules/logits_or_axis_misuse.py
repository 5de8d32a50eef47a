"""MET008: logits-or-axis-misuse."""

from collections import Counter
from collections.abc import Iterator

from grader.detect._flow import nearest
from grader.detect._metrics import Scoring, dead, recorded, running_cells, scorings
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    Node,
    Reported,
    SourceGraph,
    Tag,
    Wording,
    say,
)

COMPARED = frozenset({"Eq", "numpy.equal", "torch.eq", ".eq"})
STANDING = frozenset({".unsqueeze", "numpy.expand_dims", "torch.unsqueeze"})
"""Calls that add an axis."""

SHAPES = frozenset({".reshape", ".view", "numpy.reshape", "torch.reshape"})
BEST = frozenset({".argmax", "numpy.argmax", "torch.argmax", ".predict"})
"""Calls that give one value an item."""

LISTS = frozenset({".append", "ListComp"})
"""What makes a list, an item at a time."""

TABLES = frozenset({
    ".topk", "torch.topk", "numpy.argsort", ".argsort", "torch.argsort", "torch.sort",
    "numpy.argpartition",
})  # fmt: skip
"""Calls that give several values an item."""

RANKED = TABLES | {
    ".any", ".all", ".diagonal", ".trace", "numpy.diag",
    "numpy.any", "torch.any", "torch.diag", "numpy.diagonal", ".max", "torch.max",
}  # fmt: skip
"""Calls that make or take a table: a comparison of all with all is then wanted."""

DIGITS = 3
"""Fewest decimals from which a printed number tells one formula from another."""


@detector(
    code="MET008",
    name="logits-or-axis-misuse",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"hard-coded-metric"}),
)
def logits_or_axis_misuse(case: Case) -> Iterator[Sighting]:
    """Every prediction is compared with every label, because one of the two stands upright.

    ## Why it matters
    An array of shape `(n, 1)` compared with one of shape `(n,)` gives a table of n by n answers.
    Its mean tells how often a prediction equals the label of some other item, not its own.

    ## Example
    ```python
    # Task 2: CLIP
    import numpy as np

    labels = np.array(test["label"])
    predictions = logits.argmax(axis=1)
    accuracy = (labels[:, None] == predictions).mean()
    print("Accuracy:", accuracy)
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    import numpy as np

    labels = np.array(test["label"])
    predictions = logits.argmax(axis=1)
    accuracy = (labels == predictions).mean()
    print("Accuracy:", accuracy)
    ```

    ## Verdict
    Always `major`: the number is not the accuracy. `certain` when the run printed the mean over
    all pairs to 3 decimals or more and the recorded labels and predictions give another accuracy;
    `likely` from the code alone.

    ## Known limits
    The extra axis must be written beside the comparison; shapes that arise elsewhere are seen only
    by what was printed. Comparisons with the best few answers, with a ranking, or that take a
    diagonal or `any` afterwards are wanted and left alone. Logits in the place of predictions
    make the libraries' metrics fail and need no finding; a maximum over the wrong axis is seen
    where lengths differ, by the library itself.

    ## Source
    The rules of broadcasting of NumPy. The mean over all pairs is the sum over classes of the
    share among labels times the share among predictions.
    """
    graph = case.evidence.source
    seen: set[str | None] = set()
    for scoring in scorings(graph):
        task = case.evidence.cell_tasks.get(scoring.node.cell)
        if scoring.how != "by-hand" or task in seen or dead(graph, scoring.node):
            continue
        upright = _all_with_all(graph, scoring)
        printed = _printed(case, scoring)
        if upright is not None or printed is not None:
            seen.add(task)
            yield _sighting(task, upright or scoring.node, printed)


def _all_with_all(graph: SourceGraph, scoring: Scoring) -> Node | None:
    """The comparison of a column with a row, if the score is the mean of one."""
    same = nearest(graph, scoring.node.id, lambda node: node.name in COMPARED)
    if same is None or same.cell != scoring.node.cell:
        return None
    sides = [graph.nodes[each] for each in _operands(same)]
    upright = [_upright(graph, each) for each in sides]
    if len(sides) != 2 or upright[0] == upright[1]:
        return None
    between = {node.name for node in graph.flow(scoring.node.id) if node.id >= same.id}
    lying = sides[0] if upright[1] else sides[1]
    return None if between & RANKED or not _flat(graph, lying) else same


def _operands(same: Node) -> list[int]:
    given = [each.node for each in same.arguments] or list(same.deps)
    return [same.receiver, *given] if same.receiver not in {None, *given} else given  # type: ignore[list-item]


def _upright(graph: SourceGraph, node: Node) -> bool:
    """Whether an axis of length one is added to it here."""
    if node.kind == "subscript":
        inside = [graph.nodes[dep] for dep in node.deps[1:]]
        parts = [graph.nodes[dep] for each in inside if each.name == "Tuple" for dep in each.deps]
        return any(_new_axis(each) for each in parts)
    if node.kind != "call":
        return False
    if node.name in SHAPES:
        values = [graph.nodes[each.node] for each in node.arguments]
        return bool(values) and values[-1].value == 1 and len(values) > 1
    return node.name in STANDING and _trailing(graph, node)


def _new_axis(node: Node) -> bool:
    plain = node.kind == "literal" and node.value is None
    return plain or node.name.endswith("newaxis")


def _trailing(graph: SourceGraph, call: Node) -> bool:
    """Whether the axis is added behind the items, not in front."""
    given = [graph.nodes[each.node] for each in call.arguments][-1:]
    return bool(given) and (given[0].value == 1 or given[0].name == "USub")


def _flat(graph: SourceGraph, node: Node) -> bool:
    """Whether it has one value an item, as far as what flows into it shows."""
    inside = graph.flow(node.id)
    if any(each.name in TABLES for each in inside):
        return False
    return any(
        Tag.LABELS in each.tags or each.name in LISTS or (each.name in BEST and not _keeps(each))
        for each in inside
    )


def _keeps(call: Node) -> bool:
    return any(each.name in {"keepdim", "keepdims"} for each in call.arguments)


def _printed(case: Case, scoring: Scoring) -> tuple[Reported, Evaluation] | None:
    """A number our run printed that is the mean over all pairs and not the accuracy."""
    evidence = case.evidence
    if not evidence.recording.metric_calls and not evidence.evaluations:
        return None
    cells = running_cells(evidence.source, scoring.node)
    shown = [
        each
        for each in evidence.reported
        if each.source == "rerun"
        and each.metric == "accuracy"
        and each.cell in cells
        and each.decimals >= DIGITS
    ]
    for evaluation in recorded(case, scoring) if shown else ():
        accuracy, pairs = evaluation.scores.get("accuracy"), _pairs(case, evaluation)
        for each in shown:
            near = 0.5 * 10.0**-each.decimals + 1e-9
            if accuracy is None or pairs is None or abs(each.value - accuracy) <= 10 * near:
                continue
            if abs(each.value - pairs) <= near:
                return each, evaluation
    return None


def _pairs(case: Case, evaluation: Evaluation) -> float | None:
    """The share of equal pairs among all pairs of a label and a prediction."""
    true = case.evidence.recording.labels(evaluation.y_true)
    pred = case.evidence.recording.labels(evaluation.y_pred)
    if not true or not pred:
        return None
    one, other = Counter(map(str, true)), Counter(map(str, pred))
    return sum(one[label] * other[label] for label in one) / (len(true) * len(pred))


def _sighting(task: str | None, at: Node, printed: tuple[Reported, Evaluation] | None) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if printed else Confidence.LIKELY,
        message=_message(printed),
        measured=say("Axes of the two sides of the comparison: one has an axis more."),
        remedy=say(
            "Compare arrays of one axis each, item by item: `(y_true == y_pred).mean()`; check "
            "that both have the shape `(n,)`."
        ),
        sure=say("Computed from the recorded labels and predictions, and printed by our run.")
        if printed
        else say("The code shows it; the run did not confirm it."),
        evidence=(source_ref(at, "compares all with all"),),
        task=task,
    )


def _message(printed: tuple[Reported, Evaluation] | None) -> Wording:
    if printed is None:
        return say(
            "The comparison makes a table of every label against every prediction, so its mean is "
            "not the accuracy."
        )
    number, evaluation = printed
    return say(
        "The {printed} shown is the mean over all {pairs} pairs of a label and a prediction; item "
        "by item the accuracy is {accuracy}.",
        printed=number.printed,
        pairs=evaluation.n * evaluation.n,
        accuracy=f"{evaluation.scores['accuracy']:.4f}",
    )
