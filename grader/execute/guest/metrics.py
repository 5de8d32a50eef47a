"""Record calls of metric functions, with what they were given."""

from __future__ import annotations

import inspect
import numbers

from . import plain
from .foreign import Foreign, library
from .recorder import Memory, Recorder
from .texts import Items, Teller, number

_FUNCTIONS = (
    "accuracy_score",
    "average_precision_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "classification_report",
    "cohen_kappa_score",
    "confusion_matrix",
    "d2_log_loss_score",
    "f1_score",
    "fbeta_score",
    "hamming_loss",
    "hinge_loss",
    "jaccard_score",
    "log_loss",
    "matthews_corrcoef",
    "mean_absolute_error",
    "mean_squared_error",
    "multilabel_confusion_matrix",
    "ndcg_score",
    "precision_recall_curve",
    "precision_recall_fscore_support",
    "precision_score",
    "r2_score",
    "recall_score",
    "roc_auc_score",
    "roc_curve",
    "root_mean_squared_error",
    "top_k_accuracy_score",
    "zero_one_loss",
)
_SCORES = ("y_pred", "y_score", "y_prob", "y_proba", "pred_decision", "probas_pred")
"""Names of the argument that is compared with the labels."""
_OF_TEXTS = frozenset(
    {"bertscore", "bleu", "bleurt", "cer", "chrf", "cider", "exact_match", "google_bleu", "meteor"}
    | {"nist_mt", "rouge", "sacrebleu", "ter", "wer"}
)
"""Modules of ``evaluate`` that compare texts."""


def watch_functions(recorder: Recorder) -> None:
    """Watch functions of ``sklearn.metrics``, those this version has."""
    sklearn = library("sklearn.metrics")
    for name in _FUNCTIONS:
        # Only the public name: what the library calls itself is not a second evaluation.
        if hasattr(sklearn, name):
            _watch_function(recorder, sklearn, name)


def watch_modules(recorder: Recorder) -> None:
    """Watch methods of ``evaluate.EvaluationModule``."""
    _watch_module(recorder, library("evaluate").EvaluationModule)


def _watch_function(recorder: Recorder, module: Foreign, name: str) -> None:
    signature = inspect.signature(getattr(module, name))

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("metric"), args, kwargs

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        outermost, args, kwargs = note
        recorder.leave("metric")
        if outermost and ended:
            with recorder.quietly("sklearn"):
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                given = bound.arguments
                call = ("sklearn", name, given.get("average"))
                said = next((given[each] for each in _SCORES if each in given), None)
                emit_call(recorder, call, (given.get("y_true"), said), value)

    recorder.hooks.watch(module, name, enter, leave)


def _watch_module(recorder: Recorder, kind: Foreign) -> None:
    """``compute`` alone, ``add`` and ``add_batch`` then ``compute``: all pass through here.

    The library copies these methods, and appends to their docstrings, for every instance.
    """
    gathered, teller = Memory(), Teller(recorder)

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("metric"), args[0], kwargs

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        outermost, module, kwargs = note
        recorder.leave("metric")
        if outermost and ended:
            with recorder.quietly("evaluate"):
                name, sides = str(module.name), gathered.pop(module, ([], []))
                if isinstance(sides, Items):
                    teller.tell(("evaluate", name, ""), sides, number(value, name))
                else:
                    emit_call(recorder, ("evaluate", name, kwargs.get("average")), sides, value)

    def add_batch(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> None:
        with recorder.quietly("evaluate"):
            _gather(gathered, args[0], kwargs)

    def add(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> None:
        with recorder.quietly("evaluate"):
            one = {key: [kwargs.get(key[:-1], kwargs.get(key))] for key in _SIDES}
            _gather(gathered, args[0], one)

    recorder.hooks.watch(kind, "compute", enter, leave)
    recorder.hooks.watch(kind, "add_batch", add_batch, leave)
    recorder.hooks.watch(kind, "add", add, leave)


_SIDES = ("references", "predictions")


def _gather(gathered: Memory, module: Foreign, given: dict[str, Foreign]) -> None:
    if module not in gathered:
        gathered[module] = Items() if str(module.name) in _OF_TEXTS else ([], [])
    sides = gathered.get(module)
    if isinstance(sides, Items):
        sides.extend(given.get("predictions"), given.get("references"))
        return
    for side, name in zip(sides, _SIDES):
        found = plain.labels(given.get(name), whole_floats=True)
        if found is None or found.values is None:
            # One unreadable batch makes the whole array unknown; a nested list is no label.
            side.append([])
        else:
            side.extend(found.values)


def emit_call(
    recorder: Recorder,
    call: tuple[str, str, Foreign],
    sides: tuple[Foreign, Foreign],
    value: Foreign,
) -> None:
    """Send a call of a metric.

    Args:
        recorder: Sends it.
        call: Library, function, and averaging where that is a text.
        sides: Labels, and what they were compared with: predictions or scores.
        value: The result.
    """
    origin, function, average = call
    y_true, y_pred = recorder.array(sides[0]), recorder.array(sides[1])
    scores = recorder.scores(sides[1]) if y_pred is None else None
    recorder.emit(
        "metric",
        library=origin,
        function=function,
        y_true=y_true,
        y_pred=y_pred,
        scores=scores,
        n=y_true["n"] if y_true else None,
        average=average if isinstance(average, str) else None,
        value=_number(function, value),
        in_trainer=recorder.inside("trainer"),
    )


def _number(function: str, value: Foreign) -> float | None:
    if isinstance(value, dict):
        value = value.get(function)
    known = plain.number(value)
    if known is not None:
        return float(known)
    return float(value) if isinstance(value, numbers.Real) else None
