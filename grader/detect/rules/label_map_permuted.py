"""LAB003: label-map-permuted."""

import math
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._canonical import Labels, agreement, judged, pair, renamed, served_labels
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
)

GAIN, HALF = 0.15, 0.5
"""How much more must be right once the classes are renamed, and how much in all."""

PER_CLASS = 10
"""Fewest items for each class: with fewer, some renaming fits anything."""

MOST_CLASSES = 1000
"""Most classes a renaming is looked for; a table has a cell for each two of them."""

LOG_P = math.log(1e-5)
"""Chance of the gain, any renaming being possible."""

SETS = frozenset({"set", "frozenset", "reversed", ".reverse", "random.sample", "random.shuffle",
                  "numpy.random.permutation", ".permutation"})  # fmt: skip
"""Calls that give names another order; ``sorted`` only by a key or backwards."""

BACK = frozenset({".index", "dict", "Dict", "DictComp", "enumerate", ".get"})
"""What leads from a name back to its number."""


class _Renamed(Struct, frozen=True, kw_only=True):
    """How many predictions the best renaming leaves right, makes right, and makes wrong."""

    right: int
    gained: int
    lost: int


@detector(
    code="LAB003",
    name="label-map-permuted",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"random-labels", "misaligned-labels", "degenerate-labels"}),
)
def label_map_permuted(case: Case) -> Iterator[Sighting]:
    """The classes of labels and predictions are numbered in different orders.

    ## Why it matters
    When class 3 is "cat" for the labels and "ship" for the predictions, a right prediction counts
    as an error. The score then says how two lists of names differ, not how good the model is.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    prompts = [f"a photo of a {name}" for name in sorted(names, key=len)]
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    inputs = processor(text=prompts, images=test["img"], return_tensors="pt", padding=True)
    y_pred = model(**inputs).logits_per_image.argmax(dim=-1)
    print(accuracy_score(test["label"], y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    prompts = [f"a photo of a {name}" for name in names]
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    inputs = processor(text=prompts, images=test["img"], return_tensors="pt", padding=True)
    y_pred = model(**inputs).logits_per_image.argmax(dim=-1)
    print(accuracy_score(test["label"], y_pred))
    ```

    ## Verdict
    Major. Certain when the run shows that every label scored is the dataset's label of the picture
    with the classes renamed one to one. Likely when renaming the predicted classes makes far more
    of the recorded predictions right, which is a statistic with p <= 1e-5 for every possible
    renaming together, or when the code gives the class names of the prompts another order than
    that of the labels. A hint where another cell scores the task on labels of a dataset.

    ## Known limits
    Two classes that a model takes for each other all the time look like two swapped names.
    Clusters have no names, and their best renaming is no mistake: nothing is said where a
    clustering made the predictions. With fewer than 10 items a class nothing is tested.

    ## Source
    Best one-to-one renaming by linear assignment (H. W. Kuhn, "The Hungarian method for the
    assignment problem", 1955), and the exact form of McNemar's test on what became right and what
    became wrong (Q. McNemar, 1947), its p multiplied by the number of renamings. The gain of 0.15
    and the half that must be right are chosen.
    """
    certain = list(_recorded(case))
    yield from certain
    if certain:
        return
    every = compared(case)
    graph = case.evidence.source
    found = ((each, at) for each in every if (at := _reordered(graph, each)) is not None)
    for each, at in firsts(found):
        spoilt = sound_elsewhere(case, each, lambda one: _reordered(graph, one) is not None, every)
        yield _read(each, at, elsewhere=spoilt)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in judged(case):
        both = pair(case, best)
        if both is None or len({type(each) for each in (*both[0], *both[1])}) > 1:
            continue
        served = served_labels(case, task, best)
        if served is not None and served != both[0] and _shift(served, both[0]):
            yield _exact(case, task, best, agreement(served, both[0]))
        elif _is_worth_it(best, both) and not _clustered(case):
            found = _best_renaming(*both)
            if found is not None:
                yield _fitted(case, task, best, found)


def _shift(served: Labels, true: Labels) -> bool:
    """Whether the labels are those served with the same classes under other numbers."""
    names = renamed(served, true)
    return names is not None and len(names) > 1 and set(served) == set(true)


def _is_worth_it(best: Evaluation, both: tuple[Labels, Labels]) -> bool:
    classes, named = len(set(both[0])), len(set(both[0]) | set(both[1]))
    enough = classes > 1 and best.n >= PER_CLASS * classes and named <= MOST_CLASSES
    return enough and agreement(*both) / best.n < 1 - GAIN


