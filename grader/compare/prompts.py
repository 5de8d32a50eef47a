"""Texts a notebook hands to a model, as far as its source shows them.

Nothing is executed: lists of strings, f-strings and ``"...".format(...)`` are read, and names are
followed to what was last assigned to them above. Where a text comes out of a dataset or a function,
nothing is known.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence

from grader.model import Evidence

__all__ = ["prompts"]

KEYWORDS = frozenset({"text", "texts", "candidate_labels", "hypothesis_template", "prompt"})
"""Arguments by which processors, tokenizers and pipelines of transformers take texts."""

MAKERS = ("processor", "tokenizer", "tokenize", "encode_text")
"""Ends of names of what takes texts as its first argument."""

MOST = 200
"""Most texts kept of one notebook."""

SLOT = "{}"
"""Stands where something is put into a text."""

Names = Mapping[str, ast.expr]


def prompts(evidence: Evidence, task: str, last: int | None) -> tuple[str, ...] | None:
    """Texts handed to the models of a task, in the order of the source, each once.

    Args:
        evidence: The notebook, and which of its cells belong to which task.
        task: Id of the task.
        last: Cell of the evaluation; what stands below it does not count.

    Returns:
        ``{}`` stands for what is put into a text; ``None`` where no text is to be seen.
    """
    names: dict[str, ast.expr] = {}
    found: list[str] = []
    for index, tree in _parsed(evidence, last):
        mine = evidence.cell_tasks.get(index, task) == task
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                names.update({each.id: node.value for each in _plain(node.targets)})
        if mine:
            handed = (each for node in ast.walk(tree) for each in _handed(node))
            found += [text for each in handed for text in _texts(each, names, depth=0)]
    return tuple(dict.fromkeys(found))[:MOST] or None


def _parsed(evidence: Evidence, last: int | None) -> Iterator[tuple[int, ast.Module]]:
    for cell in evidence.submission.code_cells:
        if last is not None and cell.index > last:
            return
        lines = (line for line in cell.source.splitlines() if line.lstrip()[:1] not in ("!", "%"))
        try:
            yield cell.index, ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError):
            continue


def _plain(targets: Sequence[ast.expr]) -> Iterator[ast.Name]:
    return (each for each in targets if isinstance(each, ast.Name))


def _handed(node: ast.AST) -> Iterator[ast.expr]:
    """What a call hands over as texts."""
    if not isinstance(node, ast.Call):
        return
    yield from (each.value for each in node.keywords if each.arg in KEYWORDS)
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    if node.args and called.lower().endswith(MAKERS):
        yield node.args[0]


def _texts(node: ast.expr, names: Names, *, depth: int) -> Iterator[str]:
    """Texts an expression stands for; nothing where it cannot be told."""
    if depth > 5:
        return
    if isinstance(node, ast.Name) and node.id in names:
        yield from _texts(names[node.id], names, depth=depth + 1)
    elif isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from _texts(each, names, depth=depth + 1)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from _texts(node.elt, names, depth=depth + 1)
    elif (text := _text(node, names)) is not None:
        yield text


def _text(node: ast.expr, names: Names) -> str | None:
    """One text, with slots for what is put in; ``None`` for anything else, an empty slot too."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else SLOT for part in node.values]
        text = "".join(map(str, parts))
        return text if text.strip("{} ") else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [_text(side, names) for side in (node.left, node.right)]
        return None if sides == [None, None] else "".join(side or SLOT for side in sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base = node.func.value
        template = names.get(base.id) if isinstance(base, ast.Name) else base
        if node.func.attr == "format" and template is not None:
            return _text(template, names)
    return None
