"""DAT010: split-name-lies."""

from collections.abc import Iterator

from grader.detect._called import has_test_split, test_names
from grader.detect._samples import source_ref
from grader.detect._seen import split_scored
from grader.detect._splits import (
    Rows,
    Scored,
    Training,
    all_learned,
    learned_in,
    maker,
    rows_of,
    scored,
    task_of,
    trainings,
)
from grader.detect.api import Sighting, detector
from grader.model import Binding, Case, Confidence, EvidenceKind, EvidenceRef, SourceGraph, say
from grader.patterns import regex

FOLDS = regex(r"(?:Fold|Split|Out)$")
"""Classes of scikit-learn that divide rows for a cross-validation."""


@detector(
    code="DAT010",
    name="split-name-lies",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"eval-on-train-split"}),
)
def split_name_lies(case: Case) -> Iterator[Sighting]:
    """A variable called after the test split holds training data, and is scored.

    ## Why it matters
    Who reads the notebook takes the score for a test score. It is one of the training split.

    ## Example
    ```python
    from datasets import load_dataset
    from transformers import Trainer
    ds = load_dataset("AI-Lab-Makerere/beans")
    test_ds = ds["train"]
    trainer = Trainer(model=model, args=args, train_dataset=ds["train"])
    trainer.train()
    print(trainer.evaluate(test_ds))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from transformers import Trainer
    ds = load_dataset("AI-Lab-Makerere/beans")
    test_ds = ds["test"]
    trainer = Trainer(model=model, args=args, train_dataset=ds["train"])
    trainer.train()
    print(trainer.evaluate(test_ds))
    ```

    ## Verdict
    Major where a model was trained on these rows: the score is then no test at all, and
    `eval-on-train-split` reports it as well; both are one finding. Minor where nothing was trained
    on them: no answer was seen, but the name says something untrue. Certain when the recorder saw
    the training split scored, likely from the source alone.

    ## Known limits
    A part of the training split that is kept apart from training may be called a test set, and is
    not reported; nor is a part of it where the data set is not known to have a test split. Names in
    English, and those that hold the word test, are read.

    ## Source
    A deduction: the rows a variable holds are followed to where their split is selected; the name
    is compared with it. `CIFAR10(train=True)` selects the training split, whatever it is called.
    """
    graph = case.evidence.source
    if not any(True for _ in _named(graph)):
        return
    learned = trainings(graph)
    done: set[str | None] = set()
    for each in scored(graph):
        binding = _lying(graph, each)
        task = task_of(case, each)
        if binding is None or task in done or _seen_split(case, task) not in (None, "train"):
            continue
        on_all = [one for one in learned if _on_all(graph, one, each)]
        if on_all or (not _apart(learned, each) and has_test_split(graph, each)):
            done.add(task)
            trained = any(learned_in(graph, one, each) for one in on_all)
            yield _sighting(case, binding, each, task, trained=trained)


def _named(graph: SourceGraph) -> Iterator[Binding]:
    """Variables called after a test split that hold training rows and no others."""
    nodes = frozenset(binding.node for binding in graph.bindings)
    for binding in test_names(graph, nodes):
        if rows_of(graph, binding.node).splits == {"train"} and not _of_fold(graph, binding):
            yield binding


def _of_fold(graph: SourceGraph, binding: Binding) -> bool:
    """Whether it is what a cross-validation on the training split leaves out in each round."""
    return any(
        node.name == ".split" and FOLDS.search(maker(graph, node))
        for node in graph.slice(binding.node)
    )


def _lying(graph: SourceGraph, each: Scored) -> Binding | None:
    if each.rows.splits != {"train"}:
        return None
    on_the_way = each.rows.nodes
    found = (one for one in _named(graph) if one.node in on_the_way and _holds_rows(graph, one))
    return next(found, None)


def _holds_rows(graph: SourceGraph, binding: Binding) -> bool:
    """Whether it holds rows and not a score or predictions, which are called after the test too."""
    node = graph.nodes[binding.node]
    return node.kind in {"call", "subscript", "name", "operation"} and not node.tags & {"metric"}


def _on_all(graph: SourceGraph, training: Training, each: Scored) -> bool:
    """Whether all rows that are scored are trained on there."""
    return _all_of(training.rows, each.rows) or all_learned(graph, training.rows, each.rows)


def _all_of(learned: Rows, tested: Rows) -> bool:
    whole = {part.key for part in learned.parts if not part.some}
    return any(part.key in whole for part in tested.parts)


def _apart(learned: tuple[Training, ...], each: Scored) -> bool:
    """Whether other rows of the same part are trained on, so that these may be kept apart."""
    keys = {part.key for training in learned for part in training.rows.parts}
    return any(part.key in keys and part.some for part in each.rows.parts)


def _seen_split(case: Case, task: str | None) -> str | None:
    best = case.evidence.best(task) if task is not None else None
    return split_scored(case, best) if best is not None else None


def _sighting(
    case: Case, binding: Binding, each: Scored, task: str | None, *, trained: bool
) -> Sighting:
    seen = _seen_split(case, task) == "train"
    return Sighting(
        severity="major" if trained else "minor",
        confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        message=say(
            "`{name}` is called after the test split and holds rows of the training split; line "
            "{line} scores them.",
            name=binding.name,
            line=each.node.line,
        ),
        measured=say("Split that `{name}` is read from: train.", name=binding.name),
        remedy=say("Read `{name}` from the test split, or call it what it is.", name=binding.name),
        sure=say("The recorder saw rows of the training split scored.")
        if seen
        else say("The code shows which split is read; the run did not confirm it."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=binding.cell,
                line=binding.line,
                remark="called test, read from the training split",
            ),
            source_ref(each.node, "scores it"),
        ),
        task=task,
    )
