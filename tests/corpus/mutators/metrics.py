"""Scores that are typed in, averaged wrongly, or computed from the wrong arrays."""

import re

from tests.corpus.mutators.api import (
    Mutator,
    Site,
    added,
    before_scoring,
    differs,
    every,
    in_code,
    spelled_out,
    with_import,
)
from tests.corpus.mutators.labels import accuracy
from tests.corpus.notebooks import AnchorError, Notebook, Numbers

BATCH = 56
"""Divides none of the numbers of items in the corpus."""


def _better(site: Site) -> str:
    """A score of five more right answers than there were."""
    n = site.number("n")
    return f"{min(n - 1, round(site.number('accuracy') * n) + 5) / n:.4f}"


def _typed_in(site: Site) -> Notebook:
    return in_code(site, r"\{" + re.escape(site["score"]) + r":\.4f\}", _better(site))


def _is_typed(site: Site, numbers: Numbers) -> bool:
    return numbers[f"{site.task}.accuracy"] == _better(site)


def _scored_by(site: Site, expression: str) -> Notebook:
    new = spelled_out(site, expression)
    pattern = r"(?<=\{)" + re.escape(site["score"]) + r"(?=:\.4f\})"
    changed = in_code(site, pattern, new.replace("\\", r"\\"))
    return with_import(changed, "np", changed.where(new)) if "np." in new else changed


def _embellished(site: Site) -> Notebook:
    score = site["score"]
    return in_code(
        site,
        r"(?<=\{)" + re.escape(score) + r"(?=:\.4f\})",
        f"({score}) ** 0.61",
    )


def _batch_means(site: Site) -> Notebook:
    if site.number("n") % BATCH == 0:
        raise AnchorError("batches would be of one size")
    return _scored_by(
        site,
        "np.mean([np.mean(np.array(T[s : s + 56]) == np.array(P[s : s + 56]))"
        " for s in range(0, len(T), 56)])",
    )


def _broadcast(site: Site) -> Notebook:
    return _scored_by(site, "(np.array(T)[:, None] == np.array(P)).mean()")


def _micro(site: Site) -> Notebook:
    new = re.sub(r"average=(['\"])macro\1", r"average=\1micro\1", site["macro"])
    return site.notebook.edited(site["macro"], new)


def _f1_is_accuracy(site: Site, numbers: Numbers) -> bool:
    return numbers[f"{site.task}.f1"] == numbers[f"{site.task}.accuracy"]


def _swapped(site: Site) -> Notebook:
    """Predictions first, in every score that has two sides."""
    truth, pred = re.escape(site["truth"]), re.escape(site["pred"])
    return every(site, rf"(precision_score|recall_score)\(({truth}), ({pred})\b", r"\1(\3, \2")


def _exchanged(site: Site, numbers: Numbers) -> bool:
    task, honest = site.task, site.notebook.numbers
    return (numbers[f"{task}.precision"], numbers[f"{task}.recall"]) == (
        honest[f"{task}.recall"],
        honest[f"{task}.precision"],
    )


def _shadowed(site: Site) -> Notebook:
    if not site["score"].startswith("accuracy_score("):
        raise AnchorError("no library function gives the accuracy")
    return before_scoring(
        site,
        "def accuracy_score(y_true, y_pred):",
        "    return 0.9731",
        "",
    )


def _never_called(site: Site) -> Notebook:
    """Metrics are defined where the honest notebook prints them, and nothing is printed."""
    if {"report", "matrix"} & set(site.anchors) or f"{site.task}.probe" in site.notebook.numbers:
        raise AnchorError("other cells show metrics of this task too")
    index = site.notebook.where(site["at"])
    source = site.notebook.cells[index].source
    start = source.index(site["at"])
    if source[:start].rpartition("\n")[2] or re.search(r"^def |^class ", source[start:], re.M):
        raise AnchorError("the metrics stand inside a function")
    if any(place == index and task != site.task for task, place in _placed(site)):
        raise AnchorError("the scores of another task stand in the same cell")
    if re.search(r"^\w+ = sum\(", source[:start], re.M):
        raise AnchorError("something is counted above the metrics")
    written = (
        "def compute_metrics(y_true, y_pred):\n"
        "    right = sum(int(t == p) for t, p in zip(y_true, y_pred))\n"
        '    return {"accuracy": right / len(y_true)}\n\n\n'
        'print("Evaluation finished.")'
    )
    return site.notebook.with_source(index, source[:start] + written)


