"""OUT005: simulated-fallback."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._fallbacks import WORDS, Block, block_of, blocks_of, message_of, printed
from grader.detect._flow import flow
from grader.detect._metrics import Scoring, dead, recorded, running_cells, scorings
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Cell,
    CellRun,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    Tag,
    Wording,
    say,
)
from grader.patterns import regex

BLANK = regex(r"(?:^|\.)(?:numpy|torch)\.(?:zeros|ones|full|empty|rand|randn)(?:_like)?$")
METRIC = regex(
    r"(?:accuracy|acc|precision|recall|f1)(?:_?score)?[\"'\]]*\s*[:=]\s*(?P<number>[\d.]+)", re.I
)
"""A score given as ``accuracy = 0.9`` or ``"eval_accuracy": 0.9``."""

PLACEABLE = 20
"""Fewest labels that can be told from a stretch of the served ones; see ``Evaluation.origin``."""


class _Verdict(Struct, frozen=True):
    """Whether the branch was taken."""

    confidence: Confidence | None
    """How sure it is that it was; ``None`` when it was not."""

    sure: Wording


NOT_TAKEN = _Verdict(None, say("The branch was not taken."))
RERUN = _Verdict(Confidence.CERTAIN, say("Our run printed the message of this branch."))
CAUGHT = _Verdict(
    Confidence.HINT,
    say("In our run this branch took an error; what failed may be missing on this machine alone."),
)
CAUGHT_IN_BOTH = _Verdict(
    Confidence.CERTAIN,
    say("In our run this branch took an error, and the saved output shows its message too."),
)
ONLY_HERE = _Verdict(
    Confidence.HINT,
    say(
        "Our run printed the message of this branch and the saved output does not show it: what "
        "failed may be missing on this machine alone."
    ),
)
RECORDED = _Verdict(
    Confidence.CERTAIN,
    say("The labels recorded are of no served data set, and no image had gone through a model."),
)
DOUBTED = _Verdict(
    Confidence.LIKELY,
    say(
        "The labels recorded were found in no served data set, and fewer images than labels had "
        "gone through a model."
    ),
)
SAVED = _Verdict(Confidence.LIKELY, say("The saved output shows the message of this branch."))
UNKNOWN = _Verdict(Confidence.HINT, say("Nothing shows whether this branch was taken."))


@detector(
    code="OUT005",
    name="simulated-fallback",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="invalid",
)
def simulated_fallback(case: Case) -> Iterator[Sighting]:
    """Made-up data takes the place of what could not be loaded.

    ## Why it matters
    When loading fails and the code goes on with random or constant values, the scores are computed
    correctly from data that does not exist. The failure is the result, and it is hidden.

    ## Example
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    try:
        ds = load_dataset("uoft-cs/cifar10", split="test")
        y_true, y_pred = ds["label"], [classify(image) for image in ds["img"]]
    except Exception:
        print("could not load the data, using simulated labels")
        y_true = np.random.randint(0, 10, 100)
        y_pred = np.random.randint(0, 10, 100)
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    ds = load_dataset("uoft-cs/cifar10", split="test")
    y_true, y_pred = ds["label"], [classify(image) for image in ds["img"]]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid: what is scored does not exist. Certain when our run shows that the branch was taken,
    by its message, by the error it took, or by labels of no served data set without an image
    through a model. Likely when only the saved output shows the message. A hint when nothing
    tells, or when the message or error is of our run alone: the failure may be this machine's.
    Nothing is said when our run shows that the branch was not taken.

    ## Known limits
    Whether the branch was taken is told by the run: by the message it prints, or by the labels and
    images recorded. Without a run and without saved outputs the finding is a hint for a reviewer.
    Branches that assign other than random or constant data are not seen. A blank picture in the
    place of a missing one is what `silent-data-fallback` reports.

    ## Source
    A deduction, no statistic: a random or constant value that stands in an `except` or fallback
    branch flows into what is scored. Certain only when our run printed the branch's message, or
    scored 20 or more labels of no served data set without an image through a model. A message
    that our run printed and the saved output lacks is a hint: the failure may be this machine's.
    """
    tasks = case.evidence.cell_tasks
    blocks = [block for cell in case.evidence.submission.code_cells for block in blocks_of(cell)]
    seen: set[str | None] = set()
    for node, scoring in _made_up(case, blocks):
        task = tasks.get(node.cell) or (tasks.get(scoring.node.cell) if scoring else None)
        verdict = _taken(case, node, scoring, blocks)
        if task not in seen and verdict.confidence is not None:
            seen.add(task)
            yield _sighting(node, task, verdict.confidence, verdict.sure)


def _made_up(case: Case, blocks: list[Block]) -> Iterator[tuple[Node, Scoring | None]]:
    """Made-up values that reach a score, with the scoring; the earliest of each scoring."""
    graph = case.evidence.source
    if not blocks:
        return
    for scoring in scorings(graph):
        if not dead(graph, scoring.node):
            inside = (*flow(graph, scoring.y_true), *flow(graph, scoring.y_pred))
            made_up = {node.id for node in inside if _invented(case, node, blocks)}
            yield from ((graph.nodes[each], scoring) for each in sorted(made_up))
    yield from ((node, None) for node in graph.tagged(Tag.RANDOM) if _announced(case, node, blocks))
    for shown in graph.calls("print", "display"):
        for node in flow(graph, shown.id):
            if _typed_score(case, node) and block_of(node, blocks) is not None:
                yield node, None


def _invented(case: Case, node: Node, blocks: list[Block]) -> bool:
    made = Tag.RANDOM in node.tags or bool(BLANK.search(node.name)) or _constants(case, node)
    return made and block_of(node, blocks) is not None


def _announced(case: Case, node: Node, blocks: list[Block]) -> bool:
    """Whether a branch says that its random values are made up, and an output shows it.

    Then they need not be followed to a score, which objects of the notebook's own classes hinder.
    """
    block = block_of(node, blocks)
    message = message_of(block) if block is not None else None
    if not message or not WORDS.search(message) or dead(case.evidence.source, node):
        return False
    shown = [cell for cell in case.evidence.submission.cells if cell.outputs]
    nothing = not (shown or case.evidence.rerun)
    return nothing or bool(printed(message, (*shown, *case.evidence.rerun)))


def _constants(case: Case, node: Node) -> bool:
    """Whether a node is a list of five or more literals."""
    nodes = case.evidence.source.nodes
    return (
        node.kind == "collection"
        and len(node.deps) >= 5
        and all(nodes[dep].kind == "literal" for dep in node.deps)
    )


def _typed_score(case: Case, node: Node) -> bool:
    """Whether a literal is given to a metric's name or key on its line."""
    if not (node.kind == "literal" and type(node.value) is float and 0 < node.value <= 100):
        return False
    line = case.evidence.submission.cells[node.cell].source.splitlines()[node.line - 1]
    return any(_number(found["number"]) == node.value for found in METRIC.finditer(line))


