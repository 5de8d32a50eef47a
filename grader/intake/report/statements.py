"""Statements among lines of text, and how much each looks like code.

Own rules instead of IPython's: importing it takes longer than reading a report may, and its
input transformer says nothing of text that is no code.
"""

import ast
import textwrap
import warnings
from collections.abc import Iterator, Sequence

from grader.intake.report.shapes import looks_printed
from grader.patterns import regex

MAGIC = regex(r"(?:[!%]{1,2}[\w/.{]|(?:pip3?|conda|apt|apt-get) (?:-\S{1,20} )?(?:un)?install )")
TOKEN = regex(
    r"#.*|(?P<triple>\"\"\"|''')|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|(?P<bracket>[()\[\]{}])"
)
CODE_LIKE = regex(
    r"(?:(?:from|import|def|class|for|while|if|elif|with|return|raise|except|async) "
    r".{0,400}[:\w)\]]"
    r"|(?:else|try|finally|except)\s?:|@[a-z]"
    r"|[A-Za-z_][\w.]{0,80}(?:\[[^\]\n]{0,80}\])?\s?(?:[-+*/]?=)(?!=)\s?\S"
    r"|[a-z_][\w.]{0,80}\([^ ]|['\"].{0,400}['\"],$|[\])}]{1,8},?$)"
)
COUNT = regex(r"^\s*(?:In\s?)?\[\s{0,3}(?P<count>\d{1,5})\s{0,3}\]:?(?:[ \t]+(?P<code>\S.*))?$")
REPR_NAMES = frozenset(
    {"array", "tensor", "dict_keys", "dict_values", "dict_items", "defaultdict", "deque"}
)
TYPES = frozenset(
    {"int", "str", "float", "bool", "list", "dict", "tuple", "set", "bytes", "object"}
)

UNREADABLE = (ValueError, RecursionError, MemoryError)
"""What the parser says of null bytes and of code nested too deeply."""

MOST_LINES = 400
"""Lines of a statement in brackets or of a long text; more is an unclosed bracket."""

LONGEST = 50_000
"""Characters of a statement that are parsed."""

MOST_BREAKS = 8
"""Pieces that broken code is cut into; each takes a parse."""

IN_VAIN = 4
"""How many times its own length may be read of a text in search of closing brackets."""

SURE = 2.0
"""Weight of what is code beyond doubt."""

CALL = 1.5
"""Weight of a call; what is below may be printed if some code prints it."""

PRINTED = -2.5
"""Weight of what has the shape of printed text."""


class Standing:
    """Where a reader of Python text stands: between statements or within one."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._continued = False

    @property
    def between(self) -> bool:
        """Whether a new statement may begin on the next line."""
        return not (self._depth > 0 or self._quote or self._continued)

    def read(self, line: str) -> None:
        """Go past one line."""
        at = self._close(line, 0) if self._quote else 0
        while not self._quote and (found := TOKEN.search(line, at)):
            at = found.end()
            if found["triple"]:
                self._quote = found["triple"]
                at = self._close(line, at)
            elif found["bracket"]:
                self._depth += 1 if found["bracket"] in "([{" else -1
        self._continued = not self._quote and line.endswith("\\")

    def _close(self, line: str, at: int) -> int:
        end = line.find(self._quote, at)
        if end < 0:
            return len(line)
        end += len(self._quote)
        self._quote = ""
        return end


def statements(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where each statement begins and ends, as indices; blank lines between them left out.

    A line whose brackets are never closed stands alone.
    """
    at = 0
    spare = IN_VAIN * sum(map(len, lines)) + MOST_LINES
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end, cost = _closing(lines, at) if spare > 0 else (None, 0)
        if end is None:
            spare -= cost
            end = at + 1
        yield at, end
        at = end


def unclosed(lines: Sequence[str]) -> bool:
    """Whether the last statement of some code is cut off within brackets or a long text."""
    for start, end in statements(lines):
        if end == start + 1 and not _closed(lines[start]):
            return looks_like_code(lines[start])
    return False


def breaks(lines: Sequence[str]) -> list[int]:
    """Where to cut code that does not parse, so that as much as possible of it does.

    Reading a printed page loses an indent here and a bracket there; what stands before and
    behind is good code all the same.
    """
    cuts: list[int] = []
    start = 0
    for _ in range(MOST_BREAKS):
        error = _error(lines[start:])
        if error is None:
            break
        spans = list(statements(lines[start:]))
        faulty = max((at for at, (begin, _) in enumerate(spans) if begin <= error), default=0)
        at = (
            faulty
            if faulty and is_python("\n".join(lines[start : start + spans[faulty][0]]))
            else 1
        )
        if at >= len(spans):
            break
        start += spans[at][0]
        cuts.append(start)
    return cuts


def looks_like_code(line: str) -> bool:
    """Whether a line that is no whole statement may be part of one."""
    text = line.strip()
    return CODE_LIKE.match(text) is not None or text.endswith(("(", "[", "{", '"""', "'''"))


