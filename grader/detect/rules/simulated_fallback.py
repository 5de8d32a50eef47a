"""OUT005: simulated-fallback."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
)

HEADER = re.compile(r"^(?P<indent>[ \t]*)(?P<word>except|else|elif|if)\b(?P<test>.*?):\s*(#.*)?$")
WORDS = re.compile(
    r"simulat|dummy|mock|placeholder|\bfake|synthetic|made.?up|for demonstration|demo purposes"
    r"|factice|fictif|模拟|虚拟|假数据|占位",
    re.I,
)
MISSING = re.compile(
    r"exists|is None|is not None|isfile|isdir|available|loaded|success|found", re.I
)
DEVICE = re.compile(r"cuda|mps|device|gpu", re.I)
SAID = re.compile(r"\b(?:print|warn|warning|display)\(\s*f?(?P<q>[\"'])(?P<text>.*?)(?P=q)")
BLANK = re.compile(
    r"(?:^|\.)(?:PIL\.Image\.new|(?:numpy|torch)\.(?:zeros|ones|full|empty|rand|randn)(?:_like)?)$"
)
METRIC = re.compile(
    r"(?:accuracy|acc|precision|recall|f1)(?:_?score)?[\"'\]]*\s*[:=]\s*(?P<number>[\d.]+)", re.I
)
"""A score given as ``accuracy = 0.9`` or ``"eval_accuracy": 0.9``."""

SHORTEST_MESSAGE = 8
"""Characters of a constant message that tell it from other outputs."""


PLACEABLE = 20
"""Fewest labels that can be told from a stretch of the served ones; see ``Evaluation.origin``."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether the branch was taken."""

    confidence: Confidence | None
    """How sure it is that it was; ``None`` when it was not."""

    sure: str


NOT_TAKEN = _Verdict(None, "")
RERUN = _Verdict(Confidence.CERTAIN, "Our run printed the message of this branch.")
ONLY_HERE = _Verdict(
    Confidence.HINT,
    "Our run printed the message of this branch and the saved output does not show it: what "
    "failed may be missing on this machine alone.",
)
RECORDED = _Verdict(
    Confidence.CERTAIN,
    "The labels recorded are of no served data set, and no image had gone through a model.",
)
DOUBTED = _Verdict(
    Confidence.LIKELY,
    "The labels recorded were found in no served data set, and fewer images than labels had gone "
    "through a model.",
)
SAVED = _Verdict(Confidence.LIKELY, "The saved output shows the message of this branch.")
UNKNOWN = _Verdict(Confidence.HINT, "Nothing shows whether this branch was taken.")


@dataclass(frozen=True, slots=True)
class _Block:
    """A branch taken when something failed or is absent."""

    cell: int
    first: int
    last: int
    text: str


