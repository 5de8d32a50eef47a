"""Error rates as a page of the documentation, and the gates they have to pass."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from grader.cli.rates.counting import Counts, Rates
from grader.detect import Detector
from grader.model import EvidenceKind
from grader.model.interval import wilson

__all__ = ["CORE_RECALL", "SINGLE", "Report", "gates", "page"]

CORE_RECALL = {"read": 0.75, "run": 0.90}
"""Least share of planted flaws that each core detector has to find, by the way of looking."""

SINGLE = 0.90
"""Least share of the flaws found that are told in exactly one finding."""

CORE = frozenset({
    "single-sample-eval", "tiny-eval-sample", "random-labels", "label-map-permuted",
    "hard-coded-ground-truth", "labels-from-predictions", "chance-level-predictions",
    "majority-class-accuracy", "missing-forward-passes", "reference-band-outlier",
    "hard-coded-metric", "metric-defined-never-called", "trainer-eval-not-wired",
    "unexplained-number", "wrong-averaging", "metric-function-shadowed", "grim-inconsistent",
    "binary-scores-inconsistent", "macro-scores-inconsistent", "averaging-identity-violated",
    "confusion-matrix-mismatch", "range-or-monotonicity-violated", "eval-on-train-split",
    "train-test-overlap", "preprocessing-fit-on-test", "unnormalised-embeddings",
    "candidate-set-collapse", "similarity-matrix-mismatch", "bleu-implementation-error",
    "reference-is-hypothesis", "stale-output", "out-of-order-execution", "prose-number-mismatch",
    "simulated-fallback", "tracer-tampering",
})  # fmt: skip
"""Detectors of the catalogue that have to find what is planted. Those that decide by running a
notebook again with other labels, pictures or seeds are not among them: no such run is made here."""


class Report(BaseModel):
    """What was measured, kept beside the page so that it can be compared."""

    model_config = ConfigDict(frozen=True)

    read: Rates
    """The files alone."""

    run: Rates | None = None
    """Every notebook run in the sandbox; ``None`` where that was not done."""

    ran_on: str = ""
    """Date of the runs."""

    per_second: dict[str, float] = {}
    """Notebooks a second, by the way of looking."""


def gates(report: Report, detectors: Sequence[Detector]) -> list[str]:
    """What does not hold of what has to; nothing when all is well."""
    return [each for way, rates in _ways(report) for each in _unmet(way, rates, detectors)]


def _ways(report: Report) -> Iterator[tuple[str, Rates]]:
    yield "read", report.read
    if report.run is not None:
        yield "run", report.run


def _unmet(way: str, rates: Rates, detectors: Sequence[Detector]) -> Iterator[str]:
    for name in rates.accused:
        yield f"{way}: {name} is honest, and something invalid or major was said of it"
    if rates.found and rates.single / rates.found < SINGLE:
        share = f"{rates.single} of {rates.found}"
        yield f"{way}: {share} flaws found were told in one finding; {SINGLE:.0%} are wanted"
    for each in detectors:
        counts = rates.detectors.get(each.name, Counts())
        least = CORE_RECALL[way]
        judged = each.name in CORE and _looks(each, way)
        if judged and counts.planted and _share(counts) < least:
            found = f"{counts.found} of {counts.planted}"
            yield f"{way}: {each.name} found {found}; {least:.0%} are wanted"


def _looks(each: Detector, way: str) -> bool:
    """Whether a detector can say anything, looking so; some need what only a run shows."""
    return way == "run" or not each.requires & {EvidenceKind.RERUN, EvidenceKind.RECORDING}


def _share(counts: Counts) -> float:
    return counts.found / counts.planted


def page(report: Report, detectors: Sequence[Detector]) -> str:
    """The page in Markdown, ending in a newline."""
    return "\n".join([*_head(report), *_table(report, detectors), *_unmeasured(report, detectors)])


def _head(report: Report) -> Iterator[str]:
    read = report.read
    yield "# Error rates of the detectors"
    yield ""
    yield (
        f"Measured on {read.honest} honest notebooks and {read.mutants} mutants of them, each with "
        "one planted flaw and a mechanical proof that it is there (`tests/corpus`). "
        "`grader detectors eval` repeats it, with `--run` in the sandbox; the tests compare this "
        "page with the detectors."
    )
    yield ""
    yield "| | files read | notebooks run |"
    yield "|---|---|---|"
    for title, row in _totals(report).items():
        yield f"| {title} | {row[0]} | {row[1]} |"
    yield ""
    yield (
        "Recall counts a flaw as found when the detector, or another that names the same flaw, "
        "speaks with at least the confidence `likely`. A false alarm is a finding on a notebook "
        "without that flaw, honest or mutant, unless it follows from the planted one. In brackets: "
        "95 % Wilson interval. Mutants are no students: see what else is known of each detector "
        "in its manual page."
    )
    yield ""


def _totals(report: Report) -> Mapping[str, tuple[str, str]]:
    ways = [report.read, report.run]
    dates = ("", f" on {report.ran_on}" if report.ran_on else "")
    return {
        "honest notebooks with an invalid or major finding": _both(
            [_of(len(each.accused), each.honest) if each else "not run" for each in ways]
        ),
        "flaws found": _both([_of(each.found, each.mutants) if each else "" for each in ways]),
        "told in exactly one finding": _both(
            [_of(each.single, each.found) if each else "" for each in ways]
        ),
        "measured": _both([f"in every test run{dates[0]}", f"by hand{dates[1]}"]),
    }


def _both(cells: Sequence[str]) -> tuple[str, str]:
    return cells[0], cells[1]


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole}"


def _table(report: Report, detectors: Sequence[Detector]) -> Iterator[str]:
    yield "| Code | Detector | Flaws | Recall, read | Recall, run | False, read | False, run |"
    yield "|---|---|---|---|---|---|---|"
    for each in detectors:
        read = report.read.detectors.get(each.name, Counts())
        run = report.run.detectors.get(each.name, Counts()) if report.run else None
        if read.planted or read.false or (run and (run.planted or run.false)):
            cells = [
                each.code,
                f"`{each.name}`",
                str(max(read.planted, run.planted if run else 0)),
                _recall(read),
                _recall(run) if run else "",
                str(read.false),
                str(run.false) if run else "",
            ]
            yield f"| {' | '.join(cells)} |"
    yield ""


def _recall(counts: Counts) -> str:
    if not counts.planted:
        return "none planted"
    low, high = wilson(counts.found / counts.planted, counts.planted)
    return f"{counts.found}/{counts.planted} ({low:.2f} to {high:.2f})"


def _unmeasured(report: Report, detectors: Sequence[Detector]) -> Iterator[str]:
    names = [
        f"`{each.name}`"
        for each in detectors
        if not any(rates.detectors.get(each.name, Counts()).planted for _, rates in _ways(report))
    ]
    if names:
        yield f"No flaw is planted for: {', '.join(names)}."
        yield ""
