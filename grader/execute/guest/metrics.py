"""Record calls of metric functions, with what they were given."""

import functools
import inspect
import numbers
from collections.abc import Callable
from weakref import WeakKeyDictionary

from . import plain
from .foreign import Foreign, library
from .recorder import Recorder

_FUNCTIONS = (
    "accuracy_score",
    "balanced_accuracy_score",
    "classification_report",
    "cohen_kappa_score",
    "confusion_matrix",
    "f1_score",
    "fbeta_score",
    "hamming_loss",
    "jaccard_score",
    "matthews_corrcoef",
    "precision_recall_fscore_support",
    "precision_score",
    "recall_score",
    "top_k_accuracy_score",
    "zero_one_loss",
)


def install(recorder: Recorder) -> None:
    """Wrap functions of ``sklearn.metrics`` and methods of ``evaluate.EvaluationModule``."""
    sklearn = library("sklearn.metrics")
    for name in _FUNCTIONS:
        # Only the public name: what the library calls itself is not a second evaluation.
        setattr(sklearn, name, _watch_function(recorder, getattr(sklearn, name)))
    _watch_module(recorder, library("evaluate").EvaluationModule)


def _watch_function(recorder: Recorder, function: Callable[..., Foreign]) -> Callable[..., Foreign]:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def metric(*args: Foreign, **kwargs: Foreign) -> Foreign:
        with recorder.nested("metric") as outermost:
            value = function(*args, **kwargs)
        if outermost:
            with recorder.quietly("sklearn"):
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                given = bound.arguments
                _emit(
                    recorder,
                    ("sklearn", function.__name__, given.get("average")),
                    (given.get("y_true"), given.get("y_pred")),
                    value,
                )
        return value

    return metric


def _watch_module(recorder: Recorder, kind: Foreign) -> None:
    """``compute`` alone, ``add`` and ``add_batch`` then ``compute``: all pass through here.

    The library copies these methods, and appends to their docstrings, for every instance.
    """
    gathered: WeakKeyDictionary[Foreign, tuple[list[Foreign], list[Foreign]]] = WeakKeyDictionary()
    compute, add_batch, add = kind.compute, kind.add_batch, kind.add

    @functools.wraps(compute)
    def watched_compute(self: Foreign, **kwargs: Foreign) -> Foreign:
        """Compute the evaluation module."""
        with recorder.nested("metric") as outermost:
            value = compute(self, **kwargs)
        if outermost:
            with recorder.quietly("evaluate"):
                call = ("evaluate", str(self.name), kwargs.get("average"))
                _emit(recorder, call, gathered.pop(self, ([], [])), value)
        return value

    @functools.wraps(add_batch)
    def watched_add_batch(self: Foreign, **kwargs: Foreign) -> Foreign:
        """Add a batch of predictions and references for the evaluation module's stack."""
        with recorder.quietly("evaluate"):
            _gather(gathered, self, kwargs)
        return add_batch(self, **kwargs)

    @functools.wraps(add)
    def watched_add(self: Foreign, **kwargs: Foreign) -> Foreign:
        """Add one prediction and reference for the evaluation module's stack."""
        with recorder.quietly("evaluate"):
            one = {key: [kwargs.get(key[:-1], kwargs.get(key))] for key in _SIDES}
            _gather(gathered, self, one)
        return add(self, **kwargs)

    kind.compute, kind.add_batch, kind.add = watched_compute, watched_add_batch, watched_add


_SIDES = ("references", "predictions")


def _gather(
    gathered: WeakKeyDictionary[Foreign, tuple[list[Foreign], list[Foreign]]],
    module: Foreign,
    given: dict[str, Foreign],
) -> None:
    sides = gathered.setdefault(module, ([], []))
    for side, name in zip(sides, _SIDES, strict=True):
        found = plain.labels(given.get(name), whole_floats=True)
        if found is None or found.values is None:
            # One unreadable batch makes the whole array unknown; a nested list is no label.
            side.append([])
        else:
            side.extend(found.values)


def _emit(
    recorder: Recorder,
    call: tuple[str, str, Foreign],
    sides: tuple[Foreign, Foreign],
    value: Foreign,
) -> None:
    origin, function, average = call
    y_true, y_pred = recorder.array(sides[0]), recorder.array(sides[1])
    recorder.emit(
        "metric",
        library=origin,
        function=function,
        y_true=y_true,
        y_pred=y_pred,
        n=y_true["n"] if y_true else None,
        average=average if isinstance(average, str) else None,
        value=_number(function, value),
        in_trainer=recorder.inside("trainer"),
    )


def _number(function: str, value: Foreign) -> float | None:
    if isinstance(value, dict):
        value = value.get(function)
    return float(value) if isinstance(value, numbers.Real) else None
