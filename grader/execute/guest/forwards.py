"""Count image rows that go through models.

Only the outermost call that takes images counts: ``model(...)`` and
``model.get_image_features(...)``, which calls the vision part, both count once.
"""

import functools
import inspect
import threading
from collections.abc import Callable

from .foreign import Foreign, library
from .recorder import Recorder

_IMAGES = "pixel_values"
_IMAGE_DIMENSIONS = (4, 5)
_CHANNELS = (1, 3, 4)


class _Depth(threading.local):
    modules = 0
    counted = 0


def install(recorder: Recorder) -> None:
    """Wrap the call of every ``torch.nn.Module``."""
    kind = library("torch").nn.Module
    kind.__call__ = _watch_call(recorder, kind.__call__)


def _watch_call(recorder: Recorder, call: Callable[..., Foreign]) -> Callable[..., Foreign]:
    torch = library("torch")
    depth = _Depth()
    takes_images: Callable[[type], bool] = functools.cache(_takes_images)

    @functools.wraps(call)
    def watched(self: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        if depth.counted or not recorder.active:
            return call(self, *args, **kwargs)
        rows = None
        with recorder.quietly("forward"):
            images = kwargs.get(_IMAGES)
            if images is None and args and (takes_images(type(self)) or not depth.modules):
                images = args[0]
            rows = _rows(torch, images)
            if rows is not None:
                training = recorder.inside("train") and torch.is_grad_enabled()
                recorder.count_rows(_name(recorder, self), rows, training)
        depth.modules += 1
        depth.counted += rows is not None
        try:
            return call(self, *args, **kwargs)
        finally:
            depth.modules -= 1
            depth.counted -= rows is not None

    return watched


def _takes_images(kind: type) -> bool:
    """Whether the first argument of this class's ``forward`` is the images."""
    names = list(inspect.signature(kind.forward).parameters)  # type: ignore[attr-defined]
    return names[1:2] == [_IMAGES]


def _rows(torch: Foreign, images: Foreign) -> int | None:
    if type(images) is not torch.Tensor or images.dim() not in _IMAGE_DIMENSIONS:
        return None
    if not images.is_floating_point() or images.shape[-3] not in _CHANNELS:
        return None
    return int(images.shape[0])


def _name(recorder: Recorder, module: Foreign) -> str:
    """Id the module, or a part of it, was loaded from; else its class."""
    if module not in recorder.models:
        loaded = (recorder.models[part] for part in module.modules() if part in recorder.models)
        recorder.models[module] = next(loaded, type(module).__name__)
    return recorder.models[module]
