"""MET001: hard-coded-metric."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._metrics import fully_recorded, scorings
from grader.detect._shown import Context, shown_literals
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Wording,
    say,
    say_many,
)
from grader.patterns import regex

METRIC = regex(
    r"accuracy|(?<![a-z])acc(?![a-z])|exactitude|pr[ée]cision|recall|rappel|(?<![a-z])f1(?![0-9])"
    r"|f1[ _-]?score|准确率|精确率|召回率|準確率|정확도|точность|bleu|(?<![a-z])meteor(?![a-z])"
    r"|(?<![a-z])cider(?![a-z])|exact[ _-]?match|similarity[ _-]?score"
    r"|score[ _-]?de[ _-]?similarit[ée]",
    re.I,
)
OTHERS = regex(
    r"paper|base[ _]?line|reported|publish|target|thresh|expect|goal|minim|min_|at least|exceed"
    r"|requir|chance|random|majority|sota|state.of.the.art|literature|original|human|example|e\.g\."
    r"|reference|r[ée]f[ée]rence|seuil|objectif|cible|目标|阈值|论文|基线|toleran|margin|delta|drop"
    r"|gain|improv|decimal|float|fp16|bf16|mixed|best_|init|weight",
    re.I,
)
"""Words beside a number that is not meant as a result of this notebook."""

STATED = regex(
    rf"(?:{METRIC.pattern})(?:[ _-]?score)?(?:\s*\(\w+\))?\s*"
    r"(?:[:=\uff1a]|\bis\b|\bof\b|\best\b|\bde\b|为|\s)\s*"
    r"(?P<number>\d{1,3}(?:[.,]\d+)?)\s*(?P<percent>%)?",
    re.I,
)


class _Typed(Struct, frozen=True):
    """A score that stands in the source as it is shown."""

    node: Node
    value: float
    spelled: str
    shown: int


@detector(
    code="MET001",
    name="hard-coded-metric",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset({"metric-function-shadowed"}),
)
def hard_coded_metric(case: Case) -> Iterator[Sighting]:
    """A score that is shown as a result is typed into the code.

    ## Why it matters
    A typed number was not measured by this notebook. Nobody can tell where it comes from, and it
    stays the same whatever the model does.

    ## Example
    ```python
    accuracy = 0.8895
    print(f"Accuracy: {accuracy:.4f}")
    ```

    ## Use instead
    ```python
    from sklearn.metrics import accuracy_score
    accuracy = accuracy_score(y_true, y_pred)
    print(f"Accuracy: {accuracy:.4f}")
    ```

    ## Verdict
    Always `major`: a number is shown that nothing measured. `certain` only when the run printed it
    and its complete recording, in which no cell failed, holds no evaluation with this score at the
    precision typed; `likely` from the code; `hint` when the notebook computes metrics as well and
    has no outputs, because the number may be copied from one that was not saved.

    ## Known limits
    A number that another cell's output shows, or that the run measured, may be copied into a table
    and is not reported. Numbers labelled as a baseline, a target, a threshold or somebody else's
    result are left alone, and so are whole numbers. Rows of a table whose column names stand apart
    from the numbers are not read.

    ## Source
    A deduction, no statistic: between the literal and the output there are only names, containers
    and formatting.
    """
    grouped: dict[str | None, list[_Typed]] = {}
    for typed in _unexplained(case):
        grouped.setdefault(case.evidence.cell_tasks.get(typed.node.cell), []).append(typed)
    for task, found in grouped.items():
        yield _sighting(case, task, found)


def _unexplained(case: Case) -> list[_Typed]:
    """Typed scores that neither another cell's output nor a recorded evaluation accounts for."""
    found = list(dict.fromkeys(_typed(case.evidence.source)))
    own = {each.shown for each in found} | {each.node.cell for each in found}
    elsewhere = [each.value for each in case.evidence.reported if each.cell not in own]
    measured = [
        value for each in case.evidence.evaluations for value in each.scores.values()
    ]  # of any task: a copied number is misplaced, not made up
    known = [each for each in found if not _is_among(each, elsewhere + measured)]
    return sorted(known, key=lambda each: each.node.id)


def _is_among(typed: _Typed, values: list[float]) -> bool:
    decimals = len(typed.spelled.rstrip("%").replace(",", ".").partition(".")[2])
    unit = 100.0 if typed.value * 1.001 < _spelled_value(typed) else 1.0
    tolerance = 0.5 * 10.0**-decimals / unit + 1e-9
    return any(abs(value - typed.value) <= tolerance for value in values)


