"""Record metrics of torchmetrics and ``evaluate`` of Keras, once a notebook imports them."""

from __future__ import annotations

import functools
import inspect
from weakref import ref

from . import plain
from .fitting import fit_later
from .foreign import Foreign, library
from .metrics import emit_call
from .recorder import Memory, Recorder
from .texts import Items, Teller, number

_FUNCTIONS = (
    *("accuracy", "auroc", "average_precision", "cohen_kappa", "confusion_matrix", "exact_match"),
    *("f1_score", "fbeta_score", "hamming_distance", "jaccard_index", "matthews_corrcoef"),
    *("precision", "recall", "specificity"),
)
_TASKS = ("", "binary_", "multiclass_")
_KERAS = {
    "keras.src.backend.tensorflow.trainer": "TensorFlowTrainer",
    "keras.src.backend.torch.trainer": "TorchTrainer",
    "keras.src.backend.jax.trainer": "JAXTrainer",
}
_THRESHOLD = 0.5


def install(recorder: Recorder) -> None:
    """Wait for them."""
    metrics = _Metrics(recorder)
    fit_later(recorder, "torchmetrics.metric", metrics.watch)
    for module in ("torchmetrics.functional", "torchmetrics.functional.classification"):
        watch = functools.partial(_watch_functions, recorder, module)
        fit_later(recorder, module, watch)
    for module, kind in _KERAS.items():
        fit_later(recorder, module, functools.partial(_watch_keras, recorder, module, kind))


class _Sides:
    """Labels and predictions of all batches; what is unknown of one is unknown of all."""

    def __init__(self) -> None:
        self.true: list[int | str] | None = []
        self.said: list[int | str] | None = []

    def extend(self, said: Foreign, true: Foreign, threshold: Foreign) -> None:
        """Add a batch."""
        self.true = _joined(self.true, plain.labels(true, whole_floats=True))
        self.said = _joined(self.said, plain.labels(_classes(said, threshold), whole_floats=True))


def _joined(kept: list[int | str] | None, new: plain.Labels | None) -> list[int | str] | None:
    if kept is None or new is None or new.values is None:
        return None
    return kept + new.values if len(kept) + len(new.values) <= plain.MAX_ELEMENTS else None


def _classes(said: Foreign, threshold: Foreign) -> Foreign:
    """Predicted classes: as given, the best scored, or whether a score is above the threshold."""
    torch = library("torch")
    if type(said) is not torch.Tensor or not said.is_floating_point():
        return said
    if said.dim() > 1:
        return said.argmax(1)
    # Scores outside of 0 to 1 are turned into probabilities first.
    scores = said if bool(((said >= 0) & (said <= 1)).all()) else said.sigmoid()
    return (scores > (threshold if type(threshold) is float else _THRESHOLD)).long()


