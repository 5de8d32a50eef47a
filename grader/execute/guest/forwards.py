"""Count image rows that go through models.

Only the outermost call that takes images counts: ``model(...)`` and
``model.get_image_features(...)``, which calls the vision part, both count once.
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings

from .foreign import Foreign, library
from .recorder import Recorder

_IMAGES = "pixel_values"
_IMAGE_DIMENSIONS = (4, 5)
_CHANNELS = (1, 3, 4)


_Pass = tuple[Foreign, "int | None", bool]
"""Module, image rows and whether it trains."""


class _Depth(threading.local):
    modules = 0
    counted = 0


def install(recorder: Recorder) -> None:
    """Watch the call of every ``torch.nn.Module``."""
    torch = library("torch")
    depth = _Depth()
    takes_images: Foreign = functools.cache(_takes_images)

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> _Pass | None:
        if depth.counted or not recorder.active:
            return None
        try:
            module, *rest = args
            images = kwargs.get(_IMAGES)
            if images is None and rest and (takes_images(type(module)) or not depth.modules):
                images = rest[0]
            rows = _rows(torch, images)
            training = rows is not None and recorder.inside("train") and torch.is_grad_enabled()
        except Exception as error:  # noqa: BLE001 - the student's cell must go on
            recorder.emit("recorder-error", hook="forward", error=type(error).__name__)
            return None
        depth.modules += 1
        depth.counted += rows is not None
        return module, rows, training

    def leave(passed: _Pass, ended: bool, _value: Foreign) -> None:
        module, rows, training = passed
        depth.modules -= 1
        depth.counted -= rows is not None
        if ended and rows is not None:
            with recorder.quietly("forward"):
                recorder.count_rows(_name(recorder, module), rows, training)

    recorder.hooks.watch(torch.nn.Module, "__call__", enter, leave)
    # It is about the hook, not about anything in the notebook.
    warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")


def _takes_images(kind: type) -> bool:
    """Whether the first argument of this class's ``forward`` is the images."""
    forward = getattr(kind, "forward", None)
    return forward is not None and list(inspect.signature(forward).parameters)[1:2] == [_IMAGES]


def _rows(torch: Foreign, images: Foreign) -> int | None:
    if type(images) is not torch.Tensor or images.dim() not in _IMAGE_DIMENSIONS:
        return None
    if torch.jit.is_tracing():
        return None
    if not images.is_floating_point() or images.shape[-3] not in _CHANNELS:
        return None
    return int(images.shape[0])


def _name(recorder: Recorder, module: Foreign) -> str:
    """Id the module, or a part of it, was loaded from; else its class."""
    if module not in recorder.models:
        loaded = (recorder.models.get(part) for part in module.modules() if part in recorder.models)
        recorder.models[module] = next(loaded, type(module).__name__)
    return str(recorder.models.get(module))
