"""Import what notebooks import, and prepare it for being recorded."""

from __future__ import annotations

import functools
import gc
import importlib

from . import frugal, install
from .foreign import Foreign

_MODULES = {
    "torch": (),
    "numpy": (),
    "pandas": (),
    "PIL.Image": (),
    "PIL.BmpImagePlugin": (),
    "PIL.GifImagePlugin": (),
    "PIL.JpegImagePlugin": (),
    "PIL.PngImagePlugin": (),
    "PIL.PpmImagePlugin": (),
    "matplotlib.pyplot": (),
    "matplotlib_inline.backend_inline": (),
    "sklearn.metrics": (),
    "sklearn.model_selection": (),
    "scipy.io": (),
    "datasets": (),
    "evaluate": (),
    "accelerate": (),
    "tqdm.auto": (),
    "transformers": (
        "AutoImageProcessor",
        "AutoModelForImageClassification",
        "AutoProcessor",
        "AutoTokenizer",
        "BlipForConditionalGeneration",
        "BlipProcessor",
        "CLIPImageProcessor",
        "CLIPModel",
        "CLIPProcessor",
        "CLIPTokenizer",
        "CLIPTokenizerFast",
        "Trainer",
        "TrainingArguments",
        "ViTForImageClassification",
        "ViTImageProcessor",
        "pipeline",
    ),
    "ipykernel.kernelapp": (),
    "ipykernel.ipkernel": (),
    "ipykernel.datapub": (),
    "ipykernel.debugger": (),
    "IPython.core.completer": (),
    "IPython.core.completerlib": (),
    "IPython.core.debugger": (),
    "IPython.core.oinspect": (),
    "IPython.extensions.storemagic": (),
    "pygments.formatters.terminal256": (),
    "sqlite3": (),
    "stack_data": (),
    "tornado.platform.asyncio": (),
}
_OPTIONAL = frozenset({"ipykernel.datapub", "ipykernel.debugger"})


@functools.cache
def warm(*, recording: bool, complete: bool) -> install.Controls:
    """Everything a kernel needs before its own settings; done once, and inherited by forks.

    Args:
        recording: Off, nothing is recorded; to measure what the recorder costs.
        complete: Whether every library of the labs has to be there; otherwise one that is
            missing, or cannot be imported, is left out, and no notebook can use it either.

    Raises:
        ModuleNotFoundError: If a library of the labs is missing that has to be there.
    """
    # Nothing of what is imported becomes garbage; looking for it takes a fifth of the time.
    gc.disable()
    _import_libraries(complete)
    controls = install.install(recording=recording, complete=complete)
    frugal.install()
    # A collection in a kernel would touch, and so copy, every object it shares with the others.
    gc.freeze()
    gc.enable()
    return controls


def _import_libraries(complete: bool) -> None:
    for name, attributes in _MODULES.items():
        try:
            module = importlib.import_module(name)
        except Exception as error:
            optional = name in _OPTIONAL and isinstance(error, ModuleNotFoundError)
            if complete and not optional:
                raise
            continue
        for attribute in attributes:
            _ask(module, attribute, complete)


def _ask(module: Foreign, attribute: str, complete: bool) -> None:
    """Transformers imports a class's module when the class is first asked for."""
    try:
        getattr(module, attribute, None)
    except Exception:
        if complete:
            raise
