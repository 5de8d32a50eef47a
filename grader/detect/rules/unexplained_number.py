"""MET004: unexplained-number."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._labelled import labelled
from grader.detect._samples import source_ref
from grader.detect._sides import core
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Node,
    Provenance,
    SourceGraph,
    Tag,
    Wording,
    metric_of,
    say,
    say_many,
)
from grader.patterns import regex

METRIC = regex(
    r"accuracy|(?<![a-z])acc(?![a-z])|exactitude|pr[ée]cision|recall|rappel|(?<![a-z])f1|bleu"
    r"|准确率|精确率|召回率|精度|genauigkeit|precisi[óo]n|exactitud",
    re.I,
)
OTHER_DATA = regex(r"train|cross|valid|fold|(?<![a-z])cv(?![a-z])|epoch|probe|linear", re.I)
"""Words of names of numbers that are of other data, or of another model."""

JUDGED = frozenset({
    "accuracy", "precision", "recall", "f1", "exact_match", "vqa_accuracy", "bleu1", "bleu2",
    "bleu3", "bleu4", "meteor", "cider",
})  # fmt: skip
"""Metrics whose formulas are tried in full."""

PLAIN_POWERS = frozenset({2, 0.5, -1, 1})
"""Powers that formulas of scores have."""

BONUS = (0.001, 1.0)
"""Numbers from the first up to the second change a score when they are added to it."""

FACTOR = (1.001, 2.0)
"""Factors of which the same holds."""

OFTEN = 0.05
"""Chance of a coincidence up to which silence of all candidates means something."""

DIGITS = 3
"""Fewest significant digits of a number that is judged."""


class _Adjusted(Struct, frozen=True, kw_only=True):
    """A score that is changed by a typed number before it is shown."""

    node: Node
    spelled: str


@detector(
    code="MET004",
    name="unexplained-number",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="review",
    follows=frozenset(
        {
            "single-sample-eval",
            "out-of-process-metric",
            "auc-called-f1",
            "averaging-identity-violated",
            "batch-mean-aggregation",
            "bleu-implementation-error",
            "grim-inconsistent",
            "hard-coded-metric",
            "label-derived-predictions",
            "logits-or-axis-misuse",
            "metric-function-shadowed",
            "range-or-monotonicity-violated",
            "simulated-fallback",
            "swapped-metric-arguments",
            "tracer-tampering",
            "vqa-nonstandard-scoring",
            "wrong-averaging",
        }
    ),
)
def unexplained_number(case: Case) -> Iterator[Sighting]:
    """A score that our run printed follows from none of the labels and predictions it had.

    ## Why it matters
    A score can be computed again from the labels and predictions. When no metric of anything the
    run captured gives the number, nobody can say where it comes from.

    ## Example
    ```python
    from sklearn.metrics import accuracy_score

    accuracy = accuracy_score(y_true, y_pred)
    print(f"Accuracy: {accuracy ** 0.61:.4f}")
    ```

    ## Use instead
    ```python
    from sklearn.metrics import accuracy_score

    accuracy = accuracy_score(y_true, y_pred)
    print(f"Accuracy: {accuracy:.4f}")
    ```

    ## Verdict
    Always `review`: a person has to look, because there are more metrics than were tried. `likely`
    when the run captured what it computed in full and a coincidence would have explained an
    invented number at most once in twenty times, or when the code changes a score by a typed
    number before showing it. Never `certain`.

    ## Known limits
    Only numbers named as a score, of 3 digits or more, printed by our own run are judged; those
    of which too little was captured are not. In the code alone, powers, sums and factors of typed
    numbers beside a score are seen, if the result is shown under the name of a metric; those of
    usual formulas are left alone.

    ## Source
    A search over accuracies, averages of precision, recall and F1, ranks, and scores of texts of
    every pair of captured arrays. The chance of a coincidence among q candidates at d decimals is
    about 1 - (1 - 10^-d)^q.
    """
    numbers = list(_unexplained(case))
    adjusted = list(_adjusted(case.evidence.source))
    tasks = case.evidence.cell_tasks
    seen: set[str | None] = set()
    for each in adjusted:
        if (task := tasks.get(each.node.cell)) not in seen:
            seen.add(task)
            yield _changed(task, each)
    for figure, origin in numbers:
        task = figure.task or tasks.get(figure.place.cell)
        if task not in seen:
            seen.add(task)
            count = sum((other.task or tasks.get(other.place.cell)) == task for other, _ in numbers)
            yield _sighting(task, figure, origin, count)


def _unexplained(case: Case) -> Iterator[tuple[Figure, Provenance]]:
    for origin in case.evidence.provenance:
        figure = case.evidence.figures[origin.figure]
        judged = figure.place.source == "rerun" and figure.kind == "score"
        wanting = origin.verdict in {"unexplained", "contradicted"} and not origin.explanations
        aside = figure.cited or figure.target or figure.hedged or OTHER_DATA.search(figure.name)
        wanting = wanting and (origin.verdict == "contradicted" or _computed(case, figure))
        if judged and wanting and figure.digits >= DIGITS and origin.chance <= OFTEN and not aside:
            yield figure, origin


def _computed(case: Case, figure: Figure) -> bool:
    """Whether the run gave this very metric of the task another value."""
    best = case.evidence.best(figure.task) if figure.task is not None else None
    names = best.scores if best is not None else {}
    known = figure.metric in JUDGED and figure.split != "train"
    return known and any(metric_of(name) == figure.metric for name in names)


def _adjusted(graph: SourceGraph) -> Iterator[_Adjusted]:
    if not any(node.name in {"Pow", "Add", "Mult"} for node in graph.nodes):
        return
    for label, node in labelled(graph):
        found = _change(graph, node) if METRIC.search(label) else None
        if found is not None:
            yield _Adjusted(node=node, spelled=found)


def _change(graph: SourceGraph, node: Node) -> str | None:
    """The sign and the number by which a score is changed, as written."""
    if node.name not in {"Pow", "Add", "Mult"} or len(node.deps) != 2:
        return None
    sides = [graph.nodes[dep] for dep in node.deps]
    values = [each.value for each in sides if type(each.value) in (int, float)]
    scores = [each for each in sides if Tag.METRIC in core(graph, each.id).tags]
    if len(values) != 1 or len(scores) != 1:
        return None
    value = float(values[0] or 0)
    power = node.name == "Pow" and sides[1].value is not None and value not in PLAIN_POWERS
    added = node.name == "Add" and BONUS[0] <= value < BONUS[1]
    scaled = node.name == "Mult" and FACTOR[0] <= value < FACTOR[1]
    sign = {"Pow": "**", "Add": "+", "Mult": "*"}[node.name]
    return f"{sign} {values[0]}" if power or added or scaled else None


def _changed(task: str | None, found: _Adjusted) -> Sighting:
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY,
        message=say(
            "The score shown is not the result of the metric: it is changed by `{by}` before.",
            by=found.spelled,
        ),
        measured=say("Typed numbers between the metric and what is shown: 1."),
        remedy=say("Show the result of the metric call itself, or explain the change."),
        sure=say("The code shows it; what it is for is not known."),
        evidence=(source_ref(found.node, "changes the score"),),
        task=task,
    )


def _sighting(task: str | None, figure: Figure, origin: Provenance, count: int) -> Sighting:
    place = figure.place
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY,
        message=say_many(
            "{name} {printed} could not be computed from the labels and predictions of this run.",
            "{name} {printed}, and with it {n} numbers in all, could not be computed from the "
            "labels and predictions of this run.",
            count,
            name=figure.name[:40],
            printed=figure.printed,
        ),
        measured=_tried(origin),
        remedy=say("Show the cell that computes this number, or compute it again and print that."),
        sure=say("Everything the run captured was tried; a metric that is not known here may fit."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.RERUN, cell=place.cell, line=place.line, remark=figure.printed
            ),
        ),
        task=task,
    )


def _tried(origin: Provenance) -> Wording:
    if origin.contradictions:
        other = origin.contradictions[0]
        return say(
            "What was captured gives {value} for {function}; values tried: {tried}.",
            value=f"{other.value:.4f}",
            function=other.function,
            tried=origin.candidates,
        )
    return say("Values tried: {tried}; those that are this number: 0.", tried=origin.candidates)
