"""Tell a package or asset this runner lacks from a mistake in the notebook."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from grader.execute.environment import Environment, own
from grader.model import Adaptation, CellRun, Submission

_NO_MODULE = re.compile(r"No module named '([^']+)'")
_NO_NAME_ON_COLAB = re.compile(r"cannot import name '(\w+)' from '(google\.colab[\w.]*)'")
_NEEDS_PACKAGE = re.compile(
    r"requires the (?P<name>[\w.-]+) library but it was not found"
    r"|need to install the following dependencies\[?'(?P<dependency>[^']+)'"
    r"|Missing optional dependency '(?P<optional>[^']+)'"
)
_NO_NETWORK = re.compile(
    r"couldn't connect to 'https://huggingface\.co'|offline mode is enabled|HF_HUB_OFFLINE"
    r"|outgoing traffic has been disabled|Couldn't reach|Couldn't find .* on the Hugging Face Hub"
    r"|doesn't exist on the Hub|Temporary failure in name resolution|Name or service not known"
    r"|Failed to resolve|Network is unreachable|Max retries exceeded",
    re.IGNORECASE,
)
_NO_GPU = re.compile(
    r"not compiled with CUDA|No CUDA GPUs are available|Found no NVIDIA driver"
    r"|on a CUDA device but torch\.cuda\.is_available\(\) is False|without ATen_cuda"
    r"|Cannot access accelerator device when none is available|requires CUDA support"
    r"|dummy base class (?:Event|Stream)|no attribute '_cuda_|CUDA driver version is insufficient"
    r"|doesn't support bf16/gpu|requires Ampere or a newer GPU|mixed precision requires a GPU"
    r"|Device type CUDA is not supported"
)
"""Messages of torch 2 and transformers 5 on a machine without a GPU."""

_NO_APPLE_GPU = re.compile(r"not linked with support for mps|MPS backend is supported only")
_NO_CORPUS = re.compile(r"Resource\W+(?:\d+m)?(\w+).{0,80}not found.{0,200}NLTK Downloader", re.S)
_NO_SECRET = re.compile(r"Secret (\S+) does not exist")
_NAMED = re.compile(r"['\"]((?:https?://)?[\w.-]+(?:/[\w.-]+)+)['\"]|host='([^']+)'")
_FILE = re.compile(r"['\"]([^'\"]+)['\"]")
_ADVICE = re.compile(r"'https://huggingface\.co[^']*'")
_DRIVE = re.compile(r"(?:^|/)content/g?drive/|/My ?Drive/")
_ADDRESS = re.compile(r"https?://\S+")
_USUAL_NAMES_OF_OWN_FILES = frozenset({"helper", "helpers", "my_utils", "util", "utils"})
_HOSTED_ONLY = ("google.colab", "kaggle_secrets")
_NO_FILE = frozenset({"FileNotFoundError", "NotADirectoryError", "DatasetNotFoundError"})
_NOTHING_UPLOADED = frozenset({"FileNotFoundError", "IndexError", "KeyError", "StopIteration"})


def what_is_missing(
    error: str,
    message: str,
    source: str,
    submission: Submission,
    adaptations: Sequence[Adaptation] = (),
    environment: Environment | None = None,
) -> str | None:
    """One sentence naming what this runner lacks, or ``None`` if it is something else.

    Args:
        error: Class of the exception.
        message: Its text.
        source: The cell that raised it, searched for an id the message does not name.
        submission: The notebook, to know files it writes itself.
        adaptations: Lines that were not executed as written, to know what was not fetched.
        environment: What it ran in; the grader's own if not given.
    """
    module = _NO_MODULE.search(message) if error == "ModuleNotFoundError" else None
    if module is not None:
        return _missing_module(module[1], submission, environment or own())
    package = _NEEDS_PACKAGE.search(message) if error == "ImportError" else None
    if package is not None:
        name = next(each for each in package.groups() if each)
        return f"This runner does not have the package {name}."
    corpus = _NO_CORPUS.search(message) if error == "LookupError" else None
    if corpus is not None:
        return f"This runner does not have {corpus[1]}, which nltk would download."
    elsewhere = _missing_host(error, message, source)
    if elsewhere is None and error in _NO_FILE:
        elsewhere = _missing_download(message, adaptations)
    if elsewhere is None and _NO_NETWORK.search(message):
        elsewhere = _missing_asset(message, source)
    return elsewhere


def missing_gpu(cells: Iterable[CellRun], device: str) -> str | None:
    """One sentence if any cell failed for want of a GPU, whatever failed before it.

    An earlier mistake cannot bring that about: the notebook asks for a GPU by name.

    Args:
        cells: What ran.
        device: The GPU's name, or ``cpu``.
    """
    for cell in cells:
        error = cell.error or ""
        if device == "cpu" and _NO_GPU.search(error):
            return f"This runner has no NVIDIA GPU, which cell {cell.index} asks for."
        if _NO_APPLE_GPU.search(error):
            return f"This runner has no Apple GPU (mps), which cell {cell.index} asks for."
    return None


def _missing_module(name: str, submission: Submission, environment: Environment) -> str | None:
    top = name.partition(".")[0]
    if top in _USUAL_NAMES_OF_OWN_FILES or _writes(submission, f"{top}.py"):
        return None
    if name.startswith(_HOSTED_ONLY) or not environment.has_module(top):
        return f"This runner does not have the package {name}."
    return None


def _writes(submission: Submission, file: str) -> bool:
    return any(file in cell.source for cell in submission.code_cells)


def _missing_host(error: str, message: str, source: str) -> str | None:
    """What only a service that hosts notebooks has: its modules, secrets, uploads, Drive."""
    name = _NO_NAME_ON_COLAB.search(message) if error == "ImportError" else None
    if name is not None:
        return f"This runner does not have {name[2]}.{name[1]}."
    secret = _NO_SECRET.search(message) if error == "SecretNotFoundError" else None
    if secret is not None:
        return f"This runner does not have the secret {secret[1]}."
    if error in _NOTHING_UPLOADED and "files.upload(" in source:
        return "The notebook asks for a file to be uploaded, and nobody is there to choose one."
    file = _FILE.search(message) if error in _NO_FILE else None
    if file is not None and _DRIVE.search(file[1]):
        return f"The notebook reads {file[1]} from a Google Drive, which this runner cannot reach."
    return None


def _missing_download(message: str, adaptations: Sequence[Adaptation]) -> str | None:
    """The address of a file that a line of the notebook would have fetched."""
    file = _FILE.search(message)
    name = PurePosixPath(file[1]).name if file else ""
    for each in adaptations:
        address = _ADDRESS.search(each.text)
        if name and address and name in re.split(r"[\s/'\"=?]+", each.text):
            return f"This runner has no network and could not fetch {address[0]}."
    return None


def _missing_asset(message: str, source: str) -> str:
    named = _NAMED.search(_ADVICE.sub("", message)) or _NAMED.search(source)
    name = next((each for each in named.groups() if each), None) if named else None
    return f"This runner does not serve {name or 'something the notebook downloads'}."