class _Metrics:
    """Gathers what metrics of torchmetrics are updated with, until they compute."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._gathered = Memory()
        self._updates = Memory()
        self._teller = Teller(recorder)

    def watch(self) -> None:
        """Watch the class all metrics are made of.

        Every metric wraps its own ``update`` and ``compute`` when it is made; within ``forward``
        they are about the batch alone, and the metric is reset in between.
        """
        kind = library("torchmetrics.metric").Metric
        hooks = self._recorder.hooks
        hooks.watch(kind, "forward", self._enter, self._forwarded)
        hooks.watch(kind, "reset", self._enter, self._reset)
        for name, tell in (("update", self._updated), ("compute", self._computed)):
            wrap = functools.partial(self._wrap, tell)
            hooks.redirect(kind, f"_wrap_{name}", wrap, lambda *_: None)

    def _wrap(
        self, tell: Foreign, args: tuple[Foreign, ...], kwargs: dict[str, Foreign]
    ) -> Foreign:
        metric, function, *rest = args
        watched = self._recorder.hooks.made(
            function,
            lambda given, named: (given, named),
            functools.partial(tell, ref(metric)),
        )
        return True, None, (metric, watched, *rest), kwargs

    def _enter(self, args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return self._recorder.enter("torchmetrics"), args, kwargs

    def _forwarded(self, note: Foreign, ended: bool, _value: Foreign) -> None:
        outermost, (metric, *args), kwargs = note
        self._recorder.leave("torchmetrics")
        if outermost and ended:
            self._gather(metric, args, kwargs)

    def _reset(self, note: Foreign, _ended: bool, _value: Foreign) -> None:
        outermost, args, _ = note
        self._recorder.leave("torchmetrics")
        if outermost:
            self._gathered.pop(args[0])
            self._updates.pop(args[0])

    def _updated(self, metric: ref[Foreign], note: Foreign, ended: bool, _value: Foreign) -> None:
        if ended and not self._recorder.inside("torchmetrics"):
            self._gather(metric(), *note)

    def _gather(self, metric: Foreign, args: Foreign, kwargs: dict[str, Foreign]) -> None:
        with self._recorder.quietly("torchmetrics"):
            said = args[0] if args else kwargs.get("preds")
            true = args[1] if len(args) > 1 else kwargs.get("target")
            texts = type(said) is str or (
                type(said) in (list, tuple) and said and _is_text(said[0])
            )
            if metric not in self._gathered:
                self._gathered[metric] = Items() if texts else _Sides()
            kept = self._gathered.get(metric)
            self._updates[metric] = self._updates.get(metric, 0) + 1
            if isinstance(kept, Items):
                single = type(said) is str
                kept.extend([said] if single else said, [true] if single else true)
            else:
                kept.extend(said, true, vars(metric).get("threshold"))

    def _computed(self, metric: ref[Foreign], _note: Foreign, ended: bool, value: Foreign) -> None:
        if not ended or self._recorder.inside("torchmetrics"):
            return
        with self._recorder.quietly("torchmetrics"):
            made = metric()
            name, kept = type(made).__name__, self._gathered.get(made)
            seen = self._updates.get(made, 0)
            if vars(made).get("_update_count", seen) != seen:
                # It is a copy, or shares what another was updated with.
                kept = None
            if isinstance(kept, Items):
                known = plain.number(value)
                score = number(value, name) if known is None else float(known)
                self._teller.tell(("torchmetrics", name, ""), kept, score)
            else:
                sides = (None, None) if kept is None else (kept.true, kept.said)
                call = ("torchmetrics", name, vars(made).get("average"))
                # The metric squeezes it afterwards.
                single = type(value) is library("torch").Tensor and value.numel() == 1
                emit_call(self._recorder, call, sides, value.reshape(()) if single else value)


def _is_text(value: Foreign) -> bool:
    return type(value) is str


def _watch_functions(recorder: Recorder, module: str) -> None:
    owner = library(module)
    for name in (task + function for task in _TASKS for function in _FUNCTIONS):
        if hasattr(owner, name):
            _watch_function(recorder, owner, name)


def _watch_function(recorder: Recorder, owner: Foreign, name: str) -> None:
    signature = inspect.signature(getattr(owner, name))

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("metric"), args, kwargs

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        outermost, args, kwargs = note
        recorder.leave("metric")
        if not (outermost and ended):
            return
        with recorder.quietly("torchmetrics"):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            said = _classes(given.get("preds"), given.get("threshold"))
            call = ("torchmetrics", name, given.get("average"))
            emit_call(recorder, call, (given.get("target"), said), value)

    recorder.hooks.watch(owner, name, enter, leave)


def _watch_keras(recorder: Recorder, module: str, name: str) -> None:
    kind = getattr(library(module), name)

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("metric"), args, kwargs

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        outermost, (model, *args), kwargs = note
        recorder.leave("metric")
        if not (outermost and ended):
            return
        with recorder.quietly("keras"):
            true = args[1] if len(args) > 1 else kwargs.get("y")
            rows = true if true is not None else args[0] if args else kwargs.get("x")
            for metric, each in _results(model, value):
                recorder.emit(
                    "metric",
                    library="keras",
                    function=f"evaluate.{metric}",
                    y_true=recorder.array(true),
                    y_pred=None,
                    n=_size(rows),
                    value=each,
                )

    recorder.hooks.watch(kind, "evaluate", enter, leave)


def _results(model: Foreign, value: Foreign) -> list[tuple[str, float]]:
    """What an evaluation returned, by name."""
    if type(value) is dict:
        found = list(value.items())
    else:
        values = value if type(value) in (list, tuple) else [value]
        # Its list of names has one for all metrics together.
        known = {each: name for name, each in _kept(model).items()}
        found = [(known.get(plain.number(each) or 0.0, "loss"), each) for each in values]
    numbers = [(str(name), plain.number(each)) for name, each in found]
    return [(name, float(each)) for name, each in numbers if each is not None]


def _kept(model: Foreign) -> dict[str, float]:
    """Results of the last evaluation, by name; older versions do not tell them."""
    kept: dict[Foreign, Foreign] = dict(getattr(model, "get_metrics_result", dict)())
    found = ((str(name), plain.number(each)) for name, each in kept.items())
    return {name: float(each) for name, each in found if each is not None}


def _size(rows: Foreign) -> int | None:
    """Number of rows of an array."""
    shape = getattr(rows, "shape", None)
    return int(shape[0]) if isinstance(shape, tuple) and shape else None
