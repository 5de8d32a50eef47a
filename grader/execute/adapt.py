"""Lines of a notebook that are not executed as written."""

import ast
import re
import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from grader.execute.calls import ShellCall, shell_calls
from grader.execute.commands import answered, only_answer
from grader.execute.cuda import on_cpu
from grader.execute.environment import Environment, Surroundings, own
from grader.execute.standins import stand_ins
from grader.execute.transformers5 import needs_features, take_features
from grader.model import Adaptation, Cell

_CANDIDATE = re.compile(r"^\s*(?:[!%]|(?:pip|conda|mamba)[\d.]*\s)", re.MULTILINE)
_BARE = re.compile(r"^(?:pip[\d.]*|conda|mamba)\s+(?:install|uninstall|update)\b")
_CELL_MAGIC = re.compile(r"^\s*%%(?P<name>\S+)")
_SHELL_MAGICS = frozenset({"!", "bash", "sh", "script", "shell", "sx", "system"})
_PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
_INSTALL_MAGICS = frozenset({"conda", "mamba", "micromamba", "pip", "pip3", "uv"})
_SHELL_LINE_MAGICS = frozenset({"shell", "sx", "system"})
_WINDOWS = frozenset({"gtk", "ipympl", "nbagg", "notebook", "osx", "qt", "tk", "widget", "wx"})
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MAX_CHARACTERS_READ = 3_000_000
_MAX_COMMANDS = 100


class _Command(NamedTuple):
    """A line that is not Python."""

    first: int
    """Its index."""

    last: int
    """Index of its last continuation line."""

    indent: str
    text: str
    """Without its indent, continuation lines joined."""


class _Change(NamedTuple):
    """What stands in the place of a line."""

    line: str
    reason: str


def adapt(
    cell: Cell,
    device: str = "cpu",
    environment: Environment | None = None,
    *,
    cuda_on_cpu: bool = False,
    others: Sequence[Cell] = (),
) -> tuple[str, tuple[Adaptation, ...]]:
    """The source to execute, lines where they were, and what was changed in it.

    Lines that install packages or reach the network print what became of them instead. Uses
    of what only a hosting service has are noted too: a stand-in answers them.

    Args:
        cell: A code cell.
        device: The GPU's name, or ``cpu``.
        environment: What the notebook runs in; the grader's own if not given.
        cuda_on_cpu: Whether a hard-coded ``cuda`` is put right where there is no GPU.
        others: The notebook's other code cells, where a variable of this one may be used.
    """
    here = Surroundings(
        device=device,
        environment=environment or own(),
        cuda_on_cpu=cuda_on_cpu and device == "cpu",
    )
    source = cell.source.replace("\r\n", "\n").replace("\r", "\n")
    magic = _CELL_MAGIC.match(source)
    if magic is None or magic["name"] in _PYTHON_MAGICS:
        return _adapt_python(cell.index, source, here, others)
    if magic["name"] in _SHELL_MAGICS:
        return _adapt_shell(cell.index, source, here)
    return source, ()


def _adapt_python(
    index: int, source: str, here: Surroundings, others: Sequence[Cell]
) -> tuple[str, tuple[Adaptation, ...]]:
    lines = _LINE.findall(source)
    found: list[Adaptation] = []
    tree = _tree(source)
    if tree is None:
        python = list(lines)
        for command in _commands(lines):
            _replace(python, command, f"{command.indent}pass")
            _exchange(lines, command, _change(command.text, here), index, found)
        tree = _tree("".join(python))
    if tree is not None:
        found += stand_ins(index, tree, lines, here.environment)
        if needs_features(source, here.environment):
            found += take_features(index, tree, lines, _trees(others))
            tree = _tree_of_python("".join(lines)) or tree
        found += on_cpu(index, tree, lines) if here.cuda_on_cpu else ()
        for call in shell_calls(tree):
            statement = _statement(lines, call)
            if statement is not None:
                _exchange(lines, statement, _change_shell(call.command, here), index, found)
    return "".join(lines), tuple(sorted(found, key=lambda each: each.line))


def _exchange(
    lines: list[str],
    command: _Command,
    change: _Change | None,
    cell: int,
    found: list[Adaptation],
) -> None:
    if change is None:
        return
    text = "".join(lines[command.first : command.last + 1]).rstrip("\n")
    found.append(Adaptation(cell=cell, line=command.first + 1, text=text, reason=change.reason))
    _replace(lines, command, command.indent + change.line)


