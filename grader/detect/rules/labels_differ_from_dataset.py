"""LAB002: labels-differ-from-dataset."""

from collections.abc import Iterator

from grader.detect._canonical import (
    DECISIVE,
    Labels,
    agreement,
    by_chance,
    judged,
    pair,
    renamed,
    same_items,
    served_labels,
)
from grader.detect._flow import carries, flow
from grader.detect._samples import scoring_ref, source_ref
from grader.detect._truths import SURE, Compared, by_code, compared, firsts, order, sound_elsewhere
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    Node,
    SourceGraph,
    Tag,
    Task,
    say,
    say_many,
)

CORRECTED = 0.06
"""Share of labels up to which they may be corrected ones."""

NEAR_CHANCE = 0.05
"""Labels that agree hardly more than by chance are other labels altogether."""


@detector(
    code="LAB002",
    name="labels-differ-from-dataset",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({
        "degenerate-labels", "hard-coded-ground-truth", "labels-from-predictions",
        "label-map-permuted", "misaligned-labels", "random-labels",
    }),
)  # fmt: skip
def labels_differ_from_dataset(case: Case) -> Iterator[Sighting]:
    """Some labels an evaluation compares with are not those of the dataset.

    ## Why it matters
    Where the label is wrong, a right prediction counts as an error and a wrong one as a success,
    so the score is not that of the model on this dataset.

    ## Example
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_pred = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_true = np.array([(label + 1) % 10 for label in test["label"]])
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_pred = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_true = np.array(test["label"])
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Certain when the run shows, picture by picture, which labels differ: major above 6 % of them,
    to be reviewed below, because corrected label sets exist. Likely and major when only the code
    shows that labels are moved by arithmetic that wraps round, as in `(label + 1) % 10`. A hint
    where another cell scores the task on labels of a dataset.

    ## Known limits
    Labels with other names for the same classes are no other labels. Labels in another order, of
    one class or drawn at random are reported by the detectors of these flaws. Where pictures are
    not handed out together with their labels, a run shows nothing. In the code, only arithmetic
    that wraps round is seen: `label - 1` may be right for a dataset that counts from 1.

    ## Source
    Counted in the run, no statistic. Test sets have 3.3 % label errors on average (C. Northcutt
    et al., "Pervasive label errors in test sets destabilize machine learning benchmarks", 2021);
    6 % leaves room for a corrected set.
    """
    certain = list(_recorded(case))
    yield from certain
    if certain:
        return
    every = compared(case)
    graph = case.evidence.source
    found = ((each, at) for each in every if (at := _moved(graph, each)) is not None)
    for each, at in firsts(found):
        spoilt = sound_elsewhere(case, each, lambda one: _moved(graph, one) is not None, every)
        yield _read(each, at, elsewhere=spoilt)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in judged(case):
        both, served = pair(case, best), served_labels(case, task, best)
        if both is None or served is None or best.n < DECISIVE:
            continue
        if _are_comparable(both[0], served):
            wrong = best.n - agreement(both[0], served)
            yield _counted(case, task, best, wrong)


def _are_comparable(true: Labels, served: Labels) -> bool:
    """Whether these are the dataset's labels but for some, and not other labels altogether."""
    if true == served or same_items(true, served) or len(set(true)) < 2:
        return False
    if not set(true) <= set(served) or renamed(served, true) is not None:
        return False
    return agreement(true, served) / len(true) > by_chance(true, served) + NEAR_CHANCE


def _moved(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Where labels of a dataset are moved on by arithmetic that wraps round."""
    if not carries(flow(graph, scoring.pred), Tag.MODEL_OUTPUT):
        return None
    true = flow(graph, scoring.true, order(graph))
    if carries(true, Tag.MODEL_OUTPUT):
        return None
    shared = {node.id for node in flow(graph, scoring.pred)}
    for node in true:
        if node.name == "Mod" and node.id not in shared and _adds(graph, node):
            return node
    return None


def _adds(graph: SourceGraph, node: Node) -> bool:
    """Whether it is ``(label + number) % number``, and a label of a dataset."""
    first = graph.nodes[node.deps[0]] if node.deps else node
    if first.name not in {"Add", "Sub"}:
        return False
    number = any(graph.nodes[dep].kind == "literal" for dep in first.deps)
    return number and carries(flow(graph, first.id), Tag.LABELS)


REMEDY = say(
    "Take the labels as the dataset gives them, and check the line that pairs pictures with labels."
)


def _counted(case: Case, task: Task, best: Evaluation, wrong: int) -> Sighting:
    share = wrong / best.n
    return Sighting(
        severity="major" if share > CORRECTED else "review",
        confidence=Confidence.CERTAIN,
        message=say_many(
            "{n} of {count} true labels differs from the label the dataset has for the picture.",
            "{n} of {count} true labels differ from the labels the dataset has for the pictures.",
            wrong,
            count=best.n,
        ),
        measured=say(
            "Labels scored that are not the dataset's label of the same picture: {wrong} of "
            "{count} ({share}).",
            wrong=wrong,
            count=best.n,
            share=f"{share:.1%}",
        ),
        remedy=REMEDY,
        sure=say("Compared in our run, picture by picture."),
        evidence=(scoring_ref(case, best.cell or 0, "scores other labels"),),
        task=task.id,
    )


def _read(scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    confidence = by_code(elsewhere=elsewhere)
    return Sighting(
        severity="major",
        confidence=confidence,
        message=say(
            "The labels of the dataset are changed by arithmetic before they are compared with the "
            "predictions, so pictures are scored against other classes."
        ),
        measured=say("Labels pass through a sum and a remainder; the predictions do not."),
        remedy=REMEDY,
        sure=SURE[confidence],
        evidence=(source_ref(at, "changes the labels"),),
        task=scoring.task,
    )
