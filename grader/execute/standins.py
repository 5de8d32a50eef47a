"""Imports that a stand-in answers; see ``guest/hosted.py`` and ``guest/colab.py``."""

import ast
from collections.abc import Sequence

from grader.execute.environment import Environment
from grader.model import Adaptation

_COLAB = (
    "google.colab is on Colab only; a stand-in answers: Drive is an empty folder, "
    "nothing is uploaded or downloaded, there are no secrets"
)
_LOGIN = "logging in does nothing here: what the lab uses is served without"
_PROGRESS = "ipywidgets is missing here: progress bars are printed as text"
_LOGINS = frozenset({"interpreter_login", "login", "notebook_login"})


def stand_ins(
    cell: int, tree: ast.Module, lines: Sequence[str], environment: Environment
) -> tuple[Adaptation, ...]:
    """The lines of a cell that import what a stand-in answers."""
    found: list[Adaptation] = []
    for node in ast.walk(tree):
        reason = _reason(node, environment)
        if reason and isinstance(node, ast.stmt):
            text = lines[node.lineno - 1].strip()
            found.append(Adaptation(cell=cell, line=node.lineno, text=text, reason=reason))
    return tuple(found)


def _reason(node: ast.AST, environment: Environment) -> str:
    if isinstance(node, ast.Import):
        return _of_modules([alias.name for alias in node.names], environment)
    if not isinstance(node, ast.ImportFrom) or node.level:
        return ""
    module, names = node.module or "", {alias.name for alias in node.names}
    if module.startswith("huggingface_hub") and names & _LOGINS:
        return _LOGIN
    return _of_modules([module, *(f"{module}.{name}" for name in names)], environment)


def _of_modules(modules: Sequence[str], environment: Environment) -> str:
    if any(f"{module}.".startswith("google.colab.") for module in modules):
        return _COLAB
    if any(f"{module}.".startswith("tqdm.notebook.") for module in modules):
        return "" if environment.has_module("ipywidgets") else _PROGRESS
    return ""
