"""DAT011: oversampled-before-split."""

from collections.abc import Iterator

from grader.detect._samples import source_ref
from grader.detect._splits import Scored, maker, scored, task_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, SourceGraph, say

MAKES_MORE = frozenset({
    "SMOTE", "SMOTEN", "SMOTENC", "SVMSMOTE", "KMeansSMOTE", "BorderlineSMOTE", "ADASYN",
    "RandomOverSampler", "SMOTEENN", "SMOTETomek",
})  # fmt: skip
"""Classes of imbalanced-learn that add copies or mixtures of rows."""

RESAMPLES = frozenset({"sklearn.utils.resample"})


@detector(
    code="DAT011",
    name="oversampled-before-split",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
)
def oversampled_before_split(case: Case) -> Iterator[Sighting]:
    """Rare classes are filled up with copies before the data is divided.

    ## Why it matters
    Copies of one row, or mixtures of it, land in the training and in the test part. The model has
    then seen the test rows, and the score says how well it remembers them.

    ## Example
    ```python
    from imblearn.over_sampling import SMOTE
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split
    X_more, y_more = SMOTE(random_state=0).fit_resample(X, y)
    X_train, X_test, y_train, y_test = train_test_split(X_more, y_more, random_state=0)
    probe = LogisticRegression().fit(X_train, y_train)
    print(f1_score(y_test, probe.predict(X_test)))
    ```

    ## Use instead
    ```python
    from imblearn.over_sampling import SMOTE
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    X_more, y_more = SMOTE(random_state=0).fit_resample(X_train, y_train)
    probe = LogisticRegression().fit(X_more, y_more)
    print(f1_score(y_test, probe.predict(X_test)))
    ```

    ## Verdict
    Major: a row and its copies stand on both sides of the division, so the score is too high by an
    unknown amount, and the test part no longer has the classes in their true shares. Likely,
    because the source shows the order and the recorder does not see these libraries.

    ## Known limits
    Leaving out rows of the common classes copies nothing and is not reported. Filling up by hand
    with tables of pandas is not seen. Cross-validation on data filled up before is not looked at.

    ## Source
    A deduction: what is scored is a part of rows that an oversampling call returned. See Santos
    et al., "Cross-validation for imbalanced datasets" (2018), on its effect.
    """
    graph = case.evidence.source
    made = {node.id: node for node in _oversampling(graph)}
    done: set[str | None] = set()
    for each in scored(graph) if made else ():
        more = _upstream(graph, made, each)
        task = task_of(case, each)
        if more is not None and task not in done:
            done.add(task)
            yield _sighting(more, each, task, _called(graph, more))


def _oversampling(graph: SourceGraph) -> Iterator[Node]:
    for node in graph.calls(".fit_resample", ".fit_sample", *RESAMPLES):
        if node.name in RESAMPLES:
            if _with_replacement(graph, node):
                yield node
        elif maker(graph, node).rpartition(".")[2] in MAKES_MORE:
            yield node


def _with_replacement(graph: SourceGraph, node: Node) -> bool:
    """Whether a row may be drawn twice, which is what ``resample`` does unless it is told not to.

    Without a number of rows it is a bootstrap of all of them, which copies rows as well.
    """
    given = [each.node for each in node.arguments if each.name == "replace"]
    return all(graph.nodes[each].value is not False for each in given)


def _upstream(graph: SourceGraph, made: dict[int, Node], each: Scored) -> Node | None:
    """The oversampling that returned what the scored part was divided from."""
    for part in each.rows.parts:
        if part.split != "test":
            continue
        before = part.base if part.base is not None else part.node.id
        # Behind the part by name stands the call that divided the rows.
        found = [made[node.id] for node in graph.slice(before) if node.id in made]
        if found and (part.base is not None or _is_divided(graph, part.node)):
            return found[0]
    return None


def _is_divided(graph: SourceGraph, node: Node) -> bool:
    return any(each.name == ".train_test_split" for each in graph.flow(node.id))


def _called(graph: SourceGraph, node: Node) -> str:
    name = node.name if node.name in RESAMPLES else maker(graph, node)
    return name.rpartition(".")[2]


def _sighting(more: Node, each: Scored, task: str | None, called: str) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "`{called}` adds copies of rows before the data is divided, so rows scored in line "
            "{line} have copies in the training part.",
            called=called,
            line=each.node.line,
        ),
        measured=say(
            "What is scored is a part of the rows that `{called}` returned.", called=called
        ),
        remedy=say("Divide first, then apply `{called}` to the training part only.", called=called),
        sure=say("The code shows the order; the rows themselves were not compared."),
        evidence=(
            source_ref(more, "adds copies of rows"),
            source_ref(each.node, "scores a part of them"),
        ),
        task=task,
    )
