"""MET003: trainer-eval-not-wired."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._metrics import dead, fully_recorded, trainer_of
from grader.detect._samples import source_ref
from grader.detect._sides import grouped
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    Node,
    SourceGraph,
    TrainerCall,
    Wording,
    say,
    say_many,
)
from grader.patterns import regex

OTHER_AIMS = regex(
    r"Seq2Seq|CausalLM|ConditionalGeneration|Vision2Seq|MaskedLM|ForPreTraining|MaskedImage"
    r"|Detection|Segmentation|DPO|SFT"
)
"""Models and trainers whose loss, or another number, is what is reported."""

WATCHES = regex(r"(?:eval(?:uation)?_strategy|do_eval|eval_steps|load_best_model_at_end)$")
"""Settings by which a trainer evaluates while it trains."""

LOSSES = regex(r"^(?:\w{1,20}_)?(?:loss|runtime|\w{1,30}_per_second|epoch|\w{1,30}_time|jit\w*)$")
"""Numbers a trainer gives without being told any metric."""

POSITIONAL = 8
"""Arguments by position among which the metrics may be."""


class _Unwired(Struct, frozen=True, kw_only=True):
    """A trainer whose evaluation gives no metric."""

    trainer: Node
    """Its construction."""

    at: Node
    """The evaluation; the training, where nothing was evaluated."""

    has_metrics: bool
    """Whether it was given metrics and never evaluated."""


@detector(
    code="MET003",
    name="trainer-eval-not-wired",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def trainer_eval_not_wired(case: Case) -> Iterator[Sighting]:
    """The Trainer evaluates without metrics, or has metrics and never evaluates.

    ## Why it matters
    `trainer.evaluate()` gives the loss and the running time, and nothing else, unless the Trainer
    was given `compute_metrics`. A loss is no accuracy: it does not tell how many answers are right.

    ## Example
    ```python
    # Task 1: ViT
    from transformers import Trainer, ViTForImageClassification

    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    trainer = Trainer(model=model, args=args, train_dataset=train, eval_dataset=test)
    trainer.train()
    print(trainer.evaluate())
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    from transformers import Trainer, ViTForImageClassification

    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
    trainer = Trainer(
        model=model, args=args, train_dataset=train, eval_dataset=test, compute_metrics=metrics
    )
    trainer.train()
    print(trainer.evaluate())
    ```

    ## Verdict
    Always `major`: the task has no score. `certain` when the run was recorded to its end, the
    Trainer returned nothing but losses and times, and nothing else was evaluated; `likely` from
    the code alone.

    ## Known limits
    A task that is scored in another way as well, by predictions or by hand, is not reported.
    Trainers of language models and captioners are left alone, because their loss may be what is
    asked for, and so is a report, which seldom shows all code. Arguments handed over as `**` are
    taken for metrics.

    ## Source
    The documentation of `transformers`, `Trainer`: `compute_metrics` is the function used to
    compute metrics at evaluation; without it only the loss is returned.
    """
    graph = case.evidence.source
    for task, found in _found(case).items():
        if not _judged(case, task):
            yield _sighting(case, task, found, _calls(case, graph, found))


def _found(case: Case) -> dict[str | None, _Unwired]:
    graph = case.evidence.source
    found: dict[str | None, _Unwired] = {}
    for trainer in graph.nodes:
        if (
            trainer.kind == "call"
            and trainer.name.endswith("Trainer")
            and "**" not in _given(trainer)
        ):
            unwired = _unwired(case, trainer)
            if unwired is not None:
                found.setdefault(case.evidence.cell_tasks.get(unwired.at.cell), unwired)
    return found


def _unwired(case: Case, trainer: Node) -> _Unwired | None:
    graph = case.evidence.source
    if OTHER_AIMS.search(" ".join(node.name for node in graph.slice(trainer.id))):
        return None
    calls = [
        node
        for node in graph.calls(".evaluate", ".predict", ".train")
        if trainer_of(graph, node) is trainer and not dead(graph, node)
    ]
    scored = [node for node in calls if node.name != ".train"]
    if _has_metrics(graph, trainer):
        trained = [node for node in calls if node.name == ".train"]
        silent = not scored and not _watched(graph, trainer)
        if case.evidence.submission.form == "report" or not trained or not silent:
            return None
        return _Unwired(trainer=trainer, at=trained[-1], has_metrics=True)
    if not scored or any(node.name == ".predict" for node in scored):
        return None
    return _Unwired(trainer=trainer, at=scored[-1], has_metrics=False)


def _given(trainer: Node) -> frozenset[str]:
    return frozenset(each.name for each in trainer.arguments if each.name is not None)


def _has_metrics(graph: SourceGraph, trainer: Node) -> bool:
    later = any(binding.name.endswith(".compute_metrics") for binding in graph.bindings)
    unnamed = sum(each.name is None for each in trainer.arguments)
    return later or unnamed >= POSITIONAL or "compute_metrics" in _given(trainer)


def _watched(graph: SourceGraph, trainer: Node) -> bool:
    """Whether it evaluates while it trains, or that cannot be told."""
    for node in graph.slice(trainer.id):
        if node.kind == "call" and node.name.endswith("TrainingArguments"):
            given = {each.name: graph.nodes[each.node].value for each in node.arguments}
            return any(
                name is not None and (name.startswith("*") or WATCHES.match(name)) and value != "no"
                for name, value in given.items()
            )
    return True


def _judged(case: Case, task: str | None) -> bool:
    """Whether the task is scored in some other way."""
    evidence, graph = case.evidence, case.evidence.source
    here = [each for group in grouped(case) if group.task == task for each in group.scorings]
    if any(not dead(graph, each.node) and _runs(graph, each.node) for each in here):
        return True
    return any(
        each.task in {task, None} and each.source != "trainer.evaluate"
        for each in evidence.evaluations
    )


def _runs(graph: SourceGraph, node: Node) -> bool:
    """Whether a scoring inside a function is reached."""
    return node.function is None or any(
        function.name == node.function and function.called for function in graph.functions
    )


def _calls(case: Case, graph: SourceGraph, found: _Unwired) -> Sequence[TrainerCall]:
    cells = {found.at.cell} if found.at.function is None else set()
    return [
        call
        for call in case.evidence.recording.trainer_calls
        if call.cell in cells and call.method == ("train" if found.has_metrics else "evaluate")
    ]


def _sighting(
    case: Case, task: str | None, found: _Unwired, calls: Sequence[TrainerCall]
) -> Sighting:
    only_loss = bool(calls) and all(LOSSES.match(name) for call in calls for name in call.metrics)
    certain = fully_recorded(case) and only_loss
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=_message(found, calls),
        measured=say(
            "Other scores of this task in the code: 0. Metrics the Trainer was given: {given}.",
            given=say("yes, and no evaluation calls them") if found.has_metrics else say("none"),
        ),
        remedy=say(
            "Pass `compute_metrics` to the Trainer and call `trainer.evaluate()` on the test set "
            "after training."
        ),
        sure=say("The whole run was recorded, and the Trainer gave nothing but losses and times.")
        if certain
        else say("The code shows it; the run did not confirm it."),
        evidence=(
            source_ref(found.at, "gives no metric"),
            source_ref(found.trainer, "the Trainer"),
        ),
        task=task,
    )


def _message(found: _Unwired, calls: Sequence[TrainerCall]) -> Wording:
    if found.has_metrics:
        return say(
            "The Trainer was given `compute_metrics`, but it is trained and never evaluated, so "
            "no score was measured."
        )
    names = sorted({name for call in calls for name in call.metrics})
    if not names:
        return say(
            "The Trainer evaluates without `compute_metrics`, so it gives a loss and no accuracy."
        )
    return say_many(
        "The Trainer evaluates without `compute_metrics`: its {n} number (`{names}`) is no score.",
        "The Trainer evaluates without `compute_metrics`: of its {n} numbers (`{names}`) none is "
        "a score.",
        len(names),
        names="`, `".join(names[:6]),
    )
