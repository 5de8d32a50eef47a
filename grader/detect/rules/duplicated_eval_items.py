"""SMP003: duplicated-eval-items."""

from collections.abc import Iterator

from grader.detect._canonical import DECISIVE, images, judged
from grader.detect._metrics import running_cells
from grader.detect._rows import scored_rows
from grader.detect._samples import scoring_ref
from grader.detect._truths import task_of
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Task,
    say,
)

DISTINCT = 0.95
"""Share of different items below which the number of items misleads."""

LONGEST = 5000
"""Most items that are looked through for a sequence that repeats itself."""

JOINS = frozenset({"datasets.concatenate_datasets", "torch.utils.data.ConcatDataset"})


@detector(
    code="SMP003",
    name="duplicated-eval-items",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"single-sample-eval"}),
)
def duplicated_eval_items(case: Case) -> Iterator[Sighting]:
    """The same test items were scored several times.

    ## Why it matters
    Scoring 40 images four times is still an evaluation of 40 images. The number of items that is
    reported then promises more certainty than there is.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test").select(list(range(40)) * 4)
    y_pred = [predict(image) for image in test["img"]]
    print(accuracy_score(test["label"], y_pred))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test").select(range(160))
    y_pred = [predict(image) for image in test["img"]]
    print(accuracy_score(test["label"], y_pred))
    ```

    ## Verdict
    Major: the score may be right, the size of the sample is not. Certain when the run counted the
    pictures that were scored, by their content, and fewer than 95 % were different; of questions,
    when the whole sequence of pictures, right answers and answers repeats itself. Likely when only
    the code repeats the rows it scores.

    ## Known limits
    Several captions of one picture and several questions about one picture are no repetition, and
    neither is a picture the dataset itself holds twice, up to 5 %. Views of one picture that are
    averaged into one prediction are not counted. Items drawn with replacement are seen in a run
    only.

    ## Source
    Counted. The 95 % are chosen: public test sets hold fewer exact copies of their own pictures.
    """
    known: set[str | None] = set()
    for sighting in _recorded(case):
        known.add(sighting.task)
        yield sighting
    for scored, at, times in _read(case):
        task = task_of(case, scored, at)
        if task not in known:
            known.add(task)
            yield _repeated(task, at, times)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in (*judged(case), *_of_texts(case)):
        if best.n < DECISIVE:
            continue
        pictures = images(case, best)
        if pictures is None:
            continue
        distinct = _period(case, best, pictures) if task.kind == "vqa" else len(set(pictures))
        if distinct < DISTINCT * best.n:
            yield _counted(case, task, best, distinct)


def _of_texts(case: Case) -> Iterator[tuple[Task, Evaluation]]:
    for task in case.lab.tasks:
        best = case.evidence.best(task.id)
        if task.kind in {"captioning", "vqa"} and best is not None:
            yield task, best


def _period(case: Case, best: Evaluation, pictures: tuple[str, ...]) -> int:
    """Items after which pictures, right answers and answers repeat themselves; all if never."""
    recording = case.evidence.recording
    true, pred = recording.labels(best.y_true), recording.labels(best.y_pred)
    if true is None or pred is None or not len(true) == len(pred) == len(pictures):
        return len(pictures)
    items = list(zip(pictures, true, pred, strict=True))
    if len(items) > LONGEST:
        return len(items)
    for period in range(1, len(items) // 2 + 1):
        if items[period] == items[0] and items[period:] == items[:-period]:
            return period
    return len(items)


def _read(case: Case) -> Iterator[tuple[Node, Node, int]]:
    """Scored rows that the code repeats: the score, the repetition, how many times."""
    graph = case.evidence.source
    for each in scored_rows(graph):
        for node in each.data:
            times = _times(graph, node)
            if times > 1 and running_cells(graph, node):
                yield each.node, node, times
                break


def _times(graph: SourceGraph, node: Node) -> int:
    """How often a node repeats its rows; 1 when it does not."""
    if node.kind != "call":
        return 1
    if node.name in {".select", "torch.utils.data.Subset"}:
        chosen = [each.node for each in node.arguments]
        return max((_product(graph, each) for each in chosen), default=1)
    return _joined(graph, node) if node.name in JOINS else 1


def _product(graph: SourceGraph, start: int) -> int:
    """The factor of ``list(range(n)) * factor``, behind names and conversions."""
    node = graph.nodes[start]
    while node.deps and (node.kind in {"name", "parameter"} or node.name in {"list", "tuple"}):
        node = graph.nodes[node.deps[-1] if node.kind == "call" else node.deps[0]]
    if node.name != "Mult":
        return 1
    inside = [graph.nodes[dep] for dep in node.deps]
    factors = [each.value for each in inside if each.kind == "literal"]
    lists = [each for each in inside if each.kind == "collection" or each.name == "list"]
    return next((each for each in factors if type(each) is int), 1) if lists else 1


def _joined(graph: SourceGraph, node: Node) -> int:
    """How often the most frequent part of a joined dataset stands in it."""
    parts = graph.nodes[node.arguments[0].node] if node.arguments else node
    while parts.deps and parts.kind in {"name", "parameter"}:
        parts = graph.nodes[parts.deps[0]]
    if parts.kind != "collection":
        return 1
    sources = [_behind(graph, dep) for dep in parts.deps]
    return max((sources.count(each) for each in sources), default=1)


def _behind(graph: SourceGraph, start: int) -> int:
    node = graph.nodes[start]
    while node.deps and node.kind in {"name", "parameter"}:
        node = graph.nodes[node.deps[0]]
    return node.id


REMEDY = say("Score each item once, and report the number of different items.")


def _counted(case: Case, task: Task, best: Evaluation, distinct: int) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        message=say(
            "{count} items were scored, but only {distinct} of them are different.",
            count=best.n,
            distinct=distinct,
        ),
        measured=say(
            "Items scored: {count}; different ones: {distinct}.", count=best.n, distinct=distinct
        ),
        remedy=REMEDY,
        sure=say("Counted in our run, by the content of the pictures."),
        evidence=(scoring_ref(case, best.cell or 0, f"scores {distinct} different items"),),
        task=task.id,
    )


def _repeated(task: str | None, at: Node, times: int) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "The same items are scored {times} times, so the number of items promises more than "
            "there is.",
            times=times,
        ),
        measured=say("Times the code repeats the rows it scores: {times}.", times=times),
        remedy=REMEDY,
        sure=say("Read in the notebook, not counted in a run."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark=f"repeats its rows {times} times",
            ),
        ),
        task=task,
    )
