"""DAT008: augment-before-split."""

import re
from collections.abc import Iterator

from grader.detect._samples import source_ref
from grader.detect._splits import Part, Scored, scored, task_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, SourceGraph, say
from grader.patterns import regex

CHANGES = regex(
    r"augment|(?:^|[._])(?:fliplr|flipud|flip|hflip|vflip|rot90|rotate|mirror|jitter|random_crop"
    r"|adjust_brightness|adjust_contrast|RandomHorizontalFlip|RandomVerticalFlip|RandomRotation"
    r"|ColorJitter|RandomResizedCrop|RandomAffine|AutoAugment|RandAugment)(?:$|_)",
    re.I,
)
"""Names of what makes a changed copy of a picture."""

JOINS = frozenset({
    "numpy.concatenate", "numpy.vstack", "numpy.append", "numpy.r_", "torch.cat",
    "torch.utils.data.ConcatDataset", "datasets.concatenate_datasets", "pandas.concat", "Add",
    ".append", ".extend", "tensorflow.concat", ".concatenate",
})  # fmt: skip
"""What puts rows behind rows."""


@detector(
    code="DAT008",
    name="augment-before-split",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
)
def augment_before_split(case: Case) -> Iterator[Sighting]:
    """Changed copies of the pictures are added before the data is divided.

    ## Why it matters
    A picture lands in the training part and its mirror image in the test part. The model has then
    seen nearly every test picture, and the score says how well it remembers.

    ## Example
    ```python
    import numpy as np
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    more = np.concatenate([images, np.flip(images, axis=2)])
    targets = np.concatenate([labels, labels])
    X_train, X_test, y_train, y_test = train_test_split(more, targets, random_state=0)
    model.fit(X_train, y_train)
    print(accuracy_score(y_test, model.predict(X_test)))
    ```

    ## Use instead
    ```python
    import numpy as np
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    X_train, X_test, y_train, y_test = train_test_split(images, labels, random_state=0)
    more = np.concatenate([X_train, np.flip(X_train, axis=2)])
    targets = np.concatenate([y_train, y_train])
    model.fit(more, targets)
    print(accuracy_score(y_test, model.predict(X_test)))
    ```

    ## Verdict
    Major: near copies of the test pictures were trained on. Likely, because the source shows the
    order; the recorder compares pictures exactly and does not know a mirrored one again.

    ## Known limits
    Pictures that are changed at random whenever they are loaded, in their place and not beside
    them, are no copies and are not reported. What makes a copy is known by its name.

    ## Source
    A deduction: what is scored is a part of rows that were joined from pictures and changed ones,
    before the call that divides them.
    """
    graph = case.evidence.source
    if not any(node.kind == "call" and CHANGES.search(node.name) for node in graph.nodes):
        return
    done: set[str | None] = set()
    for each in scored(graph):
        task = task_of(case, each)
        change = _copies(graph, each) if task not in done else None
        if change is not None:
            done.add(task)
            yield _sighting(change, each, task)


def _copies(graph: SourceGraph, each: Scored) -> Node | None:
    """What makes changed copies that are put beside pictures before these are divided."""
    for part in each.rows.parts:
        if part.split != "test":
            continue
        for node in _before_division(graph, part):
            change = _changed_side(graph, node) if node.name in JOINS else None
            if change is not None:
                return change
    return None


def _before_division(graph: SourceGraph, part: Part) -> tuple[Node, ...]:
    """What flows into the call that divided the rows; nothing where none did."""
    if part.base is not None:
        return graph.flow(part.base)
    behind = graph.flow(part.node.id)
    for node in behind:
        if node.name == ".train_test_split" and node.receiver is not None:
            return graph.flow(node.receiver)
    return ()


def _changed_side(graph: SourceGraph, join: Node) -> Node | None:
    """The call that changes pictures, where changed and unchanged ones are joined."""
    sides = [dep for given in join.deps for dep in _items(graph, given)]
    changes = [next(filter(_is_change, graph.flow(side)), None) for side in sides]
    return next(filter(None, changes), None) if None in changes else None


def _items(graph: SourceGraph, at: int) -> tuple[int, ...]:
    node = graph.nodes[at]
    return node.deps if node.name in {"List", "Tuple"} and node.deps else (at,)


def _is_change(node: Node) -> bool:
    return node.kind == "call" and CHANGES.search(node.name) is not None


def _sighting(change: Node, each: Scored, task: str | None) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "Changed copies of the pictures are added before the data is divided, so pictures "
            "scored in line {line} have near copies in the training part.",
            line=each.node.line,
        ),
        measured=say("What is scored is a part of pictures and changed copies of them together."),
        remedy=say("Divide first, then add changed copies to the training part only."),
        sure=say("The code shows the order; the rows themselves were not compared."),
        evidence=(
            source_ref(change, "adds changed copies"),
            source_ref(each.node, "scores a part of them"),
        ),
        task=task,
    )
