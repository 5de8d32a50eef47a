"""DAT007: pretrained-on-target."""

import re
from collections.abc import Iterator

from grader.detect._samples import source_ref
from grader.detect._splits import resolved
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Node, SourceGraph, Tag, say
from grader.patterns import regex

KNOWN = {
    "nateraw/vit-base-beans": "beans",
    "nateraw/food": "food101",
    "nateraw/vit-base-patch16-224-cifar10": "cifar10",
    "aaraki/vit-base-patch16-224-in21k-finetuned-cifar10": "cifar10",
    "ahsanjavid/convnext-tiny-finetuned-cifar10": "cifar10",
    "edumunozsala/vit_base-224-in21k-ft-cifar100": "cifar100",
    "Ahmed9275/Vit-Cifar100": "cifar100",
    "farleyknight/mnist-digit-classification-2022-09-04": "mnist",
    "textattack/bert-base-uncased-imdb": "imdb",
}
"""Published models and the data set their cards say they were trained on."""

NAMES = ("beans", "cifar100", "cifar10", "food101", "mnist", "imdb", "flowers102", "eurosat")
"""Data sets that models are named after, the longer name before the shorter."""

TUNED = regex(r"(?:fine[-_]?tuned?|[-_]ft)(?:[-_]on)?[-_](?P<data>[a-z0-9_-]{4,40})", re.I)
"""``...-finetuned-cifar10`` in the id of a model."""

UNTRAINED = regex(
    r"zero[- ]shot|without (?:any )?(?:fine[- ]?tuning|training)|never seen|零样本|未经训练"
    r"|sans (?:aucun )?(?:entra[iî]nement|apprentissage)",
    re.I,
)
"""Words for a model that has not seen the data."""


@detector(
    code="DAT007",
    name="pretrained-on-target",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="review",
)
def pretrained_on_target(case: Case) -> Iterator[Sighting]:
    """A model that was published as trained on this data is called zero-shot, or trained again.

    ## Why it matters
    A checkpoint that was already trained on the data is no zero-shot model, and a training that
    starts from it shows little of what the training does. Readers have to be told.

    ## Example
    ```python
    # zero-shot evaluation
    from datasets import load_dataset
    from transformers import ViTForImageClassification
    ds = load_dataset("AI-Lab-Makerere/beans")
    model = ViTForImageClassification.from_pretrained("nateraw/vit-base-beans")
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from transformers import ViTForImageClassification
    ds = load_dataset("AI-Lab-Makerere/beans")
    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    ```

    ## Verdict
    Review: whether the assignment permits it is for a person to say. Likely where the card of the
    model names the data set, a hint where only its id does.

    ## Known limits
    A model of this kind that is evaluated as what it is, without a training and without being
    called zero-shot, is not reported, nor is one that the lab asks for. Few models are known by
    their cards; of the others only the id is read.

    ## Source
    The cards of the models as published, and the names people give to them.
    """
    graph = case.evidence.source
    permitted = {model for task in case.lab.tasks for model in task.models}
    loaded = _datasets(graph)
    if not loaded:
        return
    for node, model in _models(graph):
        data = _trained_on(model)
        if data in loaded and (model not in permitted or not _is_named_lab(case)):
            told = _contradiction(case, node)
            if told is not None:
                yield _sighting(case, node, model, data or "", told)


def _is_named_lab(case: Case) -> bool:
    """Whether a course asks for these models, and not the list of what people use."""
    return case.lab.id != "any"


def _datasets(graph: SourceGraph) -> frozenset[str]:
    """Short names of the data sets that are loaded."""
    names = {
        str(graph.nodes[each.node].value).rpartition("/")[2].lower().replace("-", "")
        for call in graph.calls("datasets.load_dataset")
        for each in call.arguments[:1]
    }
    return frozenset(names)


def _models(graph: SourceGraph) -> Iterator[tuple[Node, str]]:
    """Every model that is loaded by a literal id."""
    for node in graph.tagged(Tag.MODEL):
        if node.kind != "call":
            continue
        for each in node.arguments:
            value = _text(graph, each.node)
            if each.name in {None, "model", "pretrained_model_name_or_path"} and "/" in value:
                yield node, value
                break


def _text(graph: SourceGraph, at: int) -> str:
    value = graph.nodes[resolved(graph, at)].value
    return value if isinstance(value, str) else ""


def _trained_on(model: str) -> str | None:
    if model in KNOWN:
        return KNOWN[model]
    found = TUNED.search(model)
    named = found["data"].lower().replace("-", "").replace("_", "") if found else ""
    return next((name for name in NAMES if named.startswith(name)), None)


def _contradiction(case: Case, node: Node) -> EvidenceRef | None:
    """Where the notebook trains this model, or calls it untrained."""
    graph = case.evidence.source
    for fit in graph.tagged(Tag.FIT):
        if any(each.id == node.id for each in graph.slice(fit.id)):
            return source_ref(fit, "trains it")
    tasks = case.evidence.cell_tasks
    for cell in case.evidence.submission.cells:
        # What is said of another task is said of another model.
        if tasks.get(cell.index) != tasks.get(node.cell):
            continue
        for number, line in enumerate(cell.source[:20_000].splitlines(), start=1):
            if UNTRAINED.search(line[:1000]):
                kind = EvidenceKind.SOURCE if cell.kind == "code" else EvidenceKind.PROSE
                return EvidenceRef(
                    kind=kind, cell=cell.index, line=number, remark="says it was not trained"
                )
    return None


def _sighting(case: Case, node: Node, model: str, data: str, told: EvidenceRef) -> Sighting:
    known = model in KNOWN
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY if known else Confidence.HINT,
        message=say(
            "`{model}` was already trained on {data} before this notebook; the notebook trains it "
            "or calls it untrained.",
            model=model[:80],
            data=data,
        ),
        measured=say(
            "Model loaded: `{model}`. Data it was trained on: {data}.", model=model[:80], data=data
        ),
        remedy=say(
            "Start from a model that has not seen the data, or say that this one has and what that "
            "means for the score."
        ),
        sure=say("The card of the model says so.")
        if known
        else say("Only the id of the model says so."),
        evidence=(source_ref(node, f"was trained on {data}"), told),
        task=case.evidence.cell_tasks.get(node.cell),
    )
