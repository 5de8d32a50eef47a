"""PRD010: stored-or-literal-predictions."""

from collections.abc import Iterator

from msgspec import Struct

from grader.detect._metrics import Scoring, recorded
from grader.detect._samples import source_ref
from grader.detect._sides import Group, Side, contents, core, grouped, judged_otherwise
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    Node,
    SourceGraph,
    Tag,
    Wording,
    say,
    say_many,
)
from grader.patterns import regex

FEWEST = 5
"""Fewest typed predictions that are told."""

STORES = regex(
    r"(?:numpy\.(?:load|loadtxt|genfromtxt|fromfile)|pandas\.read_\w{2,12}|json\.loads?"
    r"|pickle\.loads?|joblib\.load|torch\.load|csv\.(?:reader|DictReader))$"
)
"""Readers of files that may hold predictions."""

WRITES = regex(
    r"(?:numpy\.save\w{0,12}|\.to_(?:csv|json|pickle|parquet|excel|feather)|json\.dump"
    r"|pickle\.dump|joblib\.dump|torch\.save|\.writerows?|\.write_text)$"
)
"""Calls that write such files: what is read may then be the notebook's own."""


class _Ready(Struct, frozen=True, kw_only=True):
    """Predictions that stand there ready-made."""

    at: Node
    """The list, or the call that reads the file."""

    values: tuple[str, ...] | None
    """What was typed; ``None`` for a file."""


@detector(
    code="PRD010",
    name="stored-or-literal-predictions",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"hard-coded-ground-truth", "simulated-fallback"}),
)
def stored_or_literal_predictions(case: Case) -> Iterator[Sighting]:
    """The predictions are typed in or read from a file, and no model makes them.

    ## Why it matters
    Whoever reads the notebook cannot tell which model made these predictions, from which images,
    or whether a model made them at all. The score cannot be checked.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score

    labels = load_dataset("uoft-cs/cifar10", split="test[:8]")["label"]
    predictions = [3, 8, 8, 0, 6, 6, 1, 6]
    print(accuracy_score(labels, predictions))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline

    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    answers = [clip(row["img"], candidate_labels=names)[0]["label"] for row in test]
    print(accuracy_score(test["label"], [names.index(answer) for answer in answers]))
    ```

    ## Verdict
    Always `major`: the numbers may be right, and nothing shows it. `certain` when the run scored
    exactly the values that are typed; `likely` from the code alone. Predictions read from a file
    are at most `likely`, because the file may have come with the task.

    ## Known limits
    A notebook that writes such a file itself may read its own predictions and is not reported,
    whatever the file's name. A task with another score of a model's output is not reported, nor
    are fewer than 5 typed values, nor labels and predictions that are both typed beside a model's
    score, which try out a metric. A list that is built by a loop counts as computed.

    ## Source
    A deduction, no statistic: between the list or the file and the metric there are only names,
    conversions and selections.
    """
    for group in grouped(case):
        found = _ready(case, group)
        if found is not None:
            yield _sighting(case, group.task, *found)


def _ready(case: Case, group: Group) -> tuple[Scoring, _Ready] | None:
    graph = case.evidence.source
    sides = [(each, contents(graph, each.y_pred)) for each in group.scorings]
    if any(_computed(side) for _, side in sides):
        return None
    if any(contents(graph, each.y_true).has(Tag.MODEL_OUTPUT) for each in group.scorings):
        # A model made the other side: the arguments are swapped, which is another mistake.
        return None
    otherwise = judged_otherwise(case, group.task)
    for scoring, side in sides:
        found = _typed(graph, scoring) or _read(graph, side)
        if found is not None and not (otherwise and not _judged_by(case, group.task, found)):
            return scoring, found
    return None


def _judged_by(case: Case, task: str | None, ready: _Ready) -> bool:
    """Whether the task is judged by these very predictions, and not by a model's."""
    best = case.evidence.best(task) if task is not None else None
    given = case.evidence.recording.labels(best.y_pred) if best is not None else None
    return given is not None and tuple(map(str, given)) == ready.values


def _computed(side: Side) -> bool:
    return side.opaque or side.has(Tag.MODEL_OUTPUT, Tag.MODEL, Tag.LABELS)


def _typed(graph: SourceGraph, scoring: Scoring) -> _Ready | None:
    """A list of literals behind the predictions, and nothing else."""
    found = core(graph, scoring.y_pred)
    items = [graph.nodes[dep] for dep in found.deps]
    if found.kind != "collection" or found.name not in {"List", "Tuple"} or len(items) < FEWEST:
        return None
    if any(each.kind != "literal" for each in items):
        return None
    return _Ready(at=found, values=tuple(str(each.value) for each in items))


def _read(graph: SourceGraph, side: Side) -> _Ready | None:
    """A file behind the predictions that the notebook does not write itself."""
    if side.drawn is not None or not side.has(Tag.FILE):
        return None
    readers = [node for node in side.kept if node.kind == "call" and STORES.match(node.name)]
    written = any(node.kind == "call" and WRITES.search(node.name) for node in graph.nodes)
    return _Ready(at=readers[-1], values=None) if readers and not written else None


def _sighting(case: Case, task: str | None, scoring: Scoring, ready: _Ready) -> Sighting:
    certain = _confirmed(case, scoring, ready)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=_message(ready),
        measured=say(
            "What lies between this line and the metric: names, conversions and selections; "
            "outputs of a model: 0."
        ),
        remedy=say(
            "Include the code that makes the predictions with the model, and run it before the "
            "score."
        ),
        sure=say("The code shows it, and our run scored exactly these values.")
        if certain
        else say("The code shows it; the run did not confirm it."),
        evidence=(source_ref(ready.at, "the predictions"),),
        task=task,
    )


def _message(ready: _Ready) -> Wording:
    if ready.values is None:
        return say(
            "The predictions are read from a file (`{call}`), and no code of the notebook makes "
            "them.",
            call=ready.at.name.lstrip("."),
        )
    return say_many(
        "{n} prediction is typed into the code, and no model makes it.",
        "{n} predictions are typed into the code, and no model makes them.",
        len(ready.values),
    )


def _confirmed(case: Case, scoring: Scoring, ready: _Ready) -> bool:
    recording = case.evidence.recording
    arrays = (recording.labels(each.y_pred) or () for each in recorded(case, scoring))
    return ready.values is not None and any(
        tuple(map(str, values)) == ready.values for values in arrays
    )
