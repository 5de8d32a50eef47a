"""Tell a package or asset this runner lacks from a mistake in the notebook."""

import importlib.util
import re

from grader.model import Submission

_NO_MODULE = re.compile(r"No module named '([^']+)'")
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
_NAMED = re.compile(r"['\"]((?:https?://)?[\w.-]+(?:/[\w.-]+)+)['\"]|host='([^']+)'")
_ADVICE = re.compile(r"'https://huggingface\.co[^']*'")
_USUAL_NAMES_OF_OWN_FILES = frozenset({"helper", "helpers", "my_utils", "util", "utils"})
_HOSTED_ONLY = ("google.colab", "kaggle_secrets")


def what_is_missing(error: str, message: str, source: str, submission: Submission) -> str | None:
    """One sentence naming what this runner lacks, or ``None`` if it is something else.

    Args:
        error: Class of the exception.
        message: Its text.
        source: The cell that raised it, searched for an id the message does not name.
        submission: The notebook, to know files it writes itself.
    """
    module = _NO_MODULE.search(message) if error == "ModuleNotFoundError" else None
    if module is not None:
        return _missing_module(module[1], submission)
    package = _NEEDS_PACKAGE.search(message) if error == "ImportError" else None
    if package is not None:
        name = next(each for each in package.groups() if each)
        return f"This runner does not have the package {name}."
    if _NO_NETWORK.search(message):
        return _missing_asset(message, source)
    return None


def _missing_module(name: str, submission: Submission) -> str | None:
    top = name.partition(".")[0]
    if top in _USUAL_NAMES_OF_OWN_FILES or _writes(submission, f"{top}.py"):
        return None
    if name.startswith(_HOSTED_ONLY) or not _is_installed(top):
        return f"This runner does not have the package {name}."
    return None


def _writes(submission: Submission, file: str) -> bool:
    return any(file in cell.source for cell in submission.code_cells)


def _is_installed(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _missing_asset(message: str, source: str) -> str:
    named = _NAMED.search(_ADVICE.sub("", message)) or _NAMED.search(source)
    name = next((each for each in named.groups() if each), None) if named else None
    return f"This runner does not serve {name or 'something the notebook downloads'}."
