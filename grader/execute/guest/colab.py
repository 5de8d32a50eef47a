"""Stand-ins for ``google.colab``: an empty Drive, no uploads, no secrets."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from .foreign import Foreign, library

NAME = "google.colab"
_OUTPUT = (
    "clear",
    "disable_custom_widget_manager",
    "enable_custom_widget_manager",
    "eval_js",
    "no_vertical_scroll",
    "register_callback",
    "serve_kernel_port_as_iframe",
    "serve_kernel_port_as_window",
)


class SecretNotFoundError(Exception):
    """The secret is not there; the name is Colab's."""


class NotebookAccessError(Exception):
    """The notebook may not read the secret; the name is Colab's."""


class TimeoutException(Exception):  # noqa: N818 - the name is Colab's
    """Reading a secret took too long; the name is Colab's."""


def say(text: str) -> None:
    """Print a line into the cell's output."""
    sys.stdout.write(f"{text}\n")


def modules() -> dict[str, ModuleType]:
    """The package with everything in it, by full name."""
    parts: dict[str, dict[str, Foreign]] = {
        "drive": {"mount": _mount, "flush_and_unmount": _nothing},
        "files": {
            "upload": _upload,
            "upload_file": _upload_file,
            "download": _download,
            "view": _nothing,
        },
        "userdata": {
            "get": _secret,
            "SecretNotFoundError": SecretNotFoundError,
            "NotebookAccessError": NotebookAccessError,
            "TimeoutException": TimeoutException,
        },
        "output": dict.fromkeys(_OUTPUT, _nothing),
        "auth": {"authenticate_user": _nothing, "authenticate_service_account": _nothing},
        "data_table": {
            "disable_dataframe_formatter": _nothing,
            "enable_dataframe_formatter": _nothing,
            "load_ipython_extension": _nothing,
        },
        "patches": {"cv2_imshow": _show_picture},
        "runtime": {"unassign": _nothing},
    }
    package = _module(NAME, {})
    package.__path__ = []
    made = {NAME: package}
    for name, content in parts.items():
        made[f"{NAME}.{name}"] = _module(f"{NAME}.{name}", content)
        setattr(package, name, made[f"{NAME}.{name}"])
    namespace = _module("google", {})
    namespace.__path__ = []
    return {"google": namespace, **made}


def _module(name: str, content: dict[str, Foreign]) -> ModuleType:
    module = ModuleType(name, "A stand-in: this notebook does not run on Colab.")
    vars(module).update(content)
    return module


def _nothing(*_: Foreign, **__: Foreign) -> None:
    """Do nothing."""


def _mount(mountpoint: str, *_: Foreign, **__: Foreign) -> None:
    """Make an empty folder in place of the Drive; in the working folder where none is above it."""
    place = Path(mountpoint)
    if not place.parent.is_dir():
        place = Path(place.name)
    for name in ("MyDrive", "My Drive"):
        (place / name).mkdir(parents=True, exist_ok=True)
    say(f"{place} is an empty folder: nobody's Google Drive can be reached here.")


def _upload(*_: Foreign, **__: Foreign) -> dict[str, bytes]:
    """Nothing: nobody is there to choose a file."""
    say("Nothing was uploaded: nobody is there to choose a file.")
    return {}


def _upload_file(filename: str) -> str:
    _upload()
    return filename


def _download(filename: str) -> None:
    """Leave the file where it is."""
    say(f"{filename} was not downloaded: it stays on the runner.")


def _secret(key: str) -> str:
    raise SecretNotFoundError(f"Secret {key} does not exist.")


def _show_picture(picture: Foreign) -> None:
    """Display an array as OpenCV holds it: height, width, and blue, green, red."""
    colours = picture[..., ::-1] if picture.ndim == 3 else picture
    library("IPython.display").display(library("PIL.Image").fromarray(colours))
