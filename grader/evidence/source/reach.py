"""What reaches every node of a finished graph, in one pass instead of one slice each."""

from collections.abc import Sequence

from grader.evidence.source.draft import bits
from grader.model import Node

ROUNDS = 20
"""Passes at most. Each carries facts through one more level of nested loops."""


def reaching(nodes: Sequence[Node]) -> list[int]:
    """Facts that reach each node from anywhere, as sets of bits (``draft.bits``)."""
    found = [bits(*node.tags) if node.tags else 0 for node in nodes]
    for _ in range(ROUNDS):
        changed = False
        for node in nodes:
            reach = found[node.id]
            for dep in node.deps:
                reach |= found[dep]
            if reach != found[node.id]:
                found[node.id] = reach
                changed = True
        if not changed:
            break
    return found
