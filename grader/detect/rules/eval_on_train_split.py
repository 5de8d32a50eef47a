"""DAT001: eval-on-train-split."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._flow import flow, nearest
from grader.detect._metrics import dead, running_cells, scorings, trainer_of
from grader.detect._samples import UNCOUNTED
from grader.detect._seen import Overlap, overlap, split_scored
from grader.detect._splits import resolved, rows_of
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Tag,
    Wording,
    say,
)

HOLDS_OUT = frozenset({
    ".select", ".shard", ".train_test_split", ".skip", ".take", ".split", ".sample", ".drop",
    "sklearn.model_selection.train_test_split", "torch.utils.data.random_split",
    "torch.utils.data.Subset",
})  # fmt: skip
"""Calls that may keep rows of a split apart from those trained on."""

A_FEW = 20
"""Rows up to which an untrained model on the training split is taken for a trial of the code."""

SITES = 100
"""Scores of which it is asked which training they come from, so that time stays bounded."""


class _Site(Struct, frozen=True):
    """One evaluation in the source."""

    node: Node
    data: int | None
    """Node of what it evaluates; ``None`` when that cannot be seen."""


@detector(
    code="DAT001",
    name="eval-on-train-split",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="invalid",
)
def eval_on_train_split(case: Case) -> Iterator[Sighting]:
    """The only evaluation of a task reads the training split.

    ## Why it matters
    A model has seen the answers of its training data. Its score there says how well it remembers,
    not how well it does on new images.

    ## Example
    ```python
    from datasets import load_dataset
    from transformers import Trainer
    ds = load_dataset("AI-Lab-Makerere/beans")
    trainer = Trainer(model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["train"])
    trainer.train()
    print(trainer.evaluate())
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from transformers import Trainer
    ds = load_dataset("AI-Lab-Makerere/beans")
    trainer = Trainer(model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["test"])
    trainer.train()
    print(trainer.evaluate())
    ```

    ## Verdict
    Invalid where a model was trained on what is scored; minor where nothing was trained, because no
    answer was seen, but the test split was asked for. Certain when the recorder saw it: the trainer
    was given its training data, the labels are those of the training split, or most of the images
    scored had gone through the model before steps of its optimiser. Likely from the source alone.

    ## Known limits
    A score on training data beside one on other data is not reported, nor are rows kept apart from
    training; where no recording tells, a selection of rows in the code is taken for such a part.

    ## Source
    A fact of the recording where there is one; images are compared by their digests, and more than
    half of them count as most. Without a recording, the split nearest to the evaluation among the
    values that flow into it. At most 20 rows are taken for a trial of the code: at a score of 0.9
    the 95 % Wilson interval is then 0.27 wide.
    """
    tasks = {case.evidence.cell_tasks.get(site.node.cell) for site in _sites(case)}
    tasks |= {each.task for each in case.evidence.evaluations}
    found: list[Sighting] = []
    unclear: list[Undecided] = []
    for task in sorted(tasks, key=str):
        try:
            found.extend(_judge(case, task))
        except Undecided as answer:
            unclear.append(answer)
    if unclear and not found:
        raise unclear[0]
    yield from found


def _judge(case: Case, task: str | None) -> Iterator[Sighting]:
    sites = [each for each in _sites(case) if case.evidence.cell_tasks.get(each.node.cell) == task]
    evaluations = [each for each in case.evidence.evaluations if each.task == task]
    if any(split_scored(case, each) not in (None, "train") for each in evaluations):
        return
    best = max(evaluations, key=lambda each: (each.n, each.cell or -1), default=None)
    seen = overlap(case, best) if best is not None else None
    if best is not None and _known_training(case, best, seen, sites):
        if best.n <= A_FEW and not _trained(case, task, sites):
            return
        if _unrecorded(case, evaluations, sites):
            raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
        trained = _trained(case, task, sites) or _mostly_learned(seen)
        yield _sighting(task, _site_of(case, sites, best), best, trained=trained)
    elif not _kept_apart(seen):
        graph = case.evidence.source
        for group in _by_data(case, task, sites):
            site = _static(case, task, group)
            if site is not None and not _tested(graph, group, sites):
                yield _sighting(task, site, None, trained=_trained(case, task, group))


def _by_data(case: Case, task: str | None, sites: list[_Site]) -> list[list[_Site]]:
    """The evaluations of a task; where the task is unknown, those of one data set together."""
    if task is not None:
        return [sites]
    if case.evidence.evaluations:
        # What was recorded has a task, and is judged there.
        return [sites] if len({each.node.cell for each in sites}) > 1 else []
    grouped: dict[tuple[str | int, ...], list[_Site]] = {}
    for each in sites:
        parts = rows_of(case.evidence.source, each.data).parts if each.data is not None else ()
        grouped.setdefault(parts[0].key[:-1] if parts else (), []).append(each)
    return list(grouped.values()) if () not in grouped else [sites]


def _unrecorded(case: Case, evaluations: list[Evaluation], sites: list[_Site]) -> bool:
    """Whether a score of other data stands in the code that the recorder did not see.

    For example a counter in a loop over the test split, beside a recorded score on training data.
    """
    graph = case.evidence.source
    seen = {each.cell for each in evaluations}
    return any(
        _split(graph, site) != "train" and not running_cells(graph, site.node) & seen
        for site in sites
    )


def _known_training(case: Case, best: Evaluation, seen: Overlap | None, sites: list[_Site]) -> bool:
    """Whether training rows were scored for a fact, and none that were kept apart."""
    if best.is_training_data:
        return True
    if split_scored(case, best) != "train":
        return False
    if seen is not None:
        return _mostly_learned(seen)
    if case.evidence.source.calls(*HOLDS_OUT):
        # Nothing can be kept apart from a training that never was.
        return _nothing_learned(case, best) and not _trained(case, best.task, sites)
    return True


def _mostly_learned(seen: Overlap | None) -> bool:
    return seen is not None and 2 * seen.learned > seen.scored


def _kept_apart(seen: Overlap | None) -> bool:
    """Whether the recorder saw that what is scored was not trained on."""
    return seen is not None and seen.learned == 0


def _nothing_learned(case: Case, best: Evaluation) -> bool:
    """Whether the model that predicted is known, and no step of an optimiser was seen of it."""
    recording = case.evidence.recording
    lost = any(each.what == "training steps" for each in recording.dropped)
    if best.model is None or not recording.complete or lost:
        return False
    return all(each.model not in (None, best.model) for each in recording.training)


def _sites(case: Case) -> list[_Site]:
    graph = case.evidence.source
    handed = {function.name for function in graph.functions if function.passed}
    found = [_Site(each.node, each.y_true) for each in scorings(graph)]
    found += [_Site(each, _data(graph, each)) for each in graph.calls(".evaluate", ".predict")
              if trainer_of(graph, each) is not None]  # fmt: skip
    kept = [each for each in found if each.node.function not in handed]
    return sorted(
        (each for each in kept if not dead(graph, each.node)), key=lambda each: each.node.id
    )


def _data(graph: SourceGraph, call: Node) -> int | None:
    for argument in call.arguments:
        if argument.name in {None, "eval_dataset", "test_dataset"}:
            return argument.node
    trainer = trainer_of(graph, call)
    given = trainer.arguments if trainer is not None else ()
    return next((each.node for each in given if each.name == "eval_dataset"), None)


def _split(graph: SourceGraph, site: _Site) -> str | None:
    splits = rows_of(graph, site.data).splits if site.data is not None else frozenset()
    if site.data is None or len(splits) <= 1:
        return min(splits, default=_given(graph, site))
    found = nearest(graph, site.data, lambda node: node.split is not None)
    return None if found is None else found.split


def _given(graph: SourceGraph, site: _Site) -> str | None:
    """``train`` for the very value its trainer learns from, whatever split that is read from."""
    trainer = trainer_of(graph, site.node)
    given = trainer.arguments if trainer is not None else ()
    learned = {resolved(graph, each.node) for each in given if each.name == "train_dataset"}
    same = site.data is not None and resolved(graph, site.data) in learned
    return "train" if same else None


def _static(case: Case, task: str | None, sites: list[_Site]) -> _Site | None:
    """The first evaluation, if the source shows all of the task's to read the training split."""
    graph = case.evidence.source
    if not sites or any(_split(graph, site) != "train" for site in sites):
        return None
    first = sites[0]
    assert first.data is not None  # noqa: S101 - a split was read from it
    if _trained(case, task, sites):
        return None if _held_out(graph, first.data) else first
    kept = [node.limit for node in flow(graph, first.data) if node.limit is not None]
    return None if kept and min(kept) <= A_FEW else first