def _spelled_value(typed: _Typed) -> float:
    return float(typed.spelled.rstrip("%").strip().replace(",", "."))


def _typed(graph: SourceGraph) -> Iterator[_Typed]:
    for sink, node, context in shown_literals(graph):
        yield from _scores(node, context, sink)


def _scores(node: Node, context: Context, sink: Node) -> Iterator[_Typed]:
    if isinstance(node.value, str):
        yield from _stated(node, node.value, context, sink)
    elif type(node.value) is float and 0 < node.value <= 100:
        named = METRIC.search(context.label) and not OTHERS.search(context.words)
        if named:
            value = node.value if node.value <= 1 else node.value / 100
            yield _Typed(node, value, repr(node.value), sink.cell)


def _stated(node: Node, text: str, context: Context, sink: Node) -> Iterator[_Typed]:
    """Scores inside a text, such as ``CLIP accuracy: 88.95%``."""
    if OTHERS.search(f"{context.words} {text}") or sink.name in {"pandas.DataFrame"}:
        return
    for found in STATED.finditer(text):
        number = float(found["number"].replace(",", "."))
        exact = "." in found["number"] or "," in found["number"]
        if found["percent"] and 0 < number <= 100:
            yield _Typed(node, number / 100, f"{found['number']}%", sink.cell)
        elif exact and 0 < number <= 1:
            yield _Typed(node, number, found["number"], sink.cell)


def _sure(confidence: Confidence) -> Wording:
    if confidence is Confidence.CERTAIN:
        return say("The run printed it, and no recorded evaluation has this score.")
    if confidence is Confidence.LIKELY:
        return say("The code shows it; a recording did not settle where the number comes from.")
    return say(
        "The notebook computes metrics as well, and without outputs nobody can tell whether this "
        "number was copied from one of them."
    )


def _sighting(case: Case, task: str | None, found: list[_Typed]) -> Sighting:
    first = found[0]
    confidence = _confidence(case, task, first)
    return Sighting(
        severity="major",
        confidence=confidence,
        message=_message(found),
        measured=_measured(case, task, first),
        remedy=say(
            "Show the result of the metric call itself, for example "
            "`accuracy = accuracy_score(y_true, y_pred)`, and label numbers from elsewhere as such."
        ),
        sure=_sure(confidence),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=first.node.cell,
                line=first.node.line,
                remark=f"{first.spelled} is a literal",
            ),
        ),
        task=task,
    )


def _message(found: list[_Typed]) -> Wording:
    values = ", ".join(dict.fromkeys(each.spelled for each in found[:4]))
    return say_many(
        "The score {first} shown here is typed into the code, not computed.",
        "The score {first} shown here is typed into the code, not computed (typed scores: "
        "{values}).",
        len(found),
        first=found[0].spelled,
        values=values,
    )


def _measured(case: Case, task: str | None, first: _Typed) -> Wording:
    if EvidenceKind.RECORDING not in case.evidence.kinds:
        return say(
            "The number shown comes from {typed} as typed and from nothing else.",
            typed=first.spelled,
        )
    searched = [each for each in case.evidence.evaluations if task is None or each.task == task]
    return say(
        "The number shown comes from {typed} as typed and from nothing else. Recorded evaluations "
        "with this score: 0 of {searched}.",
        typed=first.spelled,
        searched=len(searched),
    )


def _confidence(case: Case, task: str | None, typed: _Typed) -> Confidence:
    """A number may be copied from an output that was never saved: that is only a hint."""
    if _confirmed(case, task, typed):
        return Confidence.CERTAIN
    seen = {EvidenceKind.SAVED, EvidenceKind.RERUN} & case.evidence.kinds
    if not seen and scorings(case.evidence.source):
        return Confidence.HINT
    return Confidence.LIKELY


def _confirmed(case: Case, task: str | None, typed: _Typed) -> bool:
    evidence = case.evidence
    if not fully_recorded(case):
        return False
    unknown = [
        each
        for each in evidence.evaluations
        if not each.scores and (task is None or each.task in {task, None})
    ]
    printed = [
        each.value
        for each in evidence.reported
        if each.source == "rerun" and each.cell in {typed.shown, typed.node.cell}
    ]
    return not unknown and _is_among(typed, printed)