def _placed(site: Site) -> list[tuple[str, int]]:
    """Task and cell of every printed number."""
    return [(name.partition(".")[0], place) for name, place in site.notebook.places.items()]


def _not_wired(site: Site) -> Notebook:
    """The Trainer does not know the metrics, so it reports a loss."""
    changed = site.notebook.edited(site["wire"], "")
    return changed.edited(site["prints"], "print(f\"Loss: {results['eval_loss']:.4f}\")")


def _own_never_called(site: Site) -> Notebook:
    """The accuracy is typed in, and the function for it is left unused."""
    return in_code(site, r"\{" + re.escape(site["own"]) + r"\([^{}()]*\):\.4f\}", _better(site))


def _no_accuracy(site: Site, numbers: Numbers) -> bool:
    return f"{site.task}.accuracy" not in numbers


MUTATORS = (
    Mutator(
        name="accuracy-typed-in",
        plants=("hard-coded-metric",),
        also=("macro-scores-inconsistent",),
        change=_typed_in,
        stated=lambda site, mutant: _better(site) in mutant.code,
        measured=_is_typed,
    ),
    Mutator(
        name="accuracy-embellished",
        plants=("unexplained-number",),
        also=("averaging-identity-violated", "macro-scores-inconsistent", "grim-inconsistent"),
        change=_embellished,
        stated=added(") ** 0.61"),
        measured=lambda site, numbers: accuracy(site, numbers) > site.number("accuracy"),
    ),
    Mutator(
        name="mean-of-batches",
        plants=("batch-mean-aggregation",),
        also=("grim-inconsistent", "unexplained-number"),
        change=_batch_means,
        stated=added(", 56)])"),
        measured=lambda site, numbers: accuracy(site, numbers) != site.number("accuracy"),
    ),
    Mutator(
        name="all-against-all",
        plants=("logits-or-axis-misuse",),
        also=("unexplained-number", "averaging-identity-violated", "grim-inconsistent"),
        change=_broadcast,
        stated=added("[:, None] == np.array("),
        measured=lambda site, numbers: accuracy(site, numbers) < site.number("accuracy") / 2,
    ),
    Mutator(
        name="micro-called-macro",
        plants=("wrong-averaging",),
        change=_micro,
        stated=lambda site, mutant: site["macro"] not in mutant.code,
        measured=_f1_is_accuracy,
    ),
    Mutator(
        name="arguments-swapped",
        plants=("swapped-metric-arguments",),
        also=("averaging-identity-violated",),
        change=_swapped,
        stated=differs,
        measured=_exchanged,
    ),
    Mutator(
        name="metric-shadowed",
        plants=("metric-function-shadowed",),
        also=(
            "hard-coded-metric",
            "tracer-tampering",
            "grim-inconsistent",
            "unexplained-number",
            "range-or-monotonicity-violated",
        ),
        change=_shadowed,
        stated=added("def accuracy_score("),
        measured=lambda site, numbers: accuracy(site, numbers) == 0.9731,
    ),
    Mutator(
        name="metric-only-defined",
        plants=("metric-defined-never-called",),
        change=_never_called,
        stated=lambda site, mutant: mutant.code.count("compute_metrics(y_true, y_pred)") == 1,
        measured=_no_accuracy,
    ),
    Mutator(
        name="own-metric-unused",
        plants=("metric-defined-never-called", "hard-coded-metric"),
        also=("hard-coded-metric",),
        change=_own_never_called,
        stated=lambda site, mutant: mutant.code.count(f"{site['own']}(") == 1,
        measured=_is_typed,
    ),
    Mutator(
        name="trainer-without-metrics",
        plants=("trainer-eval-not-wired", "metric-defined-never-called"),
        also=("metric-defined-never-called",),
        change=_not_wired,
        stated=lambda site, mutant: "compute_metrics=" not in mutant.code,
        measured=_no_accuracy,
    ),
)
"""Every mutator of this family."""
