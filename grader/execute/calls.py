"""Shell commands that a notebook gives from Python."""

import ast
import shlex
from collections.abc import Iterator
from typing import NamedTuple

_WITH_TEXT = frozenset({"get_ipython().system", "os.system", "get_ipython().getoutput"})
_WITH_LIST = frozenset({"call", "check_call", "check_output", "run", "Popen"})


class ShellCall(NamedTuple):
    """A statement that runs one command and uses nothing of what comes back."""

    node: ast.Expr
    command: str
    """As a shell would read it."""


def shell_calls(tree: ast.Module) -> Iterator[ShellCall]:
    """Statements such as ``os.system("pip install x")`` whose command stands there as it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
            command = _command(ast.unparse(node.value.func), node.value.args[0])
            if command:
                yield ShellCall(node, command)


def _command(function: str, argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        shell = function in _WITH_TEXT or _is_subprocess(function)
        return argument.value if shell else ""
    if isinstance(argument, ast.List | ast.Tuple) and _is_subprocess(function):
        words = [_word(each) for each in argument.elts]
        return shlex.join(words) if all(words) else ""
    return ""


def _is_subprocess(function: str) -> bool:
    module, _, name = function.rpartition(".")
    return name in _WITH_LIST and module in ("", "subprocess")


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "python" if ast.unparse(node) == "sys.executable" else ""
