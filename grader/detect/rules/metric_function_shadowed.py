"""MET010: metric-function-shadowed."""

import ast
import re
from collections.abc import Iterator
from textwrap import dedent

from msgspec import Struct

from grader.detect._metrics import fully_recorded
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Wording,
    say,
)
from grader.patterns import regex

LIBRARY = frozenset({
    "accuracy_score", "balanced_accuracy_score", "precision_score", "recall_score", "f1_score",
    "fbeta_score", "precision_recall_fscore_support", "classification_report", "roc_auc_score",
    "confusion_matrix", "matthews_corrcoef", "cohen_kappa_score", "top_k_accuracy_score",
    "corpus_bleu", "sentence_bleu", "meteor_score", "corpus_score", "compute_score",
})  # fmt: skip
"""Names under which libraries give their metrics."""

DEFINED = regex(r"^(?P<indent>[ \t]{0,40})def\s{1,4}(?P<name>\w{1,60})\s{0,4}\(", re.M)
ASSIGNED = regex(
    r"^[ \t]{0,40}(?P<name>[\w.]{1,80})\s{0,4}=\s{0,4}lambda\b[^:\n]{0,80}:(?P<body>[^\n]{1,200})",
    re.M,
)
MOST_LINES = 60
"""Lines of a definition that are read."""

CONSTANT = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load)
"""What an expression may consist of that depends on nothing."""


class _Shadow(Struct, frozen=True, kw_only=True):
    """Something that stands in the place of a metric or a comparison."""

    name: str
    """The name it takes."""

    value: str
    """What it returns, as it is written."""

    cell: int
    line: int


@detector(
    code="MET010",
    name="metric-function-shadowed",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
    follows=frozenset({"tracer-tampering"}),
)
def metric_function_shadowed(case: Case) -> Iterator[Sighting]:
    """A function that takes the name of a library's metric returns the same whatever it is given.

    ## Why it matters
    Whoever reads `accuracy_score(y_true, y_pred)` takes the result for the library's. A function
    that looks at neither argument measures nothing.

    ## Example
    ```python
    def accuracy_score(y_true, y_pred):
        return 0.9731

    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ## Use instead
    ```python
    from sklearn.metrics import accuracy_score

    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ## Verdict
    Always `invalid`: the printed number rests on no data. `certain` when the run was recorded to
    its end, printed the value and computed it from no recorded labels and predictions; `likely`
    from the code alone. The same for a class whose `__eq__` always answers `True`.

    ## Known limits
    An own implementation that uses its arguments is not judged here, right or wrong; what it
    prints is compared with the recomputed score elsewhere. A function is read to its first 60
    lines, and one that returns a literal in one branch only is not reported. Functions that were
    replaced in a library while it ran are also seen by `tracer-tampering`.

    ## Source
    A deduction, no statistic: every `return` of the function gives literals alone.
    """
    for cell in case.evidence.submission.code_cells:
        if "def " in cell.source or "lambda" in cell.source:
            for shadow in _shadows(cell.source, cell.index):
                if _used(case, shadow):
                    yield _sighting(case, shadow)


def _shadows(source: str, cell: int) -> Iterator[_Shadow]:
    for found in DEFINED.finditer(source):
        if found["name"] in LIBRARY or found["name"] == "__eq__":
            value = _returned(source, found)
            wanted = found["name"] in LIBRARY or value == "True"
            if value is not None and wanted:
                line = source.count("\n", 0, found.start()) + 1
                yield _Shadow(name=found["name"], value=value, cell=cell, line=line)
    for found in ASSIGNED.finditer(source):
        name, body = found["name"].rpartition(".")[2], found["body"].split("#")[0].strip()
        if name in LIBRARY and _parsed(body) is not None:
            line = source.count("\n", 0, found.start("name")) + 1
            yield _Shadow(name=name, value=body, cell=cell, line=line)


def _returned(source: str, found: re.Match[str]) -> str | None:
    """What a function returns, when that is one and the same literal everywhere."""
    tree = _body(source[found.start() :].split("\n", MOST_LINES)[:MOST_LINES])
    if tree is None:
        return None
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    texts = {ast.unparse(each) for each in returns if each is not None and _constant(each)}
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(tree))
    whole = all(each is not None and _constant(each) for each in returns)
    return texts.pop() if whole and len(texts) == 1 and not yields else None


def _body(lines: list[str]) -> ast.Module | None:
    depth = len(lines[0]) - len(lines[0].lstrip())
    kept = [lines[0]]
    for line in lines[1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        kept.append(line)
    try:
        return ast.parse(dedent("\n".join(kept)))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _parsed(text: str) -> ast.expr | None:
    try:
        tree = ast.parse(text.rstrip(";"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    return tree if _constant(tree) else None


def _constant(code: ast.expr) -> bool:
    """Whether an expression is made of literals, numbers among them."""
    inside = list(ast.walk(code))
    plain = all(isinstance(node, CONSTANT) for node in inside)
    numbers = any(isinstance(n, ast.Constant) and isinstance(n.value, int | float) for n in inside)
    return plain and numbers


def _used(case: Case, shadow: _Shadow) -> bool:
    """Whether the notebook calls it, or compares at all."""
    if shadow.name == "__eq__":
        return any(node.name == "Eq" for node in case.evidence.source.nodes)
    call = re.compile(rf"(?<!def )\b{shadow.name}\s{{0,4}}\(")
    return any(call.search(cell.source) for cell in case.evidence.submission.code_cells)


def _sighting(case: Case, shadow: _Shadow) -> Sighting:
    certain = _confirmed(case, shadow)
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=_message(shadow),
        measured=say("Values it can return: 1 (`{value}`).", value=shadow.value[:60]),
        remedy=say(
            "Use the library's function, or an own one that computes its result from the labels "
            "and the predictions."
        ),
        sure=say("The code shows it, and the run printed this value and computed it from nothing.")
        if certain
        else say("The code shows it; the run did not confirm it."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=shadow.cell,
                line=shadow.line,
                remark=f"always {shadow.value[:40]}",
            ),
        ),
        task=case.evidence.cell_tasks.get(shadow.cell),
    )


def _message(shadow: _Shadow) -> Wording:
    if shadow.name == "__eq__":
        return say("A class of the notebook answers `True` to every comparison with `==`.")
    return say(
        "`{name}` is a function of the notebook that returns {value} whatever it is given.",
        name=shadow.name,
        value=shadow.value[:60],
    )


def _confirmed(case: Case, shadow: _Shadow) -> bool:
    try:
        value = float(shadow.value)
    except ValueError:
        return False
    evidence = case.evidence
    printed = [
        each
        for each in evidence.reported
        if each.source == "rerun" and abs(each.value - value) <= 0.5 * 10.0**-each.decimals + 1e-9
    ]
    scores = [score for each in evidence.evaluations for score in each.scores.values()]
    computed = any(abs(score - value) < 1e-4 for score in scores)
    return bool(printed) and not computed and fully_recorded(case)
