"""MET006: wrong-averaging."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._metrics import dead, running_cells
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Node,
    SourceGraph,
    Wording,
    say,
)
from grader.patterns import regex

AVERAGED = {
    "precision_score": ("precision",),
    "recall_score": ("recall",),
    "f1_score": ("f1",),
    "precision": ("precision",),
    "recall": ("recall",),
    "f1": ("f1",),
    "precision_recall_fscore_support": ("precision", "recall", "f1"),
}
"""Metrics that a function of scikit-learn or of ``evaluate`` gives, by its name."""

REPORTS = frozenset({"classification_report"})
"""Functions that print several averages at once."""

SEVERAL_LABELS = regex(r"multi_?label|MultiLabelBinarizer|sigmoid|BCEWithLogits|ignore_index", re.I)
"""Words of sources where an item may have several labels or none, so that micro averages differ
from accuracy."""

AVERAGE = regex(r"(?<![a-z])(macro|micro|weighted)(?![a-z])", re.I)

NOTABLE = 0.005
"""Difference between two averages from which the number itself is wrong."""


class _Averaged(Struct, frozen=True, kw_only=True):
    """A call that averages over classes."""

    node: Node
    """The call."""

    metric: str
    """One metric it gives."""

    average: str
    """The average asked for."""

    task: str | None
    """Task."""


class _Named(Struct, frozen=True, kw_only=True):
    """A call whose number is shown under the name of another average."""

    call: _Averaged
    figure: Figure

    named: str
    """The average it is called."""

    differ: float | None
    """By how much the two averages differ; ``None`` when unknown."""


@detector(
    code="MET006",
    name="wrong-averaging",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def wrong_averaging(case: Case) -> Iterator[Sighting]:
    """A score is averaged over classes in another way than it is called, or in a way without use.

    ## Why it matters
    A macro average counts every class alike, a weighted one every item. The micro average over
    all classes is accuracy under another name: precision, recall and F1 are then the same number
    and say nothing about single classes.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score, f1_score, precision_score

    print("Accuracy:", accuracy_score(y_true, y_pred))
    print("Precision:", precision_score(y_true, y_pred, average="macro"))
    print("F1:", f1_score(y_true, y_pred, average="micro"))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score, f1_score, precision_score

    print("Accuracy:", accuracy_score(y_true, y_pred))
    print("Precision:", precision_score(y_true, y_pred, average="macro"))
    print("F1:", f1_score(y_true, y_pred, average="macro"))
    ```

    ## Verdict
    A number under the name of another average is `major` when the run shows that the two differ by
    half a hundredth or more, and `minor` otherwise, because on classes of equal size they hardly
    do. A micro average that is not called one is `minor`: it repeats the accuracy. `certain` when
    the run recorded the call with the average in question; `likely` from the code alone.

    ## Known limits
    Averages are read where the call names them; of `torchmetrics`, whose classes have defaults of
    their own, and of a variable that holds the average nothing is said. Silent where an item may
    have several labels, where the number is called a micro average, and where the same metric is
    computed with the average that is named as well.

    ## Source
    The user guide of scikit-learn, "From binary to multiclass and multilabel": micro-averaged
    precision, recall and F1 over all classes are equal to accuracy.
    """
    sources = [cell.source for cell in case.evidence.submission.code_cells]
    if not any("average" in source for source in sources):
        return
    calls = list(_averaged(case))
    named = [found for each in calls if (found := _misnamed(case, each, calls)) is not None]
    for task in dict.fromkeys(each.call.task for each in named):
        yield _under_another_name(case, [each for each in named if each.call.task == task])
    if any(SEVERAL_LABELS.search(source) for source in sources):
        return
    told = {each.call.task for each in named}
    micro = [each for each in calls if _over_all(each) and each.task not in told]
    for task in dict.fromkeys(each.task for each in micro):
        here = [each for each in micro if each.task == task]
        if not _declared(case, here):
            yield _like_accuracy(case, here)


def _averaged(case: Case) -> Iterator[_Averaged]:
    graph = case.evidence.source
    for scoring in graph.scorings:
        node = graph.nodes[scoring.node]
        average = _average(graph, node)
        if average is None or dead(graph, node):
            continue
        for metric in AVERAGED.get(scoring.metric or "", ()):
            task = case.evidence.cell_tasks.get(node.cell)
            yield _Averaged(node=node, metric=metric, average=average, task=task)


def _average(graph: SourceGraph, node: Node) -> str | None:
    for each in node.arguments:
        if each.name == "average":
            value = graph.nodes[each.node].value
            return value if isinstance(value, str) else None
    return None


def _misnamed(case: Case, call: _Averaged, calls: list[_Averaged]) -> _Named | None:
    """A number of the same output or task that is called another average than any call asks for."""
    graph = case.evidence.source
    known = {each.average for each in calls if each.metric == call.metric and _near(each, call)}
    every = any(
        each.metric in REPORTS or (each.metric in AVERAGED and not _average(graph, node))
        for each in graph.scorings
        if case.evidence.cell_tasks.get((node := graph.nodes[each.node]).cell) == call.task
    )
    if every:
        return None
    cells = running_cells(graph, call.node)
    for figure in case.evidence.figures:
        own = figure.place.cell in cells if figure.place.source != "text" else False
        mine = own or (call.task is not None and figure.task == call.task)
        named = _called(case, figure)
        other = named is not None and named not in known
        if mine and other and figure.metric == call.metric and not _aside(figure):
            differ = _difference(case, call, str(named))
            if differ == 0:
                return None
            return _Named(call=call, figure=figure, named=str(named), differ=differ)
    return None


def _called(case: Case, figure: Figure) -> str | None:
    """The average a number is called, by its name or by the words right before it."""
    place = figure.place
    if figure.average is not None or place.source != "text":
        return figure.average
    source = next(
        (cell.source for cell in case.evidence.submission.cells if cell.index == place.cell), ""
    )
    words = AVERAGE.findall(
        re.split(r"[.;,\n|]\s", source[max(0, place.start - 40) : place.start])[-1]
    )
    return words[0].lower() if len(words) == 1 else None


def _near(one: _Averaged, other: _Averaged) -> bool:
    return one.task == other.task or None in (one.task, other.task)


def _aside(figure: Figure) -> bool:
    return figure.cited or figure.target or figure.hedged


def _difference(case: Case, call: _Averaged, named: str) -> float | None:
    """How far the average asked for is from the one named, in the evaluation of the task."""
    best = case.evidence.best(call.task) if call.task is not None else None
    scores = best.scores if best is not None else {}
    asked = scores.get("accuracy" if call.average == "micro" else f"{call.metric}_{call.average}")
    other = scores.get("accuracy" if named == "micro" else f"{call.metric}_{named}")
    return None if asked is None or other is None else abs(asked - other)


def _over_all(call: _Averaged) -> bool:
    """Whether it is a micro average over all classes, not over some of them."""
    return call.average == "micro" and not any(
        each.name == "labels" for each in call.node.arguments
    )


def _declared(case: Case, calls: list[_Averaged]) -> bool:
    """Whether the notebook itself calls these numbers micro averages."""
    cells = {each.node.cell for each in calls} | {
        cell for each in calls for cell in running_cells(case.evidence.source, each.node)
    }
    shown = re.compile(r"[\"'][^\"'\n]{0,80}micro(?!['\"])[^\"'\n]{0,80}[\"']|micro[_-]\w", re.I)
    sources = {cell.index: cell.source for cell in case.evidence.submission.code_cells}
    return any(shown.search(sources.get(cell, "")) for cell in cells) or any(
        figure.average == "micro" for figure in case.evidence.figures
    )


def _recorded(case: Case, calls: list[_Averaged]) -> bool:
    asked = {(each.average, name) for each in calls for name in _functions(each)}
    return any(
        (call.average, call.function) in asked for call in case.evidence.recording.metric_calls
    )


def _functions(call: _Averaged) -> tuple[str, str]:
    name = call.node.name.rpartition(".")[2]
    return name, call.metric


def _under_another_name(case: Case, several: list[_Named]) -> Sighting:
    first = several[0]
    call, figure = first.call, first.figure
    certain = first.differ is not None and _recorded(case, [each.call for each in several])
    wrong = (first.differ or 0.0) >= NOTABLE
    return Sighting(
        severity="major" if wrong else "minor",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=say(
            "{name} {printed} is called a {named} average, but the code asks for "
            '`average="{asked}"`.',
            name=figure.name[:40],
            printed=figure.printed,
            named=first.named,
            asked=call.average,
        ),
        measured=_far(first.differ),
        remedy=say(
            "Ask for the average you name, macro where every class counts alike, and write it next "
            "to the number."
        ),
        sure=_sure(certain=certain),
        evidence=(source_ref(call.node, f"averages {call.average}"), _shown(figure)),
        task=call.task,
    )


def _far(differ: float | None) -> Wording:
    if differ is None:
        return say("How far the two averages are apart is not known without a run.")
    return say("The two averages differ by {by} here.", by=f"{differ:.4f}")


def _shown(figure: Figure) -> EvidenceRef:
    place = figure.place
    kinds = {
        "saved": EvidenceKind.SAVED,
        "rerun": EvidenceKind.RERUN,
        "text": EvidenceKind.PROSE,
    }
    return EvidenceRef(
        kind=kinds[place.source], cell=place.cell, line=place.line, remark=figure.printed
    )


def _like_accuracy(case: Case, calls: list[_Averaged]) -> Sighting:
    names = dict.fromkeys(each.metric for each in calls)
    certain = _recorded(case, calls)
    return Sighting(
        severity="minor",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=say(
            '`average="micro"` makes {metrics} the same number as accuracy, and nothing says so.',
            metrics=", ".join(names),
        ),
        measured=say("Metrics averaged over all items at once: {n}.", n=len(names)),
        remedy=say(
            'Use `average="macro"`, which counts every class alike, and write the average next to '
            "the number."
        ),
        sure=_sure(certain=certain),
        evidence=tuple(source_ref(each.node, "averages micro") for each in calls[:5]),
        task=calls[0].task,
    )


def _sure(*, certain: bool) -> Wording:
    if certain:
        return say("The run recorded the call with this average.")
    return say("The code shows it; the run did not confirm it.")
