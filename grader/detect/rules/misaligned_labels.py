"""LAB007: misaligned-labels."""

from collections.abc import Iterator

from grader.detect._canonical import (
    DECISIVE,
    agreement,
    by_chance,
    judged,
    pair,
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
)
from grader.patterns import regex

SHUFFLES = regex(r"(?:^|\.)(?:shuffle|permutation|permuted|randperm|sample)$")
"""Calls that give rows another order."""

LOADERS = regex(r"(?:^|\.)(?:DataLoader|flow_from_directory|flow_from_dataframe"
                     r"|image_dataset_from_directory)$")  # fmt: skip
SHUFFLED_ALWAYS = regex(r"(?:flow_from_directory|flow_from_dataframe"
                             r"|image_dataset_from_directory)$")  # fmt: skip
"""Makers of loaders that shuffle unless they are told not to."""

IN_ORDER = frozenset({"classes", "targets", "labels", "label", "file_paths"})
"""Attributes of a loader or dataset that follow its files, not its batches."""

COUNTING = frozenset({"torch.arange", "numpy.arange", "tensorflow.range"})

NEAR_CHANCE = 0.15  # above chance, the agreement of labels in a wrong order


@detector(
    code="LAB007",
    name="misaligned-labels",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
    follows=frozenset({"random-labels"}),
)
def misaligned_labels(case: Case) -> Iterator[Sighting]:
    """The true labels stand in another order than the predictions.

    ## Why it matters
    Each prediction is compared with the label of another picture. Even a perfect model then scores
    no better than guessing.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_pred = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_true = test.shuffle(seed=1)["label"]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test").shuffle(seed=1)
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_pred = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_true = test["label"]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid: the score compares different pictures. Certain when the run shows, picture by picture,
    that the labels scored are the dataset's labels in another order. Likely when only the code
    shows that the labels alone were shuffled, that a loader which shuffles made the predictions
    while the labels come in the order of the files, or that in-batch positions stand for labels
    although several pictures of a batch share a class. A hint where another cell scores the task
    on labels of a dataset.

    ## Known limits
    Two shuffles with one seed give one order, and are not reported. A loader that shuffles by the
    default of an unknown class is not known. Where pictures are not handed out together with their
    labels, a run shows no order.

    ## Source
    A deduction, no statistic, in the code. In a run: the same labels, each as often, and an
    agreement within 0.15 of what a random order gives; 20 items are the fewest a label order is
    told from. `flow_from_directory` shuffles by default (manual of Keras).
    """
    certain = list(_recorded(case))
    yield from certain
    known = {each.task for each in certain}
    every = compared(case)
    graph = case.evidence.source
    found = ((each, at) for each in every if (at := _at(graph, each)) is not None)
    for each, at in firsts(found):
        if not certain or each.task not in {None, *known}:
            spoilt = sound_elsewhere(case, each, lambda one: _at(graph, one) is not None, every)
            yield _read(each, at, elsewhere=spoilt)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in judged(case):
        both, served = pair(case, best), served_labels(case, task, best)
        if both is None or served is None or best.n < DECISIVE or not same_items(both[0], served):
            continue
        agreed = agreement(both[0], served)
        if agreed / best.n < min(by_chance(both[0], served) + NEAR_CHANCE, 1 - NEAR_CHANCE):
            yield _counted(case, task, best, agreed)


