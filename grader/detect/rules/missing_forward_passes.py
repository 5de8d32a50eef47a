"""PRD008: missing-forward-passes."""

from collections.abc import Iterator

from grader.detect._samples import UNCOUNTED, by_task, scoring_ref, uncounted
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    Node,
    SourceGraph,
    Tag,
    Task,
    Wording,
    say,
    say_many,
)

SHARE = 0.9
"""Least share of the scored items that must have gone through a model."""

OTHER_LIBRARIES = (
    "keras",
    "lightgbm",
    "onnxruntime",
    "open_clip",
    "tensorflow",
    "timm",
    "torchvision.models",
    "xgboost",
)
"""Libraries whose models are not counted."""

OTHER_MODULES = ("clip.load", "torch.hub", "torch.jit", "torch.load", "torch.nn")
"""Ways to a torch model that may take something else than images."""

NO_MODULES = ("torch.nn.functional", "torch.nn.utils")
"""Parts of ``torch.nn`` that are no layers."""

NO_ESTIMATORS = (
    "sklearn.dummy",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.preprocessing",
    "sklearn.utils",
)
"""Parts of scikit-learn that predict nothing, or without a look at the images."""


@detector(
    code="PRD008",
    name="missing-forward-passes",
    requires=frozenset({EvidenceKind.SOURCE, EvidenceKind.RECORDING}),
    since="0.1.0",
    status="stable",
    severity="invalid",
    follows=frozenset(
        {
            "label-derived-predictions",
            "predictions-ignore-inputs",
            "simulated-fallback",
            "stored-or-literal-predictions",
        }
    ),
)
def missing_forward_passes(case: Case) -> Iterator[Sighting]:
    """More predictions were scored than images went through a model.

    ## Why it matters
    A prediction that no model made says nothing about a model. Every test image must pass through
    the model before its prediction can be scored.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel

    ds = load_dataset("uoft-cs/cifar10", split="test")
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    y_true = ds["label"]
    y_pred = guess(y_true)
    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - load: {cell: 0, kind: dataset, asset: uoft-cs/cifar10, split: test, rows: 100}
    - load: {cell: 0, kind: model, asset: openai/clip-vit-base-patch32}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.95,
               y_true: "0x50 1x50", y_pred: "0x45 1x55"}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel

    ds = load_dataset("uoft-cs/cifar10", split="test")
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    y_true = ds["label"]
    y_pred = classify(model, ds)
    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - load: {cell: 0, kind: dataset, asset: uoft-cs/cifar10, split: test, rows: 100}
    - load: {cell: 0, kind: model, asset: openai/clip-vit-base-patch32}
    - forward: {cell: 0, model: openai/clip-vit-base-patch32, rows: 100, training: false}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.95,
               y_true: "0x50 1x50", y_pred: "0x45 1x55"}
    ```

    ## Verdict
    Always `invalid` and `certain`: images that went through a model and items that were scored are
    counted in our run. Where images may have been put through a model that is not counted, no
    answer is given.

    ## Known limits
    Counts models of `transformers`, alone or in a pipeline. A notebook that builds its own module
    or uses another library is not judged, nor is a task that is no classification. Every image
    that went through a model of the task before counts, so a score without a model can hide behind
    an earlier one with a model.

    ## Source
    The share of 0.9 leaves room for a last batch that is dropped and for repeated items; chosen,
    not measured.
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    evaluation = case.evidence.best(task.id)
    if evaluation is None or _settled(evaluation) or _real_one(case, task, evaluation):
        return
    if task.kind != "classification":
        raise Undecided(
            "Images of one task may be put through a model for another, or text alone scored.",
            needs="a person who reads how the predictions are made",
        )
    if evaluation.forward_rows is None:
        raise Undecided(
            "The images that went through a model could not be counted to the end.",
            needs="a run with a complete recording",
        )
    if evaluation.forward_rows + _elsewhere(case, task, evaluation) >= SHARE * evaluation.n:
        raise Undecided(
            "The images of this task went through the model of another task.",
            needs="a person who reads how the predictions are made",
        )
    if uncounted(case, task, evaluation) is not None:
        raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
    if (other := _other_model(case.evidence.source)) is not None:
        raise Undecided(
            f"The notebook uses {other}, whose images are not counted.",
            needs="a person who reads how the predictions are made",
        )
    yield _sighting(case, task, evaluation, evaluation.forward_rows)


def _settled(evaluation: Evaluation) -> bool:
    """Whether a model saw the rows; the Trainer iterates them itself."""
    rows = evaluation.forward_rows
    enough = rows is not None and rows >= SHARE * evaluation.n
    return enough or evaluation.source.startswith("trainer")


def _real_one(case: Case, task: Task, judged_by: Evaluation) -> bool:
    """Whether the judged one is a baseline beside a better score that a model took part in."""
    fewest = min(judged_by.n, task.min_n)
    reached = judged_by.scores.get("accuracy", 0.0)
    return any(
        each.task == task.id
        and each.n >= fewest
        and not each.off_task
        and _settled(each)
        and each.scores.get("accuracy", 1.0) >= reached
        for each in case.evidence.evaluations
    )


def _elsewhere(case: Case, task: Task, evaluation: Evaluation) -> int:
    """Image rows through models of other tasks, in cells that are not known to be theirs."""
    others = {model for each in case.lab.tasks if each.id != task.id for model in each.models}
    return sum(
        each.rows
        for each in case.evidence.recording.forwards
        if each.model in others - set(task.models)
        and case.evidence.cell_tasks.get(each.cell or 0) in (None, task.id)
        and (each.cell or 0) <= (evaluation.cell or 0)
    )


def _other_model(graph: SourceGraph) -> str | None:
    """A model whose images the recorder does not count; ``None`` when there is none."""
    for function in graph.functions:
        if function.name.endswith((".forward", ".call")):
            return f"its own model {function.name.partition('.')[0]}"
    for node in graph.nodes:
        if _is_other(node):
            return node.name
    return None


def _is_other(node: Node) -> bool:
    if _within(node.name, (*OTHER_LIBRARIES, *OTHER_MODULES)):
        return not _within(node.name, NO_MODULES)
    if node.kind != "call":
        return False
    if node.name.startswith("sklearn."):
        return not _within(node.name, NO_ESTIMATORS) and node.name.rpartition(".")[2][0].isupper()
    return _built_from_config(node)


def _within(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def _built_from_config(node: Node) -> bool:
    """Whether a model is constructed, not loaded by an id: its forward passes are not hooked."""
    if not node.name.startswith("transformers.") or Tag.MODEL not in node.tags:
        return False
    last = node.name.rpartition(".")[2]
    return last == "from_config" or last.endswith(("Model", "ForImageClassification"))


def _sighting(case: Case, task: Task, evaluation: Evaluation, rows: int) -> Sighting:
    n = evaluation.n
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN,
        task=task.id,
        message=_message(n, rows),
        measured=say(
            "Images that went through a model up to this cell: {rows}; items scored: {n}.",
            rows=rows,
            n=n,
        ),
        remedy=say("Run the model over every test image and score the predictions it makes."),
        sure=say("Counted in our run: every loaded model reports the images it is given."),
        evidence=(scoring_ref(case, evaluation.cell or 0, f"scores {n} predictions"),),
    )


def _message(n: int, rows: int) -> Wording:
    if rows == 0:
        return say_many(
            "The score covers {n} prediction, but no image went through a model.",
            "The score covers {n} predictions, but no images went through a model.",
            n,
        )
    return say_many(
        "The score covers {scored} predictions, but only {n} image went through a model.",
        "The score covers {scored} predictions, but only {n} images went through a model.",
        rows,
        scored=n,
    )
