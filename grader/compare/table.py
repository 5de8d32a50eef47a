"""Choose, for each metric of each task, the five values that belong together."""

from dataclasses import dataclass

from grader.compare.verdict import Row, changed_from, decide, interval, rounds_to, unexplained_by
from grader.model import (
    Claim,
    Comparison,
    Comparisons,
    Evaluation,
    Evidence,
    Lab,
    MetricName,
    ReferenceRecord,
    Reported,
    Task,
    Value,
)

__all__ = ["compare"]


def compare(evidence: Evidence, lab: Lab, reference: ReferenceRecord | None) -> Comparisons:
    """Compare what was claimed, saved, printed again, recomputed and reached by the reference.

    Args:
        evidence: What is known of the submission.
        lab: Tasks and their metrics.
        reference: Recorded runs of the staff notebook, if there are any.
    """
    entries = tuple(
        _comparison(_Side(evidence=evidence, task=task, metric=metric), reference)
        for task in lab.tasks
        for metric in task.metrics
    )
    missing = None if reference else "No reference run is recorded for this lab and profile."
    return Comparisons(entries=entries, reference_missing=missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One metric of one task."""

    evidence: Evidence
    task: Task
    metric: MetricName

    @property
    def best(self) -> Evaluation | None:
        return self.evidence.best(self.task.id)

    def printed(self, source: str) -> list[Reported]:
        """Numbers of this metric printed for this task, in notebook order."""
        return [
            number
            for number in self.evidence.reported
            if (number.source, number.task, number.metric) == (source, self.task.id, self.metric)
        ]


def _comparison(side: _Side, reference: ReferenceRecord | None) -> Comparison:
    best = side.best
    average = _average(side)
    score = _score(best, side.metric, average)
    rerun = _rerun(side, score)
    saved = _saved(side, rerun)
    band = reference.band(side.task.id, side.metric, average) if reference else None
    n = best.n if best else None
    row = Row(
        task=side.task,
        best=best,
        ran=bool(side.evidence.rerun),
        claimed=_claimed(side),
        saved=saved,
        rerun=rerun,
        recomputed=score,
        band=band,
        average=average,
    )
    verdict, why = decide(row)
    unexplained, changed = unexplained_by(row), changed_from(row)
    return Comparison(
        task=side.task.id,
        metric=side.metric,
        average=average,
        claimed=_claim_value(row.claimed),
        saved=_printed_value(saved),
        rerun=_printed_value(rerun, n if score is not None else None),
        recomputed=_recomputed_value(score, best),
        explained=None if rerun is None or score is None else unexplained is None,
        reproduced=None if rerun is None or saved is None else changed is None,
        n=n,
        interval=interval(score, n) if side.metric == "accuracy" else None,
        reference=band,
        verdict=verdict,
        why=why,
    )


def _average(side: _Side) -> str | None:
    """Averaging the student used for this metric, else the one the lab asks for."""
    if side.metric == "accuracy":
        return None
    best = side.best
    for call in side.evidence.recording.metric_calls:
        in_best = best is not None and (call.y_true, call.y_pred) == (best.y_true, best.y_pred)
        of_metric = call.function.startswith(side.metric) or call.function == _ALL_AT_ONCE
        if in_best and of_metric and call.average in _AVERAGES:
            return call.average
    named = {number.average for number in side.printed("saved") if number.average in _AVERAGES}
    return named.pop() if len(named) == 1 else side.task.average


_AVERAGES = ("macro", "weighted")
_ALL_AT_ONCE = "precision_recall_fscore_support"


def _score(best: Evaluation | None, metric: str, average: str | None) -> float | None:
    if best is None:
        return None
    return best.scores.get(metric if average is None else f"{metric}_{average}")


def _rerun(side: _Side, score: float | None) -> Reported | None:
    """The printed number that is the recomputed one, most precise first, else the last."""
    printed = side.printed("rerun")
    same = [each for each in printed if score is not None and rounds_to(score, each)]
    if same:
        return max(same, key=lambda each: each.decimals)
    return printed[-1] if printed else None


def _saved(side: _Side, rerun: Reported | None) -> Reported | None:
    """The saved number at the place of the re-run one, else the last of the task."""
    saved = side.printed("saved")
    if rerun is not None:
        again = [each for each in side.printed("rerun") if each.cell == rerun.cell]
        there = [each for each in saved if each.cell == rerun.cell]
        if len(there) == len(again):
            return there[again.index(rerun)]
    return saved[-1] if saved else None


def _claimed(side: _Side) -> Claim | None:
    """The last claim that states a result; plain ones before hedged ones."""
    claims = [
        claim
        for claim in side.evidence.claims
        if (claim.task, claim.metric) == (side.task.id, side.metric)
        and not claim.target
        and not claim.cited
    ]
    plain = [claim for claim in claims if not claim.hedged]
    chosen = plain or claims
    return chosen[-1] if chosen else None


def _claim_value(claim: Claim | None) -> Value | None:
    if claim is None:
        return None
    return Value(value=claim.value, printed=claim.printed, n=claim.n, cell=claim.cell)


def _printed_value(number: Reported | None, n: int | None = None) -> Value | None:
    if number is None:
        return None
    return Value(value=number.value, printed=number.printed, n=number.n or n, cell=number.cell)


def _recomputed_value(score: float | None, best: Evaluation | None) -> Value | None:
    if score is None or best is None:
        return None
    return Value(value=score, n=best.n, cell=best.cell)