def _tested(graph: SourceGraph, group: list[_Site], sites: list[_Site]) -> bool:
    """Whether a model that is scored there is scored on other data, too, e.g. of another folder."""
    learned = {at for each in group[:SITES] for at in _fitted(graph, each.node.id)}
    others = {each.node.id for each in sites if _split(graph, each) not in (None, "train")}
    others |= {each.node for each in graph.scorings if each.split not in (None, "train")}
    return any(learned & _fitted(graph, each) for each in sorted(others)[:SITES])


def _fitted(graph: SourceGraph, node: int) -> set[int]:
    return {each.id for each in graph.slice(node) if Tag.FIT in each.tags}


def _trained(case: Case, task: str | None, sites: Sequence[_Site]) -> bool:
    """Whether what is evaluated was trained, or anything was in the cells of this task."""
    graph, tasks = case.evidence.source, case.evidence.cell_tasks
    fits = graph.tagged(Tag.FIT)
    if any(tasks.get(node.cell) == task for node in fits):
        return True
    if any(Tag.FIT in graph.tags(site.node.id) for site in sites):
        return True
    calls = [each for each in case.evidence.recording.trainer_calls if each.method == "train"]
    return any(call.cell is not None and tasks.get(call.cell) == task for call in calls)


def _held_out(graph: SourceGraph, data: int) -> bool:
    """Whether only some rows of the split are evaluated, perhaps those kept from training."""
    return any(
        node.name in HOLDS_OUT or (node.kind == "literal" and "[" in str(node.value))
        for node in flow(graph, data)
    )


