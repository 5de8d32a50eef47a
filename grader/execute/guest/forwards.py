"""Count rows that go through models, and gather what goes in and comes out.

Only the outermost call that takes images counts: ``model(...)`` and
``model.get_image_features(...)``, which calls the vision part, both count once.
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings

from .digests import Digester
from .fitting import fit_later
from .foreign import Foreign, library
from .passes import Call, Passes
from .recorder import Recorder
from .sealed import seal

_MODELS = "transformers.models"
_FEATURES = ("get_image_features", "get_text_features")
_METHODS = {
    "transformers.generation.utils": ("GenerationMixin",),
    f"{_MODELS}.clip.modeling_clip": ("CLIPModel",),
    f"{_MODELS}.blip.modeling_blip": (
        "BlipModel",
        "BlipForConditionalGeneration",
        "BlipForQuestionAnswering",
    ),
    f"{_MODELS}.blip_2.modeling_blip_2": ("Blip2Model", "Blip2ForConditionalGeneration"),
    f"{_MODELS}.siglip.modeling_siglip": ("SiglipModel",),
    f"{_MODELS}.siglip2.modeling_siglip2": ("Siglip2Model",),
    f"{_MODELS}.altclip.modeling_altclip": ("AltCLIPModel",),
    f"{_MODELS}.chinese_clip.modeling_chinese_clip": ("ChineseCLIPModel",),
}
"""Classes with methods of their own that models are used by, by module."""

_TEXTS = ("input_ids", "inputs")
_IMAGES = "pixel_values"
_IMAGE_DIMENSIONS = (4, 5)
_CHANNELS = (1, 3, 4)


_Pass = tuple[Foreign, Foreign, "int | None", bool]
"""Module, images, their number and whether it trains."""


class _Depth(threading.local):
    modules = 0
    counted = 0
    methods = 0


def install(recorder: Recorder) -> None:
    """Watch the call of every ``torch.nn.Module``, and of methods that are no such call."""
    torch = library("torch")
    depth = _Depth()
    passes = Passes(recorder, Digester(recorder), lambda value: type(value) is torch.Tensor)
    _watch_modules(recorder, passes, depth)
    _watch_steps(recorder, passes)
    for module, kinds in _METHODS.items():
        fit = functools.partial(_watch_methods, recorder, passes, depth, (module, kinds))
        fit_later(recorder, module, fit)
    # It is about the hook, not about anything in the notebook.
    warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")


def _watch_modules(recorder: Recorder, passes: Passes, depth: _Depth) -> None:
    torch = library("torch")
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
        return module, images, rows, training

    def leave(passed: _Pass, ended: bool, value: Foreign) -> None:
        module, images, rows, training = passed
        depth.modules -= 1
        depth.counted -= rows is not None
        if not ended or rows is None:
            return
        with recorder.quietly("forward"):
            name = _name(recorder, module)
            recorder.count_rows(name, rows, training)
        if not depth.methods:
            with recorder.digesting("pass"):
                passes.add(Call(module, name, "forward", images, value, torch.is_grad_enabled()))

    recorder.hooks.watch(torch.nn.Module, "__call__", enter, leave)


def _watch_methods(
    recorder: Recorder, passes: Passes, depth: _Depth, place: tuple[str, tuple[str, ...]]
) -> None:
    module = library(place[0])
    for kind in (getattr(module, name, None) for name in place[1]):
        for method in ("generate", *_FEATURES):
            if kind is not None and method in vars(kind):
                _watch_method(recorder, passes, depth, (kind, method))


def _watch_method(
    recorder: Recorder, passes: Passes, depth: _Depth, place: tuple[Foreign, str]
) -> None:
    torch = library("torch")
    method = place[1]
    wanted = _TEXTS if method == "get_text_features" else (_IMAGES, *_TEXTS)

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        if depth.counted or depth.methods or not recorder.active:
            return None
        named = (kwargs[name] for name in wanted if kwargs.get(name) is not None)
        given = next(named, args[1] if len(args) > 1 else None)
        depth.methods += 1
        # A decorator of the library switches gradients off within.
        return args[0], given, torch.is_grad_enabled() and method != "generate"

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        model, given, gradients = note
        depth.methods -= 1
        if ended and type(given) is torch.Tensor and given.dim() > 1:
            with recorder.digesting("method"):
                passes.add(Call(model, _name(recorder, model), method, given, value, gradients))

    recorder.hooks.watch(*place, enter, leave)


def _watch_steps(recorder: Recorder, passes: Passes) -> None:
    optimizers = library("torch.optim.optimizer")
    if not hasattr(optimizers, "_global_optimizer_post_hooks"):
        # Older versions have no such place; steps go unseen there, changed weights do not.
        recorder.drop("training steps", "version")
        return

    def stepped(optimiser: Foreign, _args: Foreign, _kwargs: Foreign) -> None:
        if recorder.active:
            with recorder.quietly("step"):
                passes.step(optimiser)

    missed: list[bool] = []

    def is_there() -> None:
        # Told once, as of every other hook.
        if not missed and optimizers._global_optimizer_post_hooks.get(handle.id) is not sealed:
            missed.append(True)
            recorder.tamper("replaced", "torch.optim.Optimizer.step")

    sealed = seal(stepped)
    handle = optimizers.register_optimizer_step_post_hook(sealed)
    recorder.at_cell_end.append(is_there)


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
