"""One root cause gives one finding: what follows from it is folded under it."""

from collections.abc import Mapping, Sequence

from grader.model import SEVERITIES, Confidence, Finding

__all__ = ["folded"]

_CONFIDENCES = list(Confidence)


def folded(
    findings: Sequence[Finding], follows: Mapping[str, frozenset[str]]
) -> tuple[list[Finding], list[Finding]]:
    """Findings that stand for themselves, and those that follow from one of them.

    A finding follows from another when its detector says so of the other's and both may concern
    the same task. What is graver or surer than its cause stays: a hint hides nothing certain.

    Args:
        findings: All of them.
        follows: By name of a detector, the detectors whose findings cause its own.
    """
    roots = list(findings)
    consequences: list[Finding] = []
    for each in findings:
        # Two that cause each other must not both disappear: what is folded causes no more.
        others = [other for other in roots if other is not each]
        cause = _cause(each, others, follows)
        if cause is not None:
            roots = others
            consequences.append(each.model_copy(update={"under": cause.code}))
    return roots, consequences


def _cause(
    each: Finding, findings: Sequence[Finding], follows: Mapping[str, frozenset[str]]
) -> Finding | None:
    causes = _reached(each.name, follows)
    for other in findings:
        if other.name in causes and _may_cause(other, each):
            return other
    return None


def _reached(name: str, follows: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Every detector that is a cause of this one, over any number of steps, itself left out."""
    seen: set[str] = set()
    waiting = list(follows.get(name, ()))
    while waiting:
        current = waiting.pop()
        if current not in seen and current != name:
            seen.add(current)
            waiting.extend(follows.get(current, ()))
    return frozenset(seen)


def _may_cause(cause: Finding, each: Finding) -> bool:
    same = None in (cause.task, each.task) or cause.task == each.task
    grave = SEVERITIES.index(cause.severity) <= SEVERITIES.index(each.severity)
    sure = _CONFIDENCES.index(cause.confidence) <= _CONFIDENCES.index(each.confidence)
    return same and grave and sure and not cause.allowed and not cause.from_starter