@detector(
    code="OUT005",
    name="simulated-fallback",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
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

    ## Known limits
    Whether the branch was taken is told by the run: by the message it prints, or by the labels and
    images recorded. Without a run and without saved outputs the finding is a hint for a reviewer.
    Branches that assign other than random or constant data are not seen.

    ## Source
    A deduction, no statistic: a random or constant value that stands in an `except` or fallback
    branch flows into what is scored. Certain only when our run printed the branch's message, or
    scored 20 or more labels of no served data set without an image through a model. A message
    that our run printed and the saved output lacks is a hint: the failure may be this machine's.
    """
    tasks = case.evidence.cell_tasks
    blocks = [block for cell in case.evidence.submission.code_cells for block in _blocks(cell)]
    seen: set[str | None] = set()
    for node, scoring in _made_up(case, blocks):
        task = tasks.get(node.cell) or (tasks.get(scoring.node.cell) if scoring else None)
        verdict = _taken(case, node, scoring, blocks)
        if task not in seen and verdict.confidence is not None:
            seen.add(task)
            yield _sighting(node, task, verdict.confidence, verdict.sure)


def _made_up(case: Case, blocks: list[_Block]) -> Iterator[tuple[Node, Scoring | None]]:
    """Made-up values that reach a score, with the scoring; the earliest of each scoring."""
    graph = case.evidence.source
    if not blocks:
        return
    for scoring in scorings(graph):
        if not dead(graph, scoring.node):
            inside = (*flow(graph, scoring.y_true), *flow(graph, scoring.y_pred))
            made_up = {node.id for node in inside if _invented(case, node, blocks)}
            yield from ((graph.nodes[each], scoring) for each in sorted(made_up))
    for shown in graph.calls("print", "display"):
        for node in flow(graph, shown.id):
            if _typed_score(case, node) and _block_of(node, blocks) is not None:
                yield node, None


def _invented(case: Case, node: Node, blocks: list[_Block]) -> bool:
    made = Tag.RANDOM in node.tags or bool(BLANK.search(node.name)) or _constants(case, node)
    return made and _block_of(node, blocks) is not None


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


def _block_of(node: Node, blocks: list[_Block]) -> _Block | None:
    around = [
        block
        for block in blocks
        if block.cell == node.cell and block.first <= node.line <= block.last
    ]
    return around[-1] if around else None


def _blocks(cell: Cell) -> Iterator[_Block]:
    """Branches for a failure, found by indentation: magics may keep a cell from being parsed."""
    lines = cell.source.splitlines()
    for number, line in enumerate(lines, start=1):
        header = HEADER.match(line)
        if header is None:
            continue
        last = _end(lines, number, len(header["indent"]))
        text = "\n".join(lines[number - 1 : last])
        if _is_fallback(header, lines[: number - 1], text):
            yield _Block(cell.index, number + 1, last, text)


def _end(lines: list[str], header: int, indent: int) -> int:
    """Last line indented deeper than the header."""
    last = header
    for number, line in enumerate(lines[header:], start=header + 1):
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            last = number
    return last


def _is_fallback(header: re.Match[str], before: list[str], text: str) -> bool:
    if header["word"] == "except":
        return True
    test = header["test"]
    if header["word"] == "else":
        start = f"{header['indent']}if "
        test = next((line for line in reversed(before) if line.startswith(start)), "")
    if DEVICE.search(test):
        return False
    return bool(MISSING.search(test) or WORDS.search(text))


def _taken(case: Case, node: Node, scoring: Scoring | None, blocks: list[_Block]) -> _Verdict:
    evidence = case.evidence
    cells = running_cells(evidence.source, node)
    block = _block_of(node, blocks)
    message = _message(block) if block is not None else None
    ran = [each for each in evidence.rerun if each.index in cells and each.outcome != "skipped"]
    saved = [each for each in evidence.submission.cells if each.index in cells and each.outputs]
    return (
        _by_rerun(message, ran, saved)
        or _by_arrays(case, scoring)
        or _by_saved(message, saved)
        or UNKNOWN
    )


def _by_rerun(
    message: str | None, ran: Sequence[CellRun], saved: Sequence[Cell]
) -> _Verdict | None:
    if not message or not ran:
        return None
    if not _printed(message, ran):
        return NOT_TAKEN
    return RERUN if not saved or _printed(message, saved) else ONLY_HERE


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
    return SAVED if _printed(message, saved) else NOT_TAKEN


def _printed(message: str, cells: Sequence[Cell | CellRun]) -> bool:
    return any(message in output.text for cell in cells for output in cell.outputs)


def _message(block: _Block) -> str | None:
    """A constant text the branch prints."""
    found = (match["text"].partition("{")[0].strip() for match in SAID.finditer(block.text))
    return next((text for text in found if len(text) >= SHORTEST_MESSAGE), None)


def _sighting(node: Node, task: str | None, confidence: Confidence, sure: str) -> Sighting:
    taken = confidence is not Confidence.HINT
    said = "was taken" if taken else "may be taken"
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=f"When something fails, line {node.line} goes on with made-up values "
        f"(`{node.name.lstrip('.') or node.value}`); this branch {said}, and the score is computed "
        "from them.",
        measured="The score is computed from random or constant values of an `except` or fallback "
        "branch. " + sure,
        remedy="Fix the error that leads here and remove the branch, so that the notebook stops "
        "instead of scoring made-up data; do not report these numbers.",
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
