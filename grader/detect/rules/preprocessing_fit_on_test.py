"""DAT004: preprocessing-fit-on-test."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from grader.detect._prepares import PREPARES
from grader.detect._samples import source_ref
from grader.detect._splits import HELD_OUT, Rows, Scored, maker, rows_of, scored, task_of
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    Node,
    Severity,
    SourceGraph,
    Wording,
    say,
)

FITS = (".fit", ".fit_transform", ".partial_fit")


@detector(
    code="DAT004",
    name="preprocessing-fit-on-test",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def preprocessing_fit_on_test(case: Case) -> Iterator[Sighting]:
    """A scaler or a choice of features learns from rows that are scored.

    ## Why it matters
    What prepares the data is a part of the model. Learned with the test rows in sight, it tells
    the model something about them, and the score is no longer that of new data. A choice of
    features by the labels can make pure noise look predictable.

    ## Example
    ```python
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    X = StandardScaler().fit_transform(X)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    probe = LogisticRegression().fit(X_train, y_train)
    print(accuracy_score(y_test, probe.predict(X_test)))
    ```

    ## Use instead
    ```python
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    scaler = StandardScaler().fit(X_train)
    probe = LogisticRegression().fit(scaler.transform(X_train), y_train)
    print(accuracy_score(y_test, probe.predict(scaler.transform(X_test))))
    ```

    ## Verdict
    Major where labels or a vocabulary are learned: choices of features, discriminants, weights of
    words. Minor where only the range or the main directions of the features are: this changes a
    score little when there are many rows. Likely, because the recorder does not see what
    scikit-learn is fitted on; what the source shows has to run in the order in which it stands.

    ## Known limits
    Processors of published models learn nothing and are not meant; nor are encoders of class
    names. A `Pipeline` is taken for a model, whatever it ends with. Classes other than those of
    scikit-learn, and scalers inside functions whose rows the source does not show, are not seen.
    Cross-validation on data that was prepared as a whole is not looked at.

    ## Source
    A deduction, no statistic: rows of the part that is scored flow into the fit of a transformer,
    and its result flows into the predictions. For choices of features see Ambroise and McLachlan,
    "Selection bias in gene extraction" (2002).
    """
    graph = case.evidence.source
    waiting = list(_fits(graph))
    for each in scored(graph) if waiting else ():
        behind = _behind(graph, each.sides)
        parts = [part for part in each.rows.parts if part.split in HELD_OUT]
        before = _behind(graph, [part.base for part in parts if part.base is not None])
        for fit in [one for one in waiting if one.node.id in behind]:
            if fit.node.id in before or _shares_rows(fit.rows, each):
                waiting.remove(fit)
                yield _sighting(case, fit, each)


class _Fit(Struct, frozen=True):
    """A call that fits what prepares data."""

    node: Node
    severity: Severity
    """What it means to fit it on test rows."""

    rows: Rows
    """What it is fitted on."""


def _behind(graph: SourceGraph, nodes: Iterable[int]) -> frozenset[int]:
    return frozenset(node.id for each in nodes for node in graph.slice(each))


def _fits(graph: SourceGraph) -> Iterator[_Fit]:
    for node in graph.calls(*FITS):
        severity = PREPARES.get(maker(graph, node).rpartition(".")[2])
        if severity is not None and node.arguments:
            yield _Fit(node, severity, rows_of(graph, node.arguments[0].node))


def _shares_rows(fitted: Rows, each: Scored) -> bool:
    return any(
        one.key == other.key and not (one.some and other.some)
        for one in fitted.parts
        for other in each.rows.parts
        if other.split in HELD_OUT
    )


def _sighting(case: Case, fit: _Fit, each: Scored) -> Sighting:
    kind = maker(case.evidence.source, fit.node).rpartition(".")[2]
    return Sighting(
        severity=fit.severity,
        confidence=Confidence.LIKELY,
        message=say(
            "`{kind}` is fitted on rows that are scored in line {line}: it has seen the test "
            "rows before the test.",
            kind=kind,
            line=each.node.line,
        ),
        measured=_measured(fit, kind),
        remedy=say(
            "Fit `{kind}` on the training rows only, then transform the test rows with it; or put "
            "it into a `Pipeline` with the model.",
            kind=kind,
        ),
        sure=say(
            "The code shows which rows flow into the fit; what scikit-learn is fitted on is not "
            "recorded."
        ),
        evidence=(
            source_ref(fit.node, "is fitted on rows that are scored"),
            source_ref(each.node, "scores them"),
        ),
        task=task_of(case, each),
    )


def _measured(fit: _Fit, kind: str) -> Wording:
    splits = ", ".join(sorted(fit.rows.splits))
    if not splits:
        return say("`{kind}` is fitted before the rows are divided.", kind=kind)
    return say("Parts of the data that `{kind}` is fitted on: {parts}.", kind=kind, parts=splits)