def _site_of(case: Case, sites: list[_Site], best: Evaluation) -> _Site | None:
    graph = case.evidence.source
    running = [each for each in sites if best.cell in running_cells(graph, each.node)]
    return running[0] if running else None


def _sighting(
    task: str | None, site: _Site | None, best: Evaluation | None, *, trained: bool
) -> Sighting:
    trained = trained or (best is not None and best.is_training_data is True)
    cell = site.node.cell if site is not None else (best.cell or 0 if best is not None else 0)
    return Sighting(
        severity="invalid" if trained else "minor",
        confidence=Confidence.CERTAIN if best is not None else Confidence.LIKELY,
        message=_message(best, trained=trained),
        measured=say("Split of the data scored: train. Scores of the task on another split: 0."),
        remedy=say('Evaluate on the test split, for example `trainer.predict(ds["test"])`.'),
        sure=say("The recorder saw which rows were scored.")
        if best is not None
        else say("The code shows which split is read; the run did not confirm it."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=cell,
                line=site.node.line if site is not None else None,
                remark="scores the training split",
            ),
        ),
        task=task,
    )


def _message(best: Evaluation | None, *, trained: bool) -> Wording:
    why = (
        say("a trained model has seen the answers there.")
        if trained
        else say("the test split was asked for.")
    )
    if best is None:
        return say(
            "This score was computed on the training split, and no score of this task on another "
            "split was found; {why}",
            why=why,
        )
    return say(
        "This score was computed on the training split (items: {n}), and no score of this task on "
        "another split was found; {why}",
        n=best.n,
        why=why,
    )
