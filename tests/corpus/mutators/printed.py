"""Saved outputs and execution counts that no run of the notebook could leave."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.corpus.mutators.api import (
    ALL,
    Mutator,
    Site,
    cell_of,
    replaced_in_output,
    reprinted,
)
from tests.corpus.notebooks import AnchorError, Notebook

SCORES = ("accuracy", "precision", "recall", "f1")
CONSEQUENCES = ("edited-output", "stale-output")


def _number(site: Site, name: str) -> str:
    return f"{site.task}.{name}"


def _possible(value: float, n: int) -> bool:
    """Whether a share of ``n`` items is printed as ``value``."""
    return any(abs(round(k / n, 4) - value) < 1e-9 for k in range(n + 1))


def _no_share(site: Site) -> Notebook:
    """An accuracy that is no number of right answers over the number of items."""
    n, value = int(site.number("n")), site.number("accuracy")
    steps = (round(value - step / 10000, 4) for step in range(9, 60))
    new = next(each for each in steps if not _possible(each, n))
    return reprinted(site.notebook, _number(site, "accuracy"), f"{new:.4f}")


def _shows_no_share(site: Site, mutant: Notebook) -> bool:
    return not _possible(float(mutant.numbers[_number(site, "accuracy")]), int(site.number("n")))


def _f1_too_high(site: Site) -> Notebook:
    precision, recall = site.number("precision"), site.number("recall")
    new = 2 * precision * recall / (precision + recall) + 0.006
    return reprinted(site.notebook, _number(site, "f1"), f"{new:.4f}")


def _f1_is_too_high(site: Site, mutant: Notebook) -> bool:
    precision, recall, f1 = (float(mutant.numbers[_number(site, name)]) for name in SCORES[1:])
    return f1 > 2 * precision * recall / (precision + recall) + 0.005


def _weighted_recall(site: Site) -> Notebook:
    """The weighted recall of a report is always the accuracy."""
    return replaced_in_output(
        site,
        "report",
        r"(weighted avg +\S+ +)(0\.\d+)",
        lambda match: match[1] + f"{float(match[2]) - 0.05:.{len(match[2]) - 2}f}",
    )


def _printed_of(site: Site, anchor: str, mutant: Notebook) -> tuple[str, str]:
    index = cell_of(site, anchor)
    return site.notebook.cells[index].printed, mutant.cells[index].printed


def _report_changed(site: Site, mutant: Notebook) -> bool:
    before, after = _printed_of(site, "report", mutant)
    pattern = r"weighted avg +\S+ +(\S+)"
    old, new = re.search(pattern, before), re.search(pattern, after)
    return old is not None and new is not None and old[1] != new[1]


def _diagonal(site: Site) -> Notebook:
    """Five more right answers in the first row of a printed matrix."""
    return replaced_in_output(
        site, "matrix", r"(\[\[ *)(\d+)", lambda match: match[1] + str(int(match[2]) + 5)
    )


def _matrix_changed(site: Site, mutant: Notebook) -> bool:
    before, after = _printed_of(site, "matrix", mutant)
    sums = [sum(map(int, re.findall(r"\d+", text[text.index("[[") :]))) for text in (before, after)]
    return sums[1] == sums[0] + 5


def _above_one(site: Site) -> Notebook:
    new = f"{site.number('accuracy') / 10 + 0.95:.4f}"
    return reprinted(site.notebook, _number(site, "accuracy"), new)


def _not_monotone(site: Site) -> Notebook:
    new = f"{site.number('i2t_r1') - 0.05:.4f}"
    return reprinted(site.notebook, _number(site, "i2t_r5"), new)


def _top5_below(site: Site) -> Notebook:
    new = f"{site.number('accuracy') - 0.05:.4f}"
    return reprinted(site.notebook, _number(site, "top5"), new)


def _older(site: Site) -> Notebook:
    """All four scores as of an earlier, much weaker model."""
    n = int(site.number("n"))
    drop = site.number("accuracy") - round(site.number("accuracy") * 0.7 * n) / n
    notebook = site.notebook
    for name in SCORES:
        new = f"{site.number(name) - drop:.4f}"
        notebook = reprinted(notebook, _number(site, name), new)
    return notebook


def _older_retrieval(site: Site) -> Notebook:
    notebook = site.notebook
    for name in ("i2t_r1", "i2t_r5", "t2i_r1", "t2i_r5"):
        new = f"{site.number(name) - 0.4:.4f}"
        notebook = reprinted(notebook, _number(site, name), new)
    return notebook


def _older_answers(site: Site) -> Notebook:
    n = int(site.number("n"))
    notebook = site.notebook
    for name in ("vqa_accuracy", "exact_match"):
        lowered = round((site.number(name) - 0.3) * n) / n
        notebook = reprinted(notebook, _number(site, name), f"{lowered:.4f}")
    return notebook


def _lower_by(least: float, name: str) -> Callable[[Site, Notebook], bool]:
    def stated(site: Site, mutant: Notebook) -> bool:
        same = mutant.code == site.notebook.code
        return same and float(mutant.numbers[_number(site, name)]) < site.number(name) - least

    return stated


def _typing_error(site: Site) -> Notebook:
    """One digit of the accuracy changed by hand where a report still shows the old value."""
    if "report" not in site.anchors:
        raise AnchorError("the accuracy is printed once only")
    n = int(site.number("n"))
    new = round((site.number("accuracy") + 0.06) * n) / n
    return reprinted(site.notebook, _number(site, "accuracy"), f"{new:.4f}")


def _report_disagrees(site: Site, mutant: Notebook) -> bool:
    _, after = _printed_of(site, "report", mutant)
    told = re.search(r"^ +accuracy +(\S+)", after, re.M)
    new = float(mutant.numbers[_number(site, "accuracy")])
    return told is not None and abs(float(told[1]) - new) > 0.05


def _counts(site: Site, at: str) -> Notebook:
    """The cell of the metrics was last run before the cell that made its predictions."""
    metrics, source = cell_of(site, at), cell_of(site, "pred_from")
    if metrics == source:
        raise AnchorError("predictions are made and scored in one cell")
    cells = list(site.notebook.cells)
    last = max(cell.count or 0 for cell in cells)
    cells[source] = replace(cells[source], count=last + 4)
    return replace(site.notebook, cells=tuple(cells))


def _counts_disordered(site: Site, mutant: Notebook) -> bool:
    made = mutant.cells[cell_of(site, "pred_from")].count or 0
    used = mutant.cells[cell_of(site, "at")].count or 0
    return made > used and mutant.code == site.notebook.code


def _not_executed(site: Site) -> Notebook:
    """The numbers stand in the text, the cell that prints them was never run."""
    index = site.notebook.where(site["at"])
    if not any(name.startswith(site.task) for name in _numbers_of(site, index)):
        raise AnchorError("the scores are printed by another cell")
    cells = list(site.notebook.filled().cells)
    cells[index] = replace(cells[index], outputs=(), count=None)
    return replace(site.notebook, cells=tuple(cells))


def _numbers_of(site: Site, index: int) -> dict[str, str]:
    kept = tuple(
        replace(cell, outputs=cell.outputs if i <= index else ())
        for i, cell in enumerate(site.notebook.cells)
    )
    before = tuple(
        replace(cell, outputs=cell.outputs if i < index else ())
        for i, cell in enumerate(site.notebook.cells)
    )
    with_it = replace(site.notebook, cells=kept).numbers
    return with_it if len(with_it) > len(replace(site.notebook, cells=before).numbers) else {}


def _was_not_executed(site: Site, mutant: Notebook) -> bool:
    cell = mutant.cells[site.notebook.where(site["at"])]
    return cell.outputs == () and cell.count is None and "{{" not in mutant.text


MUTATORS = (
    Mutator(
        name="accuracy-no-share-of-n",
        plants=("grim-inconsistent",),
        also=(*CONSEQUENCES, "averaging-identity-violated", "macro-scores-inconsistent"),
        change=_no_share,
        stated=_shows_no_share,
        source=False,
        most=10,
    ),
    Mutator(
        name="f1-too-high",
        plants=("macro-scores-inconsistent",),
        also=(*CONSEQUENCES, "range-or-monotonicity-violated"),
        change=_f1_too_high,
        stated=_f1_is_too_high,
        source=False,
        most=10,
    ),
    Mutator(
        name="weighted-recall-is-not-accuracy",
        plants=("averaging-identity-violated",),
        also=(*CONSEQUENCES, "confusion-matrix-mismatch"),
        change=_weighted_recall,
        stated=_report_changed,
        source=False,
        most=10,
    ),
    Mutator(
        name="matrix-of-other-predictions",
        plants=("confusion-matrix-mismatch",),
        also=CONSEQUENCES,
        change=_diagonal,
        stated=_matrix_changed,
        source=False,
        most=10,
    ),
    Mutator(
        name="accuracy-above-one",
        plants=("range-or-monotonicity-violated",),
        also=(*CONSEQUENCES, "grim-inconsistent", "averaging-identity-violated"),
        change=_above_one,
        stated=lambda site, mutant: float(mutant.numbers[f"{site.task}.accuracy"]) > 1,
        source=False,
        most=10,
    ),
    Mutator(
        name="recall-at-five-below-recall-at-one",
        plants=("range-or-monotonicity-violated",),
        also=CONSEQUENCES,
        kinds=frozenset({"retrieval"}),
        change=_not_monotone,
        stated=lambda site, mutant: (
            float(mutant.numbers["retrieval.i2t_r5"]) < site.number("i2t_r1")
        ),
        source=False,
        most=10,
    ),
    Mutator(
        name="top-five-below-accuracy",
        plants=("range-or-monotonicity-violated", "averaging-identity-violated"),
        also=(*CONSEQUENCES, "grim-inconsistent"),
        change=_top5_below,
        stated=lambda site, mutant: (
            float(mutant.numbers[f"{site.task}.top5"]) < site.number("accuracy")
        ),
        source=False,
        most=10,
    ),
    Mutator(
        name="outputs-of-a-weaker-model",
        plants=("stale-output",),
        also=("edited-output", "confusion-matrix-mismatch"),
        change=_older,
        stated=_lower_by(0.2, "accuracy"),
        source=False,
        most=10,
    ),
    Mutator(
        name="retrieval-of-a-weaker-model",
        plants=("stale-output",),
        also=("edited-output",),
        kinds=frozenset({"retrieval"}),
        change=_older_retrieval,
        stated=_lower_by(0.3, "i2t_r1"),
        source=False,
        most=5,
    ),
    Mutator(
        name="answers-of-a-weaker-model",
        plants=("stale-output",),
        also=("edited-output", "grim-inconsistent"),
        kinds=frozenset({"vqa"}),
        change=_older_answers,
        stated=_lower_by(0.2, "exact_match"),
        source=False,
        most=5,
    ),
    Mutator(
        name="accuracy-edited-in-the-output",
        plants=("edited-output",),
        also=("stale-output", "confusion-matrix-mismatch", "averaging-identity-violated"),
        change=_typing_error,
        stated=_report_disagrees,
        source=False,
        most=10,
    ),
    Mutator(
        name="metrics-before-predictions",
        plants=("out-of-order-execution",),
        kinds=ALL,
        change=lambda site: _counts(site, "at"),
        stated=_counts_disordered,
        source=False,
        most=10,
    ),
    Mutator(
        name="metrics-never-run",
        plants=("evaluation-cell-not-executed",),
        also=("prose-number-mismatch",),
        kinds=ALL,
        change=_not_executed,
        stated=_was_not_executed,
        source=False,
        most=10,
    ),
)
"""Every mutator of this family."""