def _closed(line: str) -> bool:
    standing = Standing()
    standing.read(line)
    return standing.between


def _closing(lines: Sequence[str], start: int) -> tuple[int | None, int]:
    """The line after a statement, and how many characters were read to find it."""
    standing = Standing()
    cost = 0
    for at in range(start, min(len(lines), start + MOST_LINES)):
        standing.read(lines[at])
        cost += len(lines[at]) + 1
        if standing.between:
            return at + 1, cost
    return None, cost


def count_before(line: str, known: set[str]) -> tuple[int, str | None] | None:
    """The execution count at the beginning of a line, and the code behind it, if any.

    References such as ``[1] A. Author, A title.`` are none: the rest of the line must be code.
    """
    found = COUNT.match(line)
    if found is None:
        return None
    code = found["code"]
    if code is None:
        return int(found["count"]), None
    may_go_on = not _closed(code) and looks_like_code(code)
    is_code = code.startswith("# ") or may_go_on or weight(code, known) >= 1.0
    return (int(found["count"]), code) if is_code else None


def weight(text: str, known: set[str]) -> float:
    """How much a statement looks like code (above 0) or like printed text (below).

    Args:
        text: All lines of the statement.
        known: Names that the code before it gives a value; its own are added.
    """
    bare = text.strip()
    if bare.startswith("#"):
        return 0.3
    if MAGIC.match(bare):
        return SURE
    tree = _tree(text) if len(text) <= LONGEST else None
    if tree is not None and tree.body:
        found = min(_node_weight(node, bare, known) for node in tree.body)
        if found > 0:
            known.update(_given(tree))
        return PRINTED if found < SURE and looks_printed(bare) and found <= 1 else found
    if looks_printed(text.strip("\n").split("\n", 1)[0]):
        return PRINTED
    return 0.7 if looks_like_code(bare[:LONGEST]) else -1.5


def is_python(source: str) -> bool:
    """Whether code parses, its magics left out."""
    return _error(source.split("\n")) is None


def _error(lines: Sequence[str]) -> int | None:
    """Index of the line at which code is found not to parse; ``None`` if it does."""
    try:
        _parse("\n".join(_without_magics(lines)))
    except SyntaxError as error:
        return min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    except UNREADABLE:
        return 0
    return None


def _without_magics(lines: Sequence[str]) -> list[str]:
    indented = textwrap.dedent("\n".join(lines)).split("\n")
    return [
        line[: len(line) - len(line.lstrip())] + "pass" if MAGIC.match(line.lstrip()) else line
        for line in indented
    ]


def _tree(text: str) -> ast.Module | None:
    code = textwrap.dedent(text).strip()
    if not code.endswith(":") or code.startswith("class:"):
        return _parsed(code if not code.startswith("@") else f"{code}\ndef f(): pass")
    before = ""
    if code.startswith(("elif ", "else")):
        before = "if x: pass\n"
    elif code.startswith(("except", "finally")):
        before = "try: pass\n"
    return _parsed(f"{before}{code} pass")


def _parsed(code: str) -> ast.Module | None:
    try:
        return _parse(code)
    except (SyntaxError, *UNREADABLE):
        return None


def _parse(code: str) -> ast.Module:
    with warnings.catch_warnings():
        # A student's invalid escape is no business of whoever runs the grader.
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _node_weight(node: ast.stmt, text: str, known: set[str]) -> float:
    if isinstance(node, ast.AnnAssign):
        return _annotated_weight(node)
    if isinstance(node, ast.Expr):
        return _expression_weight(node.value, text, known)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        # A program prints "accuracy = 0.91" as well.
        return 1.2
    return SURE


def _annotated_weight(node: ast.AnnAssign) -> float:
    if node.value is not None:
        return 1.5
    named = node.annotation.id if isinstance(node.annotation, ast.Name) else ""
    return 1.0 if named in TYPES or isinstance(node.annotation, ast.Subscript) else -1.5


def _expression_weight(value: ast.expr, text: str, known: set[str]) -> float:
    names = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and "\n" in text:
        return 1.0
    if isinstance(value, ast.Await | ast.Yield | ast.YieldFrom):
        return 1.0
    if isinstance(value, ast.Call):
        return _call_weight(value, names, known)
    if names and names <= known:
        return 1.2
    if any(isinstance(each, ast.Call) for each in ast.walk(value)):
        return 1.0
    return -0.7 if isinstance(value, ast.Name) else -1.5


def _call_weight(call: ast.Call, names: set[str], known: set[str]) -> float:
    """Below 0 for what shows a value, such as ``array([1, 2])`` or ``Output(loss=0.1)``."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    shows = name in REPR_NAMES or name[:1].isupper()
    if shows and not names & known:
        return -1.5 if call.args or call.keywords else 0.5
    return CALL


def _given(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
