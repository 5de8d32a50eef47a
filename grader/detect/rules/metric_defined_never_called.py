"""MET002: metric-defined-never-called."""

from collections.abc import Iterator

from grader.detect._metrics import dead, fully_recorded, scorings, trainer_of
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Function,
    Node,
    SourceGraph,
    Wording,
    say,
)

EVALUATES = (".evaluate", ".predict", ".score", "sklearn.model_selection.cross_val_score")
"""Calls that evaluate a model without naming a metric function."""


@detector(
    code="MET002",
    name="metric-defined-never-called",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset({"trainer-eval-not-wired"}),
)
def metric_defined_never_called(case: Case) -> Iterator[Sighting]:
    """A function that computes metrics is defined and never called.

    ## Why it matters
    Defining a metric measures nothing. Without a call no score exists, however complete the
    function looks.

    ## Example
    ```python
    from sklearn.metrics import accuracy_score
    def compute_metrics(p):
        return {"accuracy": accuracy_score(p.label_ids, p.predictions.argmax(-1))}
    trainer = Trainer(model=model, args=args, train_dataset=train)
    trainer.train()
    ```

    ## Use instead
    ```python
    from sklearn.metrics import accuracy_score
    def compute_metrics(p):
        return {"accuracy": accuracy_score(p.label_ids, p.predictions.argmax(-1))}
    trainer = Trainer(model=model, args=args, eval_dataset=test, compute_metrics=compute_metrics)
    print(trainer.evaluate())
    ```

    ## Verdict
    Always `major`: the task has no score. `certain` when the run was recorded to its end without a
    failing cell and holds no metric of the task; `likely` from the code alone.

    ## Known limits
    A function left over beside another evaluation of the same task is not reported; nor, where no
    lab is answered, is one of a file that only defines functions, as a module does. A function
    called through `getattr`, `eval` or another notebook is taken for uncalled unless the run
    recorded an evaluation.

    ## Source
    A deduction, no statistic: no call of the function can be reached from the top level and it is
    handed to nothing.
    """
    tasks = case.evidence.cell_tasks
    seen: set[str | None] = set()
    if case.lab.id == "any" and _is_module(case.evidence.source):
        return
    for function in _uncalled(case):
        task = tasks.get(function.cell)
        if task not in seen and not _evaluated(case, task):
            seen.add(task)
            yield _sighting(case, task, function)


def _is_module(graph: SourceGraph) -> bool:
    """Whether the file only defines functions, for other files to call."""
    return not any(node.kind == "call" and node.function is None for node in graph.nodes)


def _uncalled(case: Case) -> Iterator[Function]:
    """Metric functions nothing calls; of several that call one another the last one."""
    for function in reversed(case.evidence.source.functions):
        if function.computes_metric and not function.called and not function.passed:
            yield function


def _evaluated(case: Case, task: str | None) -> bool:
    """Whether the task is evaluated in some other way, by the source or by the recording."""
    evidence = case.evidence
    if any(task in {each.task, None} and _has_metric(case, each) for each in evidence.evaluations):
        return True
    graph = evidence.source
    places = [each.node for each in scorings(graph)]
    places += [node for node in graph.calls(*EVALUATES) if not _only_loss(graph, node)]
    return any(
        evidence.cell_tasks.get(node.cell) == task and not dead(graph, node) for node in places
    )


def _has_metric(case: Case, evaluation: Evaluation) -> bool:
    """Whether an evaluation is more than the loss a ``Trainer`` without metrics returns."""
    if evaluation.source != "trainer.evaluate":
        return True
    calls = case.evidence.recording.trainer_calls
    return any(call.cell == evaluation.cell and call.has_compute_metrics for call in calls)


def _only_loss(graph: SourceGraph, call: Node) -> bool:
    """Whether a call is ``evaluate`` of a ``Trainer`` that was given no metrics."""
    trainer = trainer_of(graph, call) if call.name == ".evaluate" else None
    if trainer is None:
        return False
    given = {argument.name for argument in trainer.arguments}
    later = any(binding.name.endswith(".compute_metrics") for binding in graph.bindings)
    return not (given & {"compute_metrics", "**", "*"} or later)


def _sighting(case: Case, task: str | None, function: Function) -> Sighting:
    certain = fully_recorded(case)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=_message(function, certain=certain),
        measured=say(
            "Calls of `{name}` that are reached: 0; places that hand it on, for example to a "
            "Trainer: 0.",
            name=function.name,
        ),
        remedy=say(
            "Call `{name}` with your predictions, or pass it to the Trainer as "
            "`compute_metrics={name}` and call `trainer.evaluate()`.",
            name=function.name,
        ),
        sure=say("The whole run was recorded, and no metric of the task was computed in it.")
        if certain
        else say("The code shows no call; no complete run confirms it."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=function.cell,
                line=function.line,
                remark="defined, never called",
            ),
        ),
        task=task,
    )


def _message(function: Function, *, certain: bool) -> Wording:
    if certain:
        return say(
            "`{name}` computes metrics but is called 0 times and the run recorded no metric of "
            "the task, so no score was measured with it.",
            name=function.name,
        )
    return say(
        "`{name}` computes metrics but is called 0 times, so no score was measured with it.",
        name=function.name,
    )
