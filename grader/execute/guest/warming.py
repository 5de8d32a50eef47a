"""Import what notebooks import, and prepare it for being recorded."""

import functools
import gc
import importlib

from . import frugal, install

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
def warm(*, recording: bool) -> install.Controls:
    """Everything a kernel needs before its own settings; done once, and inherited by forks.

    Args:
        recording: Off, nothing is recorded; to measure what the recorder costs.

    Raises:
        ModuleNotFoundError: If a library of the labs is missing.
    """
    # Nothing of what is imported becomes garbage; looking for it takes a fifth of the time.
    gc.disable()
    _import_libraries()
    controls = install.install(recording=recording)
    frugal.install()
    # A collection in a kernel would touch, and so copy, every object it shares with the others.
    gc.freeze()
    gc.enable()
    return controls


def _import_libraries() -> None:
    for name, attributes in _MODULES.items():
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            if name in _OPTIONAL:
                continue
            raise
        for attribute in attributes:
            # transformers imports a class's module when the class is first asked for.
            getattr(module, attribute, None)
