"""From a cell as IPython reads it to Python, line numbers kept.

Own rules instead of IPython's ``inputtransformer2``: importing IPython takes longer than the
whole static check may, and code that never runs needs magics removed, not translated.
"""

import ast
import textwrap
import warnings

from grader.evidence.source.knowledge import words
from grader.patterns import regex

OTHER_MAGICS = words(
    "bash sh script html HTML javascript js latex markdown svg writefile file perl ruby "
    "cmd sql bigquery R cython pypy python2 shell system ! sx"
)
SPECIAL = regex(
    r"(?:[!%?]"
    r"|(?:pip3?|conda|mamba|apt|apt-get|brew)\s+(?:-\S+\s+)*"
    r"(?:install|uninstall|list|show|update|freeze)\b"
    r"|(?:python3?\s+-m\s+pip|cd|ls|wget|curl|git|unzip|mkdir|nvidia-smi)(?:\s+[^=(\s].*)?$"
    r"|[\w.]+\?{1,2}\s*$)"
)
ASSIGNED = regex(r"(?P<target>[\w.,\s\[\]'\"]+?=\s*)[!%](?!=)")
TOKEN = regex(
    r"#[^\n]*|(?P<triple>\"\"\"|''')|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?"
    r"|(?P<bracket>[()\[\]{}])"
)


def parse(source: str) -> ast.Module | None:
    """The syntax tree of a cell, or ``None`` for a cell in another language.

    Raises:
        SyntaxError: the cell is not Python, magics apart.
        ValueError: the cell holds a null byte.
        RecursionError: the cell nests too deeply for the parser.
        MemoryError: the same, said by older parsers.
    """
    try:
        return _tree(source)
    except SyntaxError:
        python = without_magics(source)
        return None if python is None else _tree(python)


def without_magics(source: str) -> str | None:
    """The cell with magics and shell lines blanked; ``None`` for a cell in another language."""
    lines = textwrap.dedent(source.replace("\r\n", "\n")).split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].lstrip().startswith("%%"):
        words = lines[first].strip()[2:].split()
        if words and words[0] in OTHER_MAGICS:
            return None
        lines[first] = ""
    return "\n".join(_blanked(lines))


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        # A student's invalid escape is no business of whoever runs the grader.
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _blanked(lines: list[str]) -> list[str]:
    kept: list[str] = []
    text = Text()
    shell = False
    for line in lines:
        code = line.lstrip()
        indent = line[: len(line) - len(code)]
        if shell or (text.at_start and SPECIAL.match(code)):
            kept.append("" if shell else f"{indent}pass")
            shell = code.rstrip().endswith("\\")
            continue
        found = ASSIGNED.match(code) if text.at_start else None
        if found:
            code = found["target"] + "get_ipython()"
        text.read(code)
        kept.append(indent + code)
    return kept


class Text:
    """Where a reader of Python text stands: between statements or within one."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._continued = False

    @property
    def at_start(self) -> bool:
        """Whether a new statement may begin on the next line."""
        return not (self._depth or self._quote or self._continued)

    def read(self, line: str) -> None:
        """Go past one line."""
        position = self._close(line, 0) if self._quote else 0
        while not self._quote and (found := TOKEN.search(line, position)):
            position = found.end()
            if found["triple"]:
                self._quote = found["triple"]
                position = self._close(line, position)
            elif found["bracket"]:
                step = 1 if found["bracket"] in "([{" else -1
                self._depth = max(0, self._depth + step)
        self._continued = not self._quote and line.endswith("\\")

    def _close(self, line: str, position: int) -> int:
        end = line.find(self._quote, position)
        if end < 0:
            return len(line)
        end += len(self._quote)
        self._quote = ""
        return end