def _statement(lines: list[str], call: ShellCall) -> _Command | None:
    """The lines of a statement, if nothing else stands on them."""
    node = call.node
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    # Columns of a syntax tree count bytes.
    indent = lines[first].encode()[: node.col_offset].decode()
    behind = lines[last].encode()[node.end_col_offset :].decode().strip()
    alone = not indent.strip() and (not behind or behind.startswith("#"))
    return _Command(first, last, indent, call.command) if alone else None


def _adapt_shell(index: int, source: str, here: Surroundings) -> tuple[str, tuple[Adaptation, ...]]:
    if "<<" in source:
        # A text within the script may look like a command.
        return source, ()
    lines = _LINE.findall(source)
    found: list[Adaptation] = []
    position = 1
    while position < len(lines):
        command = _command(lines, position, len(lines[position]) - len(lines[position].lstrip()))
        line = answered(command.text, here)
        change = _Change(*line) if line is not None else None
        _exchange(lines, command, change, index, found)
        position = command.last + 1
    return "".join(lines), tuple(found)


def _change(text: str, here: Surroundings) -> _Change | None:
    if text.startswith("!"):
        return _change_shell(text.lstrip("!").strip(), here)
    if _BARE.match(text):
        return _change_shell(text, here)
    name, _, rest = text.lstrip("%").strip().partition(" ")
    if name in _INSTALL_MAGICS:
        return _change_shell(f"{name} {rest}", here)
    if name in _SHELL_LINE_MAGICS:
        return _change_shell(rest, here)
    window = name == "matplotlib" and rest.strip().rstrip("0123456789") in _WINDOWS
    if window:
        return _Change("%matplotlib inline", "figures have no window here: they are drawn inline")
    if name == "load_ext" and rest.strip() == "tensorboard":
        return _Change("pass", "not loaded: TensorBoard cannot be shown here")
    return None


def _change_shell(command: str, here: Surroundings) -> _Change | None:
    answer = only_answer(command, here)
    if answer is not None:
        return _Change(f"print({answer.printed!r})", answer.reason)
    line = answered(command, here)
    return _Change(f"!{line[0]}", line[1]) if line is not None else None


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tree_of_python(source: str) -> ast.Module | None:
    """The tree of what is Python in a cell, each line where it was."""
    tree = _tree(source)
    if tree is not None:
        return tree
    lines = _LINE.findall(source)
    for command in _commands(list(lines)):
        _replace(lines, command, f"{command.indent}pass")
    return _tree("".join(lines))


def _trees(cells: Sequence[Cell]) -> list[ast.Module]:
    trees = (_tree_of_python(each.source.replace("\r\n", "\n")) for each in cells)
    return [each for each in trees if each is not None]


def _commands(lines: list[str]) -> Iterator[_Command]:
    """Lines that IPython would not run as Python, from the first to the last."""
    source = "".join(lines)
    if not _CANDIDATE.search(source):
        return
    left = min(_MAX_COMMANDS, _MAX_CHARACTERS_READ // len(source))
    masked, position = list(lines), 0
    while left > 0 and (start := _next(masked, position)) is not None:
        command = _command(masked, *start)
        yield command
        # A quote in a command would spoil the reading of the lines below it.
        _replace(masked, command, f"{command.indent}pass")
        position, left = command.last + 1, left - 1


def _next(lines: list[str], position: int) -> tuple[int, int] | None:
    """Line and column where the first command at or after a line begins."""
    # IPython is as heavy as nbclient: nobody who only reads notebooks should wait for it.
    from IPython.core.inputtransformer2 import make_tokens_by_line

    try:
        statements = make_tokens_by_line(lines)
    except SyntaxError:
        # Indented so that IPython runs nothing of the cell either.
        return None
    for tokens in statements:
        kept = [each for each in tokens if each.type not in (tokenize.INDENT, tokenize.DEDENT)]
        if not kept:
            continue
        row, column = kept[0].start[0] - 1, kept[0].start[1]
        if position <= row < len(lines) and _is_command(lines[row][column:]):
            return row, column
    return None


def _is_command(text: str) -> bool:
    return text.startswith(("!", "%", "?")) or _BARE.match(text) is not None


def _command(lines: list[str], first: int, column: int) -> _Command:
    last = first
    while lines[last].rstrip("\n").endswith("\\") and last + 1 < len(lines):
        last += 1
    joined = " ".join(line.rstrip("\n").removesuffix("\\") for line in lines[first : last + 1])
    return _Command(first, last, lines[first][:column], joined[column:].strip())


def _replace(lines: list[str], command: _Command, text: str) -> None:
    ending = "\n" if lines[command.first].endswith("\n") else ""
    lines[command.first] = text + ending
    for number in range(command.first + 1, command.last + 1):
        lines[number] = "\n" if lines[number].endswith("\n") else ""