def _best_renaming(true: Labels, pred: Labels) -> _Renamed | None:
    """The renaming that makes most predictions right, if that is no accident."""
    # scipy takes half a second to import; without a recording the check never comes here.
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import binom

    classes = sorted(set(true) | set(pred), key=str)
    place = {label: index for index, label in enumerate(classes)}
    counted = Counter(zip(true, pred, strict=True))
    table = [[counted[row, column] for column in classes] for row in classes]
    rows, columns = linear_sum_assignment(table, maximize=True)
    names = {classes[column]: classes[row] for row, column in zip(rows, columns, strict=True)}
    new = tuple(names[label] for label in pred)
    right, before, n = agreement(true, new), agreement(true, pred), len(true)
    lost = sum(t == p != q for t, p, q in zip(true, pred, new, strict=True))
    gained = right - before + lost
    log_p = float(binom.logsf(gained - 1, gained + lost, 0.5)) + math.lgamma(len(place) + 1)
    if right / n < HALF or (right - before) / n <= GAIN or log_p > LOG_P:
        return None
    return _Renamed(right=right, gained=gained, lost=lost)


def _clustered(case: Case) -> bool:
    graph = case.evidence.source
    return any("cluster" in node.name.lower() for node in graph.nodes if node.kind == "call")


def _reordered(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Where class names get another order before they become prompts, if nothing leads back."""
    true, pred = flow(graph, scoring.true, order(graph)), flow(graph, scoring.pred)
    if not carries(true, Tag.LABELS) or not carries(pred, Tag.MODEL_OUTPUT):
        return None
    if any(_names(node) for node in true) or any(node.name in BACK for node in pred):
        return None
    for node in pred:
        if node.kind == "call" and _reorders(graph, node) and _of_names(graph, node):
            return node
    return None


def _reorders(graph: SourceGraph, node: Node) -> bool:
    if node.name in {"sorted", ".sort"}:
        backwards = [each for each in node.arguments if each.name == "reverse"]
        keyed = any(each.name == "key" for each in node.arguments)
        return keyed or any(graph.nodes[each.node].value is True for each in backwards)
    return node.name in SETS


def _of_names(graph: SourceGraph, node: Node) -> bool:
    """Whether what is put in order are class names and nothing else."""
    inside = flow(graph, node.id)
    others = carries(inside, Tag.MODEL_OUTPUT, Tag.METRIC, Tag.LABELS)
    return any(_names(each) for each in inside) and not others


def _names(node: Node) -> bool:
    return node.kind == "attribute" and node.name.rpartition(".")[2] == "names"


REMEDY = say(
    'Use one list of class names for both, for example `dataset.features["label"].names`, in its '
    "own order."
)


def _exact(case: Case, task: Task, best: Evaluation, same: int) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        message=say(
            "The {count} true labels number the classes in another order than the dataset: {same} "
            "of them are the dataset's own.",
            count=best.n,
            same=same,
        ),
        measured=say(
            "Each class of the dataset stands under one other number; labels left as they are: "
            "{same} of {count}.",
            same=same,
            count=best.n,
        ),
        remedy=REMEDY,
        sure=say("Compared in our run, picture by picture."),
        evidence=(scoring_ref(case, best.cell or 0, "scores renumbered labels"),),
        task=task.id,
    )


def _fitted(case: Case, task: Task, best: Evaluation, found: _Renamed) -> Sighting:
    before = (found.right - found.gained + found.lost) / best.n
    after = found.right / best.n
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "The predictions number the classes in another order than the labels: {before} of them "
            "are right as they are, {after} once the classes are renamed.",
            before=f"{before:.1%}",
            after=f"{after:.1%}",
        ),
        measured=say(
            "Of {count} predictions the best renaming of classes makes {gained} right and {lost} "
            "wrong.",
            count=best.n,
            gained=found.gained,
            lost=found.lost,
        ),
        remedy=REMEDY,
        sure=say("Fitted to what our run recorded; a chance of this gain is below 1 in 100,000."),
        evidence=(scoring_ref(case, best.cell or 0, "scores renumbered predictions"),),
        task=task.id,
    )


def _read(scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    confidence = by_code(elsewhere=elsewhere)
    return Sighting(
        severity="major",
        confidence=confidence,
        message=say(
            "The prompts name the classes in another order (`{what}`) than the labels number them, "
            "so right predictions count as errors.",
            what=at.name.lstrip("."),
        ),
        measured=say(
            "The class names are put into another order before they become prompts, and the "
            "positions found are compared with the dataset's labels."
        ),
        remedy=REMEDY,
        sure=SURE[confidence],
        evidence=(source_ref(at, "gives the class names another order"),),
        task=scoring.task,
    )
