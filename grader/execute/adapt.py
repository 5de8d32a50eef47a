"""Lines of a notebook that are not executed as written."""

import ast
import re

from grader.model import Adaptation, Cell

_INSTALLER = re.compile(
    r"""^(?P<indent>\s*)
        (?:
            [!%]{1,2}\s*(?:sudo\s+)?(?:-\S+\s+)*
            (?:(?:\{?sys\.executable\}?|python[\d.]*)\s+-m\s+)?
            (?:pip[\d.]*|uv\s+pip|conda|mamba|apt|apt-get)\b
          | (?:pip[\d.]*|conda|mamba)\s+(?:install|uninstall)\b
        )""",
    re.VERBOSE,
)
_SHELL_CELL = re.compile(r"^\s*%%(?:bash|sh|script|!)")
_REASON = "not run: packages come with the runner, which has no network"


def adapt(cell: Cell) -> tuple[str, tuple[Adaptation, ...]]:
    """The source to execute, lines where they were, and what was changed in it.

    Lines that install packages do nothing here. A cell that is plain Python has none.
    """
    if _is_python(cell.source):
        return cell.source, ()
    lines = cell.source.split("\n")
    nothing = ":" if _SHELL_CELL.match(cell.source) else "pass"
    found: list[Adaptation] = []
    for number, line in enumerate(lines):
        match = _INSTALLER.match(line)
        if match is not None:
            found.append(Adaptation(cell=cell.index, line=number + 1, text=line, reason=_REASON))
            _blank_continuation(lines, number)
            lines[number] = match["indent"] + nothing
    return "\n".join(lines), tuple(found)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _blank_continuation(lines: list[str], number: int) -> None:
    continued = lines[number].rstrip().endswith("\\")
    while continued and number + 1 < len(lines):
        number += 1
        continued = lines[number].rstrip().endswith("\\")
        lines[number] = ""