def _at(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Where the labels lose the order of the predictions."""
    if not carries(flow(graph, scoring.pred), Tag.MODEL_OUTPUT):
        return None
    return _shuffled(graph, scoring) or _beside_loader(graph, scoring) or _positions(graph, scoring)


def _shuffled(graph: SourceGraph, scoring: Compared) -> Node | None:
    """A shuffle of labels that the predictions did not go through."""
    true = flow(graph, scoring.true, order(graph))
    if not carries(true, Tag.LABELS, Tag.DATASET) or carries(true, Tag.MODEL_OUTPUT):
        return None
    shuffles = [node for node in true if node.kind == "call" and SHUFFLES.search(node.name)]
    if not shuffles:
        return None
    pred = flow(graph, scoring.pred)
    same = {node.id for node in pred}
    seeds = {_seed(graph, node) for node in pred if SHUFFLES.search(node.name)} - {None}
    alone = [node for node in shuffles if node.id not in same and _seed(graph, node) not in seeds]
    drawn = [node for node in alone if _of_labels(graph, node)]
    return drawn[-1] if drawn else None


def _of_labels(graph: SourceGraph, node: Node) -> bool:
    """Whether the rows or labels of a dataset are what is shuffled, not numbers of rows."""
    return carries(flow(graph, node.id, order(graph)), Tag.LABELS, Tag.DATASET)


def _seed(graph: SourceGraph, node: Node) -> object:
    for argument in node.arguments:
        value = graph.nodes[argument.node].value
        if argument.name in {"seed", "random_state"} and value is not None:
            return value
    return None


def _beside_loader(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Labels in the order of files beside predictions in that of a loader which shuffles."""
    loader = _loader(graph, scoring.pred)
    if loader is None:
        return None
    true = flow(graph, scoring.true, order(graph))
    if any(node.name == "iter" for node in true) or carries(true, Tag.MODEL_OUTPUT):
        return None
    ordered = [node for node in true if _is_in_order(node)]
    if loader.id in {node.id for node in true}:
        return ordered[-1] if ordered else None
    labelled = [node for node in true if Tag.LABELS in node.tags]
    found = ordered or labelled
    return found[-1] if found else None


def _is_in_order(node: Node) -> bool:
    return node.kind == "attribute" and node.name.rpartition(".")[2] in IN_ORDER


def _loader(graph: SourceGraph, pred: int) -> Node | None:
    """The loader that shuffles whose batches went through the model last."""
    for node in reversed(_inputs(graph, pred)):
        if node.kind == "call" and LOADERS.search(node.name):
            return node if _shuffles(graph, node) else None
    return None


def _inputs(graph: SourceGraph, pred: int) -> tuple[Node, ...]:
    """What went into the model, without what made the model."""

    def through(node: Node) -> list[int]:
        if Tag.MODEL in node.tags or Tag.FIT in node.tags:
            return []
        if Tag.MODEL_OUTPUT in node.tags and node.kind == "call":
            return [argument.node for argument in node.arguments]
        return list(graph.content(node))

    return graph.flow(pred, through)


def _shuffles(graph: SourceGraph, loader: Node) -> bool:
    for argument in loader.arguments:
        if argument.name == "shuffle":
            return graph.nodes[argument.node].value is True
    return bool(SHUFFLED_ALWAYS.search(loader.name))


def _positions(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Positions in a batch instead of labels, where prompts repeat because they name classes."""
    true = flow(graph, scoring.true, order(graph))
    if carries(true, Tag.LABELS, Tag.DATASET, Tag.FILE, Tag.RANDOM, Tag.MODEL_OUTPUT):
        return None
    counts = [node for node in true if node.name in COUNTING]
    prompts = [node for node in _inputs(graph, scoring.pred) if Tag.LABELS in node.tags]
    return counts[-1] if counts and prompts and _per_item(graph, scoring) else None


def _per_item(graph: SourceGraph, scoring: Compared) -> bool:
    """Whether the labels of the pictures themselves are made into prompts."""
    inputs = _inputs(graph, scoring.pred)
    labelled = {node.id for node in inputs if Tag.LABELS in node.tags}
    return any(
        node.name in {"ListComp", "JoinedStr", "Add", ".format", "map"}
        and labelled & {each.id for each in graph.slice(node.id)}
        for node in inputs
    )


REMEDY = say(
    "Collect label and prediction of each picture in the same loop, or turn shuffling off, and "
    "compare the first few by eye."
)


def _counted(case: Case, task: Task, best: Evaluation, agreed: int) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN,
        message=say(
            "The {count} true labels are those of the dataset, but in another order than the "
            "predictions: {agreed} of them belong to the picture they were compared for.",
            count=best.n,
            agreed=agreed,
        ),
        measured=say(
            "Labels scored that are the dataset's label of the same picture: {agreed} of {count}; "
            "each label occurs as often as in the dataset.",
            agreed=agreed,
            count=best.n,
        ),
        remedy=REMEDY,
        sure=say("Compared in our run, picture by picture."),
        evidence=(scoring_ref(case, best.cell or 0, "scores labels of other pictures"),),
        task=task.id,
    )


def _read(scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    confidence = by_code(elsewhere=elsewhere)
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=say(
            "The true labels do not follow the order of the predictions (`{what}`), so predictions "
            "are compared with labels of other pictures.",
            what=_spelled(at),
        ),
        measured=say(
            "What gives the labels their order has no part in the order of the predictions."
        ),
        remedy=REMEDY,
        sure=SURE[confidence],
        evidence=(source_ref(at, "decides the order of the labels"),),
        task=scoring.task,
    )


def _spelled(at: Node) -> str:
    return at.name.lstrip(".") or "labels"