def _number(text: str) -> float | None:
    return float(text) if text.count(".") < 2 and text != "." else None


def _taken(case: Case, node: Node, scoring: Scoring | None, blocks: list[Block]) -> _Verdict:
    evidence = case.evidence
    cells = running_cells(evidence.source, node)
    block = block_of(node, blocks)
    message = message_of(block) if block is not None else None
    ran = [each for each in evidence.rerun if each.index in cells and each.outcome != "skipped"]
    saved = [each for each in evidence.submission.cells if each.index in cells and each.outputs]
    return (
        _by_rerun(message, ran, saved)
        or _by_caught(case, block, message, saved)
        or _by_arrays(case, scoring)
        or _by_saved(message, saved)
        or UNKNOWN
    )


def _by_rerun(
    message: str | None, ran: Sequence[CellRun], saved: Sequence[Cell]
) -> _Verdict | None:
    if not message or not ran:
        return None
    if not printed(message, ran):
        return NOT_TAKEN
    return RERUN if not saved or printed(message, saved) else ONLY_HERE


def _by_caught(
    case: Case, block: Block | None, message: str | None, saved: Sequence[Cell]
) -> _Verdict | None:
    """What the recorder says of the ``except`` clause."""
    recording = case.evidence.recording
    known = EvidenceKind.RECORDING in case.evidence.kinds and recording.complete
    if block is None or not block.is_except or not known or not recording.caught:
        return None
    taken = any(
        (each.defined_in if each.defined_in is not None else each.cell, each.line)
        == (block.cell, block.header)
        for each in recording.caught
    )
    if not taken:
        return None
    return CAUGHT_IN_BOTH if message and printed(message, saved) else CAUGHT


def _by_arrays(case: Case, scoring: Scoring | None) -> _Verdict | None:
    seen = recorded(case, scoring) if scoring is not None else ()
    best = max(seen, key=lambda each: each.n, default=None)
    if best is None or (best.origin is None and best.forward_rows is None):
        return None
    rows = best.forward_rows or 0
    if best.origin is not None or rows >= best.n:
        return NOT_TAKEN
    return RECORDED if rows == 0 and best.n >= PLACEABLE else DOUBTED


def _by_saved(message: str | None, saved: Sequence[Cell]) -> _Verdict | None:
    if not message or not saved:
        return None
    return SAVED if printed(message, saved) else NOT_TAKEN


def _sighting(node: Node, task: str | None, confidence: Confidence, sure: Wording) -> Sighting:
    values = node.name.lstrip(".") or str(node.value)
    if confidence is Confidence.HINT:
        message = say(
            "When something fails, line {line} goes on with made-up values (`{values}`); this "
            "branch may be taken, and the score is computed from them.",
            line=str(node.line),
            values=values,
        )
    else:
        message = say(
            "When something fails, line {line} goes on with made-up values (`{values}`); this "
            "branch was taken, and the score is computed from them.",
            line=str(node.line),
            values=values,
        )
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=message,
        measured=say(
            "The score is computed from random or constant values of an `except` or fallback "
            "branch. {sure}",
            sure=sure,
        ),
        remedy=say(
            "Fix the error that leads here and remove the branch, so that the notebook stops "
            "instead of scoring made-up data; do not report these numbers."
        ),
        sure=sure,
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=node.cell,
                line=node.line,
                remark="made-up values instead of loaded ones",
            ),
        ),
        task=task,
    )
