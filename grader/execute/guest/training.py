"""Record calls of ``transformers.Trainer``."""

from __future__ import annotations

import numbers

from .assets import dataset_origin
from .foreign import Foreign, library
from .recorder import Recorder

_WRAPPERS_FOLLOWED = 3


def install(recorder: Recorder) -> None:
    """Watch ``train``, ``evaluate``, ``predict`` and ``evaluation_loop``."""
    module = library("transformers.trainer")
    kind = module.Trainer
    loop = _Loop()
    _watch_loop(recorder, kind, loop)
    _watch_train(recorder, kind)
    _watch_scoring(recorder, kind, "evaluate", loop)
    _watch_scoring(recorder, kind, "predict", loop)
    # It looks for a notebook when it is imported, which is before the fork.
    bars = library("transformers.utils.notebook").NotebookProgressCallback
    module.DEFAULT_PROGRESS_CALLBACK = bars


class _Loop:
    """What the last evaluation loop returned, for the method that called it."""

    output: Foreign = None


def _watch_loop(recorder: Recorder, kind: Foreign, loop: _Loop) -> None:
    def enter(_args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> bool:
        return recorder.enter("trainer")

    def leave(_outermost: bool, ended: bool, value: Foreign) -> None:
        recorder.leave("trainer")
        if ended:
            loop.output = value

    recorder.hooks.watch(kind, "evaluation_loop", enter, leave)


def _watch_train(recorder: Recorder, kind: Foreign) -> None:
    def enter(args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("train"), args[0]

    def leave(note: Foreign, ended: bool, output: Foreign) -> None:
        outermost, trainer = note
        recorder.leave("train")
        if outermost and ended:
            with recorder.quietly("train"):
                fields = _describe(recorder, trainer, trainer.train_dataset)
                fields["metrics"] = _numbers(getattr(output, "metrics", None))
                steps = int(trainer.state.global_step)
                recorder.emit("trainer", method="train", steps=steps, **fields)

    recorder.hooks.watch(kind, "train", enter, leave)


def _watch_scoring(recorder: Recorder, kind: Foreign, name: str, loop: _Loop) -> None:
    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        loop.output = None
        return recorder.enter(f"{name}-{id(args[0])}"), args, kwargs

    def leave(note: Foreign, ended: bool, output: Foreign) -> None:
        outermost, (trainer, *args), kwargs = note
        recorder.leave(f"{name}-{id(trainer)}")
        result, loop.output = loop.output, None
        if outermost and ended:
            with recorder.quietly(name):
                dataset = _dataset(trainer, name, tuple(args), kwargs)
                fields = _describe(recorder, trainer, dataset)
                fields["metrics"] = _numbers(output if name == "evaluate" else output.metrics)
                fields["y_true"], fields["y_pred"] = _sides(recorder, result)
                recorder.emit("trainer", method=name, steps=None, **fields)

    recorder.hooks.watch(kind, name, enter, leave)


def _dataset(
    trainer: Foreign, name: str, args: tuple[Foreign, ...], kwargs: dict[str, Foreign]
) -> Foreign:
    keyword = "eval_dataset" if name == "evaluate" else "test_dataset"
    given = args[0] if args else kwargs.get(keyword)
    if isinstance(given, str):
        return trainer.eval_dataset[given]
    return trainer.eval_dataset if given is None else given


def _describe(recorder: Recorder, trainer: Foreign, dataset: Foreign) -> dict[str, Foreign]:
    inner = _unwrapped(dataset)
    split = getattr(inner, "split", None)
    return {
        "model": recorder.models.get(trainer.model, type(trainer.model).__name__),
        "dataset": dataset_origin(inner),
        "split": None if split is None else str(split),
        "rows": len(dataset) if hasattr(dataset, "__len__") else None,
        "is_training_data": _is_same(dataset, trainer.train_dataset),
        "has_compute_metrics": trainer.compute_metrics is not None,
        "y_true": None,
        "y_pred": None,
    }


def _unwrapped(dataset: Foreign) -> Foreign:
    """The ``datasets`` object inside a subset or a student's own wrapper, if there is one."""
    for _ in range(_WRAPPERS_FOLLOWED):
        if hasattr(dataset, "info") and hasattr(dataset, "split"):
            break
        held = vars(dataset).values() if hasattr(dataset, "__dict__") else ()
        dataset = next((each for each in held if hasattr(each, "__getitem__")), dataset)
    return dataset


def _is_same(dataset: Foreign, training: Foreign) -> bool | None:
    if training is None or dataset is None:
        return None
    if dataset is training:
        return True
    mine, other = (getattr(each, "_fingerprint", None) for each in (dataset, training))
    return mine is not None and mine == other


def _sides(
    recorder: Recorder, result: Foreign
) -> tuple[dict[str, Foreign] | None, dict[str, Foreign] | None]:
    """Label ids, and the argmax of the predictions, of an evaluation loop's output."""
    if result is None:
        return None, None
    predictions = result.predictions
    if isinstance(predictions, tuple):
        predictions = predictions[0]
    if getattr(predictions, "ndim", 0) == 2:
        predictions = predictions.argmax(-1)
    return recorder.array(result.label_ids), recorder.array(predictions)


def _numbers(metrics: Foreign) -> dict[str, float]:
    if not isinstance(metrics, dict):
        return {}
    return {
        str(key): float(value) for key, value in metrics.items() if isinstance(value, numbers.Real)
    }
