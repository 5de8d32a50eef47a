"""Which call made the object a method is called on."""

from collections.abc import Sequence

from grader.evidence.source import knowledge
from grader.model import Node, Tag

KEEPS = knowledge.KEEPS_MODEL | knowledge.MUTATORS | frozenset({"clone", "reset"})
"""Methods after which a variable still holds the same object."""


def makers(nodes: Sequence[Node]) -> list[int | None]:
    """For every node the call that made the model, trainer or metric it stands for, if any."""
    found: list[int | None] = []
    for node in nodes:
        found.append(node.id if _makes(node) else _passed_on(node, found))
    return found


def _makes(node: Node) -> bool:
    if node.kind != "call" or node.name.startswith("."):
        return False
    return Tag.MODEL in node.tags or knowledge.makes_measure(knowledge.canonical(node.name))


def _passed_on(node: Node, found: Sequence[int | None]) -> int | None:
    deps: Sequence[int] = node.deps
    if node.kind == "call" and node.name.startswith("."):
        kept = node.receiver is not None and node.name[1:] in KEEPS
        deps = [node.receiver] if kept and node.receiver is not None else []
    elif node.kind == "call" and node.receiver is not None:
        return None
    # What a loop hands on to its next round comes later and is the same object.
    known = (found[dep] for dep in deps if dep < len(found))
    return next((each for each in known if each is not None), None)
