"""What notebooks expect of the services that host them, answered without a network.

Google Colab's own modules, logging in at Hugging Face, notebook progress bars, Colab's magics.
Nothing here knows the recorder: a notebook may look at all of it.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from . import colab
from .foreign import Foreign, library

_LOGINS = ("login", "notebook_login", "interpreter_login")
_NOBODY = (
    "input() was called, but nobody is there to answer: the notebook runs unattended. "
    "Put the value into the code instead."
)
_QUIET_PIP = {"PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""pip says at once what is there and what is not, instead of trying to reach its index."""
_PIECE_BYTES = 1 << 16


def install() -> None:
    """Put up the stand-ins that need no kernel; in the fork server, before any fork."""
    sys.meta_path.append(_Finder(colab.modules()))
    with contextlib.suppress(ImportError):
        _refuse_logins()
    if importlib.util.find_spec("ipywidgets") is None:
        with contextlib.suppress(ImportError):
            _plain_progress_bars()


def start(application: Foreign, *, terminals: bool) -> None:
    """Fit a kernel that is about to run.

    Args:
        application: The kernel.
        terminals: Whether it may open one, and see the processes it starts.
    """
    sys.argv = ["ipykernel_launcher.py", "-f", application.abs_connection_file]
    os.environ.update(_QUIET_PIP)
    application.kernel.raw_input = _no_input
    application.kernel.getpass = _no_input
    shell = application.shell
    for name in ("tensorflow_version", "tensorboard"):
        shell.register_magic_function(_ignored(name), "line", name)
    bash = shell.find_cell_magic("bash")
    shell.register_magic_function(lambda line, cell: bash(line, cell), "cell", "shell")
    shell.register_magic_function(lambda line: shell.system(line), "line", "shell")
    if not terminals:
        library("ipykernel.zmqshell").system = _system
        with contextlib.suppress(ImportError):
            _work_in_threads()


class _Finder(MetaPathFinder, Loader):
    """Offers modules that no package provides, only once they are asked for.

    ``"google.colab" in sys.modules`` stays false until then: it asks whether this is Colab.
    """

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        module = self._modules.get(fullname)
        if module is None:
            return None
        return ModuleSpec(fullname, self, is_package=hasattr(module, "__path__"))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do: it is ready."""


def _system(command: str) -> int:
    """Run a shell command as IPython does, through a pipe instead of a terminal."""
    shell: Foreign = subprocess.Popen(  # noqa: S602 - what the notebook asks for
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with shell, shell.stdout as output:
        while piece := os.read(output.fileno(), _PIECE_BYTES):
            sys.stdout.write(decoder.decode(piece))
            sys.stdout.flush()
    return int(shell.returncode)


def _work_in_threads() -> None:
    """Joblib's own processes end when they cannot look up their memory in ``/proc``."""
    backends = library("joblib.parallel").BACKENDS
    backends["loky"] = backends["threading"]


def _refuse_logins() -> None:
    hub = library("huggingface_hub")
    for name in _LOGINS:
        if hasattr(hub, name):
            module = sys.modules[getattr(hub, name).__module__]
            setattr(module, name, _no_login)
            setattr(hub, name, _no_login)


def _no_login(*_: Foreign, **__: Foreign) -> None:
    colab.say("Not logged in: this runner has no network; what the lab uses is served without.")


def _plain_progress_bars() -> None:
    """``tqdm.notebook`` raises where ipywidgets is missing; its bars as text do not."""
    notebook, standard = library("tqdm.notebook"), library("tqdm.std")
    notebook.tqdm = notebook.tqdm_notebook = standard.tqdm
    notebook.trange = notebook.tnrange = standard.trange


def _no_input(*_: Foreign, **__: Foreign) -> str:
    raise library("IPython.core.error").StdinNotImplementedError(_NOBODY)


def _ignored(name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        colab.say(f"%{name} does nothing on this runner.")

    return magic
