"""DAT006: best-checkpoint-on-test."""

from collections.abc import Iterator

from msgspec import Struct

from grader.detect._flow import nearest
from grader.detect._metrics import dead, trainer_of
from grader.detect._samples import source_ref
from grader.detect._seen import plain_split
from grader.detect._splits import (
    HELD_OUT,
    Rows,
    Scored,
    learned_behind,
    resolved,
    rows_of,
    scored,
    task_of,
)
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, SourceGraph, say

STOPS_EARLY = ("EarlyStopping", "EarlyStoppingCallback")
KEEPS_BEST = ("ModelCheckpoint",)


class _Watch(Struct, frozen=True):
    """A training that is watched, and stopped or taken back by what is seen."""

    training: Node
    """The call that trains."""

    option: Node
    """Where it is said that the best state is kept."""

    rows: Rows
    """What is watched."""


@detector(
    code="DAT006",
    name="best-checkpoint-on-test",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="minor",
    follows=frozenset({"eval-on-train-split", "train-test-overlap", "validation-called-test"}),
)
def best_checkpoint_on_test(case: Case) -> Iterator[Sighting]:
    """The rows that are scored also chose the best epoch.

    ## Why it matters
    The state of the model that did best on these rows was kept. Its score there is a maximum over
    many attempts, and a maximum is too high. New rows had no part in the choice and are fair.

    ## Example
    ```python
    from datasets import load_dataset
    from transformers import Trainer, TrainingArguments
    ds = load_dataset("AI-Lab-Makerere/beans")
    args = TrainingArguments("out", eval_strategy="epoch", load_best_model_at_end=True)
    trainer = Trainer(model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["test"])
    trainer.train()
    print(trainer.evaluate())
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from transformers import Trainer, TrainingArguments
    ds = load_dataset("AI-Lab-Makerere/beans")
    args = TrainingArguments("out", eval_strategy="epoch", load_best_model_at_end=True)
    trainer = Trainer(
        model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["validation"]
    )
    trainer.train()
    print(trainer.evaluate(ds["test"]))
    ```

    ## Verdict
    Minor: among a few epochs of one training the maximum is close to the rest. Certain when the
    recorder saw the trainer evaluate the split during the training that is scored afterwards, and
    the source says that the best state is loaded. Likely from the source alone.

    ## Known limits
    Watching the test score without keeping the best state changes nothing and is not reported.
    Loops that save a state by hand are not seen. Where another split is scored as well that had no
    part in the choice, nothing is reported.

    ## Source
    A deduction: `load_best_model_at_end`, early stopping or `save_best_only`, with the part of the
    data that is scored as what is watched. See Hastie, Tibshirani and Friedman, The Elements of
    Statistical Learning, section 7.2: the test set is brought out only at the end.
    """
    graph = case.evidence.source
    watches = [each for each in _watches(graph) if each.rows.splits & HELD_OUT]
    done: set[str | None] = set()
    sites = scored(graph) if watches else ()
    for watch in watches:
        after = [each for each in sites if _is_of(graph, watch, each)]
        if not after or any(_is_clean(watch, each) for each in after):
            continue
        task = task_of(case, after[0])
        if task not in done:
            done.add(task)
            yield _sighting(case, watch, after[0], task)


def _watches(graph: SourceGraph) -> Iterator[_Watch]:
    for call in graph.calls(".train", ".fit"):
        if dead(graph, call):
            continue
        trainer = trainer_of(graph, call) if call.name == ".train" else call
        if trainer is None:
            continue
        given = {each.name: each.node for each in trainer.arguments if each.name is not None}
        data = given.get("eval_dataset", given.get("validation_data"))
        option = _option(graph, given)
        if data is not None and option is not None:
            yield _Watch(call, option, rows_of(graph, data))


def _option(graph: SourceGraph, given: dict[str, int]) -> Node | None:
    """Where it is said that the best state is kept, of a trainer or of a Keras training."""
    if "args" in given:
        made = nearest(
            graph, given["args"], lambda node: node.name.endswith("TrainingArguments")
            and node.kind == "call",
        )  # fmt: skip
        arguments = made.arguments if made is not None else ()
        for each in arguments:
            if each.name == "load_best_model_at_end" and _is_true(graph, each.node):
                return made
    if "callbacks" not in given:
        return None
    return next((each for each in graph.flow(given["callbacks"]) if _chooses(graph, each)), None)


def _chooses(graph: SourceGraph, node: Node) -> bool:
    last = node.name.rpartition(".")[2]
    if node.kind != "call":
        return False
    if last in STOPS_EARLY:
        return True
    only = [each.node for each in node.arguments if each.name == "save_best_only"]
    return last in KEEPS_BEST and any(_is_true(graph, each) for each in only)


def _is_true(graph: SourceGraph, at: int) -> bool:
    return graph.nodes[resolved(graph, at)].value is True


def _is_of(graph: SourceGraph, watch: _Watch, each: Scored) -> bool:
    """Whether a score is one of the model that was trained there."""
    return each.node.id > watch.training.id and watch.training.id in learned_behind(graph, each)


def _is_clean(watch: _Watch, each: Scored) -> bool:
    """Whether rows are scored that had no part in the choice."""
    watched = {part.key for part in watch.rows.parts}
    tested = [part for part in each.rows.parts if part.split != "train"]
    return not tested or any(part.key not in watched for part in tested)


def _confirmed(case: Case, watch: _Watch, task: str | None) -> bool:
    """Whether the recorder saw the split evaluated while training, that the task is judged by."""
    best = case.evidence.best(task) if task is not None else None
    calls = case.evidence.recording.trainer_calls
    trained = {call.cell for call in calls if call.method == "train"}
    if best is None or best.split is None:
        return False
    return any(
        call.method == "evaluate"
        and call.cell in trained
        and call.cell != best.cell
        and call.dataset == best.dataset
        and call.split is not None
        and plain_split(call.split) == plain_split(best.split)
        for call in calls
    )


def _sighting(case: Case, watch: _Watch, each: Scored, task: str | None) -> Sighting:
    seen = _confirmed(case, watch, task)
    splits = ", ".join(sorted(watch.rows.splits))
    return Sighting(
        severity="minor",
        confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        message=say(
            "The rows that are scored in line {line} also chose the best epoch of the training "
            "(line {option}), so their score is a maximum over all epochs.",
            line=each.node.line,
            option=watch.option.line,
        ),
        measured=say("Split that chose the epoch and is scored: {split}.", split=splits),
        remedy=say(
            "Give `eval_dataset` (or `validation_data`) the validation split, or a part of the "
            "training split, and score the test split once at the end."
        ),
        sure=say("The recorder saw this split evaluated during the training.")
        if seen
        else say("The code shows what chooses the epoch; the run did not confirm it."),
        evidence=(
            source_ref(watch.option, "keeps the best state"),
            source_ref(each.node, "scores the rows that chose it"),
        ),
        task=task,
    )
